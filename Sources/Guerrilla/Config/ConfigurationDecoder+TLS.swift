import GuerrillaBackend
import GuerrillaServer

extension ConfigurationDecoder {
    /// A server's `tls`, and its `certificates`, which belong to it.
    ///
    /// What is wrong with them is a problem only where TLS is on and the server is enabled; elsewhere it is a warning.
    mutating func decodeTLS(
        of server: ConfigurationSection,
        at serverPath: String,
        isServerEnabled: Bool
    ) -> TLSSettings {
        var tls = TLSSettings()
        let keyPath = "\(serverPath).\(TLSKeys.container)"
        let node = server.node(ServerKeys.tls.description)
        let section = section(of: node?.members == nil ? nil : node, at: keyPath, keys: table.tls)
        var findings = findings(TLSKeys.rows, of: section, at: keyPath, settingIn: &tls)
        tls.certificates = certificates(server, at: serverPath, findings: &findings)
        let isDecided = [TLSKeys.startTLSOn, TLSKeys.tlsAlwaysOn].contains { section.values[$0.name] != nil }
        if isServerEnabled, !isDecided, section.wrong.isEmpty, !tls.files.isEmpty {
            warn(
                keyPath,
                "certificate files are given, but neither start_tls_on nor tls_always_on is set: connections stay in clear text",
                line: node?.position.line ?? server.line(ServerKeys.certificates.description)
            )
        }
        if isServerEnabled, tls.isOn {
            problems += findings
        } else {
            warnings += findings
        }
        return tls
    }

    private mutating func certificates(
        _ server: ConfigurationSection,
        at serverPath: String,
        findings: inout [ConfigurationProblem]
    ) -> [TLSKeyPair] {
        let key = ServerKeys.certificates.description
        // A list with a wrong element was reported, and has no value.
        guard server.values[key.name] != nil else { return [] }
        return (server.node(key)?.elements ?? []).enumerated().map { index, element in
            let keyPath = "\(serverPath).\(key.name)[\(index)]"
            let section = section(of: element, at: keyPath, keys: table.certificate)
            var pair = TLSKeyPair()
            findings += self.findings(CertificateKeys.rows, of: section, at: keyPath, settingIn: &pair)
            for file in [CertificateKeys.privateKeyFile, CertificateKeys.publicKeyFile]
            where section.isUnset(file.description) && !section.wrong.contains(file.name) {
                findings.append(
                    ConfigurationProblem(
                        keyPath: "\(keyPath).\(file.name)",
                        message: "missing; each of the certificates needs its own",
                        line: element.position.line
                    )
                )
            }
            return pair
        }
    }
}
