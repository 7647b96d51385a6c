import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@Suite struct MailDateTests {
    struct Sample: Sendable {
        let seconds: Int
        var zone = 0
        let rfc5322: String
        let rfc3339: String
    }

    @Test(arguments: [
        Sample(
            seconds: 1_795_248_408,
            rfc5322: "Sat, 21 Nov 2026 08:06:48 +0000",
            rfc3339: "2026-11-21T08:06:48Z"
        ),
        Sample(
            seconds: 1_795_248_408,
            zone: 7200,
            rfc5322: "Sat, 21 Nov 2026 10:06:48 +0200",
            rfc3339: "2026-11-21T10:06:48+02:00"
        ),
        Sample(
            seconds: 1_795_248_408,
            zone: -34_200,
            rfc5322: "Fri, 20 Nov 2026 22:36:48 -0930",
            rfc3339: "2026-11-20T22:36:48-09:30"
        ),
        Sample(seconds: 0, rfc5322: "Thu, 01 Jan 1970 00:00:00 +0000", rfc3339: "1970-01-01T00:00:00Z"),
        Sample(seconds: -1, rfc5322: "Wed, 31 Dec 1969 23:59:59 +0000", rfc3339: "1969-12-31T23:59:59Z"),
        Sample(seconds: 951_827_696, rfc5322: "Tue, 29 Feb 2000 12:34:56 +0000", rfc3339: "2000-02-29T12:34:56Z"),
        Sample(seconds: -2_203_891_200, rfc5322: "Thu, 01 Mar 1900 00:00:00 +0000", rfc3339: "1900-03-01T00:00:00Z"),
        Sample(
            seconds: 4_102_444_799,
            rfc5322: "Thu, 31 Dec 2099 23:59:59 +0000",
            rfc3339: "2099-12-31T23:59:59Z"
        ),
        Sample(seconds: .max, rfc5322: "Fri, 31 Dec 9999 23:59:59 +0000", rfc3339: "9999-12-31T23:59:59Z"),
        Sample(seconds: .min, rfc5322: "Sat, 01 Jan 0000 00:00:00 +0000", rfc3339: "0000-01-01T00:00:00Z"),
        Sample(
            seconds: .max,
            zone: .max,
            rfc5322: "Fri, 31 Dec 9999 23:59:59 +9959",
            rfc3339: "9999-12-31T23:59:59+99:59"
        ),
        Sample(
            seconds: .min,
            zone: .min,
            rfc5322: "Sat, 01 Jan 0000 00:00:00 -9959",
            rfc3339: "0000-01-01T00:00:00-99:59"
        ),
        Sample(seconds: 0, zone: -59, rfc5322: "Thu, 01 Jan 1970 00:00:00 +0000", rfc3339: "1970-01-01T00:00:00Z"),
    ])
    func datesAreFormatted(_ sample: Sample) {
        let date = MailDate(unixSeconds: sample.seconds, zoneOffsetSeconds: sample.zone)
        #expect(date.rfc5322 == sample.rfc5322)
        #expect(date.description == sample.rfc5322)
        #expect(date.rfc3339 == sample.rfc3339)
        var buffer = ByteBuffer(string: "x")
        date.writeRFC5322(into: &buffer)
        #expect(buffer == ByteBuffer(string: "x" + sample.rfc5322))
        #expect(MailDate.parse(sample.rfc5322) == date)
    }

    struct Parsing: Sendable {
        let text: String
        let seconds: Int?
        var zone = 0
    }

    @Test(arguments: [
        Parsing(text: "Sat, 21 Nov 2026 08:06:48 +0000", seconds: 1_795_248_408),
        Parsing(text: "  sat , 21 NOV 2026 08:06:48 -0000 (UTC)", seconds: 1_795_248_408),
        Parsing(text: "21 Nov 2026 08:06:48 GMT", seconds: 1_795_248_408),
        Parsing(text: "21 Nov 26 08:06:48 UT", seconds: 1_795_248_408),
        Parsing(text: "21 November 126 08:06:48 Z", seconds: 1_795_248_408),
        Parsing(text: "21-Nov-2026 08:06:48", seconds: 1_795_248_408),
        Parsing(text: "Mon, 21 Nov 2026 08:06:48", seconds: 1_795_248_408),
        Parsing(text: "21 Nov 2026 03:06:48 EST", seconds: 1_795_248_408, zone: -18_000),
        Parsing(text: "21 Nov 2026 04:06:48 EDT", seconds: 1_795_248_408, zone: -14_400),
        Parsing(text: "21 Nov 2026 02:06:48 CST", seconds: 1_795_248_408, zone: -21_600),
        Parsing(text: "21 Nov 2026 03:06:48 CDT", seconds: 1_795_248_408, zone: -18_000),
        Parsing(text: "21 Nov 2026 01:06:48 MST", seconds: 1_795_248_408, zone: -25_200),
        Parsing(text: "21 Nov 2026 02:06:48 MDT", seconds: 1_795_248_408, zone: -21_600),
        Parsing(text: "21 Nov 2026 00:06:48 PST", seconds: 1_795_248_408, zone: -28_800),
        Parsing(text: "21 Nov 2026 01:06:48 PDT", seconds: 1_795_248_408, zone: -25_200),
        Parsing(text: "21 Nov 2026 08:06:48 A", seconds: 1_795_248_408),
        Parsing(text: "21 Nov 2026 08:06:48 XYZ", seconds: 1_795_248_408),
        Parsing(text: "21 Nov 2026 10:06:48 +02:00", seconds: 1_795_248_408, zone: 7200),
        Parsing(text: "21 Nov 2026 10:06:48 GMT+0200", seconds: 1_795_248_408, zone: 7200),
        Parsing(text: "21 Nov 2026 08:06:48 +02", seconds: 1_795_248_408),
        Parsing(text: "1 Jan 1970 0:00", seconds: 0),
        Parsing(text: "1 Jan 70 00:00:00 GMT", seconds: 0),
        Parsing(text: "1 Jan 49 00:00:00 GMT", seconds: 2_493_072_000),
        Parsing(text: "31 Dec 1969 23:59:60 GMT", seconds: 0),
        Parsing(text: "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", seconds: 880_127_706, zone: -21_600),
        Parsing(text: "(a (b \\) c) d) Thu (x),\r\n 1 (y) Jan 1970 00 : 00 : 00 +0000", seconds: 0),
        Parsing(text: "29 Feb 2000 00:00 GMT", seconds: 951_782_400),
        Parsing(text: "29 Feb 1900 00:00 GMT", seconds: nil),
        Parsing(text: "30 Feb 2000 00:00 GMT", seconds: nil),
        Parsing(text: "31 Apr 2000 00:00 GMT", seconds: nil),
        Parsing(text: "0 Jan 2000 00:00 GMT", seconds: nil),
        Parsing(text: "1 Ja 2000 00:00 GMT", seconds: nil),
        Parsing(text: "1 Janx 2000 00:00 GMT", seconds: nil),
        Parsing(text: "1 Jan 2000 24:00 GMT", seconds: nil),
        Parsing(text: "1 Jan 2000 00:60 GMT", seconds: nil),
        Parsing(text: "1 Jan 2000 00:00:61 GMT", seconds: nil),
        Parsing(text: "1 Jan 20000 00:00 GMT", seconds: nil),
        Parsing(text: "1 Jan 2000", seconds: nil),
        Parsing(text: "Sat, ", seconds: nil),
        Parsing(text: "(\\", seconds: nil),
        Parsing(text: "", seconds: nil),
        Parsing(text: "2026-11-21T08:06:48Z", seconds: nil),
    ])
    func datesAreParsed(_ sample: Parsing) {
        let date = MailDate.parse(sample.text)
        #expect(date?.unixSeconds == sample.seconds)
        if sample.seconds != nil { #expect(date?.zoneOffsetSeconds == sample.zone) }
    }

    @Test func everyDayOfFiveCenturiesGoesRoundAndFollowsTheOneBefore() {
        let week = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        // From 1800-01-01, a Wednesday; a step of 13 days visits every day of the month.
        for day in stride(from: -62_091, to: 120_000, by: 13) {
            let date = MailDate(unixSeconds: day * 86_400 + 43_200)
            let text = date.rfc5322
            #expect(MailDate.parse(text) == date)
            #expect(text.hasPrefix(week[(day + 62_091 + 3) % 7]))
        }
    }

    @Test func randomTextNeverTraps() {
        var random = SeededRandom(seed: 2)
        for _ in 0..<5000 {
            let octets = random.octets(upTo: 40, from: "Sat, 21 Nov 2026 08:06:48 +0000(\\)-:9 Jan")
            if let date = MailDate.parse(String(decoding: octets, as: UTF8.self)) {
                #expect(MailDate.parse(date.rfc5322) == date)
            }
        }
    }
}
