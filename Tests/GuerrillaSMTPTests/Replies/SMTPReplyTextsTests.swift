import GuerrillaMail
import Testing

@testable import GuerrillaSMTP

/// Every text of SMTPReply+Texts.swift, made with the longest and worst that its parameters can be.
struct SMTPReplyTextsTests {
    private static let longest = String(repeating: "x", count: 5_000)
    private static let forgery = "x\r\n250 forged\n\0\u{7F}\u{1B}[31m\u{85}\u{202E}ü"

    private static func texts(with text: String) -> [SMTPReply] {
        [
            .greeting(hostName: text, version: text, clientNumber: .max, clientCount: .max, time: text),
            .tooManyClients, .tooManyClientsOfAddress, .addressConnectsTooOften, .earlyTalker, .dataTooSlow,
            .tooManyIdleCommands, .foreignProtocol, .endlessLine, .xclientNotAuthorized, .xclientInTransaction,
            .xclientSyntax, .shuttingDown, .timedOut, .sessionTooLong, .bye,
            .hello(hostName: text), .extendedHello(hostName: text, keywords: [text, "SIZE \(Int.max)", text]),
            .ok, .noop, .recipientOK, .cannotVerify, .help, .startMailInput,
            .unrecognizedCommand, .tooManyBadCommands, .malformedLine, .lineTooLong, .heloSyntaxError,
            .unexpectedArgument, .missingArgument, .mailSyntax, .rcptSyntax, .heloFirst, .mailFirst, .nestedMail,
            .noSender, .noRecipients,
            .invalidAddress, .pathTooLong, .localPartTooLong(limit: .max), .domainTooLong, .reversePathNeedsUTF8,
            .forwardPathNeedsUTF8, .unknownParameter(text), .badParameter(text), .malformedParameters,
            .relayDenied(host: text), .userUnknown(reason: text), .tooManyRecipients, .tooManyMessages,
            .queued(as: QueuedID(text: text)), .discarded(QueuedID(text: text)), .messageTooLarge(limit: .max),
            .insufficientStorage, .localError, .transactionTimeout, .backendNotRunning, .storeBusy,
            SMTPReply(.mailboxUnavailable, EnhancedStatusCode(5, 999, 999), text),
        ]
    }

    /// RFC 5321 § 4.5.3.1.5: 512 octets with CRLF. § 4.2: every line has the code, all but the last a hyphen.
    @Test func everyLineIsAReplyLine() {
        // Not as arguments: they would stand in the log of the tests.
        for reply in [Self.longest, Self.forgery, ""].flatMap(Self.texts) {
            let text = reply.wireText
            #expect(text.hasSuffix("\r\n"))
            let lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).dropLast()
            #expect(lines.count == reply.lines.count)
            for (index, line) in lines.enumerated() {
                #expect(line.count + 1 <= 512)
                #expect(line.last == 13)
                #expect(line.dropLast().allSatisfy { 32...126 ~= $0 }, "\(reply.code): a control character")
                let mark: Character = index == lines.count - 1 ? " " : "-"
                #expect(String(line)?.hasPrefix("\(reply.code)\(mark)") == true)
            }
        }
    }

    /// RFC 2034 § 3: the enhanced status code has the class of the reply code, and stands on no other replies.
    @Test(arguments: Self.texts(with: "x"))
    func enhancedStatusCodesFitTheReplyCodes(_ reply: SMTPReply) {
        switch reply.code {
        case .serviceReady, .startMailInput:
            #expect(reply.enhancedStatusCode == nil)
        case .ok where reply.enhancedStatusCode == nil:
            #expect(reply.lines.first == "x Hello")
        default:
            #expect(reply.enhancedStatusCode.map { UInt16($0.class) } == reply.code.rawValue / 100)
        }
    }
}
