extension Span<UInt8> {
    /// Whether the octets begin with `word`, in any case.
    ///
    /// - Parameter word: In upper case.
    func begins(with word: StaticString) -> Bool {
        guard self.count >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { expected in
            for index in expected.indices {
                let octet = self[index]
                let upperCased = (0x61...0x7A).contains(octet) ? octet & 0xDF : octet
                if upperCased != expected[index] { return false }
            }
            return true
        }
    }
}
