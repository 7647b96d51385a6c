import Guerrilla

let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 2525

var configuration = DaemonConfiguration(hostName: "mail.example.com")
configuration.servers[0].listenInterface = ListenInterface(host: "127.0.0.1", port: port)
configuration.allowedHosts = ["example.com"]
let daemon = Daemon(configuration: configuration) { envelope in
    print("\(envelope.data.size) octets for \(envelope.recipients): \(envelope.subject ?? "no subject")")
}
try await daemon.run()
