import NIOCore

@testable import GuerrillaFastCGI

/// Reads the input as the response of a FastCGI server, in one piece and octet by octet.
///
/// Both have to come to the same response or error; the script's output and what is waited for stay within their bounds, and so does
/// the text that a reply or the log would show.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFastCGI(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = UnsafeBufferPointer(start: start, count: count)
    let limit = 256
    var buffer = ByteBuffer(bytes: octets)
    var reader = FastCGIResponseReader(requestID: FastCGIRequestWriter.requestID, maximumOutput: limit)
    let whole = Result { try reader.read(&buffer) }

    reader = FastCGIResponseReader(requestID: FastCGIRequestWriter.requestID, maximumOutput: limit)
    buffer.clear()
    var pieces = Result<FastCGIResponse?, any Error>.success(nil)
    for octet in octets {
        buffer.writeInteger(octet)
        pieces = Result { try reader.read(&buffer) }
        guard case .success(nil) = pieces else { break }
        precondition(buffer.readableBytes < FastCGIRecord.maximumLength, "more is waited for than a record")
    }
    switch (whole, pieces) {
    case (.success(let expected), .success(let response)):
        precondition(response == expected, "the same octets, cut differently, mean something else")
        if let response { check(response, limit: limit) }
    case (.failure(let expected), .failure(let error)):
        precondition(
            error as? FastCGIProtocolError == expected as? FastCGIProtocolError,
            "another error: \(error), \(expected)"
        )
    case (.success, .failure), (.failure, .success):
        preconditionFailure("the same octets, cut differently, mean something else")
    }
    return 0
}

private func check(_ response: FastCGIResponse, limit: Int) {
    precondition(response.standardOutput.readableBytes <= limit, "too much output")
    precondition(response.standardError.readableBytes <= FastCGIResponseReader.maximumStandardError, "too much noise")
    guard let answer = try? ScriptAnswer(response) else { return }
    let text = answer.text(after: "REJECTED")
    precondition(text.utf8.count <= 200 && text.utf8.allSatisfy { 32...126 ~= $0 }, "a text unfit for a reply")
}
