package import NIOCore

/// Takes replies out of what a server sends, however it is cut.
///
/// What has been understood is kept, so no octet of a long reply is looked at twice because of its arrival in pieces, except those
/// of a line that has not ended.
package struct RESPDecoder: Sendable {
    private struct OpenArray {
        var elements: [RESPValue]
        var missing: Int
    }

    private let limits: RESPLimits
    /// Arrays that have begun and not ended, the innermost last.
    private var open: [OpenArray] = []
    /// The length of a bulk string whose octets come next.
    private var bulkLength: Int?
    /// Of the reply that has begun.
    private var values = 0
    private var octets = 0

    /// Creates a decoder.
    package init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
    }

    /// Takes the next reply.
    /// - Parameter buffer: What has arrived. What belongs to a complete value is taken out of it.
    /// - Returns: The reply, nil when more octets are needed.
    /// - Throws: What is wrong with the octets; the connection is of no use any more.
    package mutating func next(_ buffer: inout ByteBuffer) throws(RESPSyntaxError) -> RESPValue? {
        while let value = try self.nextValue(&buffer) {
            if let reply = self.complete(value) {
                self.values = 0
                self.octets = 0
                return reply
            }
        }
        return nil
    }

    /// The next value that is no array with elements: such an array is opened, and its elements follow.
    private mutating func nextValue(_ buffer: inout ByteBuffer) throws(RESPSyntaxError) -> RESPValue? {
        while true {
            if let length = self.bulkLength { return try self.bulkString(length, &buffer) }
            guard let line = try self.line(&buffer) else { return nil }
            self.values += 1
            guard self.values <= self.limits.values else { throw .tooLarge }
            guard let type = line.first else { throw .malformedLine }
            let text = line.dropFirst()
            switch type {
            case UInt8(ascii: "+"): return .simpleString(String(decoding: text, as: UTF8.self))
            case UInt8(ascii: "-"): return .error(String(decoding: text, as: UTF8.self))
            case UInt8(ascii: ":"): return .integer(try Self.number(text))
            case UInt8(ascii: "$"):
                guard let length = try self.length(text, limit: self.limits.bulkString) else { return .null }
                try self.count(length)
                self.bulkLength = length
            case UInt8(ascii: "*"):
                guard let count = try self.length(text, limit: self.limits.values - self.values) else { return .null }
                if count == 0 { return .array([]) }
                guard self.open.count < self.limits.depth else { throw .tooLarge }
                self.open.append(OpenArray(elements: [], missing: count))
            default: throw .unknownType(type)
            }
        }
    }

    /// Puts a value into the array it belongs to.
    /// - Returns: The reply, if it is complete.
    private mutating func complete(_ value: RESPValue) -> RESPValue? {
        var value = value
        while var array = self.open.popLast() {
            array.elements.append(value)
            array.missing -= 1
            guard array.missing == 0 else {
                self.open.append(array)
                return nil
            }
            value = .array(array.elements)
        }
        return value
    }

    private mutating func line(_ buffer: inout ByteBuffer) throws(RESPSyntaxError) -> ByteBufferView? {
        // With its CRLF and the octet of the type.
        let limit = self.limits.line + 3
        let view = buffer.readableBytesView.prefix(limit)
        guard let lineFeed = view.firstIndex(of: UInt8(ascii: "\n")) else {
            guard view.count < limit else { throw .tooLarge }
            return nil
        }
        let line = view[view.startIndex..<lineFeed]
        guard line.last == UInt8(ascii: "\r"), !line.dropLast().contains(UInt8(ascii: "\r")) else {
            throw .malformedLine
        }
        try self.count(line.count)
        buffer.moveReaderIndex(forwardBy: line.count + 1)
        return line.dropLast()
    }

    private mutating func bulkString(_ length: Int, _ buffer: inout ByteBuffer) throws(RESPSyntaxError) -> RESPValue? {
        guard buffer.readableBytes >= length + 2 else { return nil }
        guard let octets = buffer.readSlice(length: length), buffer.readInteger(as: UInt16.self) == 0x0D0A else {
            throw .malformedBulkString
        }
        self.bulkLength = nil
        return .bulkString(octets)
    }

    private mutating func count(_ octets: Int) throws(RESPSyntaxError) {
        self.octets += octets
        guard self.octets <= self.limits.octets else { throw .tooLarge }
    }

    /// A length; nil for -1.
    private func length(_ text: ByteBufferView, limit: Int) throws(RESPSyntaxError) -> Int? {
        let number = try Self.number(text)
        if number == -1 { return nil }
        guard number >= 0 else { throw .malformedNumber }
        guard number <= Int64(limit) else { throw .tooLarge }
        return Int(number)
    }

    private static func number(_ text: ByteBufferView) throws(RESPSyntaxError) -> Int64 {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let number = Int64(String(decoding: text, as: UTF8.self))
        else { throw .malformedNumber }
        return number
    }
}
