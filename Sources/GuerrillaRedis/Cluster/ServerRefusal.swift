/// What an error reply means to a client.
package enum ServerRefusal: Sendable, Hashable {
    /// The slot belongs to another server from now on.
    case moved(slot: Int, RedisEndpoint)
    /// The slot is being moved, and this key is to be tried elsewhere, this time only.
    case ask(RedisEndpoint)
    /// The slot is being moved; a moment later the answer is another one.
    case tryAgain
    /// Anything else, by its code: `OOM`, `READONLY`, `NOAUTH`.
    case other(code: String)

    /// Reads an error reply.
    /// - Parameters:
    ///   - text: The reply without its `-`.
    ///   - source: The server that has sent it, whose host stands for one that is not named.
    package init(_ text: String, from source: RedisEndpoint) {
        let words = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        switch words.first {
        case "TRYAGAIN": self = .tryAgain
        case "MOVED" where words.count == 3, "ASK" where words.count == 3:
            guard let slot = Int(words[1]), 0 <= slot, slot < HashSlot.count,
                let colon = words[2].lastIndex(of: ":"), let port = Int64(words[2][words[2].index(after: colon)...]),
                let endpoint = RedisEndpoint(host: String(words[2][..<colon]), port: port, from: source)
            else {
                self = .other(code: String(words[0]))
                return
            }
            self = words[0] == "MOVED" ? .moved(slot: slot, endpoint) : .ask(endpoint)
        default: self = .other(code: Self.code(of: text))
        }
    }

    /// The first word of an error reply, if it is a code: upper-case letters. The rest may repeat what was sent, passwords too.
    package static func code(of text: String) -> String {
        let word = text.utf8.prefix { $0 != UInt8(ascii: " ") }
        let isCode =
            !word.isEmpty && word.count <= 32 && word.allSatisfy { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
        return isCode ? String(decoding: word, as: UTF8.self) : "ERR"
    }
}
