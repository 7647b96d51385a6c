import Guerrilla

/// A receiver with a processor of its own.
///
///     swift run --package-path Examples/CustomProcessor CustomProcessor 2525
@main
struct CustomProcessor {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 2525

        var configuration = DaemonConfiguration(hostName: "mail.example.com")
        configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: port)
        configuration.allowedHosts = ["example.com"]
        configuration.backend.saveProcess = "HeadersParser|SubjectFilter|Header|Debugger"
        configuration.backend.values["subject_filter_words"] = ["lottery", "inheritance"]

        let daemon = Daemon(configuration: configuration)
        await daemon.addProcessor(SubjectFilter.description)
        try await daemon.run()
    }
}
