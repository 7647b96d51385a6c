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
        try await LiveServer.with(settings: .testing { $0.limits = limits }) { live in
            let backend = live.backend
            try await live.withClient { client in
                for (line, step) in transcript.steps {
                    switch step {
                    case .send(let octets):
                        try client.send(octets)
                    case .expect(let pattern):
                        let received = try client.readLine()
                        try #require(
                            received.map { Transcript.matches($0, pattern) } == true,
                            "\(transcript.name):\(line): expected \(pattern), got \(received ?? "nothing")"
                        )
                    case .message(let octets):
                        let data = try #require(backend.messages.all.last?.data)
                        #expect(data == MessageData(ByteBuffer(bytes: octets)), "\(transcript.name):\(line)")
                    case .closed:
                        #expect(try client.readLine() == nil, "\(transcript.name):\(line): still open")
                    }
                }
            }
        }
    }
}
