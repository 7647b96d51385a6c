import GuerrillaServer
import Testing

@testable import Guerrilla

struct ConfigurationTLSTests {
    @Test func disabledServerMayAskForTLS() {
        let report = load(
            #"{"servers":[{"is_enabled":true,"listen_interface":":25"},{"listen_interface":":465","tls":{"tls_always_on":true,"start_tls_on":true}}]}"#
        )
        #expect(report.problems.isEmpty && report.warnings.isEmpty)
        #expect(report.configuration?.servers.last?.tls.isAlwaysOn == true)
    }

    @Test func everyKeyIsKept() throws {
        let report = load(
            server(
                #"""
                "tls":{"start_tls_on":false,"private_key_file":"k","public_key_file":"c","protocols":["tls1.0","TLS1.2"],
                "ciphers":["TLS_FALLBACK_SCSV","TLS_RSA_WITH_AES_128_CBC_SHA","TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
                "curves":["X25519","P256"],"client_auth_type":"noclientcert","root_cas_file":"r","prefer_server_cipher_suites":true}
                """#
            )
        )
        #expect(report.problems.isEmpty && report.warnings.isEmpty)
        let tls = try #require(report.configuration?.servers.first?.tls)
        #expect(tls.keyPair == TLSKeyPair(privateKeyFile: "k", certificateFile: "c") && tls.rootCAsFile == "r")
        #expect(tls.minimumVersion == .tls10 && tls.maximumVersion == .tls12)
        #expect(tls.cipherSuites == [.TLS_RSA_WITH_AES_128_CBC_SHA, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305])
        #expect(tls.curves == [.X25519, .P256])
        #expect(tls.clientAuthentication == .none && tls.prefersServerCipherSuites)
    }

    /// The names of go-guerrilla's list, those that it takes from old versions of Go aside.
    @Test func everyNameOfGoGuerrillaIsKnown() {
        let names = [
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA",
            "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
        ]
        for name in names {
            #expect(
                (TLSCipherSuite(name: name) != nil) != TLSCipherSuite.refusedNames.contains(name),
                "\(name)"
            )
        }
        #expect(names.count == TLSCipherSuite.allCases.count + TLSCipherSuite.refusedNames.count)
    }

    @Test(arguments: [
        (#""protocols":["ssl3.0"]"#, "protocols[0]: SSL is broken and cannot be switched on; use tls1.2"),
        (#""protocols":["tls1.4"]"#, #"protocols[0]: unknown version "tls1.4"; did you mean `tls1.0`?"#),
        (
            #""protocols":["tls1.3","tls1.2"]"#,
            #"protocols: expected the lowest and then the highest version, such as ["tls1.2", "tls1.3"]"#
        ),
        (
            #""protocols":["tls1.1","tls1.2","tls1.3"]"#,
            #"protocols: expected the lowest and then the highest version, such as ["tls1.2", "tls1.3"]"#
        ),
        (
            #""ciphers":["TLS_RSA_WITH_3DES_EDE_CBC_SHA"]"#,
            "ciphers[0]: TLS_RSA_WITH_3DES_EDE_CBC_SHA is too weak and no longer in the TLS library; take it out"
        ),
        (
            #""ciphers":["TLS_AES_128_GCM_SHA265"]"#,
            #"ciphers[0]: unknown cipher suite "TLS_AES_128_GCM_SHA265"; did you mean `TLS_AES_128_GCM_SHA256`?"#
        ),
        (
            #""curves":["secp256k1"]"#,
            #"curves[0]: unknown curve "secp256k1"; it is none of X25519MLKEM768, X25519, P256, P384, P521"#
        ),
    ])
    func namesThatCannotBeDone(_ members: String, _ message: String) {
        let on = load(server(#""tls":{"start_tls_on":true,\#(members)}"#))
        #expect(on.problemTexts == ["servers[0].tls.\(message) (line 1)"])
        #expect(on.configuration == nil)
        let off = load(server(#""tls":{\#(members)}"#))
        #expect(off.problems.isEmpty)
        #expect(off.warningTexts == ["servers[0].tls.\(message) (line 1)"])
    }

    @Test func weakSuitesAmongOthersAreLeftOut() throws {
        let weak = #""ciphers":["TLS_RSA_WITH_RC4_128_SHA","TLS_AES_128_GCM_SHA256"]"#
        let report = load(server(#""tls":{"start_tls_on":true,\#(weak)}"#))
        #expect(
            report.warningTexts == [
                "servers[0].tls.ciphers[0]: TLS_RSA_WITH_RC4_128_SHA is too weak and no longer in the TLS library; take it out (line 1)"
            ]
        )
        let configuration = try #require(report.configuration)
        #expect(configuration.servers[0].tls.cipherSuites == [.TLS_AES_128_GCM_SHA256])
    }

    @Test func unknownClientAuthTypeIsAProblem() {
        #expect(
            load(server(#""tls":{"client_auth_type":"Maybe"}"#)).problemTexts.first?.hasPrefix(
                #"servers[0].tls.client_auth_type: "Maybe" is not one of "NoClientCert", "RequestClientCert""#
            ) == true
        )
    }

    @Test(arguments: [
        #""tls":{"private_key_file":"k","public_key_file":"c"}"#,
        #""certificates":[{"private_key_file":"a","public_key_file":"b"}]"#,
    ])
    func filesWithoutADecisionAreAWarning(_ members: String) {
        let sentence =
            "servers[0].tls: certificate files are given, but neither start_tls_on nor tls_always_on is set: connections stay in"
            + " clear text (line 1)"
        #expect(load(server(members)).warningTexts == [sentence])
        #expect(load(server(members)).problems.isEmpty)
        let disabled = server(members).replacing(#""is_enabled":true"#, with: #""is_enabled":false"#)
        #expect(!load(disabled).warningTexts.contains(sentence))
    }

    @Test(arguments: [#""start_tls_on":false"#, #""tls_always_on":false"#, #""start_tls_on":true"#])
    func decisionIsAnswerEnough(_ member: String) {
        let report = load(server(#""tls":{\#(member),"private_key_file":"k","public_key_file":"c"}"#))
        #expect(report.problems.isEmpty && report.warnings.isEmpty)
    }

    // MARK: Certificates

    @Test func certificatesAreKept() throws {
        let report = load(
            server(
                #"""
                "certificates":[{"private_key_file":"a","public_key_file":"b"},
                {"Private_Key_File":"c","public_key_file":"d","host_names":["Mail.Example.com.","*.example.org"]}]
                """#
            )
        )
        #expect(report.problems.isEmpty)
        #expect(
            report.configuration?.servers.first?.tls.certificates == [
                TLSKeyPair(privateKeyFile: "a", certificateFile: "b"),
                TLSKeyPair(
                    privateKeyFile: "c",
                    certificateFile: "d",
                    hostNames: ["mail.example.com", "*.example.org"]
                ),
            ]
        )
    }

    @Test func certificatesThatAreIncomplete() {
        let report = load(
            server(
                #"""
                "tls":{"start_tls_on":true},
                "certificates":[{"private_key_file":"a"},{"public_key_file":"b","private_key_file":"c","host_names":["b\u00fccher.example","x*.example"]},
                {"public_key_fil":"d"}]
                """#
            )
        )
        let advice = "is no host name; write it as mail.example.com, *.example.com or, beyond ASCII, as xn--…"
        #expect(
            report.problemTexts == [
                "servers[0].certificates[0].public_key_file: missing; each of the certificates needs its own (line 2)",
                #"servers[0].certificates[1].host_names[0]: "bücher.example" \#(advice) (line 2)"#,
                #"servers[0].certificates[1].host_names[1]: "x*.example" \#(advice) (line 2)"#,
                "servers[0].certificates[2].private_key_file: missing; each of the certificates needs its own (line 3)",
                "servers[0].certificates[2].public_key_file: missing; each of the certificates needs its own (line 3)",
            ]
        )
        #expect(
            report.warningTexts.contains(
                "servers[0].certificates[2].public_key_fil: unknown key `public_key_fil`; did you mean `public_key_file`? (line 3)"
            )
        )
    }
}
