public import GuerrillaBackend

/// How one server speaks TLS. The files are only named here; a ``TLSProvider`` reads them.
///
/// ```swift
/// var tls = TLSSettings()
/// tls.isStartTLSOn = true
/// tls.keyPair = TLSKeyPair(privateKeyFile: "mx.key", certificateFile: "mx.crt")
/// ```
public struct TLSSettings: Sendable, Equatable, ConfigurationOwner {
    /// Whether STARTTLS is offered (`start_tls_on`). The default is `false`.
    public var isStartTLSOn = false

    /// Whether a connection starts with the TLS handshake (`tls_always_on`). The default is `false`.
    public var isAlwaysOn = false

    /// Whether there is TLS at all.
    public var isOn: Bool { self.isStartTLSOn || self.isAlwaysOn }

    /// The key pair for clients that ask for no name, or for one that is in no other pair (`private_key_file`,
    /// `public_key_file`). The default has no files; there must be some where TLS is on.
    public var keyPair = TLSKeyPair()

    /// Further key pairs, chosen by the name the client asks for (`certificates`). Of two with the same name the first counts.
    /// The default is none.
    public var certificates: [TLSKeyPair] = []

    /// The lowest version (first of `protocols`). The default is TLS 1.2.
    public var minimumVersion = TLSProtocolVersion.tls12

    /// The highest version (second of `protocols`). The default is TLS 1.3.
    public var maximumVersion = TLSProtocolVersion.tls13

    /// The cipher suites (`ciphers`). The default is empty: ``TLSCipherSuite/standard``.
    ///
    /// If all of them are of TLS 1.3, no lower version is spoken.
    public var cipherSuites: [TLSCipherSuite] = []

    /// The groups for the key exchange, best first (`curves`). The default is empty: all but P-521.
    public var curves: [TLSCurve] = []

    /// What is asked of a client's certificate (`client_auth_type`). The default is ``TLSClientAuthentication/none``.
    ///
    /// A mail server that sends with a certificate of its own making would fail its handshake where certificates are verified, and many
    /// then send in clear text: asking has to be the operator's decision.
    public var clientAuthentication = TLSClientAuthentication.none

    /// The path of the certificate authorities for clients, PEM (`root_cas_file`). The default is nil: the system's.
    public var rootCAsFile: String?

    /// Whether the server's order of cipher suites counts (`prefer_server_cipher_suites`). It has no effect: the TLS library always
    /// takes the client's, and a provider warns of that. The default is `false`.
    public var prefersServerCipherSuites = false

    /// Creates settings with every default.
    public init() {}

    /// TLS that is off.
    public static let defaults = TLSSettings()

    /// The paths of all files that a provider reads for these settings.
    public var files: [String] {
        let pairs = ([self.keyPair] + self.certificates).flatMap { [$0.privateKeyFile, $0.certificateFile] }
        return (pairs + [self.clientAuthentication.verifies ? self.rootCAsFile : nil]).compactMap(\.self)
    }
}

/// A private key and the certificate chain that belongs to it.
public struct TLSKeyPair: Sendable, Equatable, ConfigurationOwner {
    /// The path of the private key, PEM (`private_key_file`); nil when there is none.
    public var privateKeyFile: String?

    /// The path of the certificate chain, PEM, the server's own certificate first (`public_key_file`); nil when there is none.
    public var certificateFile: String?

    /// The host names it is for, in lower case; `*.example.com` is for every name with one label more (`host_names`). Empty means those
    /// in the certificate.
    public var hostNames: [String]

    /// No files.
    public static let defaults = TLSKeyPair()

    /// Names a key pair.
    public init(privateKeyFile: String? = nil, certificateFile: String? = nil, hostNames: [String] = []) {
        self.privateKeyFile = privateKeyFile
        self.certificateFile = certificateFile
        self.hostNames = hostNames
    }
}
