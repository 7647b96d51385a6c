/// What a processor's settings are read from: the flat `backend_config` object, after the environment's overrides.
///
/// Printing shows no values.
public struct ProcessorConfiguration: Sendable {
    /// What stands before a key's name, in upper case, in an environment variable.
    public static let environmentPrefix = "GUERRILLA_BACKEND_CONFIG_"

    /// The object.
    public let values: ConfigurationObject

    /// Makes a configuration of a `backend_config` object.
    public init(values: ConfigurationObject = ConfigurationObject()) {
        self.values = values
    }
}
