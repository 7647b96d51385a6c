#if TLS
import GuerrillaMail
import GuerrillaServer
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A key pair, loaded and known to fit.
struct TLSCredentials: Sendable {
    let chain: [NIOSSLCertificate]
    let privateKey: NIOSSLPrivateKey

    /// The names it is for: those given, else those in the certificate.
    let hostNames: [TLSHostName]

    /// What the operator should know: one sentence each.
    let warnings: [String]

    /// Reads both files.
    init(_ pair: TLSKeyPair) throws(TLSSetupError) {
        guard let keyPath = pair.privateKeyFile else {
            throw TLSSetupError(.noFileGiven, "there is no private key; set private_key_file")
        }
        guard let certificatePath = pair.certificateFile else {
            throw TLSSetupError(.noFileGiven, "there is no certificate; set public_key_file")
        }
        let keyFile = try PEMFile(path: keyPath, role: Self.keyRole)
        self.privateKey = try Self.privateKey(keyFile, keyPath)
        self.chain = try Self.certificates(path: certificatePath, role: Self.certificateRole)
        self.hostNames =
            pair.hostNames.isEmpty ? self.chain.first?.hostNames ?? [] : pair.hostNames.compactMap { TLSHostName($0) }
        var warnings: [String] = []
        if let exposure = keyFile.exposure {
            warnings.append("\(Self.keyRole) \(keyPath) can be read or changed by \(exposure); `chmod 600` it")
        }
        let now = Int(time(nil))
        for certificate in self.chain {
            let what = certificate == self.chain.first ? "the certificate" : "an intermediate certificate"
            if let dates = certificate.validity.warning(at: now) {
                warnings.append("\(what) in \(certificatePath) \(dates)")
            }
        }
        self.warnings = warnings
        try self.checkMatch(keyPath: keyPath, certificatePath: certificatePath)
    }

    /// What replaces the default pair in a handshake.
    var override: NIOSSLContextConfigurationOverride {
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = self.chain.map { .certificate($0) }
        override.privateKey = .privateKey(self.privateKey)
        return override
    }

    /// The certificates of a file, in its order; at least one.
    static func certificates(path: String, role: String) throws(TLSSetupError) -> [NIOSSLCertificate] {
        let file = try PEMFile(path: path, role: role)
        guard file.holdsCertificate else {
            let hint = file.holdsPrivateKey ? "; it holds a private key: are the two files swapped?" : ""
            throw TLSSetupError(.wrongContent, "\(role) \(path) holds no certificate in PEM format\(hint)")
        }
        do {
            return try NIOSSLCertificate.fromPEMBytes(file.octets)
        } catch {
            throw TLSSetupError(.wrongContent, "\(role) \(path) holds a certificate that is damaged")
        }
    }

    private static let keyRole = "the private key file"
    private static let certificateRole = "the certificate file"

    private static func privateKey(_ file: PEMFile, _ path: String) throws(TLSSetupError) -> NIOSSLPrivateKey {
        guard file.holdsPrivateKey else {
            let hint = file.holdsCertificate ? "; it holds a certificate: are the two files swapped?" : ""
            throw TLSSetupError(.wrongContent, "\(keyRole) \(path) holds no private key in PEM format\(hint)")
        }
        guard !file.isEncrypted else {
            let hint = "write one without by `openssl pkey -in \(path) -out …`"
            throw TLSSetupError(.encryptedKey, "\(keyRole) \(path) is protected by a passphrase; \(hint)")
        }
        do {
            // Without a callback the library would ask on the terminal, should it find the key encrypted after all.
            return try NIOSSLPrivateKey(bytes: file.octets, format: .pem) { (setter: ([UInt8]) -> Void) in setter([]) }
        } catch {
            throw TLSSetupError(
                .wrongContent,
                "\(keyRole) \(path) holds a private key that is damaged, or of a kind unknown"
            )
        }
    }

    private func checkMatch(keyPath: String, certificatePath: String) throws(TLSSetupError) {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: self.chain.map { .certificate($0) },
            privateKey: .privateKey(self.privateKey)
        )
        configuration.certificateVerification = .none
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSSetupError(
                .mismatch,
                "\(Self.keyRole) \(keyPath) does not belong to the first certificate in \(certificatePath)"
            )
        }
    }
}

extension NIOSSLCertificate {
    /// The host names it is for: its alternative names, else its common name. (RFC 6125 § 6.4.4)
    fileprivate var hostNames: [TLSHostName] {
        let alternatives = self._subjectAlternativeNames().filter { $0.nameType == .dnsName }
            .map { String(decoding: $0.contents, as: UTF8.self) }
        let names =
            alternatives.isEmpty
            ? self.subjectName.filter { $0.type == .commonName }.suffix(1).map(\.value) : alternatives
        return names.compactMap { TLSHostName($0) }
    }

    fileprivate var validity: CertificateValidity {
        CertificateValidity(begin: Int(self.notValidBefore), end: Int(self.notValidAfter))
    }
}
#endif
