import GuerrillaMail

/// Parses the input as the argument of HELO and EHLO. What is accepted has to be accepted again, and be the same, as it is
/// written, and holds nothing that could leave the line of a Received field or a log.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHelo(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    guard let name = try? HeloArgumentParser.parse(octets.span) else { return 0 }
    let written = Array(name.description.utf8)
    precondition(written.count <= 255 && written.allSatisfy { 33...126 ~= $0 }, "\(written) is no name")
    precondition((try? HeloArgumentParser.parse(written.span)) == name, "\(name) is not read as it is written")
    return 0
}
