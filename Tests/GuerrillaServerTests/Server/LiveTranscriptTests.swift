import GuerrillaMail
import GuerrillaSMTP
import GuerrillaServer
import GuerrillaTestSupport
import NIOCore
import Testing

/// The dialogues of Tests/Transcripts over a real socket.
struct LiveTranscriptTests {
    @Test(arguments: try Transcript.all())
    func liveServerFollows(_ transcript: Transcript) async throws {
        let limits = try transcript.limits()
        let settings = ServerSettings.testing {
            $0.limits = limits
            $0.tls = transcript.isStartTLSOn ? TLSOffer(provider: ClearTextTLS()) : nil
            $0.connection.isXCLIENTOn = transcript.isXCLIENTOn
            $0.connection.trustedNetworks = transcript.isTrusted ? IPNetwork.loopback : []
        }
        try await LiveServer.with(settings: settings) { live in
            for delivery in Transcript.Delivery.allCases {
                try await self.run(transcript, delivery, on: live)
            }
        }
    }

    private func run(_ transcript: Transcript, _ delivery: Transcript.Delivery, on live: LiveServer) async throws {
        let backend = live.backend
        let before = backend.messages.all.count
        try await live.withClient { client in
            var queued = 0
            for (line, step) in transcript.steps(delivered: delivery) {
                let place = "\(transcript.name):\(line), \(delivery)"
                switch step {
                case .send(let octets):
                    // A server that has had enough closes before it has read all; what it said first is still there.
                    try? client.send(octets)
                case .expect(let pattern):
                    let received = try client.readLine()
                    try #require(
                        received.map { Transcript.matches($0, pattern) } == true,
                        "\(place): expected \(pattern), got \(received ?? "nothing")"
                    )
                    if let received, Transcript.isQueued(received) { queued += 1 }
                case .expectReply(let code):
                    let lines = try client.readReply()
                    try #require(
                        lines.last?.hasPrefix("\(code) ") == true,
                        "\(place): expected \(code), got \(lines.last ?? "nothing")"
                    )
                case .message(let octets):
                    let messages = Array(backend.messages.all.dropFirst(before))
                    try #require(queued > 0 && queued <= messages.count, "\(place): no such message")
                    #expect(messages[queued - 1].data == MessageData(ByteBuffer(bytes: octets)), "\(place)")
                case .closed:
                    #expect(try client.readLine() == nil, "\(place): still open")
                }
            }
        }
    }
}
