/// A value of the configuration that cannot be used.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where the value stands, such as `servers[0].max_size` or `backend_config.sqlite_path`; or the name of an environment
    /// variable.
    public var keyPath: String

    /// What is wrong and what to do about it. Holds no secret.
    public var message: String

    /// Makes an error.
    public init(keyPath: String, message: String) {
        self.keyPath = keyPath
        self.message = message
    }

    /// The key path and the message, as in `backend_config.sqlite_path: expected a string, found the number 3`.
    public var description: String {
        keyPath.isEmpty ? message : "\(keyPath): \(message)"
    }
}
