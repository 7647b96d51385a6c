#if CommandLine
import ArgumentParser
import Guerrilla

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    func run() {
        print("guerrillad \(GuerrillaVersion.current)")
    }
}
#endif
