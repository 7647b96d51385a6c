import Guerrilla

/// A drop box: mail for `drop@example.com` and the postmaster goes to one Maildir, on the disk before it is acknowledged.
///
///     swift run --package-path Examples/MaildirDrop MaildirDrop 2525 /tmp/drop
@main
struct MaildirDrop {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let port = arguments.first.flatMap(Int.init) ?? 2525
        let directory = arguments.dropFirst().first ?? "drop"

        var configuration = DaemonConfiguration(hostName: "mail.example.com")
        configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: port)
        configuration.allowedHosts = ["example.com"]
        configuration.backend.saveProcess = "HeadersParser|Header|MailDir"
        configuration.backend.validateProcess = "MailDir"
        configuration.backend.values["maildir_path"] = .string(directory)
        configuration.backend.values["maildir_user_map"] = .string("drop=-1:-1,postmaster=-1:-1")

        try await Daemon(configuration: configuration).run()
    }
}
