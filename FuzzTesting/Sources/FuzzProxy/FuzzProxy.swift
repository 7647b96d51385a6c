import NIOCore

@testable import GuerrillaSMTP

/// Decodes the input as a PROXY header, in one piece and octet by octet.
///
/// Both have to come to the same header or error, at the same octet at the latest; nothing is taken before the header is complete,
/// and never is more waited for than the bound allows.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProxy(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    var buffer = ByteBuffer(bytes: octets)
    let whole = Result { try ProxyHeaderDecoder.decode(&buffer) }
    let length = octets.count - buffer.readableBytes

    buffer.clear()
    for (index, octet) in octets.enumerated() {
        buffer.writeInteger(octet)
        let piece = Result { try ProxyHeaderDecoder.decode(&buffer) }
        switch (piece, whole) {
        case (.success(nil), _):
            precondition(buffer.readableBytes == index + 1, "an incomplete header is taken")
            precondition(
                buffer.readableBytes < 16 + ProxyHeaderDecoder.maximumLength,
                "more is waited for than allowed"
            )
        case (.success(let header), .success(let expected)):
            precondition(
                header == expected && length == index + 1,
                "the same octets, cut differently, mean something else"
            )
            return 0
        case (.failure(let error), .failure(let expected)):
            precondition(
                error as? ProxyHeaderError == expected as? ProxyHeaderError,
                "another error: \(error), \(expected)"
            )
            return 0
        case (.success, .failure), (.failure, .success):
            preconditionFailure("the same octets, cut differently, mean something else")
        }
    }
    guard case .success(nil) = whole else { preconditionFailure("complete only in one piece") }
    precondition(length == 0, "an incomplete header is taken")
    return 0
}
