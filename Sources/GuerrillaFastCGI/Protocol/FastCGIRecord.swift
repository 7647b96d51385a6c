package import NIOCore

/// A record: the unit that everything on a FastCGI connection comes in. (FastCGI 1.0 § 3.3)
///
/// ```
///  1       1      2           2               1               1          contentLength   paddingLength
/// +-------+------+-----------+---------------+---------------+----------+---------------+-------------+
/// |version| type | requestId | contentLength | paddingLength | reserved | content       | padding     |
/// +-------+------+-----------+---------------+---------------+----------+---------------+-------------+
/// ```
package struct FastCGIRecord: Equatable, Sendable {
    /// What a record carries. (§ 8)
    package enum Kind: UInt8, Sendable {
        case beginRequest = 1
        case endRequest = 3
        case parameters = 4
        case standardInput = 5
        case standardOutput = 6
        case standardError = 7
        case getValuesResult = 10
        case unknownType = 11
    }

    /// The octets in front of the content.
    static let headerLength = 8
    /// The most octets of content: what two octets can say.
    static let maximumContentLength = 65_535
    /// The most octets of a whole record.
    package static let maximumLength = headerLength + maximumContentLength + 255

    package var kind: Kind
    /// 0 for records that belong to no request.
    package var requestID: UInt16
    package var content: ByteBuffer

    package init(_ kind: Kind, requestID: UInt16, content: ByteBuffer) {
        self.kind = kind
        self.requestID = requestID
        self.content = content
    }

    /// Takes one record out of `buffer`.
    ///
    /// - Returns: Nil when the record is not complete yet; nothing is taken then.
    /// - Throws: ``FastCGIProtocolError`` as soon as the octets cannot become a record.
    package static func decode(_ buffer: inout ByteBuffer) throws(FastCGIProtocolError) -> FastCGIRecord? {
        let start = buffer.readerIndex
        guard let version: UInt8 = buffer.getInteger(at: start) else { return nil }
        guard version == 1 else { throw .version(version) }
        guard let number: UInt8 = buffer.getInteger(at: start + 1) else { return nil }
        guard let kind = Kind(rawValue: number) else { throw .recordType(number) }
        guard
            let requestID: UInt16 = buffer.getInteger(at: start + 2),
            let contentLength: UInt16 = buffer.getInteger(at: start + 4),
            let paddingLength: UInt8 = buffer.getInteger(at: start + 6)
        else { return nil }
        let length = Self.headerLength + Int(contentLength) + Int(paddingLength)
        guard
            buffer.readableBytes >= length,
            let content = buffer.getSlice(at: start + Self.headerLength, length: Int(contentLength))
        else { return nil }
        buffer.moveReaderIndex(forwardBy: length)
        return FastCGIRecord(kind, requestID: requestID, content: content)
    }

    /// Appends the header of a record without padding.
    /// - Returns: Where the length of the content stands, for ``setContentLength(in:at:)``.
    static func writeHeader(_ kind: Kind, requestID: UInt16, into buffer: inout ByteBuffer) -> Int {
        buffer.writeInteger(UInt8(1))
        buffer.writeInteger(kind.rawValue)
        buffer.writeInteger(requestID)
        let position = buffer.writerIndex
        buffer.writeInteger(UInt32(0))  // length of content and padding, reserved
        return position
    }

    /// Puts the length of what was written since into a header.
    static func setContentLength(in buffer: inout ByteBuffer, at position: Int) {
        buffer.setInteger(UInt16(clamping: buffer.writerIndex - position - 4), at: position)
    }
}
