import NIOCore

@testable import GuerrillaRedis

/// Decodes the input as replies of a Redis server, in one piece and octet by octet, and reads each as a slot map and as a refusal.
///
/// Both have to come to the same replies and the same error, and no reply may be larger than allowed.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRESP(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    var limits = RESPLimits()
    limits.line = 256
    limits.bulkString = 512
    limits.values = 64
    limits.depth = 3
    limits.octets = 2_048

    func decode(pieces: some Sequence<ArraySlice<UInt8>>) -> (replies: [RESPValue], error: RESPSyntaxError?) {
        var decoder = RESPDecoder(limits: limits)
        var buffer = ByteBuffer()
        var replies: [RESPValue] = []
        for piece in pieces {
            buffer.writeBytes(piece)
            do throws(RESPSyntaxError) {
                while let reply = try decoder.next(&buffer) { replies.append(reply) }
            } catch {
                return (replies, error)
            }
            precondition(
                buffer.readableBytes <= max(limits.line + 3, limits.bulkString + 2),
                "more is waited for than allowed"
            )
        }
        return (replies, nil)
    }
    let whole = decode(pieces: [octets[...]])
    let pieces = decode(pieces: octets.indices.map { octets[$0...$0] })
    precondition(whole.replies == pieces.replies, "the same octets, cut differently, mean something else")
    precondition(whole.error == pieces.error, "another error")

    let source = RedisEndpoint.tcp(host: "127.0.0.1", port: 6_379)
    for reply in whole.replies {
        precondition(reply.isWithin(depth: limits.depth), "arrays are deeper than allowed")
        if case .error(let text) = reply { _ = ServerRefusal(text, from: source) }
        if let map = try? ClusterSlotMap(slotsReply: reply, from: source) { _ = map.servers }
    }
    _ = try? RedisInterface(String(decoding: octets, as: UTF8.self))
    return 0
}

extension RESPValue {
    fileprivate func isWithin(depth: Int) -> Bool {
        guard case .array(let elements) = self else { return true }
        return elements.isEmpty || depth > 0 && elements.allSatisfy { $0.isWithin(depth: depth - 1) }
    }
}
