public import NIOCore

/// The trace field a receiving server puts in front of a message. (RFC 5321 § 4.4)
///
/// ```
/// Received: from client.example ([192.0.2.1])
///     by mx.example.org with ESMTPS (TLSv1.3) id 7f3a09 for <user@example.org>;
///     Sat, 21 Nov 2026 08:06:48 +0000
/// ```
///
/// Line endings are CRLF and continuation lines start with a TAB. Lines are broken before column 78 where there is
/// a place for it, and none reaches 998 octets (RFC 5322 § 2.1.1), whatever the parts hold.
///
/// What comes from the peer cannot change the structure of the field: in every part but the path, anything that is
/// not a visible ASCII character or that has a meaning in a structured field (parentheses, angle brackets, quotes,
/// comma, semicolon, backslash) is written as `?`. Parts are cut at 255 octets.
public struct ReceivedField: Sendable, Equatable {
    /// The argument of HELO or EHLO as given. When it is empty the address literal stands in its place, or `unknown`
    /// when that is empty as well.
    public var heloArgument: String

    /// The client's address as an address literal: `[192.0.2.1]`, `[IPv6:2001:db8::1]`. Left out when it is empty, as
    /// for a client on a Unix socket.
    public var clientAddress: String

    /// The name of this server.
    public var serverName: String

    /// The `with` protocol: `SMTP`, `ESMTP`, `ESMTPS`, `UTF8SMTPS` … (RFC 3848, RFC 6531 § 4.3)
    public var protocolName: String

    /// The version of TLS, for a comment after the protocol; nil without TLS.
    public var tlsVersion: String?

    /// The id this server gave the message.
    public var queuedID: String

    /// The forward-path, with or without angle brackets. Give it only when the message has exactly one recipient:
    /// otherwise it would tell recipients about each other (RFC 5321 § 7.2). A path with control characters, with
    /// more than 320 octets, or with non-ASCII characters although ``allowsUTF8`` is false, is left out.
    public var forPath: String?

    /// Whether the message was sent with SMTPUTF8, so that UTF-8 may stand in header fields. (RFC 6531 § 3.7.3)
    public var allowsUTF8: Bool

    /// When the message was received, in seconds since 1970-01-01 00:00:00 UTC.
    public var unixSeconds: Int

    /// Seconds that local time is ahead of UTC.
    public var zoneOffsetSeconds: Int

    /// Makes a field from its parts.
    ///
    /// - Parameters:
    ///   - heloArgument: The argument of HELO or EHLO as given.
    ///   - clientAddress: The client's address as an address literal, with its brackets.
    ///   - serverName: The name of this server.
    ///   - protocolName: The `with` protocol.
    ///   - tlsVersion: The version of TLS, or nil.
    ///   - queuedID: The id this server gave the message.
    ///   - forPath: The forward-path when the message has exactly one recipient, or nil.
    ///   - allowsUTF8: Whether the message was sent with SMTPUTF8.
    ///   - unixSeconds: When the message was received.
    ///   - zoneOffsetSeconds: Seconds that local time is ahead of UTC.
    public init(
        heloArgument: String,
        clientAddress: String,
        serverName: String,
        protocolName: String,
        tlsVersion: String? = nil,
        queuedID: String,
        forPath: String? = nil,
        allowsUTF8: Bool = false,
        unixSeconds: Int,
        zoneOffsetSeconds: Int = 0
    ) {
        self.heloArgument = heloArgument
        self.clientAddress = clientAddress
        self.serverName = serverName
        self.protocolName = protocolName
        self.tlsVersion = tlsVersion
        self.queuedID = queuedID
        self.forPath = forPath
        self.allowsUTF8 = allowsUTF8
        self.unixSeconds = unixSeconds
        self.zoneOffsetSeconds = zoneOffsetSeconds
    }

    /// Appends the field, with its last line ending, to a buffer.
    public func write(into buffer: inout ByteBuffer) {
        // One allocation at most: three lines of ordinary length.
        buffer.reserveCapacity(minimumWritableBytes: 256)
        var line = buffer.writerIndex
        buffer.writeStaticString("Received: from")
        let name = heloArgument.isEmpty ? clientAddress : heloArgument
        write(name.isEmpty ? "unknown" : name, after: " ", line: &line, into: &buffer)
        if !clientAddress.isEmpty { write(clientAddress, after: " (", before: ")", line: &line, into: &buffer) }

        buffer.writeStaticString("\r\n")
        line = buffer.writerIndex
        buffer.writeStaticString("\tby ")
        write(serverName, after: "", line: &line, into: &buffer)
        write(protocolName, after: " with ", line: &line, into: &buffer)
        if let tlsVersion { write(tlsVersion, after: " (", before: ")", line: &line, into: &buffer) }
        write(queuedID, after: " id ", line: &line, into: &buffer)
        if let forPath { writePath(forPath, line: &line, into: &buffer) }

        buffer.writeStaticString(";\r\n\t")
        MailDate(unixSeconds: unixSeconds, zoneOffsetSeconds: zoneOffsetSeconds).writeRFC5322(into: &buffer)
        buffer.writeStaticString("\r\n")
    }

    private static let preferredLineLength = 77
    private static let maximumPartLength = 255
    private static let maximumPathLength = 320

    /// Writes a part between its introduction and end. When the line would get long, the space that starts the
    /// introduction becomes a fold.
    private func write(
        _ part: String,
        after introduction: StaticString,
        before end: StaticString = "",
        line: inout Int,
        into buffer: inout ByteBuffer
    ) {
        let length = introduction.utf8CodeUnitCount + part.utf8.count + end.utf8CodeUnitCount
        fold(introduction, length: length, line: &line, into: &buffer)
        if part.utf8.count <= Self.maximumPartLength, isPlain(part) {
            buffer.writeString(part)
        } else {
            writeFiltered(part, into: &buffer)
        }
        buffer.writeStaticString(end)
    }

    /// Looks at the octets in place where the string has them together, as all but bridged ones do.
    private func isPlain(_ part: String) -> Bool {
        part.utf8.withContiguousStorageIfAvailable { $0.allSatisfy { $0.isPlainInTraceField } }
            ?? part.utf8.allSatisfy { $0.isPlainInTraceField }
    }

    private func fold(
        _ introduction: StaticString,
        length: Int,
        line: inout Int,
        into buffer: inout ByteBuffer
    ) {
        // One column is kept for the semicolon that may follow.
        let isFoldable = introduction.utf8CodeUnitCount > 0
        guard isFoldable, buffer.writerIndex - line + length > Self.preferredLineLength - 1 else {
            buffer.writeStaticString(introduction)
            return
        }
        buffer.writeStaticString("\r\n")
        line = buffer.writerIndex
        buffer.writeStaticString("\t")
        introduction.withUTF8Buffer { _ = buffer.writeBytes($0.dropFirst()) }
    }

    /// The slow path: a part that is too long or has a character to be replaced.
    private func writeFiltered(_ part: String, into buffer: inout ByteBuffer) {
        var room = Self.maximumPartLength
        for scalar in part.unicodeScalars {
            let isAllowed: Bool
            if scalar.isASCII {
                isAllowed = UInt8(truncatingIfNeeded: scalar.value).isPlainInTraceField
            } else {
                // C1 controls and the separators of lines and paragraphs move the cursor like CR and LF do.
                isAllowed = allowsUTF8 && scalar.value >= 0xA0 && scalar != "\u{2028}" && scalar != "\u{2029}"
            }
            let length = isAllowed ? UTF8.width(scalar) : 1
            guard length <= room else { return }
            room -= length
            if isAllowed {
                UTF8.encode(scalar).map { _ = buffer.writeBytes($0) }
            } else {
                buffer.writeInteger(UInt8.questionMark)
            }
        }
    }

    private func writePath(_ path: String, line: inout Int, into buffer: inout ByteBuffer) {
        let octets = path.utf8
        guard octets.count <= Self.maximumPathLength else { return }
        guard octets.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || allowsUTF8 && $0 >= 0x80 }) else { return }
        let hasBrackets = octets.first == UInt8(ascii: "<") && octets.last == UInt8(ascii: ">")
        fold(" for ", length: 7 + octets.count, line: &line, into: &buffer)
        if hasBrackets {
            buffer.writeString(path)
        } else {
            buffer.writeStaticString("<")
            buffer.writeString(path)
            buffer.writeStaticString(">")
        }
    }
}

extension UInt8 {
    /// Visible ASCII without the characters that would start, end or separate something in a structured field body:
    /// `"`, `(`, `)`, `,`, `;`, `<`, `>`, `\`. Brackets and colon stay: address literals need them.
    fileprivate var isPlainInTraceField: Bool {
        // A bit for each of 64 values, because every octet of every part of every message is asked.
        switch self >> 6 {
        case 0: (0xA7FF_ECFA_0000_0000 as UInt64) >> UInt64(self) & 1 == 1
        case 1: (0x7FFF_FFFF_EFFF_FFFF as UInt64) >> UInt64(self & 63) & 1 == 1
        default: false
        }
    }
}
