package import NIOCore

/// Writes the records of a request in the role of a responder. (FastCGI 1.0 § 6.2)
package struct FastCGIRequestWriter: Sendable {
    /// The only request on its connection.
    package static let requestID: UInt16 = 1

    package init() {}

    /// FCGI_BEGIN_REQUEST and all of FCGI_PARAMS.
    /// - Parameter keepsConnection: Whether the server is asked to leave the connection open (FCGI_KEEP_CONN).
    package func writeHead(parameters: [(String, String)], keepsConnection: Bool, into buffer: inout ByteBuffer) {
        let position = FastCGIRecord.writeHeader(.beginRequest, requestID: Self.requestID, into: &buffer)
        buffer.writeInteger(UInt16(1))  // FCGI_RESPONDER
        buffer.writeInteger(UInt8(keepsConnection ? 1 : 0))
        buffer.writeRepeatingByte(0, count: 5)
        FastCGIRecord.setContentLength(in: &buffer, at: position)

        var pairs = ByteBuffer()
        for (name, value) in parameters {
            Self.write(length: name.utf8.count, into: &pairs)
            Self.write(length: value.utf8.count, into: &pairs)
            pairs.writeString(name)
            pairs.writeString(value)
        }
        self.writeStream(.parameters, &pairs, into: &buffer)
        self.writeEnd(of: .parameters, into: &buffer)
    }

    /// Standard input, in as many records as it takes. The empty record that ends it is apart: ``writeEnd(of:into:)``.
    package func writeStandardInput(_ octets: inout ByteBuffer, into buffer: inout ByteBuffer) {
        self.writeStream(.standardInput, &octets, into: &buffer)
    }

    /// The empty record that ends a stream. (§ 5.2)
    package func writeEnd(of kind: FastCGIRecord.Kind, into buffer: inout ByteBuffer) {
        _ = FastCGIRecord.writeHeader(kind, requestID: Self.requestID, into: &buffer)
    }

    private func writeStream(_ kind: FastCGIRecord.Kind, _ octets: inout ByteBuffer, into buffer: inout ByteBuffer) {
        while octets.readableBytes > 0,
            let part = octets.readSlice(length: min(octets.readableBytes, FastCGIRecord.maximumContentLength))
        {
            let position = FastCGIRecord.writeHeader(kind, requestID: Self.requestID, into: &buffer)
            buffer.writeImmutableBuffer(part)
            FastCGIRecord.setContentLength(in: &buffer, at: position)
        }
    }

    /// One octet up to 127, four with the highest bit set beyond. (§ 3.4)
    private static func write(length: Int, into buffer: inout ByteBuffer) {
        if length < 128 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: length))
        } else {
            buffer.writeInteger(UInt32(clamping: length) | 0x8000_0000)
        }
    }
}
