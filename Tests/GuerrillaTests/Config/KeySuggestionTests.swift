import Testing

@testable import Guerrilla

struct KeySuggestionTests {
    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "acb", 1),
        ("abc", "ab", 1), ("kitten", "sitting", 3),
    ])
    func distanceCountsASwapAsOneEdit(_ left: String, _ right: String, _ expected: Int) {
        #expect(KeySuggestion.distance(Array(left.utf8), Array(right.utf8)) == expected)
    }

    @Test func suggestsOnlyWhatIsNear() {
        let names = ["max_clients", "max_size", "timeout"]
        #expect(KeySuggestion.closest(to: "max_cleints", among: names) == "max_clients")
        #expect(KeySuggestion.closest(to: "TIMEOUTS", among: names) == "timeout")
        #expect(KeySuggestion.closest(to: "colour", among: names) == nil)
        #expect(KeySuggestion.closest(to: "", among: names) == nil)
        #expect(KeySuggestion.closest(to: String(repeating: "x", count: 100_000), among: names) == nil)
    }
}
