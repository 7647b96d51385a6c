import GuerrillaBackend

// The keys of processors that go-guerrilla has and this version has not, so that they are understood. A processor that
// is built declares its keys itself.

extension ConfigurationTable.ProcessorKeys {
    /// All of them, in the order of the documentation.
    static let known = [s3]

    private static let s3 = Self(
        "s3",
        keys: [
            later("s3_endpoint", .string, isRequired: true, "The server."),
            later("s3_access_key_id", .string, isRequired: true, "The access key's name."),
            later("s3_secret_access_key", .string, isRequired: true, isSecret: true, "The access key."),
            later("s3_region", .string, isRequired: true, "The region."),
            later("s3_bucket_name", .string, isRequired: true, "The bucket."),
            later("s3_use_tls", .bool, isRequired: true, "Whether to use TLS."),
        ]
    )

    /// A key of a processor that go-guerrilla has and this version has not.
    private static func later(
        _ name: String,
        _ type: ConfigurationKey.ValueType,
        unit: String? = nil,
        isRequired: Bool = false,
        isSecret: Bool = false,
        _ summary: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name,
            type,
            unit: unit,
            isRequired: isRequired,
            isSecret: isSecret,
            origin: .goGuerrilla,
            isEffective: false,
            // go-guerrilla drops wrong values of optional keys without a word.
            usesDefaultWhenWrong: !isRequired,
            summary: summary
        )
    }
}
