/// The charsets that need no library: UTF-8, US-ASCII, ISO-8859-1 and windows-1252, by all their names.
///
/// Senders label text more by habit than by fact, so as in browsers (WHATWG Encoding Standard) octets 0x80 to 0x9F
/// in ISO-8859-1 are read as windows-1252: the controls that ISO-8859-1 has there are never meant. Octets above
/// 0x7F in US-ASCII are read as UTF-8.
public struct BasicCharsetConverter: CharsetConverter {
    /// Makes a converter. It has no state.
    public init() {}

    /// Converts octets to text. Malformed UTF-8 and octets that windows-1252 leaves undefined become U+FFFD.
    ///
    /// - Parameters:
    ///   - octets: The text in its charset.
    ///   - charset: The charset's name in any case; names as in ``CharsetAliases``.
    /// - Returns: The text, or nil when the charset is another one.
    public func utf8String(from octets: [UInt8], charset: String) -> String? {
        CharsetAliases.iconvName(for: charset).flatMap { self.utf8String(from: octets, iconvName: $0) }
    }

    /// As ``utf8String(from:charset:)``, with the name that ``CharsetAliases`` has for the charset.
    package func utf8String(from octets: [UInt8], iconvName: String) -> String? {
        switch iconvName {
        case "UTF-8", "US-ASCII": String(repairing: octets)
        case "ISO-8859-1", "CP1252": Self.westernText(octets)
        default: nil
        }
    }

    private static func westernText(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(octets.count)
        for octet in octets {
            let index = Int(octet) - 0x80
            let unit = controlArea.indices.contains(index) ? controlArea[index] : UInt16(octet)
            if unit < 0x80 {
                text.append(octet)
            } else if unit < 0x800 {
                text.append(0xC0 | UInt8(truncatingIfNeeded: unit >> 6))
                text.append(0x80 | UInt8(truncatingIfNeeded: unit & 0x3F))
            } else {
                text.append(0xE0 | UInt8(truncatingIfNeeded: unit >> 12))
                text.append(0x80 | UInt8(truncatingIfNeeded: unit >> 6 & 0x3F))
                text.append(0x80 | UInt8(truncatingIfNeeded: unit & 0x3F))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// What windows-1252 has at 0x80 to 0x9F.
    private static let controlArea: [UInt16] = [
        0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
        0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
    ]
}
