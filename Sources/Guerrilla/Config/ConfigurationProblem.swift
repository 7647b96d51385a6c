/// Something to tell about a configuration. Among a report's problems it prevents the start, among its warnings it does not.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where it is, such as `servers[0].max_size`; the name of an environment variable; empty for the file as a whole.
    public var keyPath: String

    /// What is wrong and what to do about it, without a full stop. Holds no secret.
    public var message: String

    /// The line in the file, counted from 1; nil when it is about none.
    public var line: Int?

    /// Makes a problem.
    public init(keyPath: String, message: String, line: Int? = nil) {
        self.keyPath = keyPath
        self.message = message
        self.line = line
    }

    /// One line of text: `servers[0].max_size: expected a whole number of octets, found the string "1M" (line 7)`.
    public var description: String {
        (keyPath.isEmpty ? "" : "\(keyPath): ") + message + (line.map { " (line \($0))" } ?? "")
    }
}
