#if CommandLine
import ArgumentParser
import Guerrilla
import GuerrillaBackend

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the version.",
        discussion: "For example: guerrillad version --json"
    )

    @Flag(help: "Print a JSON object, with what the daemon was built with.")
    var json = false

    func run() throws {
        guard self.json else { return try Terminal.write("guerrillad \(GuerrillaVersion.current)\n") }
        try Terminal.write(
            JSONText.pretty([
                "version": .string(GuerrillaVersion.current), "swift": .string(Self.compiler),
                "platform": .string("\(Self.system) \(Self.architecture)"),
                "traits": .array(Self.traits.map { .string($0) }),
            ])
        )
    }

    private static var compiler: String {
        #if compiler(>=6.4)
        "6.4 or newer"
        #elseif compiler(>=6.3)
        "6.3"
        #else
        "6.2"
        #endif
    }

    private static var system: String {
        #if os(Linux)
        "Linux"
        #elseif os(macOS)
        "macOS"
        #else
        "unknown"
        #endif
    }

    private static var architecture: String {
        #if arch(x86_64)
        "x86_64"
        #elseif arch(arm64)
        "arm64"
        #else
        "unknown"
        #endif
    }

    /// The package's traits that are on, in the order of `Package.swift`.
    private static var traits: [String] {
        var traits: [String] = []
        #if SQLite
        traits.append("SQLite")
        #endif
        #if Hashing
        traits.append("Hashing")
        #endif
        #if Compression
        traits.append("Compression")
        #endif
        #if MySQL
        traits.append("MySQL")
        #endif
        #if Postgres
        traits.append("Postgres")
        #endif
        #if TLS
        traits.append("TLS")
        #endif
        traits.append("CommandLine")
        return traits
    }
}
#endif
