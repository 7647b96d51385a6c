/// Text that must not be printed: a password, a data source name.
///
/// However it is printed (interpolated, dumped, as part of another value), it reads `<redacted>`.
public struct Secret: Sendable, Equatable {
    private let text: String

    /// Wraps `text`.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself. Hand it to the one who needs it, and to nobody else.
    public func reveal() -> String {
        text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<redacted>`.
    public var description: String {
        "<redacted>"
    }

    /// `<redacted>`.
    public var debugDescription: String {
        "<redacted>"
    }

    /// Without children.
    public var customMirror: Mirror {
        Mirror(self, children: [])
    }
}
