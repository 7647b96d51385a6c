/// How a property's value is written in a configuration file.
public struct ValueForm<Value: Sendable>: Sendable {
    /// What stands in the file.
    public let type: ConfigurationKey.ValueType
    /// The strings that may stand there, in any case; nil for any.
    public let allowedValues: [String]?
    /// Makes the value of one that has the type; nil when it means "not set", or is wrong and was reported.
    package let read: @Sendable (_ value: ConfigurationValue, _ findings: inout [ValueFinding]) -> Value?
    /// nil when the value means "not set".
    package let write: @Sendable (Value) -> ConfigurationValue?

    /// Makes a form.
    ///
    /// - Parameters:
    ///   - type: What stands in the file.
    ///   - allowedValues: The strings that may stand there, in any case; nil for any.
    ///   - read: Makes the value of one that has the type and is allowed, and in the spelling of `allowedValues`. It reports what is wrong.
    ///     nil leaves the property as it is.
    ///   - write: The opposite; nil for a value that means "not set".
    public init(
        _ type: ConfigurationKey.ValueType,
        allowedValues: [String]? = nil,
        read: @escaping @Sendable (_ value: ConfigurationValue, _ findings: inout [ValueFinding]) -> Value?,
        write: @escaping @Sendable (Value) -> ConfigurationValue?
    ) {
        self.type = type
        self.allowedValues = allowedValues
        self.read = read
        self.write = write
    }

    /// The form of an optional property: the same in the file, and nil where the key is not set.
    public static func optional<Wrapped>(_ form: ValueForm<Wrapped>) -> Self where Value == Wrapped? {
        Self(form.type, allowedValues: form.allowedValues) { value, findings in
            form.read(value, &findings).map(Optional.some)
        } write: { value in
            value.flatMap(form.write)
        }
    }

    /// Text that the property's type has its own reading of. An empty one means "not set".
    public static func text(
        allowedValues: [String]? = nil,
        read: @escaping @Sendable (_ text: String, _ findings: inout [ValueFinding]) -> Value?,
        write: @escaping @Sendable (Value) -> String?
    ) -> Self {
        Self(.string, allowedValues: allowedValues) { value, findings in
            guard case .string(let text) = value, !text.isEmpty else { return nil }
            return read(text, &findings)
        } write: { value in
            write(value).map { .string($0) }
        }
    }

    /// A list of texts that the elements' type has its own reading of. Each wrong one is a finding, and then there is no value.
    public static func list<Element>(
        read: @escaping @Sendable (_ text: String, _ index: Int, _ findings: inout [ValueFinding]) -> Element?,
        write: @escaping @Sendable (Element) -> String
    ) -> Self where Value == [Element] {
        Self(.stringList) { value, findings in
            guard case .array(let elements) = value else { return nil }
            let list = elements.enumerated().compactMap { index, element -> Element? in
                guard case .string(let text) = element else { return nil }
                return read(text, index, &findings)
            }
            return findings.allSatisfy(\.isWarning) ? list : nil
        } write: { list in
            .array(list.map { .string(write($0)) })
        }
    }
}

extension ValueForm where Value: Collection {
    /// A list, or a text, that is "not set" when it is empty.
    public static func nonEmpty(_ form: Self) -> Self {
        Self(form.type, allowedValues: form.allowedValues) { value, findings in
            guard let list = form.read(value, &findings), !list.isEmpty else { return nil }
            return list
        } write: {
            $0.isEmpty ? nil : form.write($0)
        }
    }
}

extension ValueForm where Value == Bool {
    /// `true` or `false`.
    public static var bool: Self {
        Self(.bool) { value, _ in
            if case .bool(let value) = value { value } else { nil }
        } write: {
            .bool($0)
        }
    }
}

extension ValueForm where Value == Int {
    /// A whole number.
    public static var integer: Self { .number(.integer) }

    /// A whole number of octets.
    public static var octets: Self { .number(.octets) }

    private static func number(_ type: ConfigurationKey.ValueType) -> Self {
        Self(type) { value, _ in
            if case .integer(let number) = value { Int(clamping: number) } else { nil }
        } write: {
            .integer(Int64($0))
        }
    }
}

extension ValueForm where Value == Duration {
    /// A whole number of seconds. Fractions of one, which only a program can ask for, are left out in a file.
    public static var seconds: Self {
        Self(.seconds) { value, _ in
            if case .integer(let seconds) = value { .seconds(seconds) } else { nil }
        } write: {
            .integer($0.components.seconds)
        }
    }

    /// A duration in Go's syntax (``GoDuration``).
    public static var duration: Self {
        Self(.duration) { value, _ in
            if case .string(let text) = value { GoDuration(text)?.duration } else { nil }
        } write: {
            .string(GoDuration($0).description)
        }
    }
}

extension ValueForm where Value == String {
    /// Text, which may be empty.
    public static var text: Self {
        Self(.string) { value, _ in
            if case .string(let text) = value { text } else { nil }
        } write: {
            .string($0)
        }
    }
}

extension ValueForm where Value == Secret {
    /// Text that must not be printed.
    public static var secret: Self {
        Self(.string) { value, _ in
            if case .string(let text) = value { Secret(text) } else { nil }
        } write: {
            .string($0.reveal())
        }
    }
}

extension ValueForm where Value == [String] {
    /// A list of texts, which may be empty.
    public static var texts: Self {
        .list(read: { text, _, _ in text }, write: { $0 })
    }
}

extension ValueForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the raw values, in any case.
    public static var choice: Self {
        .text(allowedValues: Value.allCases.map(\.rawValue)) { text, _ in
            Value(rawValue: text)
        } write: {
            $0.rawValue
        }
    }
}
