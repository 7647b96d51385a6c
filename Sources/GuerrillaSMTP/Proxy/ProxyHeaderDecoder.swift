package import NIOCore

/// Takes a PROXY protocol header, version 1 or 2, from the start of a connection.
/// (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>)
///
/// It stands among the pure parts because it is the first to touch what a peer sends, and so is fuzzed like them.
package enum ProxyHeaderDecoder {
    /// The longest header of version 1, in octets with its CRLF. (§ 2.1)
    package static let maximumLineLength = 107
    /// The longest header of version 2 that is accepted, in octets without the 16 it starts with. The protocol's limit is 65,535;
    /// the longest that make sense have a Unix socket's addresses (216) and a certificate's names.
    package static let maximumLength = 4_096

    private static let linePrefix = Array("PROXY ".utf8)
    /// Chosen so that no text protocol takes it for a command. (§ 2.2)
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// Takes a header from `input`; what follows it stays there.
    ///
    /// Nothing is taken before the header is complete. What cannot become a header any more is refused as early as it shows, so at
    /// most `maximumLength` + 16 octets are ever waited for.
    ///
    /// - Returns: Nil when octets are missing.
    /// - Throws: ``ProxyHeaderError``; the connection must be closed then.
    package static func decode(_ input: inout ByteBuffer) throws(ProxyHeaderError) -> ProxyHeader? {
        let (header, length) = try self.header(in: input.readableBytesUInt8Span)
        input.moveReaderIndex(forwardBy: length)
        return header
    }

    /// The header and how long it is; nil and 0 while it is incomplete.
    private static func header(in octets: Span<UInt8>) throws(ProxyHeaderError) -> (ProxyHeader?, Int) {
        guard !octets.isEmpty else { return (nil, 0) }
        let isBinary = octets[0] == self.signature[0]
        let prefix = isBinary ? self.signature : self.linePrefix
        for index in 0..<min(prefix.count, octets.count) where octets[index] != prefix[index] { throw .notProxy }
        guard octets.count >= prefix.count else { return (nil, 0) }
        if isBinary {
            guard let length = try ProxyBinaryHeader.length(octets) else { return (nil, 0) }
            return (try ProxyBinaryHeader.parse(octets.extracting(0..<length)), length)
        }
        guard let length = try ProxyLine.length(octets) else { return (nil, 0) }
        let fields = octets.extracting(prefix.count..<length - ProxyLine.ending)
        return (try ProxyLine.parse(fields), length)
    }
}
