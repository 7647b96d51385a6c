#if TLS
import GuerrillaServer
import NIOCore
import NIOSSL

extension TLSSettings {
    /// The library's configuration, without certificates of clients' authorities.
    func libraryConfiguration(_ credentials: TLSCredentials) throws(TLSSetupError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: credentials.chain.map { .certificate($0) },
            privateKey: .privateKey(credentials.privateKey)
        )
        // For the peer's close_notify: a round trip. Whoever never sends one holds its place so long.
        configuration.shutdownTimeout = .seconds(2)
        configuration.minimumTLSVersion = self.minimumVersion.libraryVersion
        configuration.maximumTLSVersion = self.maximumVersion.libraryVersion
        let suites = self.cipherSuites.isEmpty ? TLSCipherSuite.standard : self.cipherSuites
        // An empty list, and code points that it does not know, crash the library.
        let chosen = suites.compactMap(\.librarySuite)
        if !chosen.isEmpty {
            configuration.cipherSuiteValues = chosen
        } else if self.maximumVersion == .tls13 {
            configuration.minimumTLSVersion = .tlsv13
        } else {
            throw TLSSetupError(
                .noCipherSuite,
                "ciphers names only suites of TLS 1.3, and protocols ends at \(self.maximumVersion.configurationName)"
            )
        }
        configuration.curves = self.curves.isEmpty ? nil : self.curves.map(\.libraryCurve)
        configuration.certificateVerification =
            switch self.clientAuthentication {
            case .none: .none
            case .request, .verifyIfGiven: .optionalVerification
            // `fullVerification` would compare a host name, which a client has none of.
            case .requireAny, .requireAndVerify: .noHostnameVerification
            }
        return configuration
    }

    /// What the settings ask for and do not get.
    var libraryWarnings: [String] {
        var warnings: [String] = []
        if self.prefersServerCipherSuites {
            warnings.append(
                "prefer_server_cipher_suites has no effect: the client's order of cipher suites counts; name fewer to force one"
            )
        }
        let ofTLS13 = Set(self.cipherSuites.filter(\.isTLS13))
        if !ofTLS13.isEmpty, self.maximumVersion == .tls13, ofTLS13 != Set(TLSCipherSuite.allCases.filter(\.isTLS13)) {
            warnings.append("ciphers cannot choose among the suites of TLS 1.3: all of them are on")
        }
        return warnings
    }
}

extension TLSProtocolVersion {
    fileprivate var libraryVersion: TLSVersion {
        switch self {
        case .tls10: .tlsv1
        case .tls11: .tlsv11
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }

    init(_ version: TLSVersion) {
        self =
            switch version {
            case .tlsv1: .tls10
            case .tlsv11: .tls11
            case .tlsv12: .tls12
            case .tlsv13: .tls13
            }
    }
}

extension TLSCipherSuite {
    /// Nil for those of TLS 1.3, which cannot be chosen.
    fileprivate var librarySuite: NIOTLSCipher? {
        switch self {
        case .TLS_AES_128_GCM_SHA256, .TLS_AES_256_GCM_SHA384, .TLS_CHACHA20_POLY1305_SHA256: nil
        case .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        case .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        case .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        case .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
        case .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        case .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
        case .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
        case .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
        case .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
        case .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
        case .TLS_RSA_WITH_AES_128_GCM_SHA256: .TLS_RSA_WITH_AES_128_GCM_SHA256
        case .TLS_RSA_WITH_AES_256_GCM_SHA384: .TLS_RSA_WITH_AES_256_GCM_SHA384
        case .TLS_RSA_WITH_AES_128_CBC_SHA: .TLS_RSA_WITH_AES_128_CBC_SHA
        case .TLS_RSA_WITH_AES_256_CBC_SHA: .TLS_RSA_WITH_AES_256_CBC_SHA
        }
    }
}

extension TLSCurve {
    fileprivate var libraryCurve: NIOTLSCurve {
        switch self {
        case .X25519MLKEM768: .x25519_MLKEM768
        case .X25519: .x25519
        case .P256: .secp256r1
        case .P384: .secp384r1
        case .P521: .secp521r1
        }
    }
}
#endif
