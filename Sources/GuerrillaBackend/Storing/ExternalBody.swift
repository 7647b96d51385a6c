public import GuerrillaMail

/// Says that a processor has put the message itself somewhere else, so that a store behind it keeps only a row about it.
///
/// The value names the place: `redis`.
public enum ExternalBody: EnvelopeKey {
    /// The name of the place.
    public typealias Value = String
}
