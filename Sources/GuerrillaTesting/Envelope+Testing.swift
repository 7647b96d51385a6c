public import GuerrillaMail
public import NIOCore

/// A text that is no address was given to ``GuerrillaMail/Envelope/testing(from:to:data:client:queuedID:)``.
public struct NotAnAddress: Error, CustomStringConvertible {
    /// The text.
    public let text: String
    /// What is wrong with it.
    public let reason: PathSyntaxError

    /// One sentence.
    public var description: String { "\"\(self.text)\" is no address: \(self.reason)" }
}

extension Envelope {
    /// An envelope as a chain gets it from a session, for tests of processors.
    ///
    /// ```swift
    /// var envelope = try Envelope.testing(to: ["someone@example.com"], data: "Subject: Hello\r\n\r\nHi.\r\n")
    /// ```
    ///
    /// - Parameters:
    ///   - sender: MAIL's argument without angle brackets; empty for the null reverse-path.
    ///   - recipients: RCPT's arguments without angle brackets.
    ///   - data: The message's octets, lines ended by CRLF.
    ///   - client: The peer; by default one on 192.0.2.1 that said `EHLO client.example.org`.
    ///   - queuedID: The message's id; by default a new one.
    /// - Throws: ``GuerrillaTesting/NotAnAddress``.
    public static func testing(
        from sender: String = "sender@example.org",
        to recipients: [String] = ["recipient@example.com"],
        data: String = "From: sender@example.org\r\nTo: recipient@example.com\r\nSubject: Test\r\n\r\nHello.\r\n",
        client: ClientInfo = .testing,
        queuedID: QueuedID? = nil
    ) throws -> Envelope {
        try self.testing(
            from: sender,
            to: recipients,
            octets: ByteBuffer(string: data),
            client: client,
            queuedID: queuedID
        )
    }

    /// The same for a message that is no text.
    /// - Throws: ``GuerrillaTesting/NotAnAddress``.
    public static func testing(
        from sender: String = "sender@example.org",
        to recipients: [String] = ["recipient@example.com"],
        octets: ByteBuffer,
        client: ClientInfo = .testing,
        queuedID: QueuedID? = nil
    ) throws -> Envelope {
        Envelope(
            queuedID: queuedID ?? .testing,
            client: client,
            reversePath: try ReversePath.testing(sender),
            recipients: try recipients.map(Recipient.testing),
            data: MessageData(octets),
            receivedAt: 1_700_000_000_000_000
        )
    }
}

extension QueuedID {
    private static let generator = QueuedIDGenerator()

    /// A new id.
    static var testing: QueuedID { self.generator.next(unixMilliseconds: 1_700_000_000_000) }
}

extension ClientInfo {
    /// A peer on 192.0.2.1, port 40,000, that said `EHLO client.example.org` to `mail.example.com`.
    public static var testing: ClientInfo {
        ClientInfo(
            address: IPAddress("192.0.2.1"),
            port: 40_000,
            helo: .name("client.example.org"),
            isExtended: true,
            serverName: "mail.example.com",
            clientNumber: 1
        )
    }
}

extension Recipient {
    /// A recipient, from RCPT's argument without angle brackets.
    /// - Throws: ``GuerrillaTesting/NotAnAddress``.
    public static func testing(_ address: String) throws -> Recipient {
        do throws(PathSyntaxError) {
            let argument = Array("<\(address)>".utf8)
            return Recipient(
                try PathParser.parseForwardPath(argument.span, limits: PathLimits(), allowsUTF8: true).path
            )
        } catch {
            throw NotAnAddress(text: address, reason: error)
        }
    }
}

extension ReversePath {
    fileprivate static func testing(_ address: String) throws -> ReversePath {
        do throws(PathSyntaxError) {
            let argument = Array("<\(address)>".utf8)
            return try PathParser.parseReversePath(argument.span, limits: PathLimits(), allowsUTF8: true).path
        } catch {
            throw NotAnAddress(text: address, reason: error)
        }
    }
}
