package import GuerrillaMail

/// What has been agreed since MAIL. It is replaced as a whole, never cleared field by field. (RFC 5321 § 3.3)
package struct MailTransaction: Sendable, Equatable {
    package let reversePath: ReversePath
    package let bodyType: BodyType
    package internal(set) var recipients: [Recipient] = []
}

/// A transaction with its message, ready for the backend.
package struct CompletedTransaction: Sendable, Equatable {
    package let reversePath: ReversePath
    package let bodyType: BodyType
    package let recipients: [Recipient]
    package let data: MessageData
}
