package import GuerrillaBackend

/// Writes values as JSON. (RFC 8259)
///
/// What is escaped in logs is so here: what a stranger wrote must not steer somebody's terminal.
package enum JSONText {
    /// How long a line may become before a list is written with a line for each element.
    private static let lineLength = 100

    /// The value on one line, without spaces.
    package static func line(_ value: ConfigurationValue) -> String {
        var text = ""
        self.append(value, separator: ",", colon: ":", to: &text)
        return text
    }

    /// The value for reading: a line for each member, indented by 4 spaces, and an end of line behind it.
    package static func pretty(_ value: ConfigurationValue) -> String {
        var text = ""
        self.appendPretty(value, indent: "", to: &text)
        return text + "\n"
    }

    private static func appendPretty(_ value: ConfigurationValue, indent: String, to text: inout String) {
        let inner = indent + "    "
        switch value {
        case .object(let object) where !object.isEmpty:
            text += "{\n"
            for (index, key) in object.keys.enumerated() {
                text += "\(inner)\(self.quoted(key)): "
                self.appendPretty(object[key] ?? .null, indent: inner, to: &text)
                text += index == object.keys.count - 1 ? "\n" : ",\n"
            }
            text += indent + "}"
        case .array(let elements) where !self.fitsOnLine(elements, after: indent):
            text += "[\n"
            for (index, element) in elements.enumerated() {
                text += inner
                self.appendPretty(element, indent: inner, to: &text)
                text += index == elements.count - 1 ? "\n" : ",\n"
            }
            text += indent + "]"
        default:
            self.append(value, separator: ", ", colon: ": ", to: &text)
        }
    }

    private static func fitsOnLine(_ elements: [ConfigurationValue], after indent: String) -> Bool {
        let hasInnerLines = elements.contains { element in
            switch element {
            case .array(let inner): !inner.isEmpty
            case .object(let inner): !inner.isEmpty
            default: false
            }
        }
        return !hasInnerLines && indent.utf8.count + self.line(.array(elements)).utf8.count <= self.lineLength
    }

    private static func append(
        _ value: ConfigurationValue,
        separator: String,
        colon: String,
        to text: inout String
    ) {
        switch value {
        case .null: text += "null"
        case .bool(let value): text += "\(value)"
        case .integer(let value): text += "\(value)"
        // JSON has no infinity; a number that large is read as one again.
        case .double(let value): text += value.isFinite ? "\(value)" : value < 0 ? "-1e999" : "1e999"
        case .string(let value): text += self.quoted(value)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += separator }
                self.append(element, separator: separator, colon: colon, to: &text)
            }
            text += "]"
        case .object(let object):
            text += "{"
            for (index, key) in object.keys.enumerated() {
                if index > 0 { text += separator }
                text += self.quoted(key) + colon
                self.append(object[key] ?? .null, separator: separator, colon: colon, to: &text)
            }
            text += "}"
        }
    }

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.isEscapedInLogs:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
