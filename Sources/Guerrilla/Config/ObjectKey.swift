import GuerrillaBackend

/// A key that holds an object or a list of them, such as `servers`: the decoder knows what is in it.
struct ObjectKey<Owner>: ConfigurationRow {
    let description: ConfigurationKey

    init(
        _ name: String,
        _ type: ConfigurationKey.ValueType,
        default fallback: ConfigurationDefault,
        origin: ConfigurationKey.Origin = .ours,
        summary: String
    ) {
        self.description = ConfigurationKey(name, type, default: fallback, origin: origin, summary: summary)
    }

    var name: String { self.description.name }

    func set(_ value: ConfigurationValue, in owner: inout Owner) -> [ValueFinding] { [] }

    func value(in owner: Owner) -> ConfigurationValue? { nil }

    func isEqual(_ left: Owner, _ right: Owner) -> Bool { true }

    func rangeProblem(in owner: Owner) -> String? { nil }
}
