/// Writes messages in the form of an mbox file, as `mboxrd`: a line of content that begins with `From `, or with any number of `>` before
/// that, gets one more `>`, so that reading can take it away again. (RFC 4155 appendix A describes the family.)
///
/// Lines end with LF, as those of an mbox file do. A CR that is not followed by LF is kept.
///
/// ```swift
/// var encoder = MboxEncoder()
/// encoder.begin(reversePath: "a@example.org", unixSeconds: 0, into: &octets)
/// encoder.encode(piece, into: &octets)     // any number of pieces, cut anywhere
/// encoder.end(into: &octets)
/// ```
package struct MboxEncoder {
    private static let from = Array("From ".utf8)

    /// Whether nothing but `>` has come since the last end of line, and how many octets of `From ` after that.
    private var matched: Int? = 0
    /// Whether the last octet was a CR, which is held back.
    private var hasCarriageReturn = false
    private var isLineOpen = false

    package init() {}

    /// Begins a message with its `From ` line.
    ///
    /// - Parameters:
    ///   - reversePath: Without angle brackets. What would break the line becomes `_`; an empty one, and one beyond ASCII, which programs
    ///     do not expect in this line, becomes `MAILER-DAEMON`.
    ///   - unixSeconds: When it was received.
    package mutating func begin(reversePath: String, unixSeconds: Int, into octets: inout [UInt8]) {
        self = MboxEncoder()
        octets += Self.from
        octets +=
            reversePath.isEmpty || !reversePath.utf8.allSatisfy { $0 < 0x80 }
            ? Array("MAILER-DAEMON".utf8) : reversePath.utf8.map { $0 > 0x20 && $0 != 0x7F ? $0 : UInt8(ascii: "_") }
        octets += Array(" \(MailDate(unixSeconds: unixSeconds).ctime)\n".utf8)
    }

    /// Adds octets of the message.
    package mutating func encode(_ piece: UnsafeRawBufferPointer, into octets: inout [UInt8]) {
        for octet in piece {
            if self.hasCarriageReturn {
                self.hasCarriageReturn = false
                if octet != UInt8(ascii: "\n") { self.put(UInt8(ascii: "\r"), into: &octets) }
            }
            if octet == UInt8(ascii: "\r") {
                self.hasCarriageReturn = true
            } else {
                self.put(octet, into: &octets)
            }
        }
    }

    /// Ends the message: its last line, and the empty line that parts it from the next.
    package mutating func end(into octets: inout [UInt8]) {
        if self.hasCarriageReturn { self.put(UInt8(ascii: "\r"), into: &octets) }
        self.hasCarriageReturn = false
        self.flush(into: &octets)
        if self.isLineOpen { octets.append(UInt8(ascii: "\n")) }
        octets.append(UInt8(ascii: "\n"))
    }

    private mutating func put(_ octet: UInt8, into octets: inout [UInt8]) {
        if let matched = self.matched {
            if octet == Self.from[matched] {
                self.matched = matched + 1
                guard matched + 1 == Self.from.count else { return }
                // One more among those that are there: which of them is new makes no difference.
                octets.append(UInt8(ascii: ">"))
                self.flush(into: &octets)
                self.isLineOpen = true
                return
            }
            let isQuote = matched == 0 && octet == UInt8(ascii: ">")
            self.flush(into: &octets)
            if isQuote { self.matched = 0 }
        }
        octets.append(octet)
        self.isLineOpen = octet != UInt8(ascii: "\n")
        if !self.isLineOpen { self.matched = 0 }
    }

    /// Writes what looked like the beginning of `From `.
    private mutating func flush(into octets: inout [UInt8]) {
        guard let matched = self.matched else { return }
        if matched > 0 { self.isLineOpen = true }
        octets += Self.from[..<matched]
        self.matched = nil
    }
}
