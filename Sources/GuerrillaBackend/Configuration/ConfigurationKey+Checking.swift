// One place decides what a key accepts; the loader and the processors both ask here, so that the same mistake reads the same wherever
// it is found.

extension ConfigurationKey {
    /// Checks a value of the file against the key.
    ///
    /// - Parameters:
    ///   - value: The value as read.
    ///   - keyPath: Where it stands, for the errors.
    ///   - errors: Receives everything that is wrong.
    /// - Returns: The value in the form the key's type promises: whole numbers as ``ConfigurationValue/integer(_:)``. nil when it is wrong or
    ///   means the default.
    package func checked(
        _ value: ConfigurationValue,
        at keyPath: String,
        errors: inout [ConfigurationError]
    ) -> ConfigurationValue? {
        switch (type, value) {
        case (_, .null):
            return nil
        case (.bool, .bool), (.object, .object):
            return value
        case (.integer, .integer(let number)), (.seconds, .integer(let number)), (.octets, .integer(let number)):
            return checked(number, at: keyPath, errors: &errors)
        case (.integer, .double(let number)), (.seconds, .double(let number)), (.octets, .double(let number)):
            guard let whole = Int64(exactly: number) else { break }
            return checked(whole, at: keyPath, errors: &errors)
        case (.string, .string(let text)):
            return checked(text, at: keyPath, errors: &errors).map { .string($0) }
        case (.duration, .string(let text)):
            guard let duration = GoDuration(text) else { break }
            guard isInRange(duration.nanoseconds) else {
                errors.append(rangeError(GoDuration(nanoseconds: duration.nanoseconds).description, at: keyPath))
                return nil
            }
            return value
        case (.stringList, .array(let elements)):
            return checkedStrings(elements, at: keyPath, errors: &errors)
        case (.objectList, .array(let elements)):
            let isAllObjects = checkAll(elements, at: keyPath, expected: "an object", errors: &errors) { element in
                if case .object = element { true } else { false }
            }
            return isAllObjects ? value : nil
        default:
            break
        }
        errors.append(
            ConfigurationError(
                keyPath: keyPath,
                message: "expected \(expectation), found \(value.found(isSecret: isSecret))"
            )
        )
        return nil
    }

    /// Converts the text of an environment variable to the key's type and checks it.
    ///
    /// The elements of a list are separated by commas or spaces. Objects cannot be given this way.
    ///
    /// - Parameters:
    ///   - text: The variable's value.
    ///   - variable: The variable's name, for the errors.
    ///   - errors: Receives everything that is wrong.
    package func checked(
        environment text: String,
        variable: String,
        errors: inout [ConfigurationError]
    ) -> ConfigurationValue? {
        let value: ConfigurationValue
        switch type {
        case .bool:
            switch text.lowercased() {
            case "true", "1": value = true
            case "false", "0": value = false
            default: value = .string(text)
            }
        case .integer, .seconds, .octets:
            value = Int64(text).map { .integer($0) } ?? .string(text)
        case .string, .duration:
            value = .string(text)
        case .stringList:
            value = .array(text.split { $0 == "," || $0 == " " }.map { .string(String($0)) })
        case .object, .objectList:
            errors.append(
                ConfigurationError(keyPath: variable, message: "this key can only be set in the configuration file")
            )
            return nil
        }
        return checked(value, at: variable, errors: &errors)
    }

    /// What the key takes, as words after "expected".
    package var expectation: String {
        switch type {
        case .bool: "true or false"
        case .integer: "a whole number"
        case .string: "a string"
        case .duration: "a duration such as \"30s\" or \"1m30s\""
        case .seconds: "a whole number of seconds"
        case .octets: "a whole number of octets"
        case .stringList: "a list of strings"
        case .object: "an object"
        case .objectList: "a list of objects"
        }
    }

    private func checked(
        _ number: Int64,
        at keyPath: String,
        errors: inout [ConfigurationError]
    ) -> ConfigurationValue? {
        if number == 0, zeroMeansDefault {
            return nil
        }
        guard isInRange(number) else {
            errors.append(rangeError(isSecret ? "the number" : "\(number)", at: keyPath))
            return nil
        }
        return .integer(number)
    }

    private func checked(_ text: String, at keyPath: String, errors: inout [ConfigurationError]) -> String? {
        // Paths and data source names go to C interfaces, which would cut them at a NUL without a word.
        guard !text.unicodeScalars.contains("\0") else {
            errors.append(ConfigurationError(keyPath: keyPath, message: "the string holds a NUL character; remove it"))
            return nil
        }
        guard let allowedValues, !allowedValues.isEmpty, !text.isEmpty || allowedValues.contains("") else {
            return text
        }
        guard let allowed = allowedValues.first(where: { $0.lowercased() == text.lowercased() }) else {
            let choices = allowedValues.map { "\"\($0)\"" }.joined(separator: ", ")
            errors.append(
                ConfigurationError(
                    keyPath: keyPath,
                    message: "\(isSecret ? "the string" : ConfigurationValue.quoted(text)) is not one of \(choices)"
                )
            )
            return nil
        }
        return allowed
    }

    private func checkedStrings(
        _ elements: [ConfigurationValue],
        at keyPath: String,
        errors: inout [ConfigurationError]
    ) -> ConfigurationValue? {
        let before = errors.count
        var strings: [ConfigurationValue] = []
        for (index, element) in elements.enumerated() {
            if case .string(let text) = element {
                if let text = checked(text, at: "\(keyPath)[\(index)]", errors: &errors) {
                    strings.append(.string(text))
                }
            } else {
                errors.append(elementError(element, index, at: keyPath, expected: "a string"))
            }
        }
        return errors.count == before ? .array(strings) : nil
    }

    private func checkAll(
        _ elements: [ConfigurationValue],
        at keyPath: String,
        expected: String,
        errors: inout [ConfigurationError],
        where isRight: (ConfigurationValue) -> Bool
    ) -> Bool {
        let before = errors.count
        for (index, element) in elements.enumerated() where !isRight(element) {
            errors.append(elementError(element, index, at: keyPath, expected: expected))
        }
        return errors.count == before
    }

    private func elementError(
        _ element: ConfigurationValue,
        _ index: Int,
        at keyPath: String,
        expected: String
    ) -> ConfigurationError {
        ConfigurationError(
            keyPath: "\(keyPath)[\(index)]",
            message: "expected \(expected), found \(element.found(isSecret: isSecret))"
        )
    }

    private func isInRange(_ number: Int64) -> Bool {
        range?.contains(number) ?? true
    }

    private func rangeError(_ found: String, at keyPath: String) -> ConfigurationError {
        let rangeText = rangeText.map { "use \($0)" } ?? "use another value"
        let zeroText = zeroMeansDefault ? ", or 0 for the default" : ""
        return ConfigurationError(keyPath: keyPath, message: "\(found) is out of range; \(rangeText)\(zeroText)")
    }

    /// The range in words: `at least 1`, `1 to 1024`. nil when any value goes.
    package var rangeText: String? {
        guard let range else { return nil }
        let isDuration = type == .duration
        let lowest = isDuration ? GoDuration(nanoseconds: range.lowerBound).description : "\(range.lowerBound)"
        guard range.upperBound < .max else { return "at least \(lowest)" }
        let highest = isDuration ? GoDuration(nanoseconds: range.upperBound).description : "\(range.upperBound)"
        return "\(lowest) to \(highest)"
    }
}
