import GuerrillaBackend
import GuerrillaRedis
import Testing

struct RedisInterfaceTests {
    @Test(
        arguments: [
            ("127.0.0.1:6380", [.tcp(host: "127.0.0.1", port: 6_380)]),
            ("redis.example", [.tcp(host: "redis.example", port: 6_379)]),
            (":6379", [.tcp(host: "localhost", port: 6_379)]), ("[::1]:7", [.tcp(host: "::1", port: 7)]),
            ("[::1]", [.tcp(host: "::1", port: 6_379)]),
            ("/run/redis.sock", [.unix(path: "/run/redis.sock")]), ("unix:redis.sock", [.unix(path: "redis.sock")]),
            ("unix:///run/redis.sock", [.unix(path: "/run/redis.sock")]), ("redis://h", [.tcp(host: "h", port: 6_379)]),
            ("REDIS://h:1/", [.tcp(host: "h", port: 1)]),
            ("a:1, b:2 ,c:3", [.tcp(host: "a", port: 1), .tcp(host: "b", port: 2), .tcp(host: "c", port: 3)]),
        ] as [(String, [RedisEndpoint])]
    )
    func placesAreUnderstood(text: String, endpoints: [RedisEndpoint]) throws {
        let interface = try RedisInterface(text)
        #expect(interface.endpoints == endpoints)
        #expect(!interface.usesTLS)
        #expect(interface.user == nil && interface.password == nil && interface.database == 0)
    }

    @Test func urlsSayHowToBeLetIn() throws {
        var interface = try RedisInterface("rediss://us%40er:p%3Aw%2C:d@[::1]:7/3")
        #expect(interface.endpoints == [.tcp(host: "::1", port: 7)])
        #expect(interface.usesTLS)
        #expect(interface.user == "us@er")
        #expect(interface.password?.reveal() == "p:w,:d")
        #expect(interface.database == 3)
        interface = try RedisInterface("redis://:secret@h/0")
        #expect(interface.user == nil)
        #expect(interface.password?.reveal() == "secret")
        interface = try RedisInterface("unix://:secret@/run/redis.sock")
        #expect(interface.password?.reveal() == "secret")
        interface = try RedisInterface("rediss://u:secret@a:1,b:2,rediss://c:3,rediss://u:secret@d:4")
        #expect(interface.endpoints.count == 4)
        #expect(interface.usesTLS)
        #expect(interface.user == "u")
        #expect(!"\(interface)".contains("secret"))
    }

    @Test(
        arguments: [
            "", ",", "a:1,", "a:0", "a:65536", "a:x", "a:", "::1", "[::1", "[::1]x", "http://secret",
            "redis://secret@h",
            "redis://u:%zz@h", "redis://u:%ff@h", "redis://u:%+1@h", "redis://h/secret", "redis://h/-1", "a b",
            "secret@h", "unix://secret",
            "redis://a/1,b", "/secret,b", "rediss://:secret@a,redis://b", "redis://:secret@a,redis://:other@b",
        ]
    )
    func whatIsMalformedIsToldWithoutShowingIt(text: String) {
        #expect {
            try RedisInterface(text)
        } throws: { error in
            error is RedisInterface.Malformed && !"\(error)".contains("secret")
        }
    }
}
