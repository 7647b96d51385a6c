#if TLS
/// Why TLS cannot be set up: one sentence that names the file. Who knows it adds the server's name.
public struct TLSSetupError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Code: Sendable, Equatable {
        /// No file was named.
        case noFileGiven
        /// There is no such file.
        case missingFile
        /// There is one, and it cannot be read.
        case unreadableFile
        /// The file does not hold what it should.
        case wrongContent
        /// The private key is protected by a passphrase.
        case encryptedKey
        /// Key and certificate do not belong together.
        case mismatch
        /// The versions leave no cipher suite.
        case noCipherSuite
        /// The TLS library says no.
        case library
    }

    /// What kind of trouble it is.
    public var code: Code

    /// One sentence for the operator, without a full stop.
    public var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence.
    public var description: String { self.message }
}
#endif
