import Testing

@testable import GuerrillaMaildir

struct MaildirNameTests {
    @Test func namesHaveTheConventionsForm() throws {
        let name = MaildirNameGenerator(hostName: "mx.example.com").next()
        #expect(name.wholeMatch(of: /[0-9]{10,}\.M[0-9]{1,6}P[0-9]+_[0-9]+\.mx\.example\.com/) != nil)
        #expect(MaildirNameGenerator.published(name, size: 123) == name + ",S=123")
    }

    @Test func noTwoAreTheSame() async {
        let names = await withTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                let generator = MaildirNameGenerator(hostName: "h")
                group.addTask { (0..<2_000).map { _ in generator.next() } }
            }
            return await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(names.count == 8_000)
    }

    @Test(arguments: [
        ("a/b:c", "a\\057b\\072c"), ("", "localhost"), ("a,S=1", "a_S=1"), ("a b\n", "a_b_"),
        (String(repeating: "h", count: 300), String(repeating: "h", count: 64)),
    ])
    func hostNamesAreMadeSafe(_ name: String, _ safe: String) {
        #expect(MaildirNameGenerator.sanitised(name) == safe)
    }

    @Test func thisHostHasAName() {
        #expect(!MaildirNameGenerator.systemHostName.isEmpty)
    }
}
