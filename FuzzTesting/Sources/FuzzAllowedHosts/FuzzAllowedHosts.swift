@testable import GuerrillaMail

/// Reads the first line of the input as a domain, the others as entries of `allowed_hosts`.
///
/// Whether the domain is accepted must not depend on the form in which it is written, nor on other entries; and what
/// Punycode decodes, it encodes to the same label.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAllowedHosts(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    var lines = text.split(separator: "\n", maxSplits: 20, omittingEmptySubsequences: false)
    let name = String(lines.removeFirst())
    checkPunycode(name)

    let entries = lines.map(String.init).filter { $0 != "." }
    let hosts = AllowedHosts(entries)
    precondition(hosts.problems.count <= entries.count)
    if let literal = AddressLiteral(name) { _ = hosts.accepts(.literal(literal)) }

    // As a path would bring it.
    let path = Array("<a@\(name)>".utf8)
    guard let (forwardPath, _) = try? PathParser.parseForwardPath(path.span, limits: PathLimits(), allowsUTF8: true),
        case .mailbox(let mailbox) = forwardPath, case .name(let domain) = mailbox.domain
    else { return 0 }
    let isAccepted = hosts.accepts(mailbox.domain)
    let folded = domain.caseFolded
    for form in [folded, InternationalDomain.unicodeForm(folded), InternationalDomain.asciiForm(folded)] {
        precondition(hosts.accepts(.name(form)) == isAccepted, "\(domain) and \(form) differ")
    }
    let single = entries.contains { AllowedHosts([$0]).accepts(mailbox.domain) }
    precondition(single == isAccepted, "\(domain) depends on more than one entry")
    precondition(AllowedHosts([domain]).accepts(mailbox.domain), "\(domain) does not match itself")
    return 0
}

private func checkPunycode(_ text: String) {
    let lowerCased = text.lowercased()
    if let scalars = Punycode.decode(lowerCased[...]) {
        let encoded = Punycode.encode(scalars)
        // A label of ASCII alone may be written without its delimiter.
        let isASCII = scalars.allSatisfy(\.isASCII)
        precondition(isASCII || encoded == lowerCased, "\(lowerCased) came back as \(encoded ?? "nothing")")
    }
    let scalars = Array(text.unicodeScalars)
    if let encoded = Punycode.encode(scalars), encoded.utf8.count <= 63 {
        precondition(Punycode.decode(encoded[...]) == scalars, "\(text) came back as another label")
    }
}
