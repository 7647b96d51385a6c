/// A shell-style pattern, as in go-guerrilla's `allowed_hosts`.
///
/// - `*` stands for any run of characters but `/`, also an empty one; a dot is nothing special.
/// - `?` stands for one character but `/`.
/// - `[a-z0]` stands for one of the characters or ranges, `[^a-z0]` for one that is not.
/// - `\` takes the next character literally, inside brackets too.
///
/// The pattern covers the whole text and is compared scalar by scalar, case included. Matching takes time
/// proportional to the length of the text times that of the pattern at most, and no stack.
public struct GlobPattern: Hashable, Sendable {
    /// The pattern as it was written.
    public let source: String
    private let tokens: [Token]

    /// Compiles a pattern.
    ///
    /// Returns `nil` when it is malformed: a class is empty, unclosed or begins with a bare `-`, or nothing follows
    /// a `\`.
    public init?(_ pattern: String) {
        var reader = Reader(rest: pattern.unicodeScalars[...])
        var tokens: [Token] = []
        while !reader.rest.isEmpty {
            guard let token = reader.readToken() else { return nil }
            // A run of stars matches what one does and would only add work.
            if token == .run, tokens.last == .run { continue }
            tokens.append(token)
        }
        source = pattern
        self.tokens = tokens
    }

    /// Whether the pattern covers the whole text.
    public func matches(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        var position = scalars.startIndex
        var token = 0
        // Where to go on when a character does not fit: the last star takes one more. An earlier star never has to,
        // as what stands between the two has been found at its first place already.
        var lastRun: (token: Int, end: String.UnicodeScalarView.Index)?
        while position < scalars.endIndex {
            if token < tokens.count {
                if tokens[token] == .run {
                    lastRun = (token, position)
                    token += 1
                    continue
                }
                if tokens[token].matches(scalars[position]) {
                    token += 1
                    position = scalars.index(after: position)
                    continue
                }
            }
            guard let run = lastRun, scalars[run.end] != "/" else { return false }
            let end = scalars.index(after: run.end)
            lastRun = (run.token, end)
            position = end
            token = run.token + 1
        }
        return token == tokens.count || (token == tokens.count - 1 && tokens[token] == .run)
    }

    /// The characters that stand for themselves, in order.
    var literalScalars: [Unicode.Scalar] {
        tokens.compactMap { token in
            if case .literal(let scalar) = token { scalar } else { nil }
        }
    }

    /// Whether the last character is this one and stands for itself.
    func ends(in scalar: Unicode.Scalar) -> Bool { tokens.last == .literal(scalar) }
}

private enum Token: Hashable {
    /// `*`
    case run
    /// `?`
    case anyCharacter
    case literal(Unicode.Scalar)
    case oneOf([CharacterRange], isNegated: Bool)

    func matches(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .run: false
        case .anyCharacter: scalar != "/"
        case .literal(let literal): scalar == literal
        case .oneOf(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
        }
    }
}

/// Not a `ClosedRange`: `[z-a]` is well-formed and matches nothing.
private struct CharacterRange: Hashable {
    let first: Unicode.Scalar
    let last: Unicode.Scalar

    func contains(_ scalar: Unicode.Scalar) -> Bool { first <= scalar && scalar <= last }
}

private struct Reader {
    var rest: Substring.UnicodeScalarView

    mutating func readToken() -> Token? {
        guard let scalar = rest.popFirst() else { return nil }
        switch scalar {
        case "*": return .run
        case "?": return .anyCharacter
        case "[": return readClass()
        case "\\": return rest.popFirst().map(Token.literal)
        default: return .literal(scalar)
        }
    }

    /// Reads a class after its `[`.
    private mutating func readClass() -> Token? {
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        var ranges: [CharacterRange] = []
        while let next = rest.first {
            if next == "]", !ranges.isEmpty {
                rest.removeFirst()
                return .oneOf(ranges, isNegated: isNegated)
            }
            guard let first = readClassMember() else { return nil }
            var last = first
            if rest.first == "-" {
                rest.removeFirst()
                guard let end = readClassMember() else { return nil }
                last = end
            }
            ranges.append(CharacterRange(first: first, last: last))
        }
        return nil
    }

    private mutating func readClassMember() -> Unicode.Scalar? {
        switch rest.popFirst() {
        case nil, "-", "]": nil
        case "\\": rest.popFirst()
        case let scalar: scalar
        }
    }
}
