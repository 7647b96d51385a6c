#if Hashing
import CBLAKE2
import Crypto

/// What makes digests of 16 octets.
enum HashAlgorithm: Sendable {
    /// BLAKE2s with an output of 128 bits and a key of at most 32 octets. (RFC 7693)
    case blake2s128(key: [UInt8])
    /// (RFC 1321)
    case md5

    func digest(of octets: [UInt8]) -> [UInt8] {
        switch self {
        case .blake2s128(let key):
            let key = key.prefix(Self.longestKey)
            var digest = [UInt8](repeating: 0, count: 16)
            // It fails only for lengths that are none of ours.
            _ = key.withUnsafeBytes { key in
                blake2s(&digest, octets, key.baseAddress, digest.count, octets.count, key.count)
            }
            return digest
        case .md5:
            var hash = Insecure.MD5()
            octets.withUnsafeBytes { hash.update(bufferPointer: $0) }
            return hash.finalize().withUnsafeBytes { Array($0) }
        }
    }

    private static let longestKey = 32
}
#endif
