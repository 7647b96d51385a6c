/// The line endings of stored messages (`stored_line_endings`).
public enum StoredLineEndings: String, Sendable, CaseIterable {
    /// Every octet as it was sent.
    case crlf
    /// The CR of every CRLF is left out, as in what go-guerrilla stores. All other octets stay.
    case lf
}
