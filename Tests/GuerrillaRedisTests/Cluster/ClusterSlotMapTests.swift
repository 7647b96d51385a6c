import GuerrillaRedis
import NIOCore
import Testing

struct ClusterSlotMapTests {
    private static let source = RedisEndpoint.tcp(host: "seed", port: 7_000)

    private static func server(_ host: RESPValue, _ port: Int64) -> RESPValue {
        .array([host, .integer(port), .bulkString(ByteBuffer(string: "id")), .array([])])
    }

    private static func bulk(_ text: String) -> RESPValue { .bulkString(ByteBuffer(string: text)) }

    @Test func mastersTakeTheirSlots() throws {
        let map = try ClusterSlotMap(
            slotsReply: .array([
                .array([
                    .integer(0), .integer(5_460), Self.server(Self.bulk("192.0.2.1"), 7_001),
                    Self.server(Self.bulk("x"), 1),
                ]),
                .array([.integer(5_461), .integer(5_461), Self.server(.null, 7_002)]),
                .array([.integer(16_383), .integer(16_383), Self.server(Self.bulk(""), 7_003)]),
                .array([.integer(16_000), .integer(16_001), Self.server(Self.bulk("?"), 7_003)]),
            ]),
            from: Self.source
        )
        #expect(map[0] == .tcp(host: "192.0.2.1", port: 7_001))
        #expect(map[5_460] == .tcp(host: "192.0.2.1", port: 7_001))
        #expect(map[5_461] == .tcp(host: "seed", port: 7_002))
        #expect(map[5_462] == nil)
        #expect(map[16_383] == .tcp(host: "seed", port: 7_003))
        #expect(map[16_384] == nil)
        #expect(map[-1] == nil)
        #expect(map.servers.count == 3)
    }

    @Test func movedSlotsAreNoted() {
        var map = ClusterSlotMap()
        #expect(map.servers.isEmpty)
        map.move(7, to: .tcp(host: "a", port: 1))
        map.move(16_384, to: .tcp(host: "b", port: 1))
        map.move(-1, to: .tcp(host: "b", port: 1))
        #expect(map[7] == .tcp(host: "a", port: 1))
        #expect(map.servers == [.tcp(host: "a", port: 1)])
    }

    static let malformed: [RESPValue] = [
        .null, .integer(1), .error("ERR This instance has cluster support disabled"), .array([.integer(1)]),
        .array([.array([.integer(0), .integer(1)])]),
        .array([.array([.integer(-1), .integer(1), Self.server(Self.bulk("a"), 1)])]),
        .array([.array([.integer(0), .integer(16_384), Self.server(Self.bulk("a"), 1)])]),
        .array([.array([.integer(5), .integer(4), Self.server(Self.bulk("a"), 1)])]),
        .array([.array([.integer(.min), .integer(.max), Self.server(Self.bulk("a"), 1)])]),
        .array([.array([.integer(0), .integer(1), Self.server(Self.bulk("a"), 0)])]),
        .array([.array([.integer(0), .integer(1), Self.server(Self.bulk("a"), 65_536)])]),
        .array([.array([.integer(0), .integer(1), Self.server(.integer(1), 1)])]),
        .array([.array([.integer(0), .integer(1), Self.server(Self.bulk("a b"), 1)])]),
        .array([.array([.integer(0), .integer(1), .array([])])]),
        .array([
            .array([.integer(0), .integer(16_383), Self.server(Self.bulk("a"), 1)]),
            .array([.integer(0), .integer(0), Self.server(Self.bulk("b"), 1)]),
        ]),
    ]

    @Test(arguments: Self.malformed)
    func malformedRepliesAreTold(reply: RESPValue) {
        #expect(throws: ClusterSlotMap.Malformed.self) { try ClusterSlotMap(slotsReply: reply, from: Self.source) }
    }

    @Test(
        arguments: [
            ("MOVED 3999 127.0.0.1:6381", .moved(slot: 3_999, .tcp(host: "127.0.0.1", port: 6_381))),
            ("MOVED 3999 ::1:6381", .moved(slot: 3_999, .tcp(host: "::1", port: 6_381))),
            ("MOVED 3999 :6381", .moved(slot: 3_999, .tcp(host: "seed", port: 6_381))),
            ("ASK 0 b:1", .ask(.tcp(host: "b", port: 1))), ("TRYAGAIN Multiple keys", .tryAgain),
            ("MOVED", .other(code: "MOVED")), ("MOVED 16384 a:1", .other(code: "MOVED")),
            ("MOVED 1 a", .other(code: "MOVED")),
            ("MOVED 1 a:0", .other(code: "MOVED")), ("MOVED 1 a:70000", .other(code: "MOVED")),
            ("MOVED -1 a:1", .other(code: "MOVED")), ("ASK 1 a b:1", .other(code: "ASK")),
            ("OOM command not allowed when used memory > 'maxmemory'.", .other(code: "OOM")),
            ("secret is not a command", .other(code: "ERR")), ("", .other(code: "ERR")),
        ] as [(String, ServerRefusal)]
    )
    func errorsAreUnderstood(text: String, refusal: ServerRefusal) {
        #expect(ServerRefusal(text, from: Self.source) == refusal)
    }
}
