import GuerrillaServer
import Testing

struct TLSHostNameTests {
    @Test(arguments: [
        ("MX.Example.com", "mx.example.com"), ("mx.example.com.", "mx.example.com"), ("localhost", "localhost"),
        ("*.Example.com", "*.example.com"), ("_mail.xn--bcher-kva.example", "_mail.xn--bcher-kva.example"),
        (String(repeating: "a", count: 63) + ".example", String(repeating: "a", count: 63) + ".example"),
    ])
    func namesAreReadInAnyCase(_ text: String, _ name: String) {
        #expect(TLSHostName(text)?.text == name)
    }

    @Test(arguments: [
        "", ".", "a..b", ".a", "*", "*a.example", "a.*.example", "*.*.example", "a b", "a\u{0}", "bücher.example",
        "a\r\nb", "[192.0.2.1]", String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "a",
    ])
    func whatIsNoHostName(_ text: String) {
        #expect(TLSHostName(text) == nil)
    }

    @Test func wildcardStandsForOneLabel() {
        #expect(TLSHostName("mx.example.com")?.wildcard?.text == "*.example.com")
        #expect(TLSHostName("localhost")?.wildcard == nil)
        #expect(TLSHostName("*.example.com")?.wildcard == nil)
        #expect(TLSHostName("*.example.com")?.isWildcard == true)
    }
}
