internal import Glibc
public import GuerrillaMail

/// Converts all charsets of ``GuerrillaMail/CharsetAliases`` with the C library's `iconv(3)`.
///
/// UTF-8, US-ASCII and the western charsets take the shorter way through `BasicCharsetConverter`, which also works
/// where the C library came without its converter modules (slim images); ``supports(_:)`` tells which are there.
///
/// A conversion opens its own `iconv_t`, because one must not be used by two threads at a time and opening costs
/// about 4 µs only. The first use of a charset loads its module from disk.
public struct IconvCharsetConverter: CharsetConverter {
    /// Longest result in octets of UTF-8; what comes after it is dropped, at the boundary of a character.
    /// The default is 1 MiB.
    public let maximumOutputSize: Int

    private let basic = BasicCharsetConverter()

    /// Each replacement is a call of its own into the C library, so their number has a limit; a text with more is
    /// not in the charset it claims.
    private static let maximumReplacements = 1000

    /// Makes a converter.
    ///
    /// - Parameter maximumOutputSize: Longest result in octets of UTF-8.
    public init(maximumOutputSize: Int = 1_048_576) {
        self.maximumOutputSize = max(maximumOutputSize, 0)
    }

    /// Whether the C library can convert from a charset, by any name it has in mail. Call it at start for what the
    /// users' mail is written in, and say so in the log when it is missing.
    public func supports(_ charset: String) -> Bool {
        if basic.utf8String(from: [], charset: charset) != nil { return true }
        guard let name = CharsetAliases.iconvName(for: charset) else { return false }
        guard let descriptor = Self.open(from: name) else { return false }
        iconv_close(descriptor)
        return true
    }

    /// Converts octets to text.
    ///
    /// - Parameters:
    ///   - octets: The text in its charset. Each octet that cannot be converted, and a character cut off at the end,
    ///     becomes U+FFFD.
    ///   - charset: The charset's name in any case, unchecked.
    /// - Returns: The text; nil when the charset is not known, the C library lacks it, or the octets are so
    ///   malformed that they cannot be in it.
    public func utf8String(from octets: [UInt8], charset: String) -> String? {
        if let text = basic.utf8String(from: octets, charset: charset) {
            return text.utf8.count <= maximumOutputSize ? text : cut(text)
        }
        guard let name = CharsetAliases.iconvName(for: charset) else { return nil }
        // Without a byte order mark UTF-16 is big-endian (RFC 2781 § 4.3); iconv takes the machine's order.
        let hasMark = octets.starts(with: [0xFE, 0xFF]) || octets.starts(with: [0xFF, 0xFE])
        guard let descriptor = Self.open(from: name == "UTF-16" && !hasMark ? "UTF-16BE" : name) else { return nil }
        defer { iconv_close(descriptor) }
        var conversion = IconvConversion(descriptor: descriptor, maximumOutputSize: maximumOutputSize)
        return conversion.run(octets, maximumReplacements: Self.maximumReplacements)
    }

    /// `iconv_open` reports failure as -1, not as a null pointer.
    private static func open(from name: String) -> iconv_t? {
        let descriptor = iconv_open("UTF-8", name)
        return descriptor == iconv_t(bitPattern: -1) ? nil : descriptor
    }

    private func cut(_ text: String) -> String {
        let utf8 = text.utf8
        var end = utf8.index(utf8.startIndex, offsetBy: maximumOutputSize, limitedBy: utf8.endIndex) ?? utf8.endIndex
        while end > utf8.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(text[..<end])
    }
}
