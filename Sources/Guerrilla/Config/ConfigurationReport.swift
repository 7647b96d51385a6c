/// What came of loading a configuration.
public struct ConfigurationReport: Sendable, Equatable {
    /// Where the configuration came from.
    public var source: ConfigurationSource

    /// The configuration; nil when there are problems.
    public var configuration: DaemonConfiguration?

    /// Everything that prevents the start, not only the first of it.
    public var problems: [ConfigurationProblem]

    /// Everything that does not: keys that are unknown, old, set twice, or do nothing yet.
    public var warnings: [ConfigurationProblem]

    /// Makes a report.
    public init(
        source: ConfigurationSource,
        configuration: DaemonConfiguration?,
        problems: [ConfigurationProblem] = [],
        warnings: [ConfigurationProblem] = []
    ) {
        self.source = source
        self.configuration = configuration
        self.problems = problems
        self.warnings = warnings
    }
}
