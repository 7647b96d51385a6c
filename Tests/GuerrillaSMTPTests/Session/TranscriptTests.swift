import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaSMTP

/// The dialogues of Tests/Transcripts against the pure session; GuerrillaServerTests runs them against a live server.
struct TranscriptTests {
    @Test(arguments: try Transcript.all(), Transcript.Delivery.allCases)
    func pureSessionFollows(_ transcript: Transcript, delivery: Transcript.Delivery) throws {
        let peer = PureSession(
            limits: try transcript.limits(),
            tls: transcript.isStartTLSOn ? .offered : .unavailable,
            xclient: !transcript.isXCLIENTOn ? .off : transcript.isTrusted ? .allowed : .refused
        )
        var queued = 0
        for (line, step) in transcript.steps(delivered: delivery) {
            let place = "\(transcript.name):\(line), \(delivery)"
            switch step {
            case .send(let octets):
                peer.send(octets)
            case .expect(let pattern):
                let received = peer.takeLine()
                try #require(
                    received.map { Transcript.matches($0, pattern) } == true,
                    "\(place): expected \(pattern), got \(received ?? "nothing")"
                )
                if let received, Transcript.isQueued(received) { queued += 1 }
            case .expectReply(let code):
                var line = ""
                repeat {
                    line = try #require(peer.takeLine(), "\(place): expected \(code), got nothing")
                    try #require(line.hasPrefix(code), "\(place): expected \(code), got \(line)")
                } while line.dropFirst(3).first == "-"
            case .message(let octets):
                try #require(queued > 0 && queued <= peer.messages.count, "\(place): no such message")
                #expect(peer.messages[queued - 1].data == MessageData(ByteBuffer(bytes: octets)), "\(place)")
            case .closed:
                #expect(peer.isClosed, "\(place)")
            }
        }
        #expect(peer.output == "", "\(transcript.name), \(delivery): more replies than expected")
    }
}
