import GuerrillaRedis
import Testing

struct HashSlotTests {
    @Test func checksumIsTheOneOfTheSpecification() {
        #expect(HashSlot.crc16("123456789".utf8) == 0x31C3)
        #expect(HashSlot.crc16([]) == 0)
    }

    @Test(
        arguments: [
            ("foo", 12_182), ("bar", 5_061), ("hello", 866), ("", 0), ("{foo}.x", 12_182), ("a{foo}{bar}", 12_182),
        ]
    )
    func keysHaveTheirSlot(key: String, slot: Int) {
        #expect(HashSlot.of(key) == slot)
    }

    @Test func emptyOrOpenBracesAreOrdinary() {
        #expect(HashSlot.of("{}foo") == Int(HashSlot.crc16("{}foo".utf8)) % HashSlot.count)
        #expect(HashSlot.of("{foo") == Int(HashSlot.crc16("{foo".utf8)) % HashSlot.count)
    }
}
