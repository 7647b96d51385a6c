package import GuerrillaBackend
package import NIOCore

/// One row of the mail table: what is kept of a message for one recipient.
///
/// The values are go-guerrilla's, in its order, so that a table and the programs that read it stay usable.
package struct MailRow: Sendable {
    /// What the column `mail` holds.
    package enum Mail: Sendable {
        /// Nothing: the message is somewhere else.
        case none
        /// The stream that Compressor made.
        case compressed(ByteBuffer)
        /// Delivery header and data.
        case message(StoredForm)
    }

    /// The columns of the values, in the order they are bound.
    package static let columns = [
        "to", "from", "subject", "body", "mail", "hash", "content_type", "recipient", "ip_addr", "return_path",
        "is_tls", "message_id", "reply_to", "sender",
    ]

    /// Where `mail`, `ip_addr` and `is_tls` stand in ``columns``; all others are texts.
    package static let mailColumn = 4
    package static let addressColumn = 8
    package static let flagColumn = 10

    /// The most octets of a text.
    package static let textLimit = 255

    package var to = ""
    package var from = ""
    package var subject = ""
    package var body = ""
    package var mail = Mail.none
    package var hash = ""
    package var contentType = ""
    package var recipient = ""
    /// 4 octets or 16 in network order; none when the client has no address.
    package var address: [UInt8] = []
    package var returnPath = ""
    package var isTLS = false
    package var messageID = ""
    package var replyTo = ""
    package var sender = ""

    package init() {}

    /// The values, one for each of ``columns``.
    package var values: [SQLValue] {
        [
            .text(self.to), .text(self.from), .text(self.subject), .text(self.body), .octets(self.mailPieces),
            .text(self.hash), .text(self.contentType), .text(self.recipient),
            .octets([ByteBuffer(bytes: self.address)]), .text(self.returnPath), .flag(self.isTLS),
            .text(self.messageID), .text(self.replyTo), .text(self.sender),
        ]
    }

    private var mailPieces: [ByteBuffer] {
        switch self.mail {
        case .none: []
        case .compressed(let stream): [stream]
        case .message(let form): Array(form)
        }
    }

    /// Octets in memory that are this row's alone, near enough for a budget: not those of the message.
    var heldOctets: Int {
        let form = if case .message(let form) = self.mail { form.heldOctets } else { 0 }
        return MemoryLayout<MailRow>.stride + self.recipient.utf8.count + self.messageID.utf8.count + 64 + form
    }

    /// Octets of the message in this row, at most.
    package var mailOctets: Int {
        switch self.mail {
        case .none: 0
        case .compressed(let stream): stream.readableBytes
        case .message(let form): form.largestSize
        }
    }
}

/// A value to bind.
package enum SQLValue: Sendable {
    /// Text without NUL.
    case text(String)
    /// Octets, in pieces.
    case octets([ByteBuffer])
    /// Yes or no.
    case flag(Bool)
}
