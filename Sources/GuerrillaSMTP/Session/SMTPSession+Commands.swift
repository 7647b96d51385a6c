import GuerrillaMail
import NIOCore

extension SMTPSession {
    /// Executes one command line.
    /// - Returns: Nil for a BDAT, which is not answered before its octets are here.
    mutating func lineReceived(_ line: CommandLineDecoder.Line) -> SMTPAction? {
        switch line {
        case .bareLF:
            return self.refuseBadCommand(.malformedLine)
        case .tooLong:
            return self.refuseBadCommand(.lineTooLong)
        case .endless:
            return self.close(with: .endlessLine)
        case .complete(let octets):
            return self.execute(octets.readableBytesUInt8Span)
        }
    }

    private mutating func execute(_ line: Span<UInt8>) -> SMTPAction? {
        let command: Command
        do throws(Command.ParsingError) {
            command = try Command(line)
        } catch {
            switch error {
            case .controlCharacter: return self.refuseBadCommand(.malformedLine)
            case .unknownVerb where ForeignProtocol.isHTTP(line): return self.close(with: .foreignProtocol)
            case .unknownVerb: return self.refuseBadCommand(.unrecognizedCommand)
            }
        }
        let argument = line.extracting(command.argument)
        if command.verb == .xclient, let refusal = self.refusalOfXCLIENT() { return refusal }
        if command.verb == .starttls, self.tls == .unavailable { return self.refuseBadCommand(.unrecognizedCommand) }
        if let refusal = self.check(command.verb, argument: argument) { return refusal }
        switch command.verb {
        case .helo: return self.hello(argument, isExtended: false)
        case .ehlo: return self.hello(argument, isExtended: true)
        case .mail: return self.mail(argument)
        case .rcpt: return self.rcpt(argument)
        case .data: return self.data()
        case .bdat: return self.bdat(argument)
        case .rset:
            self.resetTransaction()
            return .reply(.ok)
        case .noop: return .reply(.noop)
        case .vrfy: return .reply(.cannotVerify)
        case .help: return .reply(.help)
        case .quit: return self.close(with: .bye)
        case .starttls: return self.startTLS()
        case .xclient: return self.xclient(argument)
        }
    }

    /// What the table of verbs says about argument and order.
    private mutating func check(_ verb: Verb, argument: Span<UInt8>) -> SMTPAction? {
        switch verb.attributes.argument {
        case .none where !argument.isEmpty:
            return self.refuseBadCommand(.unexpectedArgument)
        case .required where argument.isEmpty:
            switch verb {
            case .mail: return self.refuseBadCommand(.mailSyntax)
            case .rcpt: return self.refuseBadCommand(.rcptSyntax)
            case .helo, .ehlo: return self.refuseBadCommand(.heloSyntaxError)
            case .data, .bdat, .rset, .noop, .vrfy, .help, .quit, .starttls, .xclient:
                return self.refuseBadCommand(.missingArgument)
            }
        case .none, .optional, .required:
            break
        }
        switch verb.attributes.order {
        case .always:
            return nil
        case .greeted:
            return self.client.helo == nil ? self.refuseBadCommand(.heloFirst) : nil
        case .transaction:
            if self.transaction != nil { return nil }
            if self.client.helo == nil { return self.refuseBadCommand(.heloFirst) }
            // Not counted: a client that pipelines sends these two after a refused MAIL. (RFC 2920 § 3.1)
            return .reply(verb == .data ? .noSender : .mailFirst)
        }
    }

    /// HELO and EHLO begin anew. (RFC 5321 § 4.1.4)
    private mutating func hello(_ argument: Span<UInt8>, isExtended: Bool) -> SMTPAction {
        do throws(PathSyntaxError) {
            self.client.helo = try HeloArgumentParser.parse(argument)
        } catch {
            return self.refuseBadCommand(.heloSyntaxError)
        }
        self.client.isExtended = isExtended
        self.resetTransaction()
        return .reply(
            isExtended
                ? .extendedHello(hostName: self.hostName, keywords: self.ehloKeywords)
                : .hello(hostName: self.hostName)
        )
    }
}
