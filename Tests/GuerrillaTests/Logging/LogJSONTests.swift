import Foundation
import GuerrillaMail
import GuerrillaSMTP
import Logging
import Testing

@testable import Guerrilla
@testable import GuerrillaServer

struct LogJSONTests {
    private func text(_ entries: [LogEntry]) -> String? {
        // Not `decoding:`, which would hide octets that are no UTF-8.
        String(validating: LogFormat.json.octets(of: entries[...]), as: UTF8.self)
    }

    private func line(_ message: String, _ metadata: [(key: String, value: String)] = []) -> LogEntry {
        .line(level: .info, message: message, metadata: metadata, microseconds: 1_795_248_408_007_999)
    }

    /// The object that an entry is, if it is on one line.
    private func object(_ entry: LogEntry) throws -> [String: Any] {
        let text = try #require(self.text([entry]))
        try #require(text.utf8.last == 10 && text.utf8.allSatisfy { $0 != 13 } && text.utf8.count { $0 == 10 } == 1)
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// The value that is read where `value` was logged.
    private func read(_ value: String) throws -> String? {
        try self.object(self.line(value, [("key", value)]))["key"] as? String
    }

    @Test func lineHasTimeLevelMessageAndValues() {
        #expect(
            self.text([self.line("Listening", [("port", "25"), ("host", "a b")])])
                == #"{"time":"2026-11-21T08:06:48.007Z","level":"info","msg":"Listening","port":"25","host":"a b"}"#
                + "\n"
        )
    }

    @Test func everyEntryHasALine() throws {
        let text = try #require(self.text((0..<3).map { self.line("\($0)") }))
        #expect(text.split(separator: "\n").count == 3)
    }

    @Test func valuesDoNotTakeTheNamesOfOthers() throws {
        let object = try self.object(self.line("text", [("level", "1"), ("msg", "2"), ("time", "3"), ("Level", "4")]))
        #expect(object["msg"] as? String == "text")
        #expect(object["fields.level"] as? String == "1")
        #expect(object["fields.msg"] as? String == "2")
        #expect(object["fields.time"] as? String == "3")
        #expect(object["Level"] as? String == "4")
    }

    // MARK: What peers send

    @Test(arguments: [
        "", "plain", "a\"b", #"a\b"#, "a\nb", "a\r\nb", "a\tb", "a\0b", "a\u{1B}[31mb", "a\u{7F}", "/", "grüße 日本 🎉",
        "a\u{85}b", "a\u{9B}31mb", "a\u{2028}b\u{2029}", "a\u{202E}b", "a\u{FEFF}b", "a\u{E0001}b", "\u{FFFF}",
        "\u{10FFFF}", #"","level":"error","msg":""#, #"\u0022"#,
    ])
    func whatIsWrittenIsReadBack(_ value: String) throws {
        #expect(try self.read(value) == value)
        #expect(try self.object(self.line(value))["msg"] as? String == value)
        #expect(try self.object(self.line("", [(value, "1")]))[value] as? String == "1")
    }

    @Test func everyCharacterIsReadBack() throws {
        let scalars = (0..<0x3000).compactMap { Unicode.Scalar($0 as UInt32) }
        for start in stride(from: 0, to: scalars.count, by: 256) {
            let value = String(String.UnicodeScalarView(scalars[start..<min(start + 256, scalars.count)]))
            #expect(try self.read(value)?.unicodeScalars.elementsEqual(value.unicodeScalars) == true)
        }
    }

    /// Some readers of logs take these for the end of a line, terminals for commands.
    @Test func nothingThatEndsALineStandsAsItIs() throws {
        for scalar in (0..<0x3000).compactMap({ Unicode.Scalar($0 as UInt32) }) where scalar.isEscapedInLogs {
            let text = try #require(self.text([self.line(String(scalar), [(String(scalar), String(scalar))])]))
            #expect(text.dropLast().unicodeScalars.allSatisfy { !$0.isEscapedInLogs })
        }
    }

    @Test func randomOctetsAreAlwaysOneObject() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let values = (0..<3).map { _ in
                let octets = (0..<Int.random(in: 0...40, using: &random)).map { _ -> UInt8 in
                    // Mostly what could do harm.
                    Bool.random(using: &random)
                        ? .random(in: 0...255, using: &random) : "\"\\\r\n\t{}[],:\u{7F}".utf8.randomElement() ?? 0
                }
                return String(decoding: octets, as: UTF8.self)
            }
            let object = try self.object(self.line(values[0], [("a", values[1]), ("b", values[2])]))
            #expect(object["msg"] as? String == values[0])
            #expect(object["a"] as? String == values[1])
            #expect(object["b"] as? String == values[2])
            #expect(object.count == 5)
        }
    }

    // MARK: Cutting

    @Test(arguments: ["x", "é", "日", "🎉", "\n", "\u{E0001}"], [1_020, 1_023, 1_024, 1_025, 3_000])
    func valuesAreCutWhereTextIs(character: String, length: Int) throws {
        for offset in 0..<4 {
            let value = String(repeating: "x", count: offset) + String(repeating: character, count: length)
            let room = (1_024 - offset) / character.utf8.count
            let kept = min(length, room)
            let whole = String(repeating: "x", count: offset) + String(repeating: character, count: kept)
            #expect(try self.read(value) == whole + (kept < length ? "…" : ""))
        }
    }

    // MARK: Messages

    @Test func messageHasOneLineWithAllItsFields() {
        #expect(
            self.text([.message(.testing(.timedOut))]) == #"{"time":"2026-11-21T08:06:48.123Z","level":"warning","#
                + #""msg":"Message received","smtp.queued_id":"7f3a09","smtp.client":"2001:db8::25","#
                + #""smtp.helo":"client.example","smtp.from":"<alice@example.org>","#
                + #""smtp.to":["<bob@example.com>","<carol@example.com>"],"smtp.size":2048,"#
                + #""smtp.verdict":"timed out","smtp.reply":250,"smtp.ms":12.3}"# + "\n"
        )
    }

    @Test func whatIsNotKnownIsNull() throws {
        var record = MessageRecord.testing(.timedOut, recipients: [])
        record.client = ClientInfo(address: nil)
        record.reversePath = .null
        let object = try self.object(.message(record))
        #expect(object["smtp.client"] is NSNull)
        #expect(object["smtp.helo"] is NSNull)
        #expect(object["smtp.from"] as? String == "<>")
        #expect(object["smtp.to"] as? [String] == [])
    }

    @Test func quotedLocalPartCannotForgeAField() throws {
        var record = MessageRecord.testing(.timedOut)
        record.reversePath = .mailbox(
            Mailbox(localPart: #"a","smtp.verdict":"stored","x":""#, domain: .name("example.org"))
        )
        let object = try self.object(.message(record))
        #expect(object["smtp.verdict"] as? String == "timed out")
        #expect(object["x"] == nil)
    }

    /// As many recipients as fit into a value, then the sign that there were more.
    @Test(arguments: 1...60)
    func manyRecipientsAreCut(length: Int) throws {
        let names = (0..<1_000).map { _ in String(repeating: "x", count: length) }
        let written = try #require(
            try self.object(.message(.testing(.timedOut, recipients: names)))["smtp.to"] as? [String]
        )
        let whole = "<\(names[0])@example.com>"
        #expect(written.dropLast().allSatisfy { $0 == whole })
        #expect(written.last.map { $0.hasSuffix("…") && whole.hasPrefix($0.dropLast()) } == true)
        let octets = written.joined(separator: ",").utf8.count - ",…".utf8.count
        #expect(octets <= 1_024 && octets + whole.utf8.count > 1_000)
    }
}
