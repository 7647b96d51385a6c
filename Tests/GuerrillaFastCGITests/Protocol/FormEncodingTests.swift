import GuerrillaFastCGI
import NIOCore
import Testing

struct FormEncodingTests {
    private func encoded(_ octets: [UInt8]) -> String {
        var buffer = ByteBuffer()
        FormEncoding.write(ByteBuffer(bytes: octets).readableBytesView, into: &buffer)
        return String(buffer: buffer)
    }

    @Test func everyOctetIsEncodedSoThatItComesBack() {
        for octet in UInt8.min...UInt8.max {
            let text = self.encoded([octet])
            #expect(text.utf8.count == FormEncoding.length(of: ByteBuffer(bytes: [octet]).readableBytesView))
            switch octet {
            case 0x20: #expect(text == "+")
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                #expect(Array(text.utf8) == [octet])
            default:
                let digits = String(octet, radix: 16, uppercase: true)
                #expect(text == "%" + (digits.count == 1 ? "0" : "") + digits)
            }
        }
    }

    @Test func aLongRunIsAsLongAsWasSaid() {
        let octets = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(self.encoded(octets).utf8.count == FormEncoding.length(of: ByteBuffer(bytes: octets).readableBytesView))
        #expect(self.encoded([]) == "")
    }

    @Test func fieldsAreJoined() {
        var buffer = ByteBuffer()
        FormEncoding.write(field: "subject", "a&b=c +d", into: &buffer)
        FormEncoding.write(field: "helo", "", into: &buffer)
        FormEncoding.write(field: "mail_from", "ü@example.org", into: &buffer)
        #expect(String(buffer: buffer) == "subject=a%26b%3Dc+%2Bd&helo=&mail_from=%C3%BC%40example.org")
    }
}
