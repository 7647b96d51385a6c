/// A key under which a processor leaves a value in the envelope for those after it.
///
/// ```swift
/// enum SpamScore: EnvelopeKey { typealias Value = Double }
/// envelope[SpamScore.self] = 3.5
/// ```
public protocol EnvelopeKey {
    /// What is kept under the key.
    associatedtype Value: Sendable
}

/// The values that processors left in an envelope.
struct EnvelopeValues: Sendable {
    private var values: [ObjectIdentifier: any Sendable] = [:]

    subscript<Key: EnvelopeKey>(_ key: Key.Type) -> Key.Value? {
        get { self.values[ObjectIdentifier(key)] as? Key.Value }
        set { self.values[ObjectIdentifier(key)] = newValue }
    }
}
