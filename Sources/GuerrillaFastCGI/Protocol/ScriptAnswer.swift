package import NIOCore

/// What a script's standard output says: a CGI response. (RFC 3875 § 6)
package struct ScriptAnswer: Equatable, Sendable {
    /// The Status field; 200 without one. (§ 6.3.3)
    package var status: Int
    /// What follows the header section.
    package var body: ByteBuffer

    /// Lines may end in CRLF or LF. (§ 6.2.1)
    package init(_ response: FastCGIResponse) throws(FastCGIProtocolError) {
        var rest = response.standardOutput
        var status = 200
        while let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            guard let line = rest.readSlice(length: end + 1 - rest.readerIndex) else { break }
            let text = String(buffer: line).trimmingEnd()
            if text.isEmpty {
                self.status = status
                self.body = rest
                return
            }
            guard let colon = text.firstIndex(of: ":") else { throw .noHeaderSection }
            if text[..<colon].lowercased() == "status" {
                // `404 Not Found`. What is no number is no success either.
                let digits = text[text.index(after: colon)...].drop { $0 == " " }.prefix { $0.isASCII && $0.isNumber }
                status = Int(digits) ?? 500
            }
        }
        throw .noHeaderSection
    }

    /// Whether the body begins with this word and the script does not speak of an error.
    package func says(_ word: String) -> Bool {
        (200...299).contains(self.status) && self.body.readableBytesView.starts(with: word.utf8)
    }

    /// The first line behind `word`, at most `maximumLength` printable ASCII characters; every other octet is a `?`.
    package func text(after word: String = "", maximumLength: Int = 200) -> String {
        PrintableText.of(
            self.body.readableBytesView.dropFirst(word.utf8.count).prefix { $0 != 10 && $0 != 13 },
            maximumLength: maximumLength
        )
    }
}

/// Text of a script as it may stand in a reply or a log: printable ASCII, so much and no more.
package enum PrintableText {
    package static func of(_ octets: some Sequence<UInt8>, maximumLength: Int) -> String {
        let isPrintable: ClosedRange<UInt8> = 32...126
        let kept = octets.lazy.map { isPrintable.contains($0) ? $0 : UInt8(ascii: "?") }
            .drop { $0 == UInt8(ascii: " ") }.prefix(maximumLength)
        return String(decoding: Array(kept), as: UTF8.self).trimmingEnd()
    }
}

extension String {
    fileprivate func trimmingEnd() -> String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
