import NIOCore

/// What clients of other protocols say when they come to a mail server, by mistake or sent by somebody who means harm: a
/// browser can be made to post a form with SMTP commands in it. Nothing of such a session may be executed.
enum ForeignProtocol {
    /// Whether `input` begins like a TLS ClientHello: a handshake record of SSL 3.0 or later. (RFC 8446 § 5.1)
    static func isTLS(_ input: ByteBuffer) -> Bool {
        input.getInteger(at: input.readerIndex, as: UInt16.self) == 0x1603
    }

    /// Whether a line that is no command is the first line of an HTTP request (RFC 9112 § 3), or its Host field.
    static func isHTTP(_ line: Span<UInt8>) -> Bool {
        if line.begins(with: "HOST:") { return true }
        let methods: [StaticString] = [
            "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ",
        ]
        guard methods.contains(where: { line.begins(with: $0) }) else { return false }
        return line.indices.contains { line.extracting($0...).begins(with: " HTTP/") }
    }
}
