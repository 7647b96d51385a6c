package import GuerrillaBackend
package import GuerrillaMail
import NIOCore

/// What is committed of one message: a row for each recipient, all of them or none.
package struct SQLMessage: Sendable {
    /// One row per recipient.
    package var rows: [MailRow]
    /// Octets that the rows take, near enough for the limits of a queue.
    package var octets: Int

    package init(rows: [MailRow]) {
        self.rows = rows
        // The texts are bounded: eleven of 255 octets.
        self.octets = rows.reduce(0) { $0 + $1.mailOctets + 1_024 }
    }

    /// Makes the rows of a message.
    /// - Parameters:
    ///   - envelope: The message.
    ///   - lineEndings: `stored_line_endings`.
    ///   - mailHost: `primary_mail_host`, for the id of a message that has none.
    /// - Throws: When the message's octets cannot be had, `MessageMemoryExhausted` when there is no memory for the rows.
    package init(_ envelope: Envelope, lineEndings: StoredLineEndings, mailHost: String) async throws {
        let header = envelope.header
        var common = MailRow()
        common.from = LimitedText.cut(envelope.reversePath.description)
        common.returnPath = common.from
        common.subject = LimitedText.cut(envelope.subject ?? "")
        common.hash = LimitedText.cut(envelope.hashes.first ?? "")
        common.contentType = Self.text(of: header?[first: "Content-Type"])
        common.isTLS = envelope.client.tls != nil
        common.replyTo = Self.address(in: header?[first: "Reply-To"])
        common.sender = Self.address(in: header?[first: "Sender"])
        common.messageID = Self.address(in: header?[first: "Message-ID"])
        switch envelope.client.address?.canonical {
        case .v4(let address)?: common.address = address.octets
        case .v6(let address)?: common.address = address.octets
        case nil: break
        }
        if let place = envelope[ExternalBody.self] {
            common.body = LimitedText.cut(place)
        } else if let compressed = envelope[CompressedMessage.self] {
            common.body = "gzip"
            common.mail = .compressed(compressed.octets)
        }
        let to = Self.address(in: header?[first: "To"])

        var rows: [MailRow] = []
        rows.reserveCapacity(envelope.recipients.count)
        for recipient in envelope.recipients {
            var row = common
            row.recipient = LimitedText.cut(recipient.description)
            row.to = to.isEmpty ? row.recipient : to
            if row.messageID.isEmpty {
                let user = recipient.path.mailbox?.localPart ?? recipient.description
                row.messageID = LimitedText.cut("\(common.hash).\(user)@\(mailHost)")
            }
            if row.body.isEmpty {
                row.mail = .message(try await StoredForm(of: envelope, for: recipient, lineEndings: lineEndings))
            }
            rows.append(row)
        }
        self.init(rows: rows)
        let held = rows.reduce(0) { $0 + $1.heldOctets }
        // The rows of a few recipients belong to the connection.
        guard held <= 4_096 || envelope.data.reserve(held) else { throw MessageMemoryExhausted() }
    }

    private static func address(in field: HeaderField?) -> String {
        guard let field else { return "" }
        return LimitedText.cut(FirstAddress.find(in: field) ?? "")
    }

    private static func text(of field: HeaderField?) -> String {
        guard let field else { return "" }
        // More than enough for what is kept, with its folding.
        return LimitedText.cut(String(decoding: field.bodyOctets(upTo: 4_096), as: UTF8.self))
    }
}
