public import GuerrillaMail

/// Where a store before has put the message, so that a store behind it need not keep the octets again.
///
/// ```swift
/// if let place = envelope[ExternalBody.self] { columns.body = place }
/// ```
///
/// The value is the name of the store, which is what the column `body` of go-guerrilla's table says: `redis`. The message is found there
/// under its first hash.
public enum ExternalBody: EnvelopeKey {
    /// The name of the store.
    public typealias Value = String
}
