import GuerrillaMail

/// Decodes the input as a field body. Text without a word stays as it is, and the result is in proportion to the input:
/// an octet comes to one character at most.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEncodedWords(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    let decoder = EncodedWordDecoder()
    let decoded = decoder.decode(octets: octets)
    precondition(decoded.utf8.count <= 3 * count, "the text has grown")
    let text = String(decoding: octets, as: UTF8.self)
    let hasWord = zip(octets, octets.dropFirst()).contains { $0 == UInt8(ascii: "=") && $1 == UInt8(ascii: "?") }
    if !hasWord { precondition(decoded.utf8.elementsEqual(text.utf8), "text without a word was changed") }
    if text.utf8.elementsEqual(octets) {
        precondition(decoder.decode(text).utf8.elementsEqual(decoded.utf8), "text and octets differ")
    }
    return 0
}
