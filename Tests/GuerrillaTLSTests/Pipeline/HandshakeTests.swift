#if TLS
import GuerrillaMail
import GuerrillaServer
import GuerrillaTLS
import GuerrillaTestSupport
import Testing

/// Real handshakes over loopback with `openssl s_client`.
struct HandshakeTests {
    private func settings(
        _ pair: String = "p256",
        _ configure: (inout TLSSettings) -> Void = { _ in }
    ) -> TLSSettings {
        var settings = TLSSettings()
        settings.isStartTLSOn = true
        settings.keyPair = Certificates.pair(pair)
        settings.clientAuthentication = .none
        configure(&settings)
        return settings
    }

    private func version(_ event: TLSServer.Event?) -> TLSProtocolVersion? {
        guard case .completed(let info)? = event else { return nil }
        return TLSProtocolVersion.allCases.first { $0.name == info.version }
    }

    // MARK: Versions

    private static let flags: [(TLSProtocolVersion, String)] = [
        (.tls10, "-tls1 -cipher ALL:@SECLEVEL=0"), (.tls11, "-tls1_1 -cipher ALL:@SECLEVEL=0"), (.tls12, "-tls1_2"),
        (.tls13, "-tls1_3"),
    ]

    @Test(arguments: [
        (TLSProtocolVersion.tls12, TLSProtocolVersion.tls13), (.tls10, .tls13), (.tls10, .tls10), (.tls11, .tls12),
        (.tls13, .tls13),
    ])
    func versionsAreThoseOfTheSettings(_ minimum: TLSProtocolVersion, _ maximum: TLSProtocolVersion) async throws {
        let settings = self.settings {
            $0.minimumVersion = minimum
            $0.maximumVersion = maximum
        }
        try await TLSServer.with(settings) { server in
            for (version, flags) in Self.flags {
                let outcome = try await server.outcome(flags)
                if minimum <= version, version <= maximum {
                    #expect(self.version(outcome) == version)
                } else if version < minimum {
                    #expect(outcome == .failed("unsupported protocol"))
                } else {
                    // The server answers with what it has, and the client says no.
                    #expect(
                        outcome == .failed("tlsv1 alert protocol version") || outcome == .failed("unsupported protocol")
                    )
                }
            }
        }
    }

    @Test func lowestVersionIs12UnlessToldOtherwise() {
        #expect(TLSSettings().minimumVersion == .tls12 && TLSSettings().maximumVersion == .tls13)
    }

    // MARK: Cipher suites and curves

    @Test(arguments: TLSCipherSuite.allCases.filter { !$0.isTLS13 })
    func everySuiteIsNegotiated(_ suite: TLSCipherSuite) async throws {
        let pair = suite.rawValue.contains("ECDSA") ? "p256" : "rsa"
        try await TLSServer.with(self.settings(pair) { $0.cipherSuites = [suite] }) { server in
            // The client offers all it has: what comes is the server's choice.
            let result = try await server.client("-tls1_2 -cipher ALL:@SECLEVEL=0")
            #expect(result.output.contains("Cipher is \(self.opensslName(suite))"), "\(result.output)")
        }
    }

    /// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` there.
    private func opensslName(_ suite: TLSCipherSuite) -> String {
        String(suite.rawValue.dropFirst(4)).replacing("RSA_WITH_AES_", with: "RSA_WITH_AES").replacing(
            "ECDSA_WITH_AES_",
            with: "ECDSA_WITH_AES"
        )
        .replacing("_CBC", with: "").replacing("_WITH_", with: "-").replacing("_", with: "-")
        .replacing(/^RSA-/, with: "")
    }

    @Test func suitesWithoutForwardSecrecyOnlyWhenNamed() async throws {
        try await TLSServer.with(self.settings("rsa")) { server in
            let outcome = try await server.outcome("-tls1_2 -cipher AES128-SHA:AES256-GCM-SHA384")
            #expect(outcome == .failed("no shared cipher"))
        }
    }

    @Test func suitesOfTLS13AloneLeaveNoLowerVersion() async throws {
        let suites = TLSCipherSuite.allCases.filter(\.isTLS13)
        try await TLSServer.with(self.settings { $0.cipherSuites = suites }) { server in
            let newest = try await server.outcome("-tls1_3")
            #expect(self.version(newest) == .tls13)
            let older = try await server.outcome("-tls1_2")
            #expect(older == .failed("unsupported protocol"))
        }
    }

    // OpenSSL 3.0 knows no X25519MLKEM768.
    @Test(arguments: [(TLSCurve.P256, "P-256"), (.P384, "P-384"), (.P521, "P-521"), (.X25519, "X25519")])
    func curvesAreThoseOfTheSettings(_ curve: TLSCurve, _ name: String) async throws {
        try await TLSServer.with(self.settings("rsa") { $0.curves = [curve] }) { server in
            let agreed = try await server.outcome("-tls1_3 -curves \(name)")
            #expect(self.version(agreed) == .tls13)
            let other = try await server.outcome("-tls1_3 -curves \(name == "P-256" ? "X25519" : "P-256")")
            #expect(other == .failed("no shared group"))
        }
    }

    @Test func hybridCurveCanBeNamed() throws {
        _ = try NIOSSLProvider(self.settings { $0.curves = [.X25519MLKEM768, .X25519] })
    }

    // MARK: Certificates by name

    @Test func certificateIsThatOfTheName() async throws {
        let settings = self.settings {
            $0.certificates = [
                Certificates.pair("one"), Certificates.pair("two"),
                Certificates.pair("rsa", hostNames: ["given.example", "*.given.example"]),
            ]
        }
        try await TLSServer.with(settings) { server in
            let subjects = [
                ("one.example", "unused.example"), ("ONE.example", "unused.example"),
                ("a.wild.example", "unused.example"),
                ("a.b.wild.example", "mx.example.com"), ("wild.example", "mx.example.com"),
                ("unused.example", "mx.example.com"), ("two.example", "two.example"),
                ("mx.example.com", "mx.example.com"), ("nobody.example", "mx.example.com"),
            ]
            for (name, subject) in subjects {
                let result = try await server.client("-servername \(name)")
                #expect(result.output.contains("subject=CN = \(subject)\n"), "\(name): \(result.output)")
            }
            // The pair of RSA goes with a default of ECDSA, in each version.
            for flag in ["-tls1_2", "-tls1_3"] {
                let result = try await server.client("-servername x.given.example", flag)
                #expect(result.output.contains("Peer signature type: RSA-PSS"), "\(result.output)")
            }
            let nameless = try await server.outcome("-noservername")
            #expect(self.version(nameless) == .tls13)
        }
    }

    @Test func nameIsReported() async throws {
        try await TLSServer.with(self.settings()) { server in
            for (flag, name) in [("-servername MX.Example.Com", "mx.example.com"), ("-noservername", nil)] {
                let outcome = try await server.outcome(flag)
                #expect(outcome == .completed(TLSInfo(version: "TLSv1.3", requestedServerName: name)))
            }
            // What is no host name might do harm in a log.
            let result = try await CommandLineTool.run(
                ["s_client", "-connect", "127.0.0.1:\(server.port)", "-ign_eof", "-servername", "a b\u{7}"]
            )
            #expect(result.output.contains("hello TLSv1.3"))
            #expect(await server.events(3).last == .completed(TLSInfo(version: "TLSv1.3")))
        }
    }

    @Test func chainIsSentWhole() async throws {
        try await TLSServer.with(self.settings("chain")) { server in
            let result = try await server.client("-showcerts -CAfile \(Certificates.path("between.crt"))")
            #expect(result.output.split(separator: "-----BEGIN CERTIFICATE-----").count >= 3)
            #expect(result.output.contains("Verify return code: 0 (ok)"), "\(result.output)")
        }
    }

    // MARK: Clients' certificates

    private static let certificates = ["none", "stranger", "client"]

    private static func expected(_ authentication: TLSClientAuthentication, _ certificate: String) -> Bool {
        switch (authentication, certificate) {
        case (.none, _), (.request, _): true
        case (.requireAny, "none"), (.requireAndVerify, "none"): false
        case (.requireAny, _): true
        case (.verifyIfGiven, "none"): true
        default: certificate == "client"
        }
    }

    @Test(arguments: TLSClientAuthentication.allCases, ["-tls1_2", "-tls1_3"])
    func clientsAreTreatedAsInGo(_ authentication: TLSClientAuthentication, _ version: String) async throws {
        let settings = self.settings {
            $0.clientAuthentication = authentication
            $0.rootCAsFile = Certificates.path("ca.crt")
        }
        try await TLSServer.with(settings) { server in
            for name in Self.certificates {
                let flags =
                    name == "none"
                    ? "" : "-cert \(Certificates.path("\(name).crt")) -key \(Certificates.path("\(name).key"))"
                let outcome = try await server.outcome(version, flags)
                guard Self.expected(authentication, name) else {
                    let reason = name == "none" ? "peer did not return a certificate" : "certificate verify failed"
                    #expect(outcome == .failed(reason), "\(name)")
                    continue
                }
                guard case .completed(let info)? = outcome else {
                    Issue.record("\(name): \(String(describing: outcome))")
                    continue
                }
                if name == "none" || authentication == .none {
                    #expect(info.clientCertificate == nil)
                } else {
                    let subjects = [
                        "stranger": "CN=stranger,O=Strange\\, Ltd", "client": "CN=client.example.com,O=Example",
                    ]
                    #expect(info.clientCertificate?.subject == subjects[name])
                    let printed = try await CommandLineTool.run(
                        ["x509", "-noout", "-fingerprint", "-sha256", "-in", Certificates.path("\(name).crt")]
                    )
                    let fingerprint = printed.output.split(separator: "=").last?.replacing(":", with: "").lowercased()
                    #expect(info.clientCertificate.map { $0.fingerprint + "\n" } == fingerprint)
                }
            }
        }
    }

    @Test func namesOfAuthoritiesAreSent() async throws {
        let settings = self.settings {
            $0.clientAuthentication = .requireAndVerify
            $0.rootCAsFile = Certificates.path("ca.crt")
        }
        try await TLSServer.with(settings) { server in
            let result = try await server.client("-tls1_2")
            #expect(result.output.contains("Acceptable client certificate CA names\nCN = Test Authority"))
        }
    }

    @Test func authoritiesOfTheSystemAreThere() async throws {
        try await TLSServer.with(self.settings { $0.clientAuthentication = .verifyIfGiven }) { server in
            let stranger = "-cert \(Certificates.path("stranger.crt")) -key \(Certificates.path("stranger.key"))"
            let nobody = try await server.outcome("-tls1_3")
            #expect(self.version(nobody) == .tls13)
            let unknown = try await server.outcome("-tls1_3", stranger)
            #expect(unknown == .failed("certificate verify failed"))
        }
    }

    // MARK: Tickets

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func ticketsAreWorthNothingElsewhere(_ version: String) async throws {
        try await TLSServer.with(self.settings()) { server in
            try await TLSServer.with(self.settings()) { other in
                let ticket = Certificates.path("ticket\(version)")
                let first = try await server.client(version, "-sess_out \(ticket)")
                #expect(first.output.contains("New, TLSv1."), "\(first.output)")
                let again = try await server.client(version, "-sess_in \(ticket)")
                #expect(again.output.contains("Reused, TLSv1."), "\(again.output)")
                let elsewhere = try await other.client(version, "-sess_in \(ticket)")
                #expect(elsewhere.output.contains("New, TLSv1."), "\(elsewhere.output)")
                #expect(!elsewhere.output.contains("Reused, TLSv1."))
                // The name is known of resumed connections too.
                #expect(await server.events(2).allSatisfy { self.version($0) != nil })
            }
        }
    }

    // MARK: STARTTLS

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func connectionThatIsOpenIsUpgraded(_ version: String) async throws {
        try await TLSServer.with(self.settings(), startTLS: true) { server in
            let result = try await server.client("-starttls smtp -servername mx.example.com", version)
            #expect(result.output.contains("hello TLSv1."), "\(result.output)")
            let name = version == "-tls1_2" ? "TLSv1.2" : "TLSv1.3"
            let events = await server.events(1)
            #expect(events == [.completed(TLSInfo(version: name, requestedServerName: "mx.example.com"))])
        }
    }

    // MARK: What is no handshake

    @Test func clearTextFails() async throws {
        try await TLSServer.with(self.settings()) { server in
            let port = server.port
            let isReadable = try await Self.talk(port) { client in
                try client.send(line: "EHLO client.example.com")
                // An alert of a few octets at most, and then the end.
                return (try? client.readLine()) != nil
            }
            #expect(!isReadable)
            #expect(await server.events(1) == [.failed("wrong version number")])
        }
    }

    @Test func clientThatLeavesFails() async throws {
        try await TLSServer.with(self.settings()) { server in
            let port = server.port
            try await Self.talk(port) { client in
                try client.send([22, 3, 1])
                client.finishSending()
                _ = try? client.readLine()
            }
            #expect(
                await server.events(1) == [.failed("the client closed the connection")]
            )
        }
    }

    private static func talk<Result: Sendable>(
        _ port: Int,
        _ body: @escaping @Sendable (BlockingClient) throws -> Result
    ) async throws -> Result {
        try await CommandLineTool.onThread { try body(BlockingClient(port: port)) }
    }
}
#endif
