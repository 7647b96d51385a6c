import GuerrillaMail
import GuerrillaSMTP
import Logging
import NIOCore

/// What the log is told of a connection.
extension SMTPServerHandler {
    /// The client's address as the log has it.
    var clientAddress: String { self.session.client.address?.description ?? "-" }

    var clientMetadata: Logger.Metadata {
        [
            "smtp.client": "\(self.clientAddress)",
            "smtp.session": "\(self.session.client.clientNumber)",
        ]
    }

    /// Tells of a reply that ends something.
    func log(_ message: Logger.Message, _ reply: SMTPReply) {
        self.settings.logger.info(
            message,
            metadata: self.clientMetadata.merging(
                ["smtp.reply": "\(reply.code.rawValue)", "reason": "\(reply.lines.first ?? "")"]
            ) { $1 }
        )
    }

    /// Tells of a reply that refuses a recipient, or a message for several.
    func log(
        _ message: Logger.Message,
        _ reply: SMTPReply,
        of transaction: MailTransaction?,
        to recipients: [Recipient]
    ) {
        var metadata = self.clientMetadata
        metadata["smtp.helo"] = "\(self.session.client.helo.map { "\($0)" } ?? "-")"
        if let transaction { metadata["smtp.from"] = "<\(transaction.reversePath)>" }
        metadata["smtp.to"] = "\(recipients.map { "<\($0)>" }.joined(separator: ","))"
        metadata["smtp.reply"] = "\(reply.code.rawValue)"
        metadata["reason"] = "\(reply.lines.first ?? "")"
        self.settings.logger.info(message, metadata: metadata)
    }

    /// The peer has left without QUIT. Health checks do; within a message it is worth a line.
    func logDeparture() {
        switch self.phase {
        case .ungreeted, .open: break
        case .closing, .lingering, .closed: return
        }
        self.settings.logger.log(
            level: self.session.arrivingMessage == nil ? .debug : .info,
            "Client closed the connection: \(self.clientAddress)",
            metadata: self.clientMetadata
        )
    }

    /// Tells whose connection is cut off, and what is lost with it.
    func logCutOff() {
        var metadata = self.clientMetadata
        metadata["smtp.helo"] = "\(self.session.client.helo.map { "\($0)" } ?? "-")"
        if let envelope = self.messageInHand?.envelope {
            metadata["smtp.message"] = "waiting for its verdict"
            metadata["smtp.queued_id"] = "\(envelope.queuedID)"
            metadata["smtp.size"] = "\(envelope.data.size)"
        } else if let octets = self.session.arrivingOctets {
            metadata["smtp.message"] = "arriving"
            metadata["smtp.size"] = "\(octets)"
        } else {
            metadata["smtp.message"] = "none"
        }
        self.settings.logger.warning("Connection cut off", metadata: metadata)
    }

    // MARK: The dialogue, at level trace

    /// Asked once for many commands and replies, so that it costs nothing that can be measured.
    var isTraced: Bool { self.settings.logger.logLevel <= .trace }

    /// - Parameters:
    ///   - input: What the session has read a command of.
    ///   - start: Where that command began.
    ///   - end: Where the session has stopped. After BDAT a chunk may lie between, which is not for the log.
    func traceCommand(in input: ByteBuffer, from start: Int, to end: Int) {
        guard let read = input.viewBytes(at: start, length: end - start) else { return }
        let line = read.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        self.settings.logger.trace(
            "Client sent: \(String(decoding: line, as: UTF8.self))",
            metadata: self.clientMetadata
        )
    }

    func traceReplies(_ output: ByteBuffer) {
        self.settings.logger.trace(
            "Writing response to client: \(String(buffer: output))",
            metadata: self.clientMetadata
        )
    }
}
