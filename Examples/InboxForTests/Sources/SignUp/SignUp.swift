/// The application: who signs up is sent a link that shows that the address is theirs.
public struct SignUp: Sendable {
    private let mailer: Mailer

    /// - Parameter mailer: How mail is sent.
    public init(mailer: Mailer) {
        self.mailer = mailer
    }

    /// Sends the link.
    /// - Returns: What stands at the end of it.
    public func register(_ address: String) async throws -> String {
        let token = String(UInt64.random(in: .min ... .max), radix: 36)
        try await self.mailer.send(
            from: "welcome@example.com",
            to: address,
            message: """
                From: Example <welcome@example.com>
                To: <\(address)>
                Subject: Welcome to Example

                Please confirm your address:
                https://example.com/confirm/\(token)
                """
        )
        return token
    }
}
