#if CommandLine
import ArgumentParser

struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a script that makes a shell complete the command line of guerrillad.",
        discussion: """
            For example:
              bash: guerrillad completion bash > /etc/bash_completion.d/guerrillad
              zsh:  guerrillad completion zsh > /usr/share/zsh/site-functions/_guerrillad
              fish: guerrillad completion fish > ~/.config/fish/completions/guerrillad.fish
            """
    )

    @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]))
    var shell: String

    // Not in `run`: what is thrown there is followed by the usage of the whole program.
    func validate() throws {
        _ = try self.chosen
    }

    func run() throws {
        try Terminal.write(Guerrillad.completionScript(for: try self.chosen) + "\n")
    }

    private var chosen: CompletionShell {
        get throws {
            guard let shell = CompletionShell(rawValue: self.shell) else {
                throw ValidationError("the shell is none of bash, zsh and fish")
            }
            return shell
        }
    }
}
#endif
