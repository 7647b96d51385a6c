#if TLS
import Foundation
import GuerrillaServer
import GuerrillaTLS
import Testing

struct TLSSetupTests {
    private func settings(_ configure: (inout TLSSettings) -> Void = { _ in }) -> TLSSettings {
        var settings = TLSSettings()
        settings.isStartTLSOn = true
        settings.keyPair = Certificates.pair("p256")
        settings.clientAuthentication = .none
        configure(&settings)
        return settings
    }

    private func failure(_ configure: (inout TLSSettings) -> Void) -> TLSSetupError? {
        do throws(TLSSetupError) {
            _ = try NIOSSLProvider(self.settings(configure))
            return nil
        } catch {
            return error
        }
    }

    private func failure(_ key: String?, _ certificate: String?) -> TLSSetupError? {
        self.failure {
            $0.keyPair = TLSKeyPair(
                privateKeyFile: key.map(Certificates.path),
                certificateFile: certificate.map(Certificates.path)
            )
        }
    }

    @Test(arguments: ["p256", "rsa", "one", "chain"])
    func pairsThatFitGiveNoWarning(_ name: String) throws {
        let provider = try NIOSSLProvider(self.settings { $0.keyPair = Certificates.pair(name) })
        #expect(provider.warnings == [])
    }

    @Test func filesThatAreNotGiven() {
        #expect(self.failure(nil, "p256.crt")?.message == "there is no private key; set private_key_file")
        #expect(self.failure("p256.key", nil)?.message == "there is no certificate; set public_key_file")
    }

    @Test func filesThatAreNotThere() {
        let key = self.failure("nobody.key", "p256.crt")
        #expect(key?.code == .missingFile)
        #expect(key?.message == "the private key file \(Certificates.path("nobody.key")) does not exist")
        let certificate = self.failure("p256.key", "nobody.crt")
        #expect(certificate?.message == "the certificate file \(Certificates.path("nobody.crt")) does not exist")
    }

    @Test func directoryIsNoFile() {
        let error = self.failure { $0.keyPair.privateKeyFile = Certificates.directory }
        #expect(error?.code == .unreadableFile)
        #expect(
            error?.message == "the private key file \(Certificates.directory) cannot be read: it is not a file"
        )
    }

    @Test func pipeIsNotWaitedFor() {
        let path = Certificates.path("pipe-\(UUID().uuidString)")
        #expect(mkfifo(path, 0o600) == 0)
        #expect(self.failure { $0.keyPair.privateKeyFile = path }?.code == .unreadableFile)
    }

    @Test func swappedFilesAreSeen() {
        let error = self.failure("p256.crt", "p256.key")
        #expect(error?.code == .wrongContent)
        #expect(error?.message.hasSuffix("it holds a certificate: are the two files swapped?") == true)
        #expect(
            self.failure("p256.key", "p256.key")?.message.hasSuffix(
                "it holds a private key: are the two files swapped?"
            ) == true
        )
    }

    @Test func otherFormatsThanPEM() {
        #expect(
            self.failure("der.key", "p256.crt")?.message
                == "the private key file \(Certificates.path("der.key")) holds no private key in PEM format"
        )
        #expect(
            self.failure("p256.key", "der.crt")?.message
                == "the certificate file \(Certificates.path("der.crt")) holds no certificate in PEM format"
        )
    }

    @Test func damagedFiles() throws {
        for (name, label) in [("damaged.key", "PRIVATE KEY"), ("damaged.crt", "CERTIFICATE")] {
            try "-----BEGIN \(label)-----\nAAAA\n-----END \(label)-----\n"
                .write(toFile: Certificates.path(name), atomically: true, encoding: .utf8)
        }
        #expect(self.failure("damaged.key", "p256.crt")?.message.contains("damaged") == true)
        #expect(self.failure("p256.key", "damaged.crt")?.message.contains("damaged") == true)
    }

    @Test func otherWaysToWritePEM() throws {
        let key = try String(contentsOfFile: Certificates.path("p256.key"), encoding: .utf8)
        let certificate = try String(contentsOfFile: Certificates.path("p256.crt"), encoding: .utf8)
        let texts = [
            // Both in one file.
            "both.pem": certificate + key,
            "windows.pem": (key + certificate).replacing("\n", with: "\r\n"),
            // What `openssl x509 -text` puts before.
            "text.pem": "Certificate:\n    Data: bücher\n" + certificate + key,
        ]
        for (name, text) in texts {
            let path = Certificates.path(name)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(chmod(path, 0o600) == 0)
            let provider = try NIOSSLProvider(
                self.settings { $0.keyPair = TLSKeyPair(privateKeyFile: path, certificateFile: path) }
            )
            #expect(provider.warnings == [])
        }
        // `openssl ecparam -genkey` puts the parameters before the key.
        #expect(throws: Never.self) {
            try NIOSSLProvider(self.settings { $0.keyPair = Certificates.pair("parameters") })
        }
    }

    @Test func passphraseIsNotAskedFor() {
        let error = self.failure("encrypted.key", "p256.crt")
        #expect(error?.code == .encryptedKey)
        #expect(error?.message.contains("is protected by a passphrase") == true)
    }

    @Test(arguments: ["rsa.crt", "two.crt"])
    func keyOfAnotherCertificate(_ certificate: String) {
        let error = self.failure("p256.key", certificate)
        #expect(error?.code == .mismatch)
        #expect(
            error?.message
                == "the private key file \(Certificates.path("p256.key")) does not belong to the first certificate in"
                + " \(Certificates.path(certificate))"
        )
    }

    @Test func expiredCertificateIsWorthAWarning() throws {
        let provider = try NIOSSLProvider(self.settings { $0.keyPair = Certificates.pair("expired") })
        let warning = try #require(provider.warnings.first)
        #expect(provider.warnings.count == 1)
        #expect(warning.hasPrefix("the certificate in \(Certificates.path("expired.crt")) expired on 20"))
    }

    @Test(arguments: [(0o644, "everybody on this machine"), (0o640, "its group"), (0o660, "its group")])
    func keyThatOthersMayRead(_ mode: Int, _ who: String) throws {
        let path = Certificates.path("exposed-\(mode).key")
        try FileManager.default.copyItem(atPath: Certificates.path("p256.key"), toPath: path)
        #expect(chmod(path, mode_t(mode)) == 0)
        let provider = try NIOSSLProvider(self.settings { $0.keyPair.privateKeyFile = path })
        #expect(
            provider.warnings == ["the private key file \(path) can be read or changed by \(who); `chmod 600` it"]
        )
    }

    @Test func authoritiesThatAreNotThere() {
        let error = self.failure {
            $0.clientAuthentication = .verifyIfGiven
            $0.rootCAsFile = Certificates.path("nobody.pem")
        }
        #expect(error?.message == "root_cas_file \(Certificates.path("nobody.pem")) does not exist")
    }

    @Test func authoritiesThatAreNotNeededAreNotRead() throws {
        let provider = try NIOSSLProvider(self.settings { $0.rootCAsFile = Certificates.path("nobody.pem") })
        #expect(provider.warnings == ["root_cas_file is not used: client_auth_type verifies no certificates"])
    }

    @Test func orderOfTheServerHasNoEffect() throws {
        let provider = try NIOSSLProvider(self.settings { $0.prefersServerCipherSuites = true })
        #expect(provider.warnings.map { $0.prefix(42) } == ["prefer_server_cipher_suites has no effect:"])
    }

    @Test func suitesOfTLS13AreAllOn() throws {
        let provider = try NIOSSLProvider(self.settings { $0.cipherSuites = [.TLS_AES_128_GCM_SHA256] })
        #expect(provider.warnings == ["ciphers cannot choose among the suites of TLS 1.3: all of them are on"])
    }

    @Test func versionsWithoutASuite() {
        let error = self.failure {
            $0.cipherSuites = [.TLS_AES_128_GCM_SHA256]
            $0.maximumVersion = .tls12
        }
        #expect(error?.code == .noCipherSuite)
    }

    @Test func pairThatCannotBeReadIsNamedByItsPlace() {
        let settings = self.settings { $0.certificates = [Certificates.pair("one"), Certificates.pair("nobody")] }
        #expect {
            try NIOSSLProvider(settings)
        } throws: {
            "\($0)" == "certificates[1]: the private key file \(Certificates.path("nobody.key")) does not exist"
        }
    }

    @Test func pairThatIsNeverUsed() throws {
        let provider = try NIOSSLProvider(
            self.settings {
                $0.certificates = [Certificates.pair("one"), Certificates.pair("two", hostNames: ["one.example"])]
            }
        )
        let path = Certificates.path("two.crt")
        #expect(
            provider.warnings == [
                "certificates[1]: the certificate file \(path) is never used: all its names have others before it"
            ]
        )
    }

    @Test func furtherPairsAreCheckedToo() {
        let error = self.failure { $0.certificates = [Certificates.pair("nobody")] }
        #expect(error?.code == .missingFile)
    }
}
#endif
