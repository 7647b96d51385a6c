import GuerrillaMail
import GuerrillaServer
import NIOCore

/// Stands where TLS would, and never agrees: what is written waits, as in the library, for a handshake that does not
/// come, and a client that leaves ends it.
struct EndlessTLS: TLSProvider {
    func addHandler(to channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(Handshake(), position: .first)
    }

    func info(of channel: any Channel) -> TLSInfo {
        TLSInfo(version: "TLS")
    }

    private final class Handshake: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundIn = ByteBuffer

        private var waiting: [EventLoopPromise<Void>] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if let promise { self.waiting.append(promise) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            for promise in self.waiting { promise.fail(ChannelError.ioOnClosedChannel) }
        }
    }
}
