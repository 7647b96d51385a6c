#if SQLite
/// Writes header fields as JSON: an array of `[name, value]` pairs, so that order and repetition survive. (RFC 8259)
///
/// An own encoder, because it runs for every message on the one thread that writes, and all there is to encode is strings.
enum HeaderJSON {
    /// Appends the JSON text of the headers.
    static func append(_ headers: [(name: String, value: String)], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, header) in headers.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "["))
            self.append(header.name, to: &bytes)
            bytes.append(UInt8(ascii: ","))
            self.append(header.value, to: &bytes)
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private static func append(_ string: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { text in
            // Runs of bytes that need no escape are copied at once. Bytes of 0x80 and up are UTF-8 and stay as they are.
            var run = 0
            for (index, byte) in text.enumerated() {
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                bytes.append(contentsOf: text[run..<index])
                run = index + 1
                self.appendEscape(of: byte, to: &bytes)
            }
            bytes.append(contentsOf: text[run...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(self.hexadecimalDigit(byte >> 4))
            bytes.append(self.hexadecimalDigit(byte & 0x0f))
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
#endif
