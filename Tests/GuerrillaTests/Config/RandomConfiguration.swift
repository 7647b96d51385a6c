import GuerrillaBackend
import GuerrillaTestSupport

@testable import Guerrilla

/// Makes valid configuration files out of the table of keys.
struct RandomConfiguration {
    let table: ConfigurationTable

    /// What keys take that are read as something else than text.
    private static let texts: [String: [String]] = [
        "log_level": ["debug", "warn", "ERROR"], "log_file": ["stderr", "off", "/var/log/mail"],
        "host_name": ["mail.example", "a.example"], "primary_mail_host": ["mail.example"],
        "save_process": ["HeadersParser|Header|Debugger", "HeadersParser | Header | sqlite", ""],
        "validate_process": [""], "sql_driver": ["mysql", "postgres"],
        "trusted_networks": ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"],
        "limit_exempt_networks": ["10.0.0.0/8", "2001:db8::/32"], "protocols": ["tls1.2"],
        "ciphers": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], "curves": ["P256", "X25519"],
        "host_names": ["mail.example", "*.example"], "allowed_hosts": ["example.com", "*.example", "[IPv6:::1]"],
    ]

    func file(using random: inout SeededRandom) -> ConfigurationValue {
        var file = self.members(self.table.application, using: &random)
        if Bool.random(using: &random) {
            file["servers"] = .array(
                (0..<Int.random(in: 1..<4, using: &random)).map { self.server($0, using: &random) }
            )
        }
        if Bool.random(using: &random) {
            file["backend_config"] = .object(self.members(self.table.backend, using: &random))
        }
        return .object(file)
    }

    private func server(_ index: Int, using random: inout SeededRandom) -> ConfigurationValue {
        var server = self.members(self.table.server, using: &random)
        server["is_enabled"] = .bool(index == 0 || .random(using: &random))
        // Equal ones are dropped but for the first.
        server["listen_interface"] = .string("127.0.0.1:\(2_500 + Int.random(in: 0..<3, using: &random))")
        if Bool.random(using: &random) { server["tls"] = .object(self.members(self.table.tls, using: &random)) }
        server["certificates"] = .array(
            (0..<Int.random(in: 0..<3, using: &random)).map { _ in
                var pair = self.members(self.table.certificate, using: &random)
                pair["private_key_file"] = "key.pem"
                pair["public_key_file"] = "certificate.pem"
                return .object(pair)
            }
        )
        return .object(server)
    }

    private func members(_ keys: [ConfigurationKey], using random: inout SeededRandom) -> ConfigurationObject {
        var object = ConfigurationObject()
        for key in keys.shuffled(using: &random) where Bool.random(using: &random) && key.replacement == nil {
            object[key.name] = self.value(key, using: &random)
        }
        return object
    }

    private func value(_ key: ConfigurationKey, using random: inout SeededRandom) -> ConfigurationValue? {
        switch key.type {
        case .bool: return .bool(.random(using: &random))
        case .integer, .seconds, .octets: return .integer(.random(in: key.range ?? 0...1_000_000, using: &random))
        case .duration:
            let longest = min(key.range?.upperBound ?? .max, 3_600_000_000_000)
            return .string(
                GoDuration(nanoseconds: .random(in: (key.range?.lowerBound ?? 1)...longest, using: &random)).description
            )
        case .string: return .string(self.text(key, using: &random))
        case .stringList:
            return .array(
                (0..<Int.random(in: 0..<3, using: &random)).map { _ in .string(self.text(key, using: &random)) }
            )
        case .object, .objectList: return nil
        }
    }

    private func text(_ key: ConfigurationKey, using random: inout SeededRandom) -> String {
        if let choice = (Self.texts[key.name] ?? key.allowedValues)?.randomElement(using: &random) { return choice }
        let letters = (0..<Int.random(in: 0..<9, using: &random)).map { _ in
            "ab/:@ ü\"\\?=".randomElement(using: &random) ?? "-"
        }
        return String(letters)
    }
}
