import GuerrillaBackend
import GuerrillaMail
import GuerrillaServer

// How the values of this module's configuration are written in a file.

extension ValueForm where Value == Bool {
    /// One of two words.
    static func either(_ no: String, _ yes: String) -> Self {
        .text(allowedValues: [no, yes]) { text, _ in
            text == yes
        } write: {
            $0 ? yes : no
        }
    }
}

extension ValueForm where Value == String {
    /// A host name. It ends up in replies and header fields, where a space or a line break would do harm.
    static var hostName: Self {
        .text { name, findings in
            let isUsable = name.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0.properties.generalCategory != .control
            }
            guard isUsable else {
                let found = ConfigurationValue.quoted(name)
                findings.append(ValueFinding("a host name holds no spaces or control characters, found \(found)"))
                return nil
            }
            return name
        } write: {
            $0
        }
    }
}

extension ValueForm where Value == ListenInterface {
    /// `address:port`.
    static var listenInterface: Self {
        .text { text, findings in
            guard let interface = ListenInterface(text) else {
                findings.append(
                    ValueFinding(
                        "expected address:port, such as 127.0.0.1:25, [::1]:25 or :25, found \(ConfigurationValue.quoted(text))"
                    )
                )
                return nil
            }
            if let problem = interface.problem {
                findings.append(ValueFinding(problem))
                return nil
            }
            return interface
        } write: {
            $0.description
        }
    }
}

extension ValueForm where Value == LogDestination {
    /// `stderr`, `stdout`, `off`, or a path.
    static var logDestination: Self {
        .text { text, _ in
            LogDestination(text)
        } write: {
            $0.description
        }
    }
}

extension ValueForm where Value == LogLevel {
    /// go-guerrilla's name of a level.
    static var logLevel: Self {
        .text(allowedValues: LogLevel.names) { text, _ in
            LogLevel(name: text)
        } write: {
            $0.rawValue
        }
    }
}

extension ValueForm where Value == [IPNetwork] {
    /// Networks and addresses. An empty list is a list, unlike other empty values: no client is in it.
    static var networks: Self {
        .list { text, index, findings in
            do throws(IPNetworkSyntaxError) {
                return try IPNetwork(parsing: text)
            } catch {
                findings.append(ValueFinding("\(ConfigurationValue.quoted(text)): \(error)", at: index))
                return nil
            }
        } write: {
            $0.description
        }
    }
}

// MARK: - TLS

extension ValueForm where Value == [String] {
    /// The names that a certificate is for.
    static var certificateNames: Self {
        .nonEmpty(
            .list { name, index, findings in
                if let hostName = TLSHostName(name) { return hostName.text }
                findings.append(
                    ValueFinding(
                        "\(ConfigurationValue.quoted(name)) is no host name; write it as mail.example.com,"
                            + " *.example.com or, beyond ASCII, as xn--…",
                        at: index
                    )
                )
                return nil
            } write: {
                $0
            }
        )
    }
}

extension ValueForm where Value == [TLSProtocolVersion] {
    /// The lowest version and the highest.
    static var versions: Self {
        let names = Self.list { name, index, findings in
            if let version = TLSProtocolVersion(configurationName: name) { return version }
            findings.append(
                name.lowercased().hasPrefix("ssl")
                    ? ValueFinding("SSL is broken and cannot be switched on; use tls1.2", at: index)
                    : .unknown("version", name, at: index, among: TLSProtocolVersion.allCases.map(\.configurationName))
            )
            return nil
        } write: {
            $0.configurationName
        }
        let range = Self(.stringList) { value, findings in
            guard let versions = names.read(value, &findings), let lowest = versions.first else { return nil }
            guard versions.count <= 2, versions.count < 2 || lowest <= versions[1] else {
                findings.append(
                    ValueFinding("expected the lowest and then the highest version, such as [\"tls1.2\", \"tls1.3\"]")
                )
                return nil
            }
            return versions
        } write: {
            names.write($0)
        }
        return .nonEmpty(range)
    }
}

extension ValueForm where Value == [TLSCipherSuite] {
    /// Suites by their names. What is too weak for us is left out with a warning, as long as something is left: go-guerrilla's own
    /// sample names RC4.
    static var cipherSuites: Self {
        let names = Self.list { name, index, findings in
            // A signal that clients send, always understood, and no suite. (RFC 7507)
            if name == "TLS_FALLBACK_SCSV" { return nil }
            if TLSCipherSuite.refusedNames.contains(name) {
                let message = "\(name) is too weak and no longer in the TLS library; take it out"
                findings.append(ValueFinding(message, at: index, isWarning: true))
                return nil
            }
            if let suite = TLSCipherSuite(name: name) { return suite }
            findings.append(.unknown("cipher suite", name, at: index, among: TLSCipherSuite.allCases.map(\.rawValue)))
            return nil
        } write: {
            $0.rawValue
        }
        let strong = Self(.stringList) { value, findings in
            guard let suites = names.read(value, &findings) else { return nil }
            if suites.isEmpty {
                for index in findings.indices { findings[index].isWarning = false }
            }
            return suites
        } write: {
            names.write($0)
        }
        return .nonEmpty(strong)
    }
}

extension ValueForm where Value == [TLSCurve] {
    /// Curves by their names.
    static var curves: Self {
        .nonEmpty(
            .list { name, index, findings in
                if let curve = TLSCurve(rawValue: name) { return curve }
                findings.append(.unknown("curve", name, at: index, among: TLSCurve.allCases.map(\.rawValue)))
                return nil
            } write: {
                $0.rawValue
            }
        )
    }
}

extension ValueFinding {
    /// A name in a list that stands for nothing we can do.
    fileprivate static func unknown(_ kind: String, _ name: String, at index: Int, among names: [String]) -> Self {
        let hint =
            KeySuggestion.closest(to: name, among: names).map { "; did you mean `\($0)`?" }
            ?? "; it is none of \(names.joined(separator: ", "))"
        return Self("unknown \(kind) \(ConfigurationValue.quoted(name))\(hint)", at: index)
    }
}

extension TLSSettings {
    /// The lowest version and the highest, as `protocols` has them; empty where they are the default.
    var versions: [TLSProtocolVersion] {
        get {
            let standard = TLSSettings()
            let isStandard =
                self.minimumVersion == standard.minimumVersion && self.maximumVersion == standard.maximumVersion
            return isStandard ? [] : [self.minimumVersion, self.maximumVersion]
        }
        set {
            guard let lowest = newValue.first else { return }
            self.minimumVersion = lowest
            self.maximumVersion = newValue.count > 1 ? newValue[1] : .tls13
        }
    }
}
