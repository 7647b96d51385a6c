#if TLS
import NIOSSL

/// What the TLS library says went wrong, in words: `no shared cipher`. Holds nothing that a peer chose.
func libraryReason(_ error: any Error) -> String {
    switch error {
    case NIOSSLError.handshakeFailed(let cause): libraryReason(cause)
    case BoringSSLError.sslError(let stack), BoringSSLError.unknownError(let stack):
        // The first is the cause of the others.
        stack.first.map(words) ?? "no reason given"
    default: "\(error)"
    }
}

/// `Error: 268435703 error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at <file>:<line>` in words.
private func words(_ error: BoringSSLInternalError) -> String {
    if error == .eofDuringHandshake { return "the client closed the connection" }
    let parts = error.description.split(separator: ":")
    guard let index = parts.firstIndex(of: "OPENSSL_internal"), index + 1 < parts.count,
        let name = parts[index + 1].split(separator: " ").first
    else { return error.description }
    return name.lowercased().split(separator: "_").joined(separator: " ")
}
#endif
