/// Makes a text fit into a column.
enum LimitedText {
    /// The text without white space at its ends and without NUL, cut after ``MailRow/textLimit`` octets but never inside a
    /// character of UTF-8.
    static func cut(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var octets = 0
        // Looked through as octets: a stranger's text may begin with megabytes of it.
        let start = text.utf8.firstIndex { !self.isSpace(Unicode.Scalar($0)) } ?? text.endIndex
        for scalar in text.unicodeScalars[start...] {
            // Databases end or refuse a text at NUL.
            let scalar = scalar == "\0" ? "\u{FFFD}" : scalar
            octets += UTF8.width(scalar)
            guard octets <= MailRow.textLimit else { break }
            result.append(scalar)
        }
        while let last = result.last, self.isSpace(last) { result.removeLast() }
        return String(result)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || ("\t"..."\r").contains(scalar)
    }
}
