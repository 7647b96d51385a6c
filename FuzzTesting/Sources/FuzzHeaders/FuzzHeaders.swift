import GuerrillaMail

/// Parses the input as the start of a message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeaders(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    let limits = HeaderLimits(maximumSize: 4096, maximumFieldCount: 20)
    let section: HeaderSection
    do {
        section = try HeaderParser.parse(octets.span, limits: limits)
    } catch {
        return 0
    }
    precondition(section.octetCount <= count, "the header section is longer than the message")
    precondition(section.octetCount <= limits.maximumSize && section.fields.count <= limits.maximumFieldCount)
    precondition(section.fields.allSatisfy { $0.bodyOctets.count <= section.octetCount }, "a body longer than all")
    precondition(section.count(named: "Received") <= section.fields.count)
    return 0
}
