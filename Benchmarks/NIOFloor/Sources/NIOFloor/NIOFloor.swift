import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// The least an SMTP receiver on swift-nio can do, as floor.c is for plain epoll: it follows the dialogue by the first
/// octets of each command, finds CRLF.CRLF, copies the message into a buffer and forgets it. No address syntax, no
/// limits, no deadlines, no chain, no log. With a certificate and its key it does STARTTLS, too, by the same library as
/// the daemon. A yardstick for CPU time, not a server to use.
///
///     NIOFloor PORT [CERTIFICATE KEY]
@main
struct NIOFloor {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 2525
        let files = Array(CommandLine.arguments.dropFirst(2))
        let tls = files.count == 2 ? try Self.context(certificate: files[0], key: files[1]) : nil
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FloorHandler(tls: tls))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 4_096, initial: 4_096, maximum: 65_536)
            )
            .bind(host: "127.0.0.1", port: port).get()
        try await listener.closeFuture.get()
    }

    private static func context(certificate: String, key: String) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        )
        configuration.minimumTLSVersion = .tlsv12
        return try NIOSSLContext(configuration: configuration)
    }
}

final class FloorHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let tls: NIOSSLContext?
    private var isInData = false
    private var isLineStart = true
    private var isClosing = false
    private var pending = ByteBuffer()
    private var message = ByteBuffer()
    private var output = ByteBuffer()
    private var isStartingTLS = false

    init(tls: NIOSSLContext?) {
        self.tls = tls
    }

    func channelActive(context: ChannelHandlerContext) {
        self.output.writeStaticString("220 floor.example ESMTP\r\n")
        self.channelReadComplete(context: context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = self.unwrapInboundIn(data)
        if self.pending.readableBytes > 0 {
            self.pending.writeBuffer(&input)
            input = self.pending
            self.pending = ByteBuffer()
        }
        while !self.isClosing, self.isInData ? self.takeData(&input) : self.takeCommand(&input) {}
        if input.readableBytes > 0 { self.pending.writeImmutableBuffer(input) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard self.output.readableBytes > 0 else { return }
        context.writeAndFlush(self.wrapOutboundOut(self.output), promise: nil)
        self.output.clear()
        if self.isClosing { context.close(promise: nil) }
        if self.isStartingTLS, let tls = self.tls {
            self.isStartingTLS = false
            try? context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed = event as? ChannelEvent { context.close(promise: nil) }
    }

    private func takeCommand(_ input: inout ByteBuffer) -> Bool {
        let end = input.withUnsafeReadableBytes { bytes -> Int? in
            guard let base = bytes.baseAddress, let found = memchr(base, 10, bytes.count) else { return nil }
            return UnsafeRawPointer(found) - base
        }
        guard let end, let line = input.readSlice(length: end + 1) else { return false }
        switch (line.getInteger(at: line.readerIndex) as UInt8? ?? 0) & 0xDF {
        case UInt8(ascii: "E"):
            self.output.writeStaticString("250-floor.example\r\n250-STARTTLS\r\n250 PIPELINING\r\n")
        case UInt8(ascii: "D"):
            self.output.writeStaticString("354 go\r\n")
            self.isInData = true
            self.isLineStart = true
        case UInt8(ascii: "Q"):
            self.output.writeStaticString("221 bye\r\n")
            self.isClosing = true
        case UInt8(ascii: "S"):
            self.output.writeStaticString("220 go\r\n")
            self.isStartingTLS = true
        default: self.output.writeStaticString("250 ok\r\n")
        }
        return true
    }

    /// Finds the end of data in what has come together; an octet or four of a cut terminator stay for the next read.
    private func takeData(_ input: inout ByteBuffer) -> Bool {
        let count = input.readableBytes
        let end = input.withUnsafeReadableBytes { bytes -> Int? in
            var from = 0
            while from < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + from, 46, bytes.count - from)
            {
                let dot = UnsafeRawPointer(found) - base
                let follows = dot >= 2 ? bytes[dot - 2] == 13 && bytes[dot - 1] == 10 : dot == 0 && self.isLineStart
                if follows, dot + 2 < bytes.count, bytes[dot + 1] == 13, bytes[dot + 2] == 10 { return dot }
                from = dot + 1
            }
            return nil
        }
        guard let end else {
            let keep = min(4, count)
            if count > keep, let run = input.readSlice(length: count - keep) {
                self.message.writeImmutableBuffer(run)
                self.isLineStart = false
            }
            return false
        }
        if let run = input.readSlice(length: end) { self.message.writeImmutableBuffer(run) }
        input.moveReaderIndex(forwardBy: 3)
        self.message.clear()
        self.isInData = false
        self.output.writeStaticString("250 ok\r\n")
        return true
    }
}
