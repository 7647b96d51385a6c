extension String {
    /// Makes a text of octets that ought to be UTF-8. What is not becomes U+FFFD, one for each maximal part of an ill-formed
    /// sequence (Unicode § 3.9), as in `String(decoding:as:)`; but that takes 40 ns for an octet that is not, which is
    /// a sender's to choose.
    package init(repairing octets: UnsafeBufferPointer<UInt8>) {
        if octets.count < 64 {
            // Faster where little can go wrong.
            self = String(decoding: octets, as: UTF8.self)
        } else if let text = String(validating: octets, as: UTF8.self) {
            self = text
        } else {
            self = String(decoding: Self.repaired(octets), as: UTF8.self)
        }
    }

    /// Makes a text of octets that ought to be UTF-8.
    package init(repairing octets: [UInt8]) {
        self = octets.withUnsafeBufferPointer { String(repairing: $0) }
    }

    private static func repaired(_ octets: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var repaired: [UInt8] = []
        repaired.reserveCapacity(octets.count)
        var position = 0
        while position < octets.count {
            let (length, isWellFormed) = sequence(octets, at: position)
            if isWellFormed {
                for index in position..<(position &+ length) { repaired.append(octets[index]) }
            } else {
                repaired.append(0xEF)
                repaired.append(0xBF)
                repaired.append(0xBD)
            }
            position &+= length
        }
        return repaired
    }

    /// The sequence that begins at `start`, or the part of it that is there. (Unicode § 3.9, table 3-7)
    private static func sequence(
        _ octets: UnsafeBufferPointer<UInt8>,
        at start: Int
    ) -> (length: Int, isWellFormed: Bool) {
        let lead = octets[start]
        let length: Int
        // What the second octet may be.
        var range: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0x00...0x7F: return (1, true)
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, range) = (3, 0xA0...0xBF)
        case 0xED: (length, range) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, range) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, range) = (4, 0x80...0x8F)
        default: return (1, false)
        }
        var found = 1
        while found < length {
            guard start &+ found < octets.count, range.contains(octets[start &+ found]) else { return (found, false) }
            range = 0x80...0xBF
            found &+= 1
        }
        return (length, true)
    }
}
