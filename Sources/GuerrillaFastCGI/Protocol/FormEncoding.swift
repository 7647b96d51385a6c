package import NIOCore

/// `application/x-www-form-urlencoded`, for octets of any kind: what is no letter, digit, `-`, `.`, `_` or `~` becomes `%XX`, a space
/// `+`, as Go's `url.QueryEscape` has it. (RFC 3986 § 2.3; WHATWG URL § 5.2)
package enum FormEncoding {
    /// The octets that stand for themselves, and the space.
    private static let single: [Bool] = (0...255).map { octet in
        switch UInt8(octet) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: " "):
            true
        default: false
        }
    }
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// How many octets `octets` are when they are encoded.
    package static func length(of octets: ByteBufferView) -> Int {
        self.single.withUnsafeBufferPointer { single in
            octets.withUnsafeBytes { bytes in
                bytes.reduce(into: 0) { $0 += single[Int($1)] ? 1 : 3 }
            }
        }
    }

    /// Appends `octets`, encoded.
    package static func write(_ octets: ByteBufferView, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: self.length(of: octets)) { target in
            var position = 0
            func put(_ octet: UInt8) {
                target[position] = octet
                position += 1
            }
            self.single.withUnsafeBufferPointer { single in
                self.digits.withUnsafeBufferPointer { digits in
                    octets.withUnsafeBytes { bytes in
                        for octet in bytes {
                            if single[Int(octet)] {
                                put(octet == UInt8(ascii: " ") ? UInt8(ascii: "+") : octet)
                            } else {
                                put(UInt8(ascii: "%"))
                                put(digits[Int(octet >> 4)])
                                put(digits[Int(octet & 15)])
                            }
                        }
                    }
                }
            }
            return position
        }
    }

    /// Appends `name=value`, after `&` unless it is the first.
    package static func write(field name: String, _ value: String, into buffer: inout ByteBuffer) {
        if buffer.readableBytes > 0 { buffer.writeInteger(UInt8(ascii: "&")) }
        self.write(ByteBuffer(string: name).readableBytesView, into: &buffer)
        buffer.writeInteger(UInt8(ascii: "="))
        self.write(ByteBuffer(string: value).readableBytesView, into: &buffer)
    }
}
