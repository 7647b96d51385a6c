import GuerrillaBackend
import Testing

struct HostAndPortTests {
    @Test(
        arguments: [
            ("127.0.0.1:2525", "127.0.0.1", 2_525), ("localhost:65535", "localhost", 65_535), ("db", "db", nil),
            (":1", "", 1), ("[::1]:25", "::1", 25), ("[::1]", "::1", nil), ("[fe80::1%eth0]:7", "fe80::1%eth0", 7),
            ("", "", nil),
        ] as [(String, String, Int?)]
    )
    func bothPartsAreReadAndWritten(_ text: String, _ host: String, _ port: Int?) throws {
        let place = try HostAndPort(text)
        #expect(place == HostAndPort(host: host, port: port))
        #expect(place.description == text)
    }

    @Test(arguments: [("[]:7", "", 7), ("[db]:007", "db", 7)])
    func otherWaysToWriteThemAreRead(_ text: String, _ host: String, _ port: Int) throws {
        #expect(try HostAndPort(text) == HostAndPort(host: host, port: port))
    }

    @Test func portZeroIsOneWhereTheSystemChooses() throws {
        #expect(try HostAndPort("db:0", ports: 0...65_535).port == 0)
        let error = #expect(throws: HostAndPort.Malformed.self) { try HostAndPort("db:0") }
        #expect(error?.description == "the port is not a number from 1 to 65535")
    }

    @Test(arguments: [
        ":", "db:", "db:x", "db:65536", "db:-1", "db:+1", "db: 1", "db:٢٥", "db:99999999999999999999", "::1", "::1:25",
        "[::1:25", "::1]:25", "[::1]25", "[[::1]]:25", "a b:25", "a\u{0}:25", "bücher.example:25", "user@db:25",
    ])
    func everythingElseIsRefused(_ text: String) {
        #expect(throws: HostAndPort.Malformed.self) { try HostAndPort(text) }
    }

    @Test func longestHost() throws {
        #expect(try HostAndPort(String(repeating: "a", count: 255) + ":1").port == 1)
        let tooLong = String(repeating: "a", count: 256) + ":1"
        let error = #expect(throws: HostAndPort.Malformed.self) { try HostAndPort(tooLong) }
        #expect(error?.description == "the host is no name and no address")
    }
}
