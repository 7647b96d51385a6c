import GuerrillaBackend
import Testing

struct GoDurationTests {
    @Test(
        arguments: [
            ("0", 0), ("0s", 0), ("-0s", 0), ("+5s", 5_000_000_000), ("30s", 30_000_000_000), ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000), (".5s", 500_000_000), ("1.s", 1_000_000_000), ("100ms", 100_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006), ("1µs", 1000), ("1μs", 1000), ("1s1s", 2_000_000_000),
            ("0.3333333333333333333h", 1_200_000_000_000), ("-1.5s", -1_500_000_000), ("0.9ns", 0),
            ("9223372036854775807ns", .max), ("-9223372036854775808ns", .min), ("2562047h47m16.854775807s", .max),
        ] as [(String, Int64)]
    )
    func parsesGoSyntax(_ text: String, _ nanoseconds: Int64) throws {
        #expect(try #require(GoDuration(text)).nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "-", "+", "30", "s", ".s", "-.s", "1.2.3s", "30 s", "29 sec", "1d", "1S", " 1s", "1s ", "1s-1s", "--1s",
        "1h3",
        "9223372036854775808ns", "-9223372036854775809ns", "2562048h", "99999999999999999999h", "2562047h2562047h",
        "18446744073709551616ns", "1e3s", "1\u{0}s", "1٣s",
    ])
    func refusesEverythingElse(_ text: String) {
        #expect(GoDuration(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0s"), (1, "1ns"), (1100, "1.1µs"), (2_200_000, "2.2ms"), (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"), (18_367_001_000_000, "5h6m7.001s"), (3_600_000_000_000, "1h0m0s"),
            (480_000_000_001, "8m0.000000001s"), (-90_000_000_000, "-1m30s"), (.max, "2562047h47m16.854775807s"),
            (.min, "-2562047h47m16.854775808s"),
        ] as [(Int64, String)]
    )
    func printsAsGo(_ nanoseconds: Int64, _ text: String) {
        #expect(GoDuration(nanoseconds: nanoseconds).description == text)
        #expect(GoDuration(text)?.nanoseconds == nanoseconds)
    }

    @Test func convertsFromAndToDuration() {
        #expect(GoDuration(.milliseconds(1500)).nanoseconds == 1_500_000_000)
        #expect(GoDuration(.milliseconds(-1500)).nanoseconds == -1_500_000_000)
        #expect(GoDuration(nanoseconds: 250).duration == .nanoseconds(250))
        #expect(GoDuration(.seconds(Int64.max)).nanoseconds == .max)
        #expect(GoDuration(.seconds(Int64.min)).nanoseconds == .min)
    }
}
