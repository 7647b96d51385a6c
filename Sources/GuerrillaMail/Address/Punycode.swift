/// Unicode text as letters, digits and hyphens. (RFC 3492)
///
/// Knows nothing of domain names: `xn--` and letter case are the affair of ``InternationalDomain``. All arithmetic is
/// checked, so that no label, whoever wrote it, does more than come out as `nil`.
enum Punycode {
    // RFC 3492 § 5
    private static let base: UInt32 = 36
    private static let minimumThreshold: UInt32 = 1
    private static let maximumThreshold: UInt32 = 26
    private static let skew: UInt32 = 38
    private static let damp: UInt32 = 700
    private static let initialBias: UInt32 = 72
    private static let initialCodePoint: UInt32 = 128

    /// The most scalars of a label that is looked at: what has more cannot be a label of the DNS. It also bounds the
    /// time, which grows with the square.
    static let longestLabel = 63

    /// Encodes a label. (RFC 3492 § 6.3)
    ///
    /// Returns `nil` when it has more than 63 scalars. The text may have more octets than the DNS allows.
    static func encode(_ label: [Unicode.Scalar]) -> String? {
        guard label.count <= Self.longestLabel else { return nil }
        var output = label.filter(\.isASCII)
        let basicCount = output.count
        if basicCount > 0 { output.append("-") }

        var codePoint = Self.initialCodePoint
        var delta: UInt32 = 0
        var bias = Self.initialBias
        var handled = UInt32(basicCount)
        while handled < label.count {
            guard let next = label.lazy.map(\.value).filter({ $0 >= codePoint }).min() else { return nil }
            // At most 0x10FFFF * 64 in each round, which 32 bits hold; the sum of rounds is checked.
            let (sum, overflow) = delta.addingReportingOverflow((next - codePoint) * (handled + 1))
            guard !overflow else { return nil }
            delta = sum
            codePoint = next
            for scalar in label {
                if scalar.value < codePoint {
                    delta += 1
                } else if scalar.value == codePoint {
                    Self.append(delta, bias: bias, to: &output)
                    bias = Self.adapt(delta, count: handled + 1, isFirst: handled == basicCount)
                    delta = 0
                    handled += 1
                }
            }
            delta += 1
            codePoint += 1
        }
        var text = ""
        text.unicodeScalars.append(contentsOf: output)
        return text
    }

    /// Decodes a label. (RFC 3492 § 6.2)
    ///
    /// Returns `nil` when the text is no Punycode, comes to more than 63 scalars, or names something that is no
    /// Unicode scalar.
    static func decode(_ text: Substring) -> [Unicode.Scalar]? {
        let octets = text.utf8
        guard octets.count <= Self.longestLabel, octets.allSatisfy({ $0 < 0x80 }) else { return nil }
        var output: [Unicode.Scalar] = []
        var rest = octets[...]
        // A delimiter in first place belongs to what follows it, and is no digit there.
        if let delimiter = octets.lastIndex(of: UInt8(ascii: "-")), delimiter > octets.startIndex {
            output = octets[..<delimiter].map { Unicode.Scalar($0) }
            rest = octets[octets.index(after: delimiter)...]
        }

        var codePoint = Self.initialCodePoint
        var position: UInt32 = 0
        var bias = Self.initialBias
        while !rest.isEmpty {
            guard let delta = Self.readInteger(&rest, bias: bias) else { return nil }
            let (sum, overflow) = position.addingReportingOverflow(delta)
            guard !overflow else { return nil }
            let length = UInt32(output.count) + 1
            bias = Self.adapt(delta, count: length, isFirst: position == 0)
            let (next, isTooLarge) = codePoint.addingReportingOverflow(sum / length)
            guard !isTooLarge, let scalar = Unicode.Scalar(next) else { return nil }
            codePoint = next
            position = sum % length
            output.insert(scalar, at: Int(position))
            position += 1
        }
        return output
    }

    // MARK: Integers of variable length (RFC 3492 § 3.3)

    private static func append(_ value: UInt32, bias: UInt32, to output: inout [Unicode.Scalar]) {
        var rest = value
        var place = Self.base
        while true {
            let threshold = Self.threshold(place, bias: bias)
            guard rest >= threshold else { break }
            let range = Self.base - threshold
            output.append(Self.scalar(ofDigit: threshold + (rest - threshold) % range))
            rest = (rest - threshold) / range
            place += Self.base
        }
        output.append(Self.scalar(ofDigit: rest))
    }

    private static func readInteger(_ octets: inout Substring.UTF8View, bias: UInt32) -> UInt32? {
        var value: UInt32 = 0
        var weight: UInt32 = 1
        var place = Self.base
        while let octet = octets.popFirst() {
            guard let digit = Self.digit(octet) else { return nil }
            let (product, isTooLarge) = digit.multipliedReportingOverflow(by: weight)
            let (sum, overflow) = value.addingReportingOverflow(product)
            guard !isTooLarge, !overflow else { return nil }
            value = sum
            let threshold = Self.threshold(place, bias: bias)
            if digit < threshold { return value }
            let (next, weightOverflow) = weight.multipliedReportingOverflow(by: Self.base - threshold)
            guard !weightOverflow else { return nil }
            weight = next
            place += Self.base
        }
        return nil
    }

    private static func threshold(_ place: UInt32, bias: UInt32) -> UInt32 {
        if place <= bias + Self.minimumThreshold { return Self.minimumThreshold }
        return min(place - bias, Self.maximumThreshold)
    }

    /// RFC 3492 § 6.1
    private static func adapt(_ delta: UInt32, count: UInt32, isFirst: Bool) -> UInt32 {
        var delta = isFirst ? delta / Self.damp : delta / 2
        // At most half of all 32-bit numbers, and what is added is at most as much.
        delta += delta / count
        var bias: UInt32 = 0
        while delta > ((Self.base - Self.minimumThreshold) * Self.maximumThreshold) / 2 {
            delta /= Self.base - Self.minimumThreshold
            bias += Self.base
        }
        return bias + (Self.base - Self.minimumThreshold + 1) * delta / (delta + Self.skew)
    }

    /// `a` to `z` are 0 to 25, `0` to `9` are 26 to 35.
    private static func digit(_ octet: UInt8) -> UInt32? {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(octet - UInt8(ascii: "a"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(octet - UInt8(ascii: "A"))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(octet - UInt8(ascii: "0")) + 26
        default: nil
        }
    }

    private static func scalar(ofDigit digit: UInt32) -> Unicode.Scalar {
        let octet = UInt8(truncatingIfNeeded: digit)
        return Unicode.Scalar(octet < 26 ? UInt8(ascii: "a") &+ octet : UInt8(ascii: "0") &+ octet &- 26)
    }
}
