import NIOCore
import NIOPosix

/// Hands a message to a mail server, in clear text. It stands here for whatever your application sends mail with.
public struct Mailer: Sendable {
    private let host: String
    private let port: Int

    /// - Parameters:
    ///   - host: The server.
    ///   - port: Its port.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// The server does not take the message.
    public struct Refused: Error {
        /// What it says.
        public let reply: String
    }

    /// Sends a message, its lines ended by LF, to one recipient.
    /// - Throws: ``Refused``, or that there is no connection.
    public func send(from sender: String, to recipient: String, message: String) async throws {
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: self.host, port: self.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
        let data = lines.map { ($0.hasPrefix(".") ? "." : "") + $0 + "\r\n" }.joined() + "."
        try await connection.executeThenClose { inbound, outbound in
            var octets = inbound.makeAsyncIterator()
            try await Self.reply(&octets, "220")
            for (command, code) in [
                ("EHLO localhost", "250"), ("MAIL FROM:<\(sender)>", "250"), ("RCPT TO:<\(recipient)>", "250"),
                ("DATA", "354"), (data, "250"), ("QUIT", "221"),
            ] {
                try await outbound.write(ByteBuffer(string: command + "\r\n"))
                try await Self.reply(&octets, code)
            }
        }
    }

    /// Reads one reply, whose last line has a space behind its code.
    private static func reply(
        _ octets: inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ code: String
    ) async throws {
        var reply = ""
        while !(reply.hasSuffix("\r\n") && reply.split(separator: "\r\n").last?.dropFirst(3).first == " ") {
            guard let part = try await octets.next() else { throw Refused(reply: reply) }
            reply += String(buffer: part)
        }
        guard reply.hasPrefix(code) else { throw Refused(reply: reply) }
    }
}
