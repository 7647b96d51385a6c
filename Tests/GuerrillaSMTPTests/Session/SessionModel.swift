@testable import GuerrillaSMTP

/// What a session has to do, said as briefly as RFC 5321 § 4.1.4 allows: three facts, two counters.
struct SessionModel {
    struct Message: Equatable {
        var sender: String
        var recipients: [String]
        var data: [UInt8]
    }

    let limits: SMTPSessionLimits
    private var isExtended: Bool?
    private var isBinary = false
    /// What BDAT has brought so far.
    private var chunks: [UInt8]?
    private(set) var sender: String?
    private(set) var recipients: [String] = []
    private var transactions = 0
    private var badCommands = 0
    private(set) var messages: [Message] = []
    private(set) var isClosed = false

    init(limits: SMTPSessionLimits) {
        self.limits = limits
    }

    var isGreeted: Bool { self.isExtended != nil }
    var isTransactionOpen: Bool { self.sender != nil }
    /// Whether DATA is answered by 354.
    var acceptsData: Bool { self.acceptsChunks && !self.isBinary && self.chunks == nil }
    var acceptsChunks: Bool { self.sender != nil && !self.recipients.isEmpty }

    /// The codes of the replies to a command, in order: one, but two for DATA with its message.
    mutating func replies(to command: SessionCommand) -> [String] {
        switch command {
        case .hello(let isExtended):
            self.isExtended = isExtended
            self.endTransaction()
            return ["250"]
        case .mail(let sender, let size, let isBinary):
            if self.isExtended == nil || self.sender != nil { return self.bad("503") }
            if size != nil || isBinary, self.isExtended == false { return self.bad("555") }
            if let size, size > self.limits.messageSize { return ["552"] }
            if self.transactions == self.limits.messages { return self.close("421") }
            self.transactions += 1
            self.sender = sender
            self.isBinary = isBinary
            return ["250"]
        case .rcpt(let recipient):
            if self.isExtended == nil { return self.bad("503") }
            if self.sender == nil { return ["503"] }
            if self.chunks != nil { return self.bad("503") }
            if self.recipients.count == self.limits.recipients { return ["452"] }
            if recipient.hasSuffix("@elsewhere.example") { return ["550"] }
            self.recipients.append(recipient)
            return ["250"]
        case .data(let message):
            if self.isExtended == nil || self.chunks != nil { return self.bad("503") }
            guard let sender = self.sender, !self.recipients.isEmpty else { return ["503"] }
            if self.isBinary { return self.bad("503") }
            return ["354", self.end(message, from: sender)]
        case .chunk(let octets, let isLast):
            if self.isExtended != true {
                self.endTransaction()
                return self.bad("503")
            }
            guard let sender = self.sender, !self.recipients.isEmpty else {
                self.endTransaction()
                return ["503"]
            }
            let message = (self.chunks ?? []) + octets
            if isLast { return [self.end(message, from: sender)] }
            if message.count > self.limits.messageSize {
                self.endTransaction()
                return ["552"]
            }
            self.chunks = message
            return ["250"]
        case .reset:
            self.endTransaction()
            return ["250"]
        case .harmless(_, let code):
            return [code]
        case .bad(let line, let code):
            // Of a BDAT without a size, nobody knows what follows.
            if line.starts(with: "BDAT".utf8) { self.endTransaction() }
            return self.bad(code)
        case .quit:
            return self.close("221")
        }
    }

    private mutating func end(_ message: [UInt8], from sender: String) -> String {
        let recipients = self.recipients
        self.endTransaction()
        if message.count > self.limits.messageSize { return "552" }
        self.messages.append(Message(sender: sender, recipients: recipients, data: message))
        self.badCommands = 0
        return "250"
    }

    private mutating func endTransaction() {
        self.chunks = nil
        self.sender = nil
        self.recipients = []
    }

    private mutating func bad(_ code: String) -> [String] {
        self.badCommands += 1
        return self.badCommands < self.limits.badCommands ? [code] : self.close("421")
    }

    private mutating func close(_ code: String) -> [String] {
        self.isClosed = true
        self.endTransaction()
        return [code]
    }
}
