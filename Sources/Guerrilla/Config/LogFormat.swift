/// The form of a log line.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// `time="…" level=… msg="…" key=value`, as go-guerrilla writes it.
    case text
    /// One JSON object on each line. (RFC 8259)
    case json
}
