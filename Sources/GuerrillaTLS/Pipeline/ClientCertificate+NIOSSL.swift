#if TLS
import Crypto
import GuerrillaMail
import NIOSSL

extension TLSInfo.ClientCertificate {
    init(_ certificate: NIOSSLCertificate) {
        self.init(
            subject: DistinguishedName.text(certificate.subjectName),
            // What was parsed can be written again.
            fingerprint: SHA256.hash(data: (try? certificate.toDERBytes()) ?? []).map(Self.hexadecimal).joined()
        )
    }

    private static func hexadecimal(_ octet: UInt8) -> String {
        (octet < 16 ? "0" : "") + String(octet, radix: 16)
    }
}

/// A subject as text. (RFC 4514)
enum DistinguishedName {
    /// The longest text, in octets; of a longer one the beginning is taken.
    static let maximumLength = 512

    /// The attributes last first, as § 2.1 has it, with what § 2.4 wants escaped, and what could harm a log left out.
    static func text(_ attributes: [SSLCertificateName]) -> String {
        var text = ""
        for attribute in attributes.reversed() {
            let part = "\(text.isEmpty ? "" : ",")\(Self.label(attribute.type))=\(Self.escaped(attribute.value))"
            guard text.utf8.count + part.utf8.count <= Self.maximumLength else { break }
            text += part
        }
        return text
    }

    private static func label(_ type: SSLCertificateNameType) -> String {
        switch type {
        case .commonName: "CN"
        case .organization: "O"
        case .organizationalUnit: "OU"
        case .city: "L"
        case .state: "ST"
        case .country: "C"
        case .emailAddress: "emailAddress"
        case .userId: "UID"
        default: "OTHER"
        }
    }

    private static func escaped(_ value: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in value.unicodeScalars.prefix(100) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: continue
            default: break
            }
            if "\",+;<>\\=#".unicodeScalars.contains(scalar) { text.append("\\") }
            text.append(scalar)
        }
        return String(text)
    }
}
#endif
