import GuerrillaTestSupport
import Testing

@testable import GuerrillaSMTP

struct BareNewlineDetectorTests {
    private static func find(_ octets: [UInt8], piece: Int) -> Bool {
        var detector = BareNewlineDetector()
        var rest = octets[...]
        while !rest.isEmpty {
            if rest.prefix(piece).withUnsafeBytes({ detector.find(in: $0) }) { return true }
            rest = rest.dropFirst(piece)
        }
        return detector.endsInBareCR
    }

    @Test func findsWhatALoopFinds() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<5_000 {
            let octets: [UInt8] = (0..<Int.random(in: 0...10, using: &random)).flatMap { _ -> [UInt8] in
                [[13, 10], [13, 10], [13], [10], [65], [46]].randomElement(using: &random) ?? []
            }
            let isBare = octets.indices.contains { index in
                switch octets[index] {
                case 10: index == 0 || octets[index - 1] != 13
                case 13: index + 1 == octets.count || octets[index + 1] != 10
                default: false
                }
            }
            for piece in [1, 2, 3, 100] {
                #expect(Self.find(octets, piece: piece) == isBare, "\(octets) by \(piece)")
            }
        }
    }
}
