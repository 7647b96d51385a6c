import GuerrillaMail
import Testing

@Suite struct HeaderFieldTests {
    @Test(arguments: [
        ("message-id", "Message-Id"), ("MESSAGE-ID", "Message-Id"), ("Message-ID", "Message-Id"),
        ("subject", "Subject"),
        ("x-ORIGINAL-to", "X-Original-To"), ("-a--b", "-A--B"), ("dkim-signature", "Dkim-Signature"),
        ("mime-version", "Mime-Version"), ("x_y-z2a", "X_y-Z2a"), ("x/y", "x/y"), ("a(b", "a(b"), ("", ""),
    ])
    func namesHaveACanonicalForm(name: String, canonical: String) {
        #expect(HeaderField(name: name, body: "").canonicalName == canonical)
    }

    @Test func namesAreComparedWithoutCase() {
        let field = HeaderField(name: "Message-ID", body: "x")
        #expect(field.name == "Message-ID")
        #expect(field.hasName("message-id"))
        #expect(!field.hasName("message_id"))
        #expect(!field.hasName("message-i"))
        // The letter case bit alone makes @ and ` alike.
        #expect(!HeaderField(name: "@", body: "").hasName("`"))
    }

    @Test func madeFieldReadsLikeAParsedOne() throws {
        let parsed = try HeaderParser.parse(Array("A:  b\r\n c\r\n".utf8).span)
        #expect(parsed.fields == [HeaderField(name: "A", body: "b c")])
        #expect(parsed.fields != [HeaderField(name: "a", body: "b c")])
        #expect(parsed.fields != [HeaderField(name: "A", body: "b  c")])
        #expect(String(decoding: HeaderField(name: "A", body: "b").rawOctets, as: UTF8.self) == "A: b")
    }

    @Test func descriptionHasNoContent() {
        #expect(HeaderField(name: "Subject", body: "secret").description == "Subject: (6 octets)")
    }

    @Test func emptySectionHasNothing() {
        let section = HeaderSection()
        #expect(section[first: "A"] == nil)
        #expect(section.all(named: "A").isEmpty)
        #expect(section.octetCount == 0)
    }
}
