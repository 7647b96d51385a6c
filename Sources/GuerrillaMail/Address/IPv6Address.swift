/// An IPv6 address without a zone. (RFC 4291)
public struct IPv6Address: Hashable, Sendable {
    /// The address as a number: `::1` is 1.
    public var rawValue: UInt128

    /// Makes an address from its number.
    public init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    /// Makes an address from 16 octets in network order; `nil` for any other count.
    public init?(octets: [UInt8]) {
        guard octets.count == 16 else { return nil }
        rawValue = octets.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// Reads every text form of RFC 4291 § 2.2, an IPv4 address in the last 32 bits included.
    ///
    /// `::` may stand for a single group, as the RFC allows and RFC 5321 § 4.1.3 does not: senders write it.
    /// Returns `nil` for anything else, an address with a zone (`%eth0`) or a prefix length among it.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        // The longest form is six full groups and a full dotted quad.
        guard (2...45).contains(bytes.count) else { return nil }
        var groups = Groups()
        var index = 0
        if bytes[0] == UInt8(ascii: ":") {
            guard bytes[1] == UInt8(ascii: ":") else { return nil }
            groups.gap = 0
            index = 2
        }
        while index < bytes.count {
            let start = index
            var value: UInt16 = 0
            while index < bytes.count, index - start < 4, let digit = hexadecimalValue(of: bytes[index]) {
                value = value << 4 | digit
                index += 1
            }
            if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
                guard let tail = IPv4Address(String(decoding: bytes[start...], as: UTF8.self)) else { return nil }
                groups.append(UInt16(truncatingIfNeeded: tail.rawValue >> 16))
                groups.append(UInt16(truncatingIfNeeded: tail.rawValue))
                break
            }
            guard index > start else { return nil }
            groups.append(value)
            if index == bytes.count { break }
            guard bytes[index] == UInt8(ascii: ":") else { return nil }
            index += 1
            guard index < bytes.count else { return nil }
            if bytes[index] == UInt8(ascii: ":") {
                guard groups.gap == nil else { return nil }
                groups.gap = groups.count
                index += 1
            }
        }
        guard let rawValue = groups.value else { return nil }
        self.rawValue = rawValue
    }

    /// The 16 octets in network order.
    public var octets: [UInt8] {
        stride(from: 120, through: 0, by: -8).map { UInt8(truncatingIfNeeded: rawValue >> $0) }
    }

    /// The IPv4 address of an IPv4-mapped one, `::ffff:0:0/96`. (RFC 4291 § 2.5.5.2)
    public var mappedIPv4: IPv4Address? {
        rawValue >> 32 == 0xFFFF ? IPv4Address(rawValue: UInt32(truncatingIfNeeded: rawValue)) : nil
    }

    /// Whether this is `::1`, or maps an IPv4 loopback address.
    public var isLoopback: Bool { rawValue == 1 || mappedIPv4?.isLoopback == true }
}

extension IPv6Address: CustomStringConvertible {
    /// The shortest form: lower case, no leading zeros, the longest run of zero groups as `::`, and the dotted quad
    /// for an IPv4-mapped address. (RFC 5952 § 4, § 5)
    public var description: String {
        if let mappedIPv4 { return "::ffff:\(mappedIPv4)" }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: rawValue >> (112 - 16 * $0)) }
        let gap = longestZeroRun(in: groups)
        var text = ""
        for (index, group) in groups.enumerated() {
            if gap.contains(index) {
                if index == gap.lowerBound { text += "::" }
                continue
            }
            if index > 0, index != gap.upperBound { text += ":" }
            text += String(group, radix: 16)
        }
        return text
    }
}

/// The groups read so far, and where `::` stood among them.
private struct Groups {
    private(set) var count = 0
    var gap: Int?
    private var head: UInt128 = 0
    private var tail: UInt128 = 0

    mutating func append(_ group: UInt16) {
        // Sixteen bits fall off the top once there are too many groups; `value` refuses the count.
        if gap == nil {
            head = head << 16 | UInt128(group)
        } else {
            tail = tail << 16 | UInt128(group)
        }
        count += 1
    }

    var value: UInt128? {
        guard let gap else { return count == 8 ? head : nil }
        guard count < 8 else { return nil }
        return head << (16 * (8 - gap)) | tail
    }
}

/// The first of the longest runs of at least two zero groups; an empty range past the end without one.
/// A single zero group stays `0`. (RFC 5952 § 4.2.2, § 4.2.3)
private func longestZeroRun(in groups: [UInt16]) -> Range<Int> {
    var longest = groups.count + 1..<groups.count + 1
    var start = 0
    for (index, group) in groups.enumerated() {
        if group != 0 {
            start = index + 1
        } else if index + 1 - start >= max(2, longest.count + 1) {
            longest = start..<index + 1
        }
    }
    return longest
}

private func hexadecimalValue(of byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}
