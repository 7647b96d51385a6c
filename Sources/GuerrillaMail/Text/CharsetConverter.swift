/// Turns octets in a named charset into text.
///
/// A seam: the pure modules bring ``BasicCharsetConverter``, a server plugs in one that knows more charsets.
public protocol CharsetConverter: Sendable {
    /// Converts octets to text.
    ///
    /// Called on the event loop with what a peer sent: the work must be bounded by the number of octets.
    ///
    /// - Parameters:
    ///   - octets: The text in its charset. May be malformed; what cannot be converted becomes U+FFFD.
    ///   - charset: The charset's name as the message gives it, in any case, unchecked.
    /// - Returns: The text, or nil when the charset is not known.
    func utf8String(from octets: [UInt8], charset: String) -> String?
}
