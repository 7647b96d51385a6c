/// The commands we know. (RFC 5321 § 4.1.1)
public enum Verb: CaseIterable, Sendable, Hashable {
    case helo, ehlo, mail, rcpt, data, bdat, rset, noop, vrfy, help, quit, starttls
    /// Postfix's extension, for front ends. (<https://www.postfix.org/XCLIENT_README.html>)
    case xclient

    /// What may follow the verb.
    package enum Argument: Sendable {
        case none
        case optional
        case required
    }

    /// When the command is legal.
    package enum Order: Sendable {
        case always
        /// After HELO or EHLO.
        case greeted
        /// Within a mail transaction.
        case transaction
    }

    /// What is the same about all commands is data; the rest is a function of the session each.
    package struct Attributes: Sendable {
        package let name: StaticString
        package let argument: Argument
        package let order: Order
    }

    package var attributes: Attributes {
        switch self {
        case .helo: Attributes(name: "HELO", argument: .required, order: .always)
        case .ehlo: Attributes(name: "EHLO", argument: .required, order: .always)
        case .mail: Attributes(name: "MAIL", argument: .required, order: .greeted)
        case .rcpt: Attributes(name: "RCPT", argument: .required, order: .transaction)
        case .data: Attributes(name: "DATA", argument: .none, order: .transaction)
        // Argument and order are looked at together with its octets.
        case .bdat: Attributes(name: "BDAT", argument: .optional, order: .always)
        case .rset: Attributes(name: "RSET", argument: .none, order: .always)
        case .noop: Attributes(name: "NOOP", argument: .optional, order: .always)
        case .vrfy: Attributes(name: "VRFY", argument: .required, order: .always)
        case .help: Attributes(name: "HELP", argument: .optional, order: .always)
        case .quit: Attributes(name: "QUIT", argument: .none, order: .always)
        case .starttls: Attributes(name: "STARTTLS", argument: .none, order: .always)
        case .xclient: Attributes(name: "XCLIENT", argument: .required, order: .always)
        }
    }

    /// The verb as it is sent.
    public var name: String { String(describing: self.attributes.name) }

    /// The verb that is spelled by the letters in `spelling`, eight at most, in any case. (RFC 5321 § 2.4)
    init?(spelling: UInt64) {
        // Clearing bit 5 turns lower-case letters into upper-case ones; the caller has made sure that all are letters.
        switch spelling & 0xDFDF_DFDF_DFDF_DFDF {
        case 0x4845_4C4F: self = .helo
        case 0x4548_4C4F: self = .ehlo
        case 0x4D41_494C: self = .mail
        case 0x5243_5054: self = .rcpt
        case 0x4441_5441: self = .data
        case 0x4244_4154: self = .bdat
        case 0x5253_4554: self = .rset
        case 0x4E4F_4F50: self = .noop
        case 0x5652_4659: self = .vrfy
        case 0x4845_4C50: self = .help
        case 0x5155_4954: self = .quit
        case 0x5354_4152_5454_4C53: self = .starttls
        case 0x58_434C_4945_4E54: self = .xclient
        default: return nil
        }
    }
}
