import Foundation
public import GuerrillaSMTP

/// A dialogue as data: `Tests/Transcripts/*.smtp`.
///
/// ```
/// # A comment: the sentence of the RFC, or the attack.
/// % max_recipients 2        a setting of the server
/// % lockstep 1              what is sent depends on what was answered: never in one burst
/// % as_written 1            the segments are what it is about: never otherwise
/// C: EHLO client.example    sent with CRLF; lines in a row go out in one write
/// c: DATA\r\n.\r            sent as it is; \r \n \t \0 \\ \xHH, \A is 3,000 times a
/// S: 250 2.1.0 OK           an expected line; a * at the end stands for anything
/// R: 250                    an expected reply of any number of lines, with this code
/// M: Subject: x\r\n         the message that the last `queued as` is about, escaped likewise
/// X:                        the server closes the connection
/// ```
public struct Transcript: Sendable, CustomStringConvertible {
    /// One step of the dialogue.
    public enum Step: Sendable {
        case send([UInt8])
        case expect(String)
        case expectReply(code: String)
        case message([UInt8])
        case closed
    }

    /// How the octets reach the server; where a segment ends must mean nothing. (RFC 5321 § 2.3.7, RFC 2920)
    public enum Delivery: Sendable, CaseIterable {
        /// Each step in one write, and the replies to it awaited.
        case asWritten
        /// Each octet in a write of its own.
        case octetByOctet
        /// The whole dialogue in one write before the first reply is read.
        case oneBurst
    }

    /// The file's name.
    public let name: String
    /// The dialogue.
    public let steps: [(line: Int, step: Step)]
    /// `% name value` lines.
    public let settings: [String: Int]

    /// The file's name.
    public var description: String { self.name }

    /// All transcripts of the repository, by name.
    public static func all() throws -> [Transcript] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Transcripts")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "smtp" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .map { try Transcript(name: $0.lastPathComponent, text: String(contentsOf: $0, encoding: .utf8)) }
    }

    /// What is wrong with a transcript file.
    public struct SyntaxError: Error, CustomStringConvertible {
        public let description: String
    }

    /// Reads a transcript.
    public init(name: String, text: String) throws {
        var steps: [(line: Int, step: Step)] = []
        var settings: [String: Int] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            let content = String(line.dropFirst(line.dropFirst(2).first == " " ? 3 : 2))
            switch line.prefix(2) {
            case "C:":
                Self.append(Self.unescape(content) + [13, 10], line: number, to: &steps)
            case "c:":
                Self.append(Self.unescape(content), line: number, to: &steps)
            case "S:":
                steps.append((number, .expect(content)))
            case "R:":
                steps.append((number, .expectReply(code: content)))
            case "M:":
                steps.append((number, .message(Self.unescape(content))))
            case "X:":
                steps.append((number, .closed))
            case "% ":
                let parts = line.split(separator: " ")
                guard parts.count == 3, let value = Int(parts[2]) else {
                    throw SyntaxError(description: "\(name):\(number): % NAME VALUE expected")
                }
                settings[String(parts[1])] = value
            case "", "# ", "#":
                break
            default:
                throw SyntaxError(description: "\(name):\(number): unknown line")
            }
        }
        self.name = name
        self.steps = steps
        self.settings = settings
    }

    /// The steps of the dialogue when it is delivered like this.
    public func steps(delivered delivery: Delivery) -> [(line: Int, step: Step)] {
        guard self.settings["as_written"] == nil else { return self.steps }
        switch delivery {
        case .asWritten:
            return self.steps
        case .octetByOctet:
            return self.steps.flatMap { line, step in
                guard case .send(let octets) = step else { return [(line, step)] }
                return octets.map { (line, .send([$0])) }
            }
        case .oneBurst:
            guard self.settings["lockstep"] == nil else { return self.steps }
            var burst: [UInt8] = []
            let others = self.steps.filter { _, step in
                guard case .send(let octets) = step else { return true }
                burst += octets
                return false
            }
            return [(1, .send(burst))] + others
        }
    }

    private static func append(_ octets: [UInt8], line: Int, to steps: inout [(line: Int, step: Step)]) {
        if case .send(let before)? = steps.last?.step {
            steps[steps.count - 1].step = .send(before + octets)
        } else {
            steps.append((line, .send(octets)))
        }
    }

    private static func unescape(_ text: String) -> [UInt8] {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                octets.append(octet)
                continue
            }
            switch escape {
            case UInt8(ascii: "r"): octets.append(13)
            case UInt8(ascii: "n"): octets.append(10)
            case UInt8(ascii: "t"): octets.append(9)
            case UInt8(ascii: "0"): octets.append(0)
            case UInt8(ascii: "x"):
                octets.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "A"): octets.append(contentsOf: [UInt8](repeating: UInt8(ascii: "a"), count: 3_000))
            default: octets.append(escape)
            }
        }
        return octets
    }

    /// The limits that the transcript sets.
    /// - Throws: ``SyntaxError`` for a setting that does not exist.
    public func limits() throws -> SMTPSessionLimits {
        var limits = SMTPSessionLimits()
        for (name, value) in self.settings {
            switch name {
            case "max_recipients": limits.recipients = value
            case "max_size": limits.messageSize = value
            case "max_command_line": limits.commandLine = value
            case "max_bad_commands": limits.badCommands = value
            case "max_idle_commands": limits.idleCommands = value
            case "max_messages_per_session": limits.messages = value
            case "data_overrun": limits.dataOverrun = value
            case "max_header_size": limits.headerSize = value
            case "max_header_fields": limits.headerFields = value
            case "max_received_hops": limits.receivedHops = value
            case "bare_newline_reject": limits.refusesBareNewlines = value == 1
            case "lockstep", "as_written", "starttls", "xclient_on", "trusted": break
            default: throw SyntaxError(description: "\(self.name): unknown setting \(name)")
            }
        }
        return limits
    }

    /// Whether a reply says that a message was accepted.
    public static func isQueued(_ line: String) -> Bool {
        line.hasPrefix("250 2.0.0 OK: queued as ")
    }

    /// Whether STARTTLS is offered (`% starttls 1`).
    public var isStartTLSOn: Bool { self.settings["starttls"] == 1 }
    /// Whether XCLIENT is there (`% xclient_on 1`).
    public var isXCLIENTOn: Bool { self.settings["xclient_on"] == 1 }
    /// Whether the client's network is trusted; it is unless `% trusted 0` is there.
    public var isTrusted: Bool { self.settings["trusted"] != 0 }

    /// Whether a line that was received is the one that a step expects.
    public static func matches(_ line: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*") ? line.hasPrefix(pattern.dropLast()) : line == pattern
    }
}
