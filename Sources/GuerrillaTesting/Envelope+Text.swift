public import GuerrillaMail
import NIOCore

extension Envelope {
    /// The whole message as text, for comparisons in tests; octets that are no UTF-8 are replaced.
    public var text: String {
        get async throws {
            var octets: [UInt8] = []
            octets.reserveCapacity(self.data.size)
            for chunk in try await self.data.chunks() { octets += chunk.readableBytesView }
            return String(decoding: octets, as: UTF8.self)
        }
    }

    /// What stands behind the header section, as text; octets that are no UTF-8 are replaced.
    public var bodyText: String {
        get async throws {
            let text = try await self.text
            guard let end = text.firstRange(of: "\r\n\r\n") else { return "" }
            return String(text[end.upperBound...])
        }
    }
}
