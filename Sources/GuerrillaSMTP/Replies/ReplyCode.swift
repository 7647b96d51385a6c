/// A three-digit reply code. (RFC 5321 § 4.2.1)
public struct ReplyCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// What the first digit says.
    public enum Kind: Sendable {
        /// 2yz: done.
        case positiveCompletion
        /// 3yz: go on.
        case positiveIntermediate
        /// 4yz: not now; the sender keeps the message and tries again.
        case transientNegative
        /// 5yz: never.
        case permanentNegative
    }

    /// The code as a number, 200 to 599.
    public let rawValue: UInt16

    /// - Returns: Nil when the number is no SMTP reply code, that is not in 200…599.
    public init?(rawValue: UInt16) {
        guard (200...599).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    private init(_ rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// What the first digit says.
    public var kind: Kind {
        switch self.rawValue / 100 {
        case 2: .positiveCompletion
        case 3: .positiveIntermediate
        case 4: .transientNegative
        default: .permanentNegative
        }
    }

    /// The three digits.
    public var description: String { String(self.rawValue) }

    /// 214
    public static let helpMessage = ReplyCode(214)
    /// 220
    public static let serviceReady = ReplyCode(220)
    /// 221
    public static let closing = ReplyCode(221)
    /// 250
    public static let ok = ReplyCode(250)
    /// 252
    public static let cannotVerify = ReplyCode(252)
    /// 354
    public static let startMailInput = ReplyCode(354)
    /// 421
    public static let serviceNotAvailable = ReplyCode(421)
    /// 451
    public static let localError = ReplyCode(451)
    /// 452
    public static let insufficientStorage = ReplyCode(452)
    /// 500
    public static let syntaxError = ReplyCode(500)
    /// 501
    public static let argumentSyntaxError = ReplyCode(501)
    /// 503
    public static let badSequence = ReplyCode(503)
    /// 550
    public static let mailboxUnavailable = ReplyCode(550)
    /// 552
    public static let exceededStorage = ReplyCode(552)
    /// 553
    public static let mailboxNameNotAllowed = ReplyCode(553)
    /// 554
    public static let transactionFailed = ReplyCode(554)
    /// 555
    public static let parametersNotRecognized = ReplyCode(555)
}
