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
        let node = server.node(ServerKeys.tls)
        let section = tlsSection(of: node?.members == nil ? nil : node, at: keyPath, keys: table.tls)
        tls.isStartTLSOn = section.bool(TLSKeys.startTLSOn) ?? false
        tls.isAlwaysOn = section.bool(TLSKeys.tlsAlwaysOn) ?? false

        var findings: [ConfigurationProblem] = []
        tls.keyPair = keyPair(section)
        tls.certificates = certificates(server, at: serverPath, findings: &findings)
        decodeVersions(section, at: keyPath, into: &tls, findings: &findings)
        tls.cipherSuites = cipherSuites(section, at: keyPath, findings: &findings)
        tls.curves = curves(section, at: keyPath, findings: &findings)
        tls.clientAuthentication =
            section.string(TLSKeys.clientAuthType).flatMap(TLSClientAuthentication.init) ?? tls.clientAuthentication
        tls.rootCAsFile = section.string(TLSKeys.rootCAsFile)
        tls.prefersServerCipherSuites = section.bool(TLSKeys.preferServerCipherSuites) ?? false
        let isDecided = section.bool(TLSKeys.startTLSOn) != nil || section.bool(TLSKeys.tlsAlwaysOn) != nil
        if isServerEnabled, !isDecided, section.wrong.isEmpty, !tls.files.isEmpty {
            warn(
                keyPath,
                "certificate files are given, but neither start_tls_on nor tls_always_on is set: connections stay in clear text",
                line: node?.position.line ?? server.line(ServerKeys.certificates)
            )
        }
        if isServerEnabled, tls.isOn {
            problems += findings
        } else {
            warnings += findings
        }
        return tls
    }

    private mutating func tlsSection(
        of node: ConfigurationNode?,
        at keyPath: String,
        keys: [ConfigurationKey]
    ) -> ConfigurationSection {
        var section = ConfigurationSection()
        section.members = members(of: node, at: keyPath, keys: keys, isCaseSensitive: false)
        check(keys, in: &section, at: keyPath)
        return section
    }

    private func keyPair(_ section: ConfigurationSection) -> TLSKeyPair {
        TLSKeyPair(
            privateKeyFile: section.string(TLSKeys.privateKeyFile),
            certificateFile: section.string(TLSKeys.publicKeyFile)
        )
    }

    // MARK: Certificates

    private mutating func certificates(
        _ server: ConfigurationSection,
        at serverPath: String,
        findings: inout [ConfigurationProblem]
    ) -> [TLSKeyPair] {
        // A list with a wrong element was reported, and has no value.
        guard server.values[ServerKeys.certificates.name] != nil else { return [] }
        var pairs: [TLSKeyPair] = []
        for (index, element) in (server.node(ServerKeys.certificates)?.elements ?? []).enumerated() {
            let keyPath = "\(serverPath).\(ServerKeys.certificates.name)[\(index)]"
            let section = tlsSection(of: element, at: keyPath, keys: table.certificate)
            var pair = keyPair(section)
            let files = [(TLSKeys.privateKeyFile, pair.privateKeyFile), (TLSKeys.publicKeyFile, pair.certificateFile)]
            for (key, file) in files where file == nil && !section.wrong.contains(key.name) {
                findings.append(
                    ConfigurationProblem(
                        keyPath: "\(keyPath).\(key.name)",
                        message: "missing; each of the certificates needs its own",
                        line: element.position.line
                    )
                )
            }
            for (nameIndex, name) in (section.strings(CertificateKeys.hostNames) ?? []).enumerated() {
                if let hostName = TLSHostName(name) {
                    pair.hostNames.append(hostName.text)
                } else {
                    findings.append(
                        ConfigurationProblem(
                            keyPath: "\(keyPath).\(CertificateKeys.hostNames.name)[\(nameIndex)]",
                            message: "\(ConfigurationValue.quoted(name)) is no host name; write it as mail.example.com,"
                                + " *.example.com or, beyond ASCII, as xn--…",
                            line: section.line(CertificateKeys.hostNames)
                        )
                    )
                }
            }
            pairs.append(pair)
        }
        return pairs
    }

    // MARK: Names of versions, suites, curves

    private func decodeVersions(
        _ section: ConfigurationSection,
        at keyPath: String,
        into tls: inout TLSSettings,
        findings: inout [ConfigurationProblem]
    ) {
        let key = TLSKeys.protocols
        let before = findings.count
        let versions = named(key, in: section, at: keyPath, findings: &findings) { name throws(TLSNameError) in
            guard let version = TLSProtocolVersion(configurationName: name) else {
                guard !name.lowercased().hasPrefix("ssl") else {
                    throw TLSNameError("SSL is broken and cannot be switched on; use tls1.2")
                }
                throw TLSNameError.unknown("version", name, among: TLSProtocolVersion.allCases.map(\.configurationName))
            }
            return version
        }
        guard findings.count == before, let minimum = versions.first else { return }
        let maximum = versions.count > 1 ? versions[1] : .tls13
        guard versions.count <= 2, minimum <= maximum else {
            findings.append(
                ConfigurationProblem(
                    keyPath: "\(keyPath).\(key.name)",
                    message: "expected the lowest and then the highest version, such as [\"tls1.2\", \"tls1.3\"]",
                    line: section.line(key)
                )
            )
            return
        }
        tls.minimumVersion = minimum
        tls.maximumVersion = maximum
    }

    /// What is too weak for us is left out with a warning, as long as something is left: go-guerrilla's own sample names RC4.
    private mutating func cipherSuites(
        _ section: ConfigurationSection,
        at keyPath: String,
        findings: inout [ConfigurationProblem]
    ) -> [TLSCipherSuite] {
        let key = TLSKeys.ciphers
        let suites: [TLSCipherSuite] = named(key, in: section, at: keyPath, findings: &findings) {
            name throws(TLSNameError) -> TLSCipherSuite? in
            // The first is a signal that clients send, always understood, and no suite. (RFC 7507)
            if name == "TLS_FALLBACK_SCSV" || TLSCipherSuite.refusedNames.contains(name) { return nil }
            if let suite = TLSCipherSuite(name: name) { return suite }
            throw TLSNameError.unknown("cipher suite", name, among: TLSCipherSuite.allCases.map(\.rawValue))
        }
        for (index, name) in (section.strings(key) ?? []).enumerated()
        where TLSCipherSuite.refusedNames.contains(name) {
            let finding = ConfigurationProblem(
                keyPath: "\(keyPath).\(key.name)[\(index)]",
                message: "\(name) is too weak and no longer in the TLS library; take it out",
                line: section.line(key)
            )
            if suites.isEmpty { findings.append(finding) } else { warnings.append(finding) }
        }
        return suites
    }

    private func curves(
        _ section: ConfigurationSection,
        at keyPath: String,
        findings: inout [ConfigurationProblem]
    ) -> [TLSCurve] {
        named(TLSKeys.curves, in: section, at: keyPath, findings: &findings) { name throws(TLSNameError) in
            if let curve = TLSCurve(rawValue: name) { return curve }
            throw TLSNameError.unknown("curve", name, among: TLSCurve.allCases.map(\.rawValue))
        }
    }

    /// The values of a list of names. Every one that is wrong is a finding.
    private func named<Value>(
        _ key: ConfigurationKey,
        in section: ConfigurationSection,
        at keyPath: String,
        findings: inout [ConfigurationProblem],
        value: (String) throws(TLSNameError) -> Value?
    ) -> [Value] {
        var values: [Value] = []
        for (index, name) in (section.strings(key) ?? []).enumerated() {
            do throws(TLSNameError) {
                if let value = try value(name) { values.append(value) }
            } catch {
                let path = "\(keyPath).\(key.name)[\(index)]"
                findings.append(ConfigurationProblem(keyPath: path, message: error.message, line: section.line(key)))
            }
        }
        return values
    }
}

/// A name in a list of `tls` that stands for nothing we can do.
private struct TLSNameError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    static func unknown(_ kind: String, _ name: String, among names: [String]) -> TLSNameError {
        let hint =
            KeySuggestion.closest(to: name, among: names).map { "; did you mean `\($0)`?" }
            ?? "; it is none of \(names.joined(separator: ", "))"
        return TLSNameError("unknown \(kind) \(ConfigurationValue.quoted(name))\(hint)")
    }
}
