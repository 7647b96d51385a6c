/// One value of the configuration's file form: JSON's types, with whole numbers kept apart from the others.
public enum ConfigurationValue: Sendable, Equatable {
    /// `null`. It reads as if the key were not there.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number.
    case double(Double)
    /// Text.
    case string(String)
    /// A list.
    case array([ConfigurationValue])
    /// Named values, in the order of the file.
    case object(ConfigurationObject)
}

extension ConfigurationValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes a ``string(_:)``.
    public init(stringLiteral value: String) {
        self = .string(value)
    }

    /// Makes a ``bool(_:)``.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    /// Makes an ``integer(_:)``.
    public init(integerLiteral value: Int64) {
        self = .integer(value)
    }

    /// Makes an ``array(_:)``.
    public init(arrayLiteral elements: ConfigurationValue...) {
        self = .array(elements)
    }

    /// Makes an ``object(_:)``. The last of several equal keys counts.
    public init(dictionaryLiteral elements: (String, ConfigurationValue)...) {
        self = .object(ConfigurationObject(elements))
    }
}

extension ConfigurationValue {
    /// What a message says was found: `the number 3`, `the string "abc"`, `a list`.
    ///
    /// - Parameter isSecret: Whether the value itself must stay unsaid.
    package func found(isSecret: Bool = false) -> String {
        switch self {
        case .null: "null"
        case .bool(let value): isSecret ? "a boolean" : "\(value)"
        case .integer(let value): isSecret ? "a number" : "the number \(value)"
        case .double(let value): isSecret ? "a number" : "the number \(value)"
        case .string(let value): isSecret ? "a string" : "the string \(Self.quoted(value))"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// `text` in quotation marks on one line, cut after 60 characters: an error message is no place for a whole file.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == 60 {
                result += "…"
                break
            }
            switch scalar.properties.generalCategory {
            // The last three change how the sentence around them is read, or where it ends.
            case .control, .format, .lineSeparator, .paragraphSeparator:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                result += String(scalar)
            }
            count += 1
        }
        return result + "\""
    }
}
