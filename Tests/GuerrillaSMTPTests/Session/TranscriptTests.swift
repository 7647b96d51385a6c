import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaSMTP

/// The dialogues of Tests/Transcripts against the pure session; GuerrillaServerTests runs them against a live server.
struct TranscriptTests {
    @Test(arguments: try Transcript.all())
    func pureSessionFollows(_ transcript: Transcript) throws {
        try self.run(transcript, chunk: .max)
    }

    @Test(arguments: try Transcript.all())
    func pureSessionFollowsOctetByOctet(_ transcript: Transcript) throws {
        try self.run(transcript, chunk: 1)
    }

    private func run(_ transcript: Transcript, chunk: Int) throws {
        let peer = PureSession(limits: try transcript.limits())
        for (line, step) in transcript.steps {
            switch step {
            case .send(let octets):
                var rest = octets[...]
                while !rest.isEmpty {
                    peer.send(rest.prefix(chunk))
                    rest = rest.dropFirst(chunk)
                }
            case .expect(let pattern):
                let received = peer.takeLine()
                try #require(
                    received.map { Transcript.matches($0, pattern) } == true,
                    "\(transcript.name):\(line): expected \(pattern), got \(received ?? "nothing")"
                )
            case .message(let octets):
                let data = try #require(peer.messages.last?.data)
                #expect(data == MessageData(ByteBuffer(bytes: octets)), "\(transcript.name):\(line)")
            case .closed:
                #expect(peer.isClosed, "\(transcript.name):\(line)")
            }
        }
        #expect(peer.output == "", "\(transcript.name): more replies than expected")
    }
}
