/// The version of this package.
public enum GuerrillaVersion {
    /// As shown in the greeting and by `guerrillad version`.
    public static let current = "0.1.0"
}
