import NIOCore

/// The values of several rows laid out in memory for a database's C library: one copy of every octet.
package struct BoundRows: Sendable {
    /// All values one behind the other, each with a NUL behind it.
    package private(set) var octets: [UInt8] = []
    /// Where each value stands in ``octets``: row by row, a row's values in the order of ``MailRow/columns``. A flag is the
    /// digit `1` or `0`.
    package private(set) var ranges: [Range<Int>] = []

    /// Number of rows.
    package let count: Int

    package init(_ rows: some Collection<MailRow>) {
        self.count = rows.count
        self.octets.reserveCapacity(rows.reduce(0) { $0 + $1.mailOctets + 2_048 })
        self.ranges.reserveCapacity(rows.count * MailRow.columns.count)
        for row in rows {
            for value in row.values { self.append(value) }
        }
    }

    /// The value of `is_tls`.
    package func flag(inRow row: Int) -> Bool {
        self.octets[self.ranges[row * MailRow.columns.count + MailRow.flagColumn].lowerBound] == UInt8(ascii: "1")
    }

    private mutating func append(_ value: SQLValue) {
        let start = self.octets.count
        switch value {
        case .text(let text): self.octets.append(contentsOf: text.utf8)
        case .octets(let pieces): for piece in pieces { self.octets.append(contentsOf: piece.readableBytesView) }
        case .flag(let isTrue): self.octets.append(isTrue ? UInt8(ascii: "1") : UInt8(ascii: "0"))
        }
        self.ranges.append(start..<self.octets.count)
        self.octets.append(0)
    }
}

extension Collection where Element == MailRow {
    /// Parts of the rows, in order, of at most `count` rows and `octets` octets each; a larger row stands alone.
    package func parts(count: Int, octets: Int) -> [SubSequence] {
        var parts: [SubSequence] = []
        var start = self.startIndex
        var rows = 0
        var size = 0
        for index in self.indices {
            let more = self[index].mailOctets + 4_096
            if rows > 0, rows == count || more > octets - size {
                parts.append(self[start..<index])
                start = index
                rows = 0
                size = 0
            }
            rows += 1
            size += more
        }
        if rows > 0 { parts.append(self[start...]) }
        return parts
    }
}
