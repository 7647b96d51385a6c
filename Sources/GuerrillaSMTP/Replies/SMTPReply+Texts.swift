public import GuerrillaMail

// Every text that a session sends stands in this file. Where go-guerrilla has a text for the occasion, it is kept.

extension SMTPReply {
    // MARK: Connection

    /// The greeting. `SMTP Guerrilla` follows the host name, as go-guerrilla's users expect.
    public static func greeting(
        hostName: String,
        version: String,
        clientNumber: UInt64,
        clientCount: Int,
        time: String
    ) -> SMTPReply {
        SMTPReply(.serviceReady, "\(hostName) SMTP Guerrilla(\(version)) #\(clientNumber) (\(clientCount)) \(time)")
    }

    /// Sent instead of a greeting when `max_clients` are connected.
    public static let tooManyClients = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 3, 2),
        "Too many connections. Please try again later."
    )
    /// Sent instead of a greeting when `max_clients_per_address` of the client's address are connected.
    public static let tooManyClientsOfAddress = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 7, 0),
        "Too many connections from your address. Please try again later."
    )
    /// Sent instead of a greeting when the client's address connects more often than `connection_rate_per_address`.
    public static let addressConnectsTooOften = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 7, 0),
        "Your address connects too often. Please try again later."
    )
    /// Sent instead of a greeting to a client that does not wait for one. (`greeting_delay`)
    public static let earlyTalker = SMTPReply(
        .transactionFailed,
        EnhancedStatusCode(5, 5, 1),
        "Error: you talk before the greeting"
    )
    /// Sent to sessions that have no message in hand when the server stops.
    public static let shuttingDown = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 3, 2),
        "Server is shutting down. Please try again later. Sayonara!"
    )
    /// Sent when the peer was silent for too long.
    public static let timedOut = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 4, 2),
        "Error: timeout exceeded"
    )
    /// Sent when a message arrives more slowly than `min_data_rate`.
    public static let dataTooSlow = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 4, 2),
        "Error: message arrives too slowly"
    )
    /// Sent when a session has lasted as long as it may.
    public static let sessionTooLong = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 4, 2),
        "Error: session lasted too long"
    )
    /// The reply to QUIT.
    public static let bye = SMTPReply(.closing, EnhancedStatusCode(2, 0, 0), "Bye")

    // MARK: Commands

    /// The reply to HELO.
    public static func hello(hostName: String) -> SMTPReply {
        SMTPReply(.ok, "\(hostName) Hello")
    }

    /// The reply to EHLO: go-guerrilla's order, HELP last.
    public static func extendedHello(hostName: String, keywords: [String]) -> SMTPReply {
        SMTPReply(.ok, lines: ["\(hostName) Hello"] + keywords)
    }

    /// The reply to MAIL and RSET.
    public static let ok = SMTPReply(.ok, EnhancedStatusCode(2, 1, 0), "OK")
    /// The reply to NOOP.
    public static let noop = SMTPReply(.ok, EnhancedStatusCode(2, 0, 0), "OK")
    /// The reply to an accepted RCPT.
    public static let recipientOK = SMTPReply(.ok, EnhancedStatusCode(2, 1, 5), "OK")
    /// The reply to VRFY: neither yes nor no. (RFC 5321 § 7.3)
    public static let cannotVerify = SMTPReply(.cannotVerify, EnhancedStatusCode(2, 5, 0), "Cannot verify user")
    /// The reply to HELP.
    public static let help = SMTPReply(
        .helpMessage,
        EnhancedStatusCode(2, 0, 0),
        lines: [
            "This server receives mail. It understands:",
            // XCLIENT is for front ends, and STARTTLS is not always there: EHLO tells.
            Verb.allCases.filter { $0 != .xclient && $0 != .starttls }.map(\.name).joined(separator: " "),
            "End of HELP info",
        ]
    )
    /// The reply to DATA.
    public static let startMailInput = SMTPReply(
        .startMailInput,
        "Enter message, ending with '.' on a line by itself"
    )

    // MARK: Syntax and order

    /// A verb that does not exist.
    public static let unrecognizedCommand = SMTPReply(
        .syntaxError,
        EnhancedStatusCode(5, 5, 1),
        "Unrecognized command"
    )
    /// The last reply after `max_bad_commands`.
    public static let tooManyBadCommands = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 7, 0),
        "Too many unrecognized commands"
    )
    /// The last reply after `max_idle_commands`.
    public static let tooManyIdleCommands = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 7, 0),
        "Error: too many commands without a message"
    )
    /// The last reply to a client that speaks HTTP or TLS.
    public static let foreignProtocol = SMTPReply(
        .transactionFailed,
        EnhancedStatusCode(5, 5, 1),
        "Error: this is an SMTP server"
    )
    /// A command line ended by a bare LF, or with control characters in it. (RFC 5321 § 2.3.8, § 4.1.2)
    public static let malformedLine = SMTPReply(
        .syntaxError,
        EnhancedStatusCode(5, 5, 2),
        "Error: lines end in CRLF and hold no control characters"
    )
    /// A command line longer than `max_command_line`.
    public static let lineTooLong = SMTPReply(.syntaxError, EnhancedStatusCode(5, 5, 2), "Line too long.")
    /// A command line that does not end even 65,536 octets beyond `max_command_line`. (421: RFC 5321 § 3.8)
    public static let endlessLine = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 5, 2),
        "Error: line too long"
    )
    /// A HELO or EHLO argument that is neither domain nor address literal.
    public static let heloSyntaxError = SMTPReply(.argumentSyntaxError, EnhancedStatusCode(5, 5, 2), "Syntax error")
    /// An argument to a command that takes none.
    public static let unexpectedArgument = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Error: this command takes no argument"
    )
    /// A command without the argument it needs.
    public static let missingArgument = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Error: this command needs an argument"
    )
    /// MAIL without `FROM:`.
    public static let mailSyntax = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Syntax: MAIL FROM:<address>"
    )
    /// RCPT without `TO:`.
    public static let rcptSyntax = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Syntax: RCPT TO:<address>"
    )
    /// A command that needs HELO or EHLO first.
    public static let heloFirst = SMTPReply(
        .badSequence,
        EnhancedStatusCode(5, 5, 1),
        "Error: send HELO or EHLO first"
    )
    /// RCPT before MAIL.
    public static let mailFirst = SMTPReply(.badSequence, EnhancedStatusCode(5, 5, 1), "Error: need MAIL command")
    /// MAIL within a transaction.
    public static let nestedMail = SMTPReply(.badSequence, EnhancedStatusCode(5, 5, 1), "Error: nested MAIL command")
    /// DATA before MAIL.
    public static let noSender = SMTPReply(.badSequence, EnhancedStatusCode(5, 5, 1), "Error: No sender")
    /// DATA without an accepted RCPT.
    public static let noRecipients = SMTPReply(.badSequence, EnhancedStatusCode(5, 5, 1), "Error: No recipients")

    /// An extension used without EHLO.
    public static let ehloFirst = SMTPReply(.badSequence, EnhancedStatusCode(5, 5, 1), "Error: send EHLO first")

    // MARK: STARTTLS

    /// The reply to STARTTLS. (RFC 3207 § 4)
    public static let readyToStartTLS = SMTPReply(
        .serviceReady,
        EnhancedStatusCode(2, 0, 0),
        "Ready to start TLS"
    )
    /// STARTTLS within TLS.
    public static let tlsAlreadyActive = SMTPReply(
        .badSequence,
        EnhancedStatusCode(5, 5, 1),
        "Error: TLS is active already"
    )
    /// The last reply to a client that sends something behind STARTTLS without waiting for the answer. (RFC 3207 § 6)
    public static let startTLSNotLast = SMTPReply(
        .transactionFailed,
        EnhancedStatusCode(5, 5, 1),
        "Error: STARTTLS must be the last command of its group"
    )

    // MARK: BDAT

    /// A chunk that was not the last one has arrived.
    public static func chunkReceived(octets: Int) -> SMTPReply {
        SMTPReply(.ok, EnhancedStatusCode(2, 0, 0), "OK: \(octets) octets received")
    }
    /// BDAT with an argument that is none.
    public static let bdatSyntax = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Syntax: BDAT size [LAST]"
    )
    /// DATA for a message that BDAT has begun. (RFC 3030 § 2)
    public static let dataAfterChunk = SMTPReply(
        .badSequence,
        EnhancedStatusCode(5, 5, 1),
        "Error: DATA after BDAT"
    )
    /// DATA for a message that need not consist of lines. (RFC 3030 § 3)
    public static let dataForBinary = SMTPReply(
        .badSequence,
        EnhancedStatusCode(5, 5, 1),
        "Error: BODY=BINARYMIME needs BDAT"
    )
    /// RCPT for a message that BDAT has begun.
    public static let recipientAfterChunk = SMTPReply(
        .badSequence,
        EnhancedStatusCode(5, 5, 1),
        "Error: RCPT after BDAT"
    )

    // MARK: XCLIENT

    /// XCLIENT from a peer that is not in `trusted_networks`.
    public static let xclientNotAuthorized = SMTPReply(
        .mailboxUnavailable,
        EnhancedStatusCode(5, 7, 0),
        "Error: insufficient authorization"
    )
    /// XCLIENT within a transaction.
    public static let xclientInTransaction = SMTPReply(
        .badSequence,
        EnhancedStatusCode(5, 5, 1),
        "Error: MAIL transaction in progress"
    )
    /// XCLIENT with something that is no `attribute=value`, or with an attribute that does not exist.
    public static let xclientSyntax = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Syntax: XCLIENT attribute=value, with the attributes of the reply to EHLO"
    )
    /// XCLIENT with an attribute given twice, or with a value it cannot have.
    static func badXCLIENTAttribute(_ attribute: XCLIENTAttributes.Name) -> SMTPReply {
        SMTPReply(.argumentSyntaxError, EnhancedStatusCode(5, 5, 4), "Error: bad attribute \(attribute.rawValue)")
    }

    // MARK: Paths and parameters

    /// A path that does not parse.
    public static let invalidAddress = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Invalid address"
    )
    /// A path over 256 octets.
    public static let pathTooLong = SMTPReply(.argumentSyntaxError, EnhancedStatusCode(5, 5, 4), "Path too long")
    /// A local-part over `limit` octets.
    public static func localPartTooLong(limit: Int) -> SMTPReply {
        SMTPReply(
            .argumentSyntaxError,
            EnhancedStatusCode(5, 5, 4),
            "Local part too long, cannot exceed \(limit) characters"
        )
    }
    /// A domain over 255 octets.
    public static let domainTooLong = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Domain cannot exceed 255 characters"
    )
    /// A reverse-path that needs SMTPUTF8. (RFC 6531 § 3.5)
    public static let reversePathNeedsUTF8 = SMTPReply(
        .mailboxUnavailable,
        EnhancedStatusCode(5, 6, 7),
        "Error: non-ASCII addresses are not permitted"
    )
    /// A forward-path that needs SMTPUTF8. (RFC 6531 § 3.5)
    public static let forwardPathNeedsUTF8 = SMTPReply(
        .mailboxNameNotAllowed,
        EnhancedStatusCode(5, 6, 7),
        "Error: non-ASCII addresses are not permitted"
    )
    /// A parameter that we do not know, of which 64 characters are enough to recognize it. (RFC 5321 § 4.1.1.11)
    public static func unknownParameter(_ keyword: String) -> SMTPReply {
        SMTPReply(
            .parametersNotRecognized,
            EnhancedStatusCode(5, 5, 4),
            "Error: parameter \(keyword.prefix(64)) is not recognized"
        )
    }
    /// Parameters that are not `keyword` or `keyword=value`, or more than 16. (RFC 5321 § 4.1.2)
    public static let malformedParameters = SMTPReply(
        .argumentSyntaxError,
        EnhancedStatusCode(5, 5, 4),
        "Error: malformed parameters"
    )
    /// A parameter with a value it cannot have, or given twice.
    public static func badParameter(_ keyword: String) -> SMTPReply {
        SMTPReply(.argumentSyntaxError, EnhancedStatusCode(5, 5, 4), "Error: bad parameter \(keyword)")
    }

    // MARK: Recipients

    /// A domain that is not in `allowed_hosts`.
    public static func relayDenied(host: String) -> SMTPReply {
        SMTPReply(.mailboxUnavailable, EnhancedStatusCode(5, 7, 1), "Error: Relay access denied: \(host)")
    }
    /// A recipient that the backend refused.
    public static func userUnknown(reason: String) -> SMTPReply {
        SMTPReply(
            .mailboxUnavailable,
            EnhancedStatusCode(5, 1, 1),
            reason.isEmpty
                ? "User unknown in local recipient table"
                : "User unknown in local recipient table \(reason)"
        )
    }
    /// More recipients than `max_recipients`. (RFC 5321 § 4.5.3.1.10)
    public static let tooManyRecipients = SMTPReply(
        .insufficientStorage,
        EnhancedStatusCode(4, 5, 3),
        "Too many recipients"
    )
    /// More transactions than `max_messages_per_session`.
    public static let tooManyMessages = SMTPReply(
        .serviceNotAvailable,
        EnhancedStatusCode(4, 7, 0),
        "Error: too many messages in this session"
    )

    // MARK: End of data

    /// The store has the message.
    public static func queued(as id: QueuedID) -> SMTPReply {
        SMTPReply(.ok, EnhancedStatusCode(2, 0, 0), "OK: queued as \(id)")
    }
    /// The message was accepted by a chain in which no processor stores.
    public static func discarded(_ id: QueuedID) -> SMTPReply {
        SMTPReply(.ok, EnhancedStatusCode(2, 0, 0), "OK: queued as \(id) (discarded)")
    }
    /// Larger than `max_size`, by announcement or in fact.
    public static func messageTooLarge(limit: Int) -> SMTPReply {
        SMTPReply(
            .exceededStorage,
            EnhancedStatusCode(5, 3, 4),
            "Error: maximum DATA size exceeded (\(limit))"
        )
    }
    /// A header section over `max_header_size`.
    public static func headerTooLarge(limit: Int) -> SMTPReply {
        SMTPReply(.exceededStorage, EnhancedStatusCode(5, 3, 4), "Error: maximum header size exceeded (\(limit))")
    }
    /// More header fields than `max_header_fields`.
    public static func tooManyHeaderFields(limit: Int) -> SMTPReply {
        SMTPReply(.exceededStorage, EnhancedStatusCode(5, 3, 4), "Error: too many header fields (\(limit))")
    }
    /// More Received fields than `max_received_hops`. (RFC 5321 § 6.3, RFC 3463 § 3.5)
    public static let tooManyHops = SMTPReply(
        .transactionFailed,
        EnhancedStatusCode(5, 4, 6),
        "Error: too many hops"
    )
    /// A CR or LF that stands alone, where `bare_newline` is `reject`.
    public static let bareNewline = SMTPReply(
        .transactionFailed,
        EnhancedStatusCode(5, 6, 0),
        "Error: a CR or LF stands alone in the message"
    )
    /// The memory budget is used up, or less than `min_free_space` is left on the store's disk.
    public static let insufficientStorage = SMTPReply(
        .insufficientStorage,
        EnhancedStatusCode(4, 3, 1),
        "Error: insufficient system storage"
    )
    /// Our fault, of a kind the client need not know.
    public static let localError = SMTPReply(.localError, EnhancedStatusCode(4, 3, 0), "Error: storage failed")
    /// The backend did not answer in time.
    public static let transactionTimeout = SMTPReply(
        .localError,
        EnhancedStatusCode(4, 3, 0),
        "Error: transaction timeout"
    )
    /// There is no backend to take the message.
    public static let backendNotRunning = SMTPReply(
        .localError,
        EnhancedStatusCode(4, 3, 0),
        "Transaction failed - backend not running"
    )
    /// A store's queue is full.
    public static let storeBusy = SMTPReply(
        .localError,
        EnhancedStatusCode(4, 3, 1),
        "Error: storage too busy"
    )
}
