import GuerrillaMail

/// Parses the input as a date-time. What is read has to be read again, and be the same, as it is written.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDates(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    guard let date = MailDate.parse(text) else { return 0 }
    precondition(MailDate.parse(date.rfc5322) == date, "\(date.rfc5322) is not read as it is written")
    _ = date.rfc3339
    return 0
}
