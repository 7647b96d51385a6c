/// Looks for a CR without LF or an LF without CR in message octets as they pass. (RFC 5321 § 2.3.8)
package struct BareNewlineDetector: Sendable {
    /// Whether the last octet was a CR. If it was the very last one, it stands alone.
    package private(set) var endsInBareCR = false

    package init() {}

    /// Whether there is one, with what came before taken into account.
    package mutating func find(in bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return false }
        if self.endsInBareCR != (first == UInt8(ascii: "\n")) { return true }
        self.endsInBareCR = last == UInt8(ascii: "\r")
        var index = 1
        while let lineFeed = firstIndex(of: UInt8(ascii: "\n"), in: bytes, from: index) {
            if bytes[lineFeed - 1] != UInt8(ascii: "\r") { return true }
            index = lineFeed + 1
        }
        index = 0
        while let carriageReturn = firstIndex(of: UInt8(ascii: "\r"), in: bytes, from: index) {
            index = carriageReturn + 1
            if index < bytes.count, bytes[index] != UInt8(ascii: "\n") { return true }
        }
        return false
    }
}
