#if Hashing
import GuerrillaHashing
import Testing

struct HexadecimalHashTests {
    @Test func blake2sIsGoGuerrillas() {
        #expect(HexadecimalHash.blake2s128("example") == "8b944eb07157cea5041a4b209fda1f09")
        #expect(HexadecimalHash.blake2s128("") == "69c907decfc59db6ceec48fb3412eccc")
        #expect(HexadecimalHash.blake2s128() == "69c907decfc59db6ceec48fb3412eccc")
        #expect(
            HexadecimalHash.blake2s128("example", "string", "arguments") == "9645451b82265ee62552a4a1a12bc285"
        )
    }

    /// Python: `hashlib.blake2s(b"abc", digest_size=16, key=…)`.
    @Test func blake2sWithOtherKeys() {
        #expect(HexadecimalHash.blake2s128("abc", key: []) == "aa4938119b1dc7b87cbad0ffd200d0ae")
        let longest = [UInt8](0..<32)
        #expect(HexadecimalHash.blake2s128("abc", key: longest) == "61ba5f165c194692e09d12520cc4c74a")
        #expect(HexadecimalHash.blake2s128("abc", key: longest + [1, 2, 3]) == "61ba5f165c194692e09d12520cc4c74a")
    }

    /// RFC 1321 appendix A.5
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ])
    func md5(text: String, digits: String) {
        #expect(HexadecimalHash.md5(text) == digits)
        #expect(HexadecimalHash.md5(String(text.prefix(1)), String(text.dropFirst())) == digits)
    }
}
#endif
