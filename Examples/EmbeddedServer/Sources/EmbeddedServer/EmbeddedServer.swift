import Guerrilla

/// Receives mail inside an application: every message is handed to a processor of its own.
///
///     swift run --package-path Examples/EmbeddedServer EmbeddedServer 2525
@main
struct EmbeddedServer {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 2525

        var configuration = DaemonConfiguration(hostName: "mail.example.com")
        configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: port)
        configuration.allowedHosts = ["example.com"]
        configuration.backend.saveProcess = "HeadersParser|Header|Print"

        let daemon = Daemon(configuration: configuration)
        await daemon.addProcessor("Print") { _ in PrintProcessor() }
        for listener in try await daemon.start() { print("listening on \(listener.address.hostAndPort)") }
        try await Task.sleep(for: .seconds(3_600))
        await daemon.shutdown()
    }
}

/// Tells of each message. It keeps nothing, so the final 250 says `discarded`.
struct PrintProcessor: Processor {
    static let capabilities: ProcessorCapabilities = [.saves]

    func save(_ envelope: inout Envelope, next: SaveNext) async throws -> SaveVerdict {
        print("\(envelope.queuedID): \(envelope.data.size) octets, \(envelope.subject ?? "no subject")")
        return try await next(&envelope)
    }
}
