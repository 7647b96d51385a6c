/// The first place where a configuration file is not JSON.
public struct ConfigurationSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where reading stopped.
    public var position: ConfigurationNode.Position

    /// What was expected, or what is wrong there.
    public var message: String

    /// One sentence with line and column.
    public var description: String {
        "line \(position.line), column \(position.column): \(message)"
    }
}
