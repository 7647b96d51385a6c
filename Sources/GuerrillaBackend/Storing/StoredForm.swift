public import GuerrillaMail
import GuerrillaSMTP
public import NIOCore

/// A message as stores keep it: its delivery header, then its data, piece by piece.
///
/// With ``StoredLineEndings/crlf`` the pieces share the message's memory. With ``StoredLineEndings/lf`` each piece is converted when it is
/// asked for. A message of BODY=BINARYMIME has no lines (RFC 3030 § 3), so its data is never converted.
///
/// ```swift
/// let form = try await StoredForm(of: envelope, for: recipient, lineEndings: .crlf)
/// for piece in form { … }
/// ```
public struct StoredForm: Sequence, Sendable {
    private let pieces: [ByteBuffer]
    /// How many pieces, counted from the first, are the delivery header.
    private let headerCount: Int
    /// How many pieces, counted from the first, are converted.
    private let convertedCount: Int

    /// Creates the stored form of a message.
    /// - Parameters:
    ///   - envelope: The message.
    ///   - recipient: For a store that keeps one copy per recipient: whose copy it is, which `Delivered-To` then says. Nil for a store
    ///     that keeps one copy for all.
    ///   - lineEndings: `stored_line_endings`.
    /// - Throws: When the message's octets cannot be had.
    public init(
        of envelope: Envelope,
        for recipient: Recipient? = nil,
        lineEndings: StoredLineEndings = .crlf
    ) async throws {
        var pieces: [ByteBuffer] = []
        if let header = envelope.deliveryHeader {
            pieces.append(header.octets(for: recipient))
        }
        let headerCount = pieces.count
        pieces += try await envelope.data.chunks().filter { $0.readableBytes > 0 }
        self.pieces = pieces
        self.headerCount = headerCount
        switch (lineEndings, envelope.bodyType) {
        case (.crlf, _): self.convertedCount = 0
        case (.lf, .binaryMIME): self.convertedCount = headerCount
        case (.lf, _): self.convertedCount = pieces.count
        }
    }

    /// The size in octets. With ``StoredLineEndings/lf`` the octets have to be looked at for it.
    public var size: Int {
        self.pieces.indices.reduce(into: 0) { $0 += self.pieces[$1].readableBytes - self.droppedCount(in: $1) }
    }

    /// The size in octets, or a little more: known without looking at the octets, so it may be asked for anywhere.
    public var largestSize: Int { self.pieces.reduce(0) { $0 + $1.readableBytes } }

    /// Octets in memory that are the form's alone, near enough for a budget: the delivery header, and what says where the
    /// pieces of the message are.
    package var heldOctets: Int {
        let header = self.headerCount == 0 ? 0 : self.pieces[0].storageCapacity
        return header + self.pieces.count * MemoryLayout<ByteBuffer>.stride
    }

    /// All octets in one buffer. When there is one piece, it is that piece; otherwise the octets are copied.
    public func joined() -> ByteBuffer {
        if self.pieces.count == 1, self.convertedCount == 0 { return self.pieces[0] }
        var all = ByteBuffer()
        all.reserveCapacity(self.largestSize)
        for index in self.pieces.indices { self.append(index, to: &all) }
        return all
    }

    /// Goes through the pieces in order.
    public func makeIterator() -> Iterator {
        Iterator(form: self)
    }

    /// Gives one piece after the other.
    public struct Iterator: IteratorProtocol {
        private let form: StoredForm
        private var index = 0

        fileprivate init(form: StoredForm) {
            self.form = form
        }

        /// The next piece, never empty; nil at the end.
        public mutating func next() -> ByteBuffer? {
            while self.index < self.form.pieces.count {
                defer { self.index += 1 }
                guard self.index < self.form.convertedCount else { return self.form.pieces[self.index] }
                var piece = ByteBuffer()
                self.form.append(self.index, to: &piece)
                if piece.readableBytes > 0 { return piece }
            }
            return nil
        }
    }

    private func droppedCount(in index: Int) -> Int {
        var count = 0
        self.forEachRun(of: index) { _, isFollowedByDropped in count += isFollowedByDropped ? 1 : 0 }
        return count
    }

    private func append(_ index: Int, to buffer: inout ByteBuffer) {
        self.forEachRun(of: index) { run, _ in buffer.writeBytes(run) }
    }

    /// Calls `body` with each run of octets to keep, and whether a CR that is left out comes after it.
    private func forEachRun(of index: Int, _ body: (UnsafeRawBufferPointer, _ isFollowedByDropped: Bool) -> Void) {
        self.pieces[index].withUnsafeReadableBytes { bytes in
            guard index < self.convertedCount else { return body(bytes, false) }
            var start = 0
            var position = 0
            while let lineFeed = firstIndex(of: UInt8(ascii: "\n"), in: bytes, from: position) {
                position = lineFeed + 1
                guard lineFeed > 0, bytes[lineFeed - 1] == UInt8(ascii: "\r") else { continue }
                // The CR of a line feed at the very beginning belongs to the piece before.
                body(UnsafeRawBufferPointer(rebasing: bytes[start..<lineFeed - 1]), true)
                start = lineFeed
            }
            let next = index + 1
            let endsWithin =
                bytes.last == UInt8(ascii: "\r") && next < self.convertedCount
                && self.pieces[next].readableBytesView.first == UInt8(ascii: "\n")
            body(UnsafeRawBufferPointer(rebasing: bytes[start..<bytes.count - (endsWithin ? 1 : 0)]), endsWithin)
        }
    }
}
