import Guerrilla
import Testing

struct ListenInterfaceTests {
    @Test(
        arguments: [
            ("127.0.0.1:2525", "127.0.0.1", 2525), (":25", nil, 25), ("[::1]:25", "::1", 25), ("[::]:0", "::", 0),
            ("localhost:65535", "localhost", 65_535), ("[127.0.0.1]:25", "127.0.0.1", 25),
            ("[fe80::1%eth0]:25", "fe80::1%eth0", 25),
            ("[]:25", nil, 25), ("*:25", nil, 25), ("LocalHost:25", "localhost", 25), ("[0:0::0]:25", "::", 25),
            ("[::FFFF:127.0.0.1]:25", "127.0.0.1", 25), (":025", nil, 25),
        ] as [(String, String?, Int)]
    )
    func parsesHostAndPort(_ text: String, _ host: String?, _ port: Int) throws {
        let interface = try #require(ListenInterface(text))
        #expect(interface.host == host)
        #expect(interface.port == port)
        #expect(ListenInterface(interface.description) == interface)
    }

    @Test(arguments: [
        "", ":", "25", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", ":+25", ":٢٥",
        ":smtp", "::1:25", "[::1:25", "::1]:25",
        "[::1]25", "[[::1]]:25", "a b:25", "a\u{0}:25", ":99999999999999999999", "[:25", "]:25",
    ])
    func refusesEverythingElse(_ text: String) {
        #expect(ListenInterface(text) == nil)
    }
}
