import GuerrillaMail

/// What one BDAT announced. (RFC 3030 § 2)
struct Chunk: Sendable {
    /// In octets.
    let size: Int
    let isLast: Bool
    /// What is answered when the octets have been read and thrown away; nil if they are wanted.
    var refusal: SMTPReply?
    /// Whether the refusal is for something that was no proper command.
    var isBadCommand = false
}

extension SMTPSession {
    /// DATA (RFC 5321 § 4.1.1.4)
    mutating func data() -> SMTPAction {
        // One message is sent by one of the two. (RFC 3030 § 2, § 3)
        if self.reception != nil { return self.refuseBadCommand(.dataAfterChunk) }
        guard let transaction = self.transaction, !transaction.recipients.isEmpty else {
            return .reply(.noRecipients)
        }
        if transaction.bodyType == .binaryMIME { return self.refuseBadCommand(.dataForBinary) }
        if self.isStorageExhausted { return .reply(.insufficientStorage) }
        return self.beginData(of: transaction)
    }

    /// BDAT (RFC 3030 § 2)
    ///
    /// Its octets follow at once, whatever we think of it: as long as their number can be read they are read, too, and
    /// the reply comes after them. A refused chunk ends the transaction, so that chunks already under way behind it find
    /// none.
    ///
    /// - Returns: Nil if octets are expected now.
    mutating func bdat(_ argument: Span<UInt8>) -> SMTPAction? {
        guard let announcement = ChunkAnnouncement(argument) else {
            // Nobody knows what follows: at least it meets no open transaction.
            self.resetTransaction()
            return self.refuseBadCommand(.bdatSyntax)
        }
        var chunk = Chunk(size: announcement.size, isLast: announcement.isLast)
        if !announcement.isWellFormed {
            chunk.refusal = .bdatSyntax
            chunk.isBadCommand = true
        } else if !self.client.isExtended {
            // Without EHLO no extension was agreed. (RFC 5321 § 4.1.1.1)
            chunk.refusal = .ehloFirst
            chunk.isBadCommand = true
        } else {
            chunk.refusal = self.refusalOfChunk()
        }
        return self.beginChunk(chunk)
    }

    /// Makes sure that there is a message for a chunk to belong to. The refusals are not counted as bad commands: a
    /// client that pipelines sends its chunks also after a refused MAIL or RCPT. (RFC 2920 § 3.1)
    private mutating func refusalOfChunk() -> SMTPReply? {
        guard let transaction = self.transaction else { return .mailFirst }
        if transaction.recipients.isEmpty { return .noRecipients }
        if self.reception != nil { return nil }
        if self.isStorageExhausted { return .insufficientStorage }
        self.beginReception(of: transaction)
        return nil
    }
}
