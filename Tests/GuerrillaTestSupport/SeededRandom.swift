/// Random numbers that are the same in every run (SplitMix64).
public struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    /// The same seed gives the same numbers.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Octets drawn mostly from those of a text, so that they come close to the grammar, and sometimes from all.
    public mutating func octets(upTo maximumCount: Int, from text: String) -> [UInt8] {
        let alphabet = Array(text.utf8)
        return (0..<Int.random(in: 0...maximumCount, using: &self)).map { _ in
            let any = UInt8.random(in: 0...255, using: &self)
            return Int.random(in: 0..<10, using: &self) == 0 ? any : alphabet[Int(any) % alphabet.count]
        }
    }
}
