import Testing

@testable import GuerrillaMail

struct MailDateTextTests {
    @Test(arguments: [
        ("2026-11-21", "2026-11-21T00:00:00Z"), ("2026-11-21T08:06:48Z", "2026-11-21T08:06:48Z"),
        ("2026-11-21 08:06", "2026-11-21T08:06:00Z"), ("2026-11-21t08:06:48z", "2026-11-21T08:06:48Z"),
        ("2026-11-21T08:06:48+02:00", "2026-11-21T06:06:48Z"), ("2026-11-21T23:30-01:30", "2026-11-22T01:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"), ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
    ])
    func datesAreRead(_ text: String, _ expected: String) {
        #expect(MailDate(text: text)?.rfc3339 == expected)
    }

    @Test(arguments: [
        "", "2026", "2026-11", "2026-13-01", "2026-02-29", "2026-11-21x", "2026-11-21T", "2026-11-21T24:00",
        "2026-11-21T08",
        "2026-11-21T08:60", "2026-11-21T08:06:61", "2026-11-21T08:06:48+2", "2026-11-21T08:06:48+02:00x", "26-11-21",
        "2026-1-2", "٢٠٢٦-11-21", "+026-11-21", "yesterday",
    ])
    func whatIsNoDateIsNotRead(_ text: String) {
        #expect(MailDate(text: text) == nil)
    }

    @Test func dayOfTheMonthIsPadded() {
        #expect(MailDate(unixSeconds: 0).ctime == "Thu Jan  1 00:00:00 1970")
        #expect(MailDate(unixSeconds: 1_795_248_408).ctime == "Sat Nov 21 08:06:48 2026")
    }
}
