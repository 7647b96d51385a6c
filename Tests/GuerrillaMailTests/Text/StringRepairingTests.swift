import GuerrillaMail
import GuerrillaTestSupport
import Testing

@Suite struct StringRepairingTests {
    @Test(
        arguments: [
            ([], ""), ([0x61], "a"), ([0xC3, 0xA9], "é"), ([0xE9], "\u{FFFD}"), ([0xE2, 0x82], "\u{FFFD}"),
            ([0xE2, 0x82, 0x61], "\u{FFFD}a"), ([0xE2, 0xE2, 0x82, 0xAC], "\u{FFFD}€"),
            ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xF0, 0x9F, 0xA6, 0x80], "🦀"),
            ([0xF0, 0x9F, 0xA6], "\u{FFFD}"), ([0xF5, 0xFF], "\u{FFFD}\u{FFFD}"),
            ([0, 0xEF, 0xBB, 0xBF], "\0\u{FEFF}"),
        ] as [([UInt8], String)]
    )
    func illFormedPartsAreReplaced(octets: [UInt8], text: String) {
        // Long ones go another way.
        for count in [0, 100] {
            let space = [UInt8](repeating: 0x20, count: count)
            let repaired = String(repairing: octets + space + octets)
            let expected = text + String(repeating: " ", count: count) + text
            #expect(count == 0 || Array(repaired.unicodeScalars) == Array(expected.unicodeScalars))
            #expect(Array(repaired.utf8) == Array(String(decoding: octets + space + octets, as: UTF8.self).utf8))
        }
    }

    /// Slower, but the standard library's word on it.
    @Test func isWhatTheStandardLibraryMakesOfIt() {
        var random = SeededRandom(seed: 8)
        for _ in 0..<20_000 {
            let octets = random.octets(upTo: 200, from: "aé€🦀\u{D7FF}\u{E000}\u{10FFFF}\u{800}")
            let repaired = String(repairing: octets)
            #expect(Array(repaired.utf8) == Array(String(decoding: octets, as: UTF8.self).utf8), "\(octets)")
        }
        let padding = [UInt8](repeating: 0x20, count: 64)
        for lead in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                for rest: [UInt8] in [[], [0x80], [0x80, 0x80], [0x61]] {
                    let octets = padding + [lead, second] + rest
                    guard Array(String(repairing: octets).utf8) == Array(String(decoding: octets, as: UTF8.self).utf8)
                    else {
                        Issue.record("\(octets)")
                        return
                    }
                }
            }
        }
    }
}
