public import GuerrillaMail
public import NIOCore

/// Where connections get TLS from: the server itself knows no TLS library.
///
/// A provider is taken once for each connection out of its ``ServerSettings``, so a new one, with new certificates, holds
/// for new connections. Both functions are called on the channel's event loop.
public protocol TLSProvider: Sendable {
    /// Puts TLS at the front of a channel's pipeline. Once the handshake is complete it has to fire
    /// `TLSUserEvent.handshakeCompleted`; when it fails, an error.
    /// - Throws: When TLS cannot be had; the connection is closed then, never continued in clear text.
    func addHandler(to channel: any Channel) throws

    /// What was agreed in the handshake that is complete.
    func info(of channel: any Channel) -> TLSInfo
}

/// When a server speaks TLS.
public struct TLSOffer: Sendable {
    /// Where TLS comes from.
    public var provider: any TLSProvider
    /// Whether every connection begins with TLS (`tls_always_on`, RFC 8314 § 3.3).
    public var isImplicit: Bool
    /// Whether STARTTLS is offered in clear text (`start_tls_on`, RFC 3207).
    public var isStartTLSOn: Bool

    /// Creates an offer.
    public init(provider: any TLSProvider, isImplicit: Bool = false, isStartTLSOn: Bool = true) {
        self.provider = provider
        self.isImplicit = isImplicit
        self.isStartTLSOn = isStartTLSOn
    }
}
