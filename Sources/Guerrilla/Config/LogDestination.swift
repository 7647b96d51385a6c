/// Where a log goes.
public enum LogDestination: Sendable, Hashable, CustomStringConvertible {
    /// `stderr`.
    case standardError
    /// `stdout`.
    case standardOutput
    /// `off`: nowhere.
    case off
    /// A file, which is appended to. A relative path starts at the working directory.
    case file(String)

    /// Makes a destination of the text in a file: `stderr`, `stdout`, `off`, or a path. An empty text means `stderr`.
    public init(_ text: String) {
        switch text {
        case "", "stderr": self = .standardError
        case "stdout": self = .standardOutput
        case "off": self = .off
        default: self = .file(text)
        }
    }

    /// The text that means this destination in a file.
    public var description: String {
        switch self {
        case .standardError: "stderr"
        case .standardOutput: "stdout"
        case .off: "off"
        case .file(let path): path
        }
    }
}
