import GuerrillaMail

/// Finds the first address in the body of a header field. (RFC 5322 § 3.4)
///
/// Display names, comments, quotes and the name of a group are passed over. The fields To, Reply-To and Sender hold such
/// addresses, and a Message-ID (§ 3.6.4) has the form of one.
enum FirstAddress {
    /// Longer fields are lists of many; the first address is not behind that.
    private static let longestBody = 4_096

    /// The address without angle brackets, as it was written; nil when there is none.
    static func find(in field: HeaderField) -> String? {
        self.find(in: field.bodyOctets(upTo: self.longestBody))
    }

    /// The same, of a body.
    static func find(in body: [UInt8]) -> String? {
        var scanner = Scanner(body)
        return scanner.firstAddress()
    }

    private struct Scanner {
        private let octets: [UInt8]
        private var position = 0

        init(_ octets: [UInt8]) {
            self.octets = octets
        }

        mutating func firstAddress() -> String? {
            var word: [UInt8] = []
            while let octet = self.next() {
                switch octet {
                case UInt8(ascii: "("):
                    self.skipComment()
                case UInt8(ascii: "\""):
                    word.append(contentsOf: self.quotedString())
                case UInt8(ascii: "<"):
                    return self.angleAddress()
                case UInt8(ascii: ","), UInt8(ascii: ";"):
                    if let address = Self.address(word) { return address }
                    word = []
                case UInt8(ascii: ":"):
                    // The name of a group ends here.
                    word = []
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                    if let address = Self.address(word) { return address }
                    // `name @ example.com` is obsolete syntax; what stands before a space is a display name.
                    word = []
                default:
                    word.append(octet)
                }
            }
            return Self.address(word)
        }

        private mutating func next() -> UInt8? {
            guard self.position < self.octets.count else { return nil }
            defer { self.position += 1 }
            return self.octets[self.position]
        }

        private mutating func skipComment() {
            var depth = 1
            while depth > 0, let octet = self.next() {
                switch octet {
                case UInt8(ascii: "\\"): _ = self.next()
                case UInt8(ascii: "("): depth += 1
                case UInt8(ascii: ")"): depth -= 1
                default: break
                }
            }
        }

        /// The rest of a quoted string, with its quotes.
        private mutating func quotedString() -> [UInt8] {
            var quoted = [UInt8(ascii: "\"")]
            while let octet = self.next() {
                quoted.append(octet)
                if octet == UInt8(ascii: "\"") { return quoted }
                if octet == UInt8(ascii: "\\"), let escaped = self.next() { quoted.append(escaped) }
            }
            // Without an end it is no part of an address.
            return quoted + [UInt8(ascii: "\"")]
        }

        private mutating func angleAddress() -> String? {
            var word: [UInt8] = []
            while let octet = self.next(), octet != UInt8(ascii: ">") {
                switch octet {
                case UInt8(ascii: "("): self.skipComment()
                case UInt8(ascii: "\""): word.append(contentsOf: self.quotedString())
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): break
                // A source route is ignored. (RFC 5322 § 4.4)
                case UInt8(ascii: ":") where word.first == UInt8(ascii: "@"): word = []
                default: word.append(octet)
                }
            }
            return Self.address(word)
        }

        private static func address(_ word: [UInt8]) -> String? {
            guard let at = word.lastIndex(of: UInt8(ascii: "@")), at > 0, at < word.count - 1 else { return nil }
            // What is quoted is a display name, unless an `@` follows.
            if let quote = word.lastIndex(of: UInt8(ascii: "\"")), quote > at { return nil }
            return String(decoding: word, as: UTF8.self)
        }
    }
}
