#if TLS
import GuerrillaServer
import NIOCore

/// Learns which host name the client asks for.
///
/// The library tells a callback of the context, which does not know the connection it is about. But it does so while it
/// reads, so the handler before it can say: this one.
final class ServerNameHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    @TaskLocal private static var current: NIOLoopBoundBox<TLSHostName?>?

    private let name: NIOLoopBoundBox<TLSHostName?>

    init(eventLoop: any EventLoop) {
        self.name = NIOLoopBoundBox(nil, eventLoop: eventLoop)
    }

    /// The name, once the library has read it.
    var serverName: TLSHostName? { self.name.value }

    /// Called from the library's callback.
    static func record(_ name: TLSHostName?) {
        self.current?.value = name
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        Self.$current.withValue(self.name) {
            context.fireChannelRead(data)
        }
    }
}

@available(*, unavailable)
extension ServerNameHandler: Sendable {}
#endif
