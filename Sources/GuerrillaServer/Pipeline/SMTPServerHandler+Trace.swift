import Logging
import NIOCore

/// The dialogue in the log, at level trace.
extension SMTPServerHandler {
    /// Asked once for many commands and replies, so that it costs nothing that can be measured.
    var isTraced: Bool { self.settings.logger.logLevel <= .trace }

    /// - Parameters:
    ///   - input: What the session has read a command of.
    ///   - start: Where that command began.
    ///   - end: Where the session has stopped. After BDAT a chunk may lie between, which is not for the log.
    func traceCommand(in input: ByteBuffer, from start: Int, to end: Int) {
        guard let read = input.viewBytes(at: start, length: end - start) else { return }
        let line = read.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        self.settings.logger.trace(
            "Client sent: \(String(decoding: line, as: UTF8.self))",
            metadata: self.clientMetadata
        )
    }

    func traceReplies(_ output: ByteBuffer) {
        self.settings.logger.trace(
            "Writing response to client: \(String(buffer: output))",
            metadata: self.clientMetadata
        )
    }
}
