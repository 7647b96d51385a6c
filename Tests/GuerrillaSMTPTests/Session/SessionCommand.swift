import GuerrillaTestSupport

/// What a client of ``SMTPSessionModelTests`` sends, as the model sees it: by meaning, not by octets.
///
/// A command that the session learns gets a case here, its octets in ``octets``, a place in ``random`` and its meaning
/// in ``SessionModel/replies(to:)``.
enum SessionCommand {
    case hello(isExtended: Bool)
    case mail(sender: String, announcedSize: Int?, isBinary: Bool)
    case rcpt(recipient: String)
    /// DATA, and the message when 354 is the answer.
    case data(message: [UInt8])
    /// BDAT with its octets.
    case chunk(octets: [UInt8], isLast: Bool)
    case reset
    /// NOOP, VRFY, HELP: a reply, and nothing else.
    case harmless(line: String, code: String)
    /// A command that counts as bad wherever it stands.
    case bad(line: [UInt8], code: String)
    case quit

    /// What goes over the wire; of DATA the command line, see ``stuffed(_:)``.
    var octets: [UInt8] {
        switch self {
        case .hello(let isExtended): Array("\(isExtended ? "EHLO" : "helo") client.example\r\n".utf8)
        case .mail(let sender, let size, let isBinary):
            Array(
                "MAIL FROM:<\(sender)>\(size.map { " SIZE=\($0)" } ?? "")\(isBinary ? " BODY=BINARYMIME" : "")\r\n".utf8
            )
        case .rcpt(let recipient): Array("rcpt to:<\(recipient)>\r\n".utf8)
        case .data: Array("DATA\r\n".utf8)
        case .chunk(let octets, let isLast): Array("BDAT \(octets.count)\(isLast ? " LAST" : "")\r\n".utf8) + octets
        case .reset: Array("RSET\r\n".utf8)
        case .harmless(let line, _): Array("\(line)\r\n".utf8)
        case .bad(let line, _): line
        case .quit: Array("QUIT\r\n".utf8)
        }
    }

    /// A message as it is sent after 354, dot-stuffed, with the end of data.
    ///
    /// It has to end in CRLF, or be empty. (RFC 5321 § 4.5.2)
    static func stuffed(_ message: [UInt8]) -> [UInt8] {
        var sent: [UInt8] = []
        for octet in message {
            if octet == UInt8(ascii: "."), sent.isEmpty || sent.suffix(2) == [13, 10] { sent.append(octet) }
            sent.append(octet)
        }
        return sent + Array(".\r\n".utf8)
    }

    // MARK: Chance

    private static let badLines: [(line: String, code: String)] = [
        ("WHAT\r\n", "500"), ("NOOPX\r\n", "500"), ("\r\n", "500"), ("NOOP\n", "500"), ("NO\0OP\r\n", "500"),
        ("QUIT now\r\n", "501"), ("RSET now\r\n", "501"), ("VRFY\r\n", "501"), ("HELO <x>\r\n", "501"),
        ("EHLO\r\n", "501"), ("DATA now\r\n", "501"), ("BDAT\r\n", "501"), ("BDAT x\r\n", "501"),
        ("BDAT -1\r\n", "501"),
        ("MAIL\r\n", "501"), ("RCPT\r\n", "501"), (".\r\n", "500"),
        ("NOOP " + String(repeating: "x", count: 600) + "\r\n", "500"),
    ]

    /// Half of the time what an ordinary client would say next, so that messages come to be; otherwise anything.
    static func random(after model: SessionModel, using random: inout SeededRandom) -> SessionCommand {
        if Bool.random(using: &random) {
            if !model.isGreeted { return .hello(isExtended: true) }
            if !model.isTransactionOpen { return Self.randomMail(&random) }
            if model.acceptsData, Bool.random(using: &random) { return .data(message: Self.randomMessage(&random)) }
            return model.acceptsChunks ? Self.randomChunk(&random) : Self.randomRecipient(&random)
        }
        switch Int.random(in: 0..<20, using: &random) {
        case 0...1: return .hello(isExtended: Bool.random(using: &random))
        case 2...5: return Self.randomMail(&random)
        case 6...11: return Self.randomRecipient(&random)
        case 12...13: return .data(message: Self.randomMessage(&random))
        case 14: return Self.randomChunk(&random)
        case 15...16: return .reset
        case 17:
            let lines = [("NOOP", "250"), ("noop x", "250"), ("VRFY x", "252"), ("HELP", "214"), ("help x", "214")]
            let (line, code) = lines.randomElement(using: &random) ?? ("NOOP", "250")
            return .harmless(line: line, code: code)
        case 18:
            let (line, code) = Self.badLines.randomElement(using: &random) ?? ("WHAT\r\n", "500")
            return .bad(line: Array(line.utf8), code: code)
        default:
            return Int.random(in: 0..<5, using: &random) == 0 ? .quit : .reset
        }
    }

    private static func randomMail(_ random: inout SeededRandom) -> SessionCommand {
        let sender = ["", "a@b.example", "x@y.example"].randomElement(using: &random) ?? ""
        return .mail(
            sender: sender,
            announcedSize: [nil, nil, 100, 201].randomElement(using: &random) ?? nil,
            isBinary: Int.random(in: 0..<4, using: &random) == 0
        )
    }

    private static func randomRecipient(_ random: inout SeededRandom) -> SessionCommand {
        let names = ["postmaster", "a@example.com", "b@example.com", "c@elsewhere.example"]
        return .rcpt(recipient: names.randomElement(using: &random) ?? "postmaster")
    }

    private static func randomChunk(_ random: inout SeededRandom) -> SessionCommand {
        // Nothing has to end in CRLF here.
        let octets = Self.randomMessage(&random).dropLast(Int.random(in: 0...3, using: &random))
        return .chunk(octets: Array(octets), isLast: Bool.random(using: &random))
    }

    private static func randomMessage(_ random: inout SeededRandom) -> [UInt8] {
        let pieces = ["\r\n", "\r\n.\r\r\n", "\n.\n", "\r.\r", ".", "..", "\r", "\n", "\0", "QUIT\r\n", "text ", "é"]
        var message: [UInt8] = []
        for _ in 0..<Int.random(in: 0...24, using: &random) {
            message += Array((pieces.randomElement(using: &random) ?? "").utf8)
        }
        // Now and then too large.
        if Int.random(in: 0..<8, using: &random) == 0 { message += [UInt8](repeating: 120, count: 201) }
        return message.isEmpty ? [] : message + [13, 10]
    }
}
