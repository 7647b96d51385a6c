#if TLS
/// Why TLS with a peer came to nothing, as an error of the pipeline. Its description is for the log.
struct TLSFailure: Error, Equatable, CustomStringConvertible {
    /// The library's words, such as `no shared cipher`. Never what the peer sent.
    let reason: String

    var description: String { self.reason }
}
#endif
