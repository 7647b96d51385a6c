package import NIOCore

/// What a script has said to one request.
package struct FastCGIResponse: Equatable, Sendable {
    /// CGI header section and body.
    package var standardOutput = ByteBuffer()
    /// The beginning of what it wrote for the operator.
    package var standardError = ByteBuffer()
    /// Octets for the operator, those that were not kept included.
    package var standardErrorLength = 0
    /// The script's exit status. (FastCGI 1.0 § 5.5)
    package var applicationStatus: UInt32 = 0

    package init() {}
}

/// Puts a response together from its records. A value: octets come from elsewhere.
package struct FastCGIResponseReader: Sendable {
    /// How much for the operator is kept, in octets.
    static let maximumStandardError = 1_024

    private let requestID: UInt16
    private let maximumOutput: Int
    private var response = FastCGIResponse()
    /// Whether a record of the response was there: from then on the request may have had an effect.
    package private(set) var hasBegun = false

    /// - Parameter maximumOutput: The most octets of standard output.
    package init(requestID: UInt16, maximumOutput: Int) {
        self.requestID = requestID
        self.maximumOutput = maximumOutput
    }

    /// Takes records out of `buffer` up to the end of the response.
    /// - Returns: The response once it is complete. What is left in the buffer then does not belong to it.
    package mutating func read(_ buffer: inout ByteBuffer) throws(FastCGIProtocolError) -> FastCGIResponse? {
        while let record = try FastCGIRecord.decode(&buffer) {
            if try self.add(record) { return self.response }
        }
        return nil
    }

    private mutating func add(_ record: FastCGIRecord) throws(FastCGIProtocolError) -> Bool {
        // Records of request 0 are about the connection, and none of them was asked for. (§ 4)
        if record.requestID == 0 { return false }
        guard record.requestID == self.requestID else { throw .requestID(record.requestID) }
        self.hasBegun = true
        switch record.kind {
        case .standardOutput:
            guard record.content.readableBytes <= self.maximumOutput - self.response.standardOutput.readableBytes else {
                throw .tooLarge(limit: self.maximumOutput)
            }
            self.response.standardOutput.writeImmutableBuffer(record.content)
        case .standardError:
            let room = Self.maximumStandardError - self.response.standardError.readableBytes
            self.response.standardError.writeBytes(record.content.readableBytesView.prefix(room))
            self.response.standardErrorLength &+= record.content.readableBytes
        case .endRequest:
            var content = record.content
            guard content.readableBytes == 8, let status: UInt32 = content.readInteger(),
                let protocolStatus: UInt8 = content.readInteger()
            else { throw .endRequest }
            guard protocolStatus == 0 else { throw .notServed(protocolStatus) }
            self.response.applicationStatus = status
            return true
        case .beginRequest, .parameters, .standardInput, .getValuesResult, .unknownType:
            throw .recordType(record.kind.rawValue)
        }
        return false
    }
}
