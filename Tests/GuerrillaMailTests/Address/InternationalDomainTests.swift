import Testing

@testable import GuerrillaMail

struct InternationalDomainTests {
    @Test(arguments: [
        ("bücher.example", "xn--bcher-kva.example"), ("a.bücher.ü", "a.xn--bcher-kva.xn--tda"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"), ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
        ("straße.example", "xn--strae-oqa.example"), ("☃.example", "xn--n3h.example"),
        // A label that begins with a combining mark.
        ("a.\u{D3E}x.b", "a.xn--x-olf.b"), ("plain.example", "plain.example"), ("a--b.example", "a--b.example"),
        ("", ""), (".", "."), ("_ü.example", "_ü.example"),
        ("a..ü", "a..xn--tda"),
    ])
    func eachFormGivesTheOther(unicodeForm: String, asciiForm: String) {
        #expect(InternationalDomain.asciiForm(unicodeForm) == asciiForm)
        #expect(InternationalDomain.unicodeForm(asciiForm) == unicodeForm)
        #expect(InternationalDomain.asciiForm(asciiForm) == asciiForm)
        #expect(InternationalDomain.unicodeForm(unicodeForm) == unicodeForm)
        #expect(InternationalDomain.mayHaveTwoForms(asciiForm) || !asciiForm.contains("xn--"))
    }

    /// What looks like an A-label and is none.
    @Test(arguments: [
        "xn--", "xn---", "xn--a", "xn--example-", "xn--example", "xn--bcher-kv", "xn--99999999", "xn--bücher",
        "xn--a_b-tda", "xn--*-kva", "XN--bcher-kva",
        // Ü, in upper case.
        "xn--bcher-2pa", "xn--wca",
        // An A-label of 64 octets.
        "xn--" + String(repeating: "a", count: 56) + "-kva",
    ])
    func otherLabelsStayAsTheyAre(label: String) {
        #expect(InternationalDomain.unicodeForm("\(label).example") == "\(label).example")
    }

    @Test func labelTooLongForTheDNSStaysAsItIs() {
        let name = String(repeating: "ü", count: 62) + String(repeating: "a", count: 30)
        #expect(InternationalDomain.asciiForm(name) == name)
    }

    @Test(arguments: [
        ("example.com", false), ("a-b-c.example", false), ("", false), ("-", false), ("xn--tda", true), ("a--b", true),
        ("ü", true),
    ])
    func onlyNamesThatMayDifferAreLookedAtTwice(name: String, mayDiffer: Bool) {
        #expect(InternationalDomain.mayHaveTwoForms(name) == mayDiffer)
    }
}
