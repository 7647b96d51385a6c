import Testing

@testable import Guerrilla

struct AgeTests {
    @Test(arguments: [("90s", 90), ("15m", 900), ("12h", 43_200), ("30d", 2_592_000), ("4w", 2_419_200), ("0d", 0)])
    func agesAreRead(_ text: String, _ seconds: Int) {
        #expect(Age.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "d", "30", "-1d", "+1d", "1.5d", "30 d", "30dd", "999999999999w", "9999999999999999999d", "٣d",
    ])
    func whatIsNoAgeIsNotRead(_ text: String) {
        #expect(Age.seconds(text) == nil)
    }
}
