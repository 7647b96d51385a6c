import GuerrillaMail
import GuerrillaTestSupport
import Testing

struct GlobPatternTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("*", ""), ("*", "abc"), ("*c", "abc"), ("a*", "a"), ("a*", "abc"), ("**", "x"),
        ("a**c", "abc"), ("a*/b", "a/b"), ("*/*", "a/b"), ("ab[c]", "abc"), ("ab[b-d]", "abc"), ("ab[^e-g]", "abc"),
        ("[-]", nil), ("[x-]", nil), ("[a\\-z]", "-"), ("[\\]a]", "]"), ("[\\-x]", "x"), ("a?b", "axb"),
        ("?", "é"), ("[ä-ü]", "ö"), ("*é", "caffé"), ("a\\*b", "a*b"), ("\\[1.1.1.*\\]", "[1.1.1.9]"),
        ("*ab*ab*ab*", "xabxabxabx"), ("*a*a", "aaaa"), ("multiple*wild*cards.*", "multipleXwildXcards.com"),
        ("*.*.*", "a.b.c"), ("[*]", "*"), ("[?]", "?"), ("[^a]", "/"), ("[a-cx-z]", "y"),
    ])
    func textIsMatched(pattern: String, text: String?) throws {
        guard let text else {
            #expect(GlobPattern(pattern) == nil)
            return
        }
        #expect(try #require(GlobPattern(pattern)).matches(text))
    }

    @Test(arguments: [
        ("", "a"), ("a", ""), ("abc", "ab"), ("abc", "abcd"), ("abc", "ABC"), ("*", "a/b"), ("a*", "ab/c"),
        ("a*b", "a/b"), ("?", "/"), ("?", ""), ("?", "ab"), ("ab[e-g]", "abc"), ("ab[^b-d]", "abc"), ("[z-a]", "m"),
        ("[^a]", ""), ("a?b", "ab"), ("a\\*b", "axb"), ("*c", "ab"), ("*ab*ab*ab*", "xabxabx"), ("*x", "xxxxy"),
        ("example.*", "another.example.com"), ("wild*.card", "wild.card.com"),
    ])
    func otherTextIsNot(pattern: String, text: String) throws {
        #expect(try #require(GlobPattern(pattern)).matches(text) == false)
    }

    @Test(arguments: ["[", "[]", "[]a]", "[a", "[^", "[^]", "[a-", "[a-]", "[-a]", "a\\", "[a\\", "*[", "[a]["])
    func malformedPatternIsRefused(pattern: String) {
        #expect(GlobPattern(pattern) == nil)
    }

    @Test func manyStarsTakeNoExponentialTime() throws {
        let pattern = try #require(GlobPattern(String(repeating: "*a", count: 100) + "b"))
        #expect(!pattern.matches(String(repeating: "a", count: 255)))
    }

    @Test func randomPatternsAgreeWithAPlainMatcher() {
        var random = SeededRandom(seed: 42)
        for _ in 0..<20_000 {
            let pattern = String((0..<Int(random.next() % 8)).map { _ in "ab*?.".randomElement(using: &random) ?? "a" })
            let text = String((0..<Int(random.next() % 10)).map { _ in "ab.".randomElement(using: &random) ?? "a" })
            let expected = recursivelyMatches(pattern[...], text[...])
            #expect(GlobPattern(pattern)?.matches(text) == expected, "\(pattern) on \(text)")
        }
    }

    /// The definition, for patterns of letters, `*` and `?`.
    private func recursivelyMatches(_ pattern: Substring, _ text: Substring) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" {
            return recursivelyMatches(pattern.dropFirst(), text)
                || (!text.isEmpty && recursivelyMatches(pattern, text.dropFirst()))
        }
        guard let next = text.first, first == "?" || first == next else { return false }
        return recursivelyMatches(pattern.dropFirst(), text.dropFirst())
    }
}
