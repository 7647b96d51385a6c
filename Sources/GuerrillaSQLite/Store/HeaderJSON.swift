#if SQLite
import GuerrillaMail

/// Writes header fields as JSON: an array of `[name, value]` pairs, so that order and repetition survive. (RFC 8259)
///
/// An own encoder, because it runs for every message on the one thread that writes, and all there is to encode is strings,
/// which it reads where they lie in the message.
struct HeaderJSON {
    /// The text of the last section. The memory serves one after the other.
    private(set) var octets: [UInt8] = []
    private var name: [UInt8] = []
    private var body: [UInt8] = []

    /// Writes the JSON text of a header section, or none without one.
    mutating func write(_ section: HeaderSection?) {
        self.octets.removeAll(keepingCapacity: true)
        guard let section else { return }
        self.octets.append(UInt8(ascii: "["))
        for (index, field) in section.fields.enumerated() {
            if index > 0 { self.octets.append(UInt8(ascii: ",")) }
            self.name.removeAll(keepingCapacity: true)
            self.body.removeAll(keepingCapacity: true)
            field.append(name: &self.name, body: &self.body)
            self.octets.append(UInt8(ascii: "["))
            Self.append(self.name, to: &self.octets)
            self.octets.append(UInt8(ascii: ","))
            Self.append(self.body, to: &self.octets)
            self.octets.append(UInt8(ascii: "]"))
        }
        self.octets.append(UInt8(ascii: "]"))
    }

    /// Appends a string. What is not UTF-8 becomes U+FFFD.
    private static func append(_ text: [UInt8], to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "\""))
        if text.allSatisfy({ $0 < 0x80 }) {
            text.withUnsafeBufferPointer { self.appendEscaped($0, to: &octets) }
        } else {
            var valid = String(repairing: text)
            valid.withUTF8 { self.appendEscaped($0, to: &octets) }
        }
        octets.append(UInt8(ascii: "\""))
    }

    /// Runs of octets that need no escape are copied at once. Octets of 0x80 and up are UTF-8 and stay as they are.
    private static func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to octets: inout [UInt8]) {
        var run = 0
        for (index, octet) in text.enumerated() {
            guard octet < 0x20 || octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") else { continue }
            octets.append(contentsOf: text[run..<index])
            run = index + 1
            self.appendEscape(of: octet, to: &octets)
        }
        octets.append(contentsOf: text[run...])
    }

    private static func appendEscape(of octet: UInt8, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "\\"))
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): octets.append(octet)
        case UInt8(ascii: "\n"): octets.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): octets.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): octets.append(UInt8(ascii: "t"))
        default:
            octets.append(UInt8(ascii: "u"))
            octets.append(UInt8(ascii: "0"))
            octets.append(UInt8(ascii: "0"))
            octets.append(self.hexadecimalDigit(octet >> 4))
            octets.append(self.hexadecimalDigit(octet & 0x0f))
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
#endif
