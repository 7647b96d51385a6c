/// The header section of a message: its fields in the order they were sent. (RFC 5322 § 2.2)
public struct HeaderSection: Sendable, Equatable {
    /// The fields in the order they were sent, repeated ones included.
    public let fields: [HeaderField]

    /// The length of the section in octets, with the empty line that ends it: where the message's body starts.
    ///
    /// Without an empty line this is the length of the message, or of what could be parsed.
    public let octetCount: Int

    /// Whether an empty line ended the section. A message may consist of a header section only. (RFC 5322 § 3.5)
    public let endsWithEmptyLine: Bool

    /// Makes a section, empty unless told otherwise.
    ///
    /// - Parameters:
    ///   - fields: The fields in order.
    ///   - octetCount: The length of the section in octets, with its empty line.
    ///   - endsWithEmptyLine: Whether an empty line ended the section.
    public init(fields: [HeaderField] = [], octetCount: Int = 0, endsWithEmptyLine: Bool = false) {
        self.fields = fields
        self.octetCount = octetCount
        self.endsWithEmptyLine = endsWithEmptyLine
    }

    /// Octets in memory that the section takes beside the message it was found in.
    package var heldOctets: Int {
        fields.count &* MemoryLayout<HeaderField>.stride &+ (fields.first?.storage.copiedCount ?? 0)
    }

    /// The first field with this name, in any case.
    public subscript(first name: String) -> HeaderField? {
        fields.first { $0.hasName(name) }
    }

    /// All fields with this name, in any case, in the order they were sent.
    public func all(named name: String) -> [HeaderField] {
        fields.filter { $0.hasName(name) }
    }

    /// How many fields have this name, in any case. Counting `Received` finds mail loops. (RFC 5321 § 6.3)
    public func count(named name: String) -> Int {
        fields.count { $0.hasName(name) }
    }
}
