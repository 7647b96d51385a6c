/// The argument of BDAT: `chunk-size [SP "LAST"]`. (RFC 3030 § 2)
struct ChunkAnnouncement: Equatable {
    /// In octets. A number too large to hold is as large as can be.
    let size: Int
    let isLast: Bool
    /// Whether nothing but `LAST` follows the number. The number counts anyway: so many octets are on their way.
    let isWellFormed: Bool

    /// Nil if the argument does not begin with a number of twenty digits at most, so that nobody knows how many octets
    /// follow.
    init?(_ argument: Span<UInt8>) {
        var size = 0
        var index = 0
        while index < argument.count, (0x30...0x39).contains(argument[index]) {
            let (product, overflow) = size.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(argument[index] - 0x30))
            size = overflow || carry ? .max : sum
            index += 1
        }
        guard (1...20).contains(index), index == argument.count || Self.isWhiteSpace(argument[index]) else {
            return nil
        }
        self.size = size
        while index < argument.count, Self.isWhiteSpace(argument[index]) { index += 1 }
        let rest = argument.extracting(index...)
        self.isLast = rest.count == 4 && rest.begins(with: "LAST")
        self.isWellFormed = rest.isEmpty || self.isLast
    }

    private static func isWhiteSpace(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }
}
