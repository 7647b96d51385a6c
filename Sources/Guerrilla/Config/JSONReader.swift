import GuerrillaBackend

/// Reads JSON (RFC 8259) strictly: no comments, no trailing commas, nothing after the value.
///
/// Foundation's decoder keeps neither positions nor the order of keys nor repeated keys, and turns whole numbers into floating point when it
/// hands out untyped values; the configuration's messages need all four. Nesting is limited, so recursion is.
struct JSONReader {
    /// How deep lists and objects may nest. The deepest key of the configuration is at four.
    static let maximumDepth = 64

    private let octets: [UInt8]
    private var index = 0
    private var line = 1
    private var lineStart = 0
    /// An octet of the current line and its column: columns are counted on from here, so that one long line costs no more than many.
    private var mark = (index: 0, column: 1)

    private init(_ octets: [UInt8]) {
        self.octets = octets
    }

    /// Reads the one value that `octets` must hold. A byte order mark in front is skipped.
    static func read(_ octets: [UInt8]) throws(ConfigurationSyntaxError) -> ConfigurationNode {
        var reader = JSONReader(octets)
        if octets.starts(with: [0xEF, 0xBB, 0xBF]) {
            reader.index = 3
            reader.lineStart = 3
            reader.mark.index = 3
        }
        let node = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.peek() == nil else {
            throw reader.error("there is something after the end of the configuration")
        }
        return node
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(ConfigurationSyntaxError) -> ConfigurationNode {
        skipSpace()
        let position = here()
        let content: ConfigurationNode.Content
        guard let octet = peek() else { throw error("the file ends where a value should be") }
        switch octet {
        case UInt8(ascii: "{"): content = .object(try members(depth: depth + 1))
        case UInt8(ascii: "["): content = .array(try elements(depth: depth + 1))
        case UInt8(ascii: "\""): content = .scalar(.string(try string()))
        case UInt8(ascii: "t"): content = .scalar(try literal("true", .bool(true)))
        case UInt8(ascii: "f"): content = .scalar(try literal("false", .bool(false)))
        case UInt8(ascii: "n"): content = .scalar(try literal("null", .null))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): content = .scalar(try number())
        default: throw error("expected a value")
        }
        return ConfigurationNode(position: position, content: content)
    }

    private mutating func members(depth: Int) throws(ConfigurationSyntaxError) -> [ConfigurationNode.Member] {
        try enter(depth)
        var members: [ConfigurationNode.Member] = []
        skipSpace()
        if skip("}") { return members }
        while true {
            skipSpace()
            let keyPosition = here()
            guard peek() == UInt8(ascii: "\"") else { throw error("expected a key in quotation marks") }
            let key = try string()
            skipSpace()
            guard skip(":") else { throw error("expected a colon after the key") }
            let node = try value(depth: depth)
            members.append(ConfigurationNode.Member(key: key, keyPosition: keyPosition, node: node))
            skipSpace()
            if skip("}") { return members }
            guard skip(",") else { throw error("expected a comma or } after the value") }
        }
    }

    private mutating func elements(depth: Int) throws(ConfigurationSyntaxError) -> [ConfigurationNode] {
        try enter(depth)
        var elements: [ConfigurationNode] = []
        skipSpace()
        if skip("]") { return elements }
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            if skip("]") { return elements }
            guard skip(",") else { throw error("expected a comma or ] after the value") }
        }
    }

    private mutating func enter(_ depth: Int) throws(ConfigurationSyntaxError) {
        guard depth <= Self.maximumDepth else {
            throw error("lists and objects are nested deeper than \(Self.maximumDepth) levels")
        }
        index += 1
    }

    private mutating func literal(
        _ text: StaticString,
        _ value: ConfigurationValue
    ) throws(ConfigurationSyntaxError) -> ConfigurationValue {
        let matches = text.withUTF8Buffer { octets[index...].starts(with: $0) }
        guard matches else { throw error("expected a value") }
        index += text.utf8CodeUnitCount
        return value
    }

    /// RFC 8259 § 6. A whole number that fits 64 bits stays one; everything else is floating point.
    private mutating func number() throws(ConfigurationSyntaxError) -> ConfigurationValue {
        let start = index
        _ = skip("-")
        if skip("0") {
            if isDigit(peek()) { throw error("a number may not start with 0") }
        } else {
            try digits()
        }
        var isWhole = true
        if skip(".") {
            isWhole = false
            try digits()
        }
        if skip("e") || skip("E") {
            isWhole = false
            _ = skip("+") || skip("-")
            try digits()
        }
        let text = String(decoding: octets[start..<index], as: UTF8.self)
        if isWhole, let number = Int64(text) {
            return .integer(number)
        }
        guard let number = Double(text), number.isFinite else {
            throw ConfigurationSyntaxError(position: position(at: start), message: "the number is too large")
        }
        return .double(number)
    }

    private mutating func digits() throws(ConfigurationSyntaxError) {
        guard isDigit(peek()) else { throw error("expected a digit") }
        while isDigit(peek()) {
            index += 1
        }
    }

    // MARK: Strings

    private mutating func string() throws(ConfigurationSyntaxError) -> String {
        let start = index
        index += 1
        var text: [UInt8] = []
        while let octet = peek() {
            switch octet {
            case UInt8(ascii: "\""):
                index += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw ConfigurationSyntaxError(
                        position: position(at: start),
                        message: "the string is not valid UTF-8"
                    )
                }
                return string
            case UInt8(ascii: "\\"):
                text.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20:
                throw error("a string may not hold a line break or another control character; write it as an escape")
            default:
                text.append(octet)
                index += 1
            }
        }
        throw ConfigurationSyntaxError(
            position: position(at: start),
            message: "the string that begins here does not end"
        )
    }

    private mutating func escape() throws(ConfigurationSyntaxError) -> Unicode.Scalar {
        let start = index
        index += 1
        let scalar: Unicode.Scalar
        switch peek() {
        case UInt8(ascii: "\""): scalar = "\""
        case UInt8(ascii: "\\"): scalar = "\\"
        case UInt8(ascii: "/"): scalar = "/"
        case UInt8(ascii: "b"): scalar = "\u{8}"
        case UInt8(ascii: "f"): scalar = "\u{C}"
        case UInt8(ascii: "n"): scalar = "\n"
        case UInt8(ascii: "r"): scalar = "\r"
        case UInt8(ascii: "t"): scalar = "\t"
        case UInt8(ascii: "u"):
            index += 1
            return try unicodeEscape(from: start)
        default:
            throw ConfigurationSyntaxError(position: position(at: start), message: "unknown escape in a string")
        }
        index += 1
        return scalar
    }

    /// `\uXXXX`, or two of them that form a surrogate pair. (RFC 8259 § 7) Half a pair is no character and is refused.
    private mutating func unicodeEscape(from start: Int) throws(ConfigurationSyntaxError) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, skip("\\"), skip("u") {
            let second = try hexadecimal()
            // `first` is 0xD800–0xDBFF here, the only other values that are not scalars being excluded above.
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return scalar
            }
        }
        throw ConfigurationSyntaxError(position: position(at: start), message: "half a surrogate pair in a string")
    }

    private mutating func hexadecimal() throws(ConfigurationSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let octet = peek(), let digit = Character(Unicode.Scalar(octet)).hexDigitValue else {
                throw error("expected four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    // MARK: Octets

    private func peek() -> UInt8? {
        index < octets.count ? octets[index] : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private func isDigit(_ octet: UInt8?) -> Bool {
        guard let octet else { return false }
        return octet >= UInt8(ascii: "0") && octet <= UInt8(ascii: "9")
    }

    /// Line breaks occur in white space only, so this is the one place that counts them.
    private mutating func skipSpace() {
        while let octet = peek(), octet == 0x20 || octet == 0x09 || octet == 0x0A || octet == 0x0D {
            index += 1
            if octet == 0x0A {
                line += 1
                lineStart = index
                mark = (index, 1)
            }
        }
    }

    /// The position of the next octet.
    private mutating func here() -> ConfigurationNode.Position {
        mark = (index, mark.column + characters(in: mark.index..<index))
        return ConfigurationNode.Position(line: line, column: mark.column)
    }

    private func error(_ message: String) -> ConfigurationSyntaxError {
        ConfigurationSyntaxError(position: position(at: index), message: message)
    }

    /// The position of any octet of the current line, counted from the line's start: for errors, of which there is one.
    private func position(at index: Int) -> ConfigurationNode.Position {
        ConfigurationNode.Position(line: line, column: characters(in: lineStart..<index) + 1)
    }

    /// Continuation octets of UTF-8 do not start a character.
    private func characters(in range: Range<Int>) -> Int {
        octets[range].count { $0 & 0xC0 != 0x80 }
    }
}
