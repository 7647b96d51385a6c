import GuerrillaMail

/// Parses the input as the argument of MAIL and RCPT. What is accepted has to be accepted again, and mean the same, in
/// the form in which it is written.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPaths(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    let limits = PathLimits()
    for allowsUTF8 in [false, true] {
        if let (path, _) = try? PathParser.parseReversePath(octets.span, limits: limits, allowsUTF8: allowsUTF8) {
            let written = Array("<\(path.description)>".utf8)
            let again = try? PathParser.parseReversePath(written.span, limits: limits, allowsUTF8: allowsUTF8)
            precondition(again?.path == path, "\(path.description) is not read as it is written")
            precondition(allowsUTF8 || path.isASCII, "\(path.description) is beyond ASCII")
        }
        if let (path, _) = try? PathParser.parseForwardPath(octets.span, limits: limits, allowsUTF8: allowsUTF8) {
            let written = Array("<\(path.description)>".utf8)
            let again = try? PathParser.parseForwardPath(written.span, limits: limits, allowsUTF8: allowsUTF8)
            precondition(again?.path == path, "\(path.description) is not read as it is written")
            precondition(allowsUTF8 || path.isASCII, "\(path.description) is beyond ASCII")
        }
    }
    return 0
}
