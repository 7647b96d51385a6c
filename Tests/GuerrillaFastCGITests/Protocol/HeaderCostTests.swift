import GuerrillaBackend
import GuerrillaMail
import GuerrillaTestSupport
import GuerrillaTesting
import NIOCore
import Testing

@testable import GuerrillaFastCGI

/// Whatever a header section holds, a form is made of it for a small multiple of a loop over its octets.
@Suite struct HeaderCostTests {
    @Test func forms() async throws {
        let cost = try await Cost { octets in
            var form = ByteBuffer()
            let buffer = ByteBuffer(bytes: octets)
            _ = FormEncoding.length(of: buffer.readableBytesView)
            FormEncoding.write(buffer.readableBytesView, into: &form)
            FormEncoding.write(field: "subject", String(repairing: octets), into: &form)
        }
        let complaints = try await cost.complaints()
        #expect(complaints == [])
    }
}
