package import GuerrillaMail

/// What has been agreed since MAIL. It is replaced as a whole, never cleared field by field. (RFC 5321 § 3.3)
package struct MailTransaction: Sendable, Equatable {
    package let reversePath: ReversePath
    package let bodyType: BodyType
    /// Whether SMTPUTF8 was asked for. (RFC 6531 § 3.4)
    package let isSMTPUTF8: Bool
    package internal(set) var recipients: [Recipient] = []
}

/// A transaction with its message, ready for the backend.
package struct CompletedTransaction: Sendable, Equatable {
    package let transaction: MailTransaction
    package let data: MessageData

    init(_ transaction: MailTransaction, data: MessageData) {
        self.transaction = transaction
        self.data = data
    }
}
