/// An SQL text taken apart at its `?`, as far as they are placeholders and no part of a string, a name or a comment.
struct PlaceholderText: Sendable {
    /// What stands between the placeholders, and before and behind them: one more than there are placeholders.
    private(set) var pieces: [String]
    /// What each placeholder is called: empty for `?`, else what stands behind the `:`.
    private(set) var names: [String] = []

    /// - Parameter allowed: Names that are placeholders when they stand behind a `:`.
    init(_ text: String, names allowed: Set<String> = []) {
        let octets = Array(text.utf8)
        var pieces: [String] = []
        var piece: [UInt8] = []
        var index = 0
        func end() {
            pieces.append(String(decoding: piece, as: UTF8.self))
            piece = []
        }
        while index < octets.count {
            let octet = octets[index]
            switch octet {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"):
                // A doubled quote is the end of one string and the beginning of the next.
                let close = octets[(index + 1)...].firstIndex(of: octet) ?? octets.count - 1
                piece.append(contentsOf: octets[index...close])
                index = close + 1
            case UInt8(ascii: "?"):
                end()
                self.names.append("")
                index += 1
            case UInt8(ascii: ":") where octets[(index + 1)...].first == UInt8(ascii: ":"):
                // PostgreSQL's `::type`.
                piece.append(contentsOf: octets[index...(index + 1)])
                index += 2
            case UInt8(ascii: ":"):
                let name = octets[(index + 1)...].prefix { ByteIsLetter.check($0) }
                let text = String(decoding: name, as: UTF8.self)
                if allowed.contains(text) {
                    end()
                    self.names.append(text)
                    index = name.endIndex
                } else {
                    piece.append(octet)
                    index += 1
                }
            default:
                piece.append(octet)
                index += 1
            }
        }
        end()
        self.pieces = pieces
    }

    /// The text with `placeholder(n)` for the n-th placeholder, counted from 1.
    func text(_ placeholder: (Int) -> String) -> String {
        var text = self.pieces[0]
        for (index, piece) in self.pieces.dropFirst().enumerated() {
            text += placeholder(index + 1) + piece
        }
        return text
    }

    private enum ByteIsLetter {
        static func check(_ octet: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet) || octet == UInt8(ascii: "_")
        }
    }
}
