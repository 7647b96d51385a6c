public import NIOCore

/// A reply, of one line or several. (RFC 5321 § 4.2)
public struct SMTPReply: Sendable, Hashable {
    /// The reply code.
    public var code: ReplyCode
    /// Sent in front of every line's text; none in a greeting, a HELO or EHLO reply and 3yz. (RFC 2034 § 3)
    public var enhancedStatusCode: EnhancedStatusCode?
    /// The text of each line, without code and line ending.
    public var lines: [String]

    /// The longest text sent in one line, in octets: a reply line has 512. (RFC 5321 § 4.5.3.1.5)
    static let maximumTextLength = 490

    /// Creates a reply of one line.
    public init(_ code: ReplyCode, _ enhancedStatusCode: EnhancedStatusCode, _ text: String) {
        self.init(code, enhancedStatusCode, lines: [text])
    }

    /// Creates a reply of one line without an enhanced status code.
    public init(_ code: ReplyCode, _ text: String) {
        self.init(code, nil, lines: [text])
    }

    /// Creates a reply of several lines.
    public init(_ code: ReplyCode, _ enhancedStatusCode: EnhancedStatusCode? = nil, lines: [String]) {
        self.code = code
        self.enhancedStatusCode = enhancedStatusCode
        self.lines = lines
    }

    /// Appends the reply as it is sent.
    ///
    /// A text may come from a processor: its control characters become spaces, so that they cannot forge another reply,
    /// octets beyond ASCII question marks (RFC 5321 § 4.2), and it is cut at 490 octets.
    public func write(into buffer: inout ByteBuffer) {
        if self.lines.isEmpty {
            self.write(line: "", isLast: true, into: &buffer)
            return
        }
        for (index, line) in self.lines.enumerated() {
            self.write(line: line, isLast: index == self.lines.count - 1, into: &buffer)
        }
    }

    private func write(line: String, isLast: Bool, into buffer: inout ByteBuffer) {
        let code = self.code.rawValue
        buffer.writeInteger(Self.digit(code / 100))
        buffer.writeInteger(Self.digit(code / 10 % 10))
        buffer.writeInteger(Self.digit(code % 10))
        buffer.writeInteger(isLast ? UInt8(ascii: " ") : UInt8(ascii: "-"))
        if let status = self.enhancedStatusCode {
            if status.subject < 10, status.detail < 10 {
                buffer.writeInteger(Self.digit(UInt16(status.class)))
                buffer.writeInteger(UInt8(ascii: "."))
                buffer.writeInteger(Self.digit(status.subject))
                buffer.writeInteger(UInt8(ascii: "."))
                buffer.writeInteger(Self.digit(status.detail))
                buffer.writeInteger(UInt8(ascii: " "))
            } else {
                buffer.writeString("\(status) ")
            }
        }
        let start = buffer.writerIndex
        buffer.writeString(line)
        if buffer.writerIndex - start > Self.maximumTextLength {
            buffer.moveWriterIndex(to: start + Self.maximumTextLength)
        }
        Self.replaceUnprintable(in: &buffer, from: start)
        buffer.writeStaticString("\r\n")
    }

    /// Looks at the octets where they are: asking a string for each of them costs 1 % of a pipelined message's time.
    private static func replaceUnprintable(in buffer: inout ByteBuffer, from start: Int) {
        let isClean = buffer.readableBytesView[start...].withContiguousStorageIfAvailable { octets in
            octets.allSatisfy { 32...126 ~= $0 }
        }
        if isClean == true { return }
        for index in start..<buffer.writerIndex {
            guard let octet: UInt8 = buffer.getInteger(at: index), !(32...126 ~= octet) else { continue }
            buffer.setInteger(octet < 128 ? UInt8(ascii: " ") : UInt8(ascii: "?"), at: index)
        }
    }

    private static func digit(_ value: UInt16) -> UInt8 {
        UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10)
    }

    /// The reply as it is sent, for tests and logs.
    public var wireText: String {
        var buffer = ByteBuffer()
        self.write(into: &buffer)
        return String(buffer: buffer)
    }
}

/// An error that knows what to tell the client; the log gets the details.
///
/// Errors that do not conform are answered ``SMTPReply/localError``.
public protocol SMTPReplyConvertible: Error {
    /// What the client reads. Nothing of our inside belongs in it.
    var smtpReply: SMTPReply { get }
}
