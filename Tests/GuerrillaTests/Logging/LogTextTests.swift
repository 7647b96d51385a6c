import GuerrillaMail
import GuerrillaSMTP
import Logging
import Testing

@testable import Guerrilla
@testable import GuerrillaServer

struct LogTextTests {
    private func text(_ entry: LogEntry) -> String? {
        var text = LogText()
        text.append(entry)
        // Not `decoding:`, which would hide octets that are no UTF-8.
        return String(validating: text.octets, as: UTF8.self)
    }

    private func line(_ message: String, _ metadata: [(key: String, value: String)] = []) -> String? {
        self.text(
            .line(level: .info, message: message, metadata: metadata, microseconds: 1_795_248_408_999_999)
        )
    }

    /// What is written for a value, after its key.
    private func written(_ value: String) -> String? {
        let start = "time=\"2026-11-21T08:06:48Z\" level=info msg=\"\" key="
        guard let line = self.line("", [("key", value)]), line.hasPrefix(start), line.hasSuffix("\n") else {
            return nil
        }
        return String(line.dropFirst(start.count).dropLast())
    }

    @Test func lineHasTimeLevelMessageAndValues() {
        #expect(
            self.line("Listening", [("port", "25"), ("host", "a b")])
                == "time=\"2026-11-21T08:06:48Z\" level=info msg=\"Listening\" port=25 host=\"a b\"\n"
        )
    }

    @Test func entriesFollowEachOther() {
        var text = LogText()
        for message in ["one", "two"] {
            text.append(.line(level: .debug, message: message, metadata: [], microseconds: 0))
        }
        #expect(
            String(decoding: text.octets, as: UTF8.self) == "time=\"1970-01-01T00:00:00Z\" level=debug msg=\"one\"\n"
                + "time=\"1970-01-01T00:00:00Z\" level=debug msg=\"two\"\n"
        )
    }

    /// Records wait by the thousand while a log's disk is slow: they keep no more recipients than are written.
    @Test(arguments: [0, 1, 40, 55, 60, 100, 1_000])
    func recordsThatWaitAreBounded(count: Int) {
        let record = MessageRecord.testing(recipients: (0..<count).map { "user\($0)" })
        #expect(record.bounded.recipients.count <= 70)
        #expect(self.text(.message(record.bounded)) == self.text(.message(record)))
        var json = LogJSON()
        json.append(.message(record))
        var boundedJSON = LogJSON()
        boundedJSON.append(.message(record.bounded))
        #expect(json.octets == boundedJSON.octets)
    }

    // MARK: Quoting

    @Test(arguments: [
        "plain", "<alice@example.org>", "<a@b>,<c@d>", "127.0.0.1:2525", "2001:db8::1", "a-b._/@^+c", "-",
    ])
    func harmlessValuesAreNotQuoted(_ value: String) {
        #expect(self.written(value) == value)
    }

    @Test(arguments: ["", "a b", "a=b", "a;b", "[::1]", "{}", "é", String(repeating: "x", count: 129)])
    func otherValuesAreQuoted(_ value: String) {
        #expect(self.written(value) == "\"\(value)\"")
    }

    @Test(arguments: [
        ("a\"b", #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#), ("a\rb", #"a\rb"#), ("a\r\nb", #"a\r\nb"#),
        ("a\tb", #"a\tb"#), ("a\0b", #"a\x00b"#), ("a\u{1B}[31mb", #"a\x1b[31mb"#), ("a\u{7F}", #"a\x7f"#),
        ("grüße 日本 🎉", "grüße 日本 🎉"),
        // What some terminals and log readers take for a control sequence, the end of a line or a change of direction.
        ("a\u{85}b", #"a\u0085b"#), ("a\u{9B}31mb", #"a\u009b31mb"#), ("a\u{2028}b\u{2029}", #"a\u2028b\u2029"#),
        ("a\u{202E}b", #"a\u202eb"#), ("a\u{FEFF}b", #"a\ufeffb"#), ("a\u{E0001}b", #"a\U000e0001b"#),
        ("a\" level=error msg=\"b", #"a\" level=error msg=\"b"#),
    ])
    func nobodyForgesALine(value: String, escaped: String) {
        #expect(self.written(value) == "\"\(escaped)\"")
        #expect(self.line(value) == "time=\"2026-11-21T08:06:48Z\" level=info msg=\"\(escaped)\"\n")
    }

    @Test func noOctetEndsALineEarly() {
        let every = String(String.UnicodeScalarView((0..<0x3000).compactMap { Unicode.Scalar($0 as UInt32) }))
        for character in every.unicodeScalars {
            let line = self.line(String(character), [("key", String(character))])
            #expect(line?.utf8.count { $0 == 10 } == 1)
            #expect(line?.utf8.allSatisfy { $0 >= 32 || $0 == 10 } == true)
        }
    }

    // MARK: Cutting

    @Test func valueOfTheGreatestLengthIsWhole() {
        let value = String(repeating: "x", count: 1_024)
        #expect(self.written(value) == "\"\(value)\"")
    }

    @Test func longerValuesAreCutAndSaySo() {
        let value = String(repeating: "x", count: 1_025)
        #expect(self.written(value) == "\"\(value.dropLast())…\"")
        #expect(self.written(String(repeating: "x", count: 1 << 20)) == "\"\(value.dropLast())…\"")
    }

    @Test(arguments: ["é", "日", "🎉"], 0..<4)
    func cutIsNeverWithinACharacter(character: String, offset: Int) {
        let start = String(repeating: "x", count: offset)
        let value = start + String(repeating: character, count: 1_024)
        let kept = (1_024 - offset) / character.utf8.count
        #expect(self.written(value) == "\"\(start)\(String(repeating: character, count: kept))…\"")
    }

    @Test func cutComesBeforeEscaping() {
        let value = String(repeating: "\n", count: 2_000)
        #expect(self.written(value) == "\"\(String(repeating: "\\n", count: 1_024))…\"")
        #expect(self.line(value)?.utf8.count { $0 == 10 } == 1)
    }

    // MARK: Messages

    @Test func messageHasOneLineWithAllItsFields() {
        #expect(
            self.text(.message(.testing())) == "time=\"2026-11-21T08:06:48Z\" level=info msg=\"Message received\""
                + " smtp.queued_id=7f3a09 smtp.client=2001:db8::25 smtp.helo=client.example"
                + " smtp.from=<alice@example.org> smtp.to=<bob@example.com>,<carol@example.com> smtp.size=2048"
                + " smtp.verdict=stored smtp.reply=250 smtp.ms=12.3\n"
        )
    }

    @Test func whatIsNotKnownIsADash() {
        var record = MessageRecord.testing()
        record.client = ClientInfo(address: nil)
        record.reversePath = .null
        record.recipients = []
        record.duration = .zero
        let line = self.text(.message(record))
        #expect(line?.contains(" smtp.client=- smtp.helo=- smtp.from=<> smtp.to=\"\" ") == true)
        #expect(line?.hasSuffix(" smtp.ms=0.0\n") == true)
    }

    @Test func quotedLocalPartCannotForgeAField() {
        var record = MessageRecord.testing()
        record.reversePath = .mailbox(
            Mailbox(localPart: "a\" smtp.verdict=stored x=\"", domain: .name("example.org"))
        )
        let line = self.text(.message(record))
        #expect(line?.contains(#" smtp.from="<\"a\\\" smtp.verdict=stored x=\\\"\"@example.org>" smtp.to="#) == true)
    }

    @Test(
        arguments: [
            (.stored, "info", "stored"), (.discarded, "info", "discarded"), (.replied, "info", "replied"),
            (.deferred, "warning", "deferred"),
            (.failed, "warning", "failed"), (.timedOut, "warning", "\"timed out\""),
            (.committedLate, "warning", "\"committed late\""), (.failedLate, "warning", "\"failed late\""),
        ] as [(MessageRecord.Outcome, String, String)]
    )
    func outcomeDecidesTheLevel(outcome: MessageRecord.Outcome, level: String, verdict: String) {
        let line = self.text(.message(.testing(outcome)))
        #expect(line?.contains(" level=\(level) msg=") == true)
        #expect(line?.contains(" smtp.verdict=\(verdict) ") == true)
    }
}
