internal import Glibc
public import GuerrillaMail

/// Converts all charsets of ``GuerrillaMail/CharsetAliases`` with the C library's `iconv(3)`.
///
/// UTF-8, US-ASCII and the western charsets take the shorter way through `BasicCharsetConverter`, which also works
/// where the C library came without its converter modules (slim images); ``supports(_:)`` tells which are there.
///
/// The first use of a charset loads its module from disk; a converter that is open keeps it there for the next use.
public struct IconvCharsetConverter: CharsetConverter {
    /// Longest result in octets of UTF-8; what comes after it is dropped, at the boundary of a character.
    /// The default is 1 MiB.
    public let maximumOutputSize: Int

    private let basic = BasicCharsetConverter()
    private let descriptors: IconvDescriptors

    /// Each replacement is a call of its own into the C library, so their number has a limit; a text with more is
    /// not in the charset it claims.
    private static let maximumReplacements = 1000

    /// Makes a converter.
    ///
    /// - Parameter maximumOutputSize: Longest result in octets of UTF-8.
    public init(maximumOutputSize: Int = 1_048_576) {
        self.init(maximumOutputSize: maximumOutputSize, descriptors: .shared)
    }

    init(maximumOutputSize: Int = 1_048_576, descriptors: IconvDescriptors) {
        self.maximumOutputSize = max(maximumOutputSize, 0)
        self.descriptors = descriptors
    }

    /// Whether the C library can convert from a charset, by any name it has in mail. Call it at start for what the
    /// users' mail is written in, and say so in the log when it is missing.
    public func supports(_ charset: String) -> Bool {
        guard let name = CharsetAliases.iconvName(for: charset) else { return false }
        if basic.utf8String(from: [], iconvName: name) != nil { return true }
        guard let descriptor = self.descriptors.take(name) else { return false }
        self.descriptors.give(descriptor)
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
        guard let name = CharsetAliases.iconvName(for: charset) else { return nil }
        if let text = basic.utf8String(from: octets, iconvName: name) {
            return text.utf8.count <= maximumOutputSize ? text : cut(text)
        }
        let (source, markLength) = Self.byteOrder(of: octets, charset: name)
        guard let descriptor = self.descriptors.take(source) else { return nil }
        defer { self.descriptors.give(descriptor) }
        var conversion = IconvConversion(descriptor: descriptor.value, maximumOutputSize: maximumOutputSize)
        let text = markLength > 0 ? Array(octets[markLength...]) : octets
        return conversion.run(text, maximumReplacements: Self.maximumReplacements)
    }

    /// The charset with its byte order, and the length of the mark that says so.
    ///
    /// The C library would find that out by itself, but goes on with the order of one text in the next, and takes the
    /// machine's where there is no mark. It is big-endian then. (RFC 2781 § 4.3)
    private static func byteOrder(of octets: [UInt8], charset: String) -> (charset: String, markLength: Int) {
        switch charset {
        case "UTF-16":
            if octets.starts(with: [0xFF, 0xFE]) { return ("UTF-16LE", 2) }
            return ("UTF-16BE", octets.starts(with: [0xFE, 0xFF]) ? 2 : 0)
        case "UTF-32":
            if octets.starts(with: [0xFF, 0xFE, 0, 0]) { return ("UTF-32LE", 4) }
            return ("UTF-32BE", octets.starts(with: [0, 0, 0xFE, 0xFF]) ? 4 : 0)
        default:
            return (charset, 0)
        }
    }

    private func cut(_ text: String) -> String {
        let utf8 = text.utf8
        var end = utf8.index(utf8.startIndex, offsetBy: maximumOutputSize, limitedBy: utf8.endIndex) ?? utf8.endIndex
        while end > utf8.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(text[..<end])
    }
}
