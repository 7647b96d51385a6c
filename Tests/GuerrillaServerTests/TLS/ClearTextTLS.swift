import GuerrillaMail
import GuerrillaServer
import NIOCore
import NIOTLS

/// Stands where TLS would, agrees at once and encrypts nothing, so that a dialogue can be followed through STARTTLS.
struct ClearTextTLS: TLSProvider {
    /// What every octet of the client is exchanged by (exclusive or), to see which of them come this way.
    var mask: UInt8 = 0

    func addHandler(to channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(Agreement(mask: self.mask), position: .first)
    }

    func info(of channel: any Channel) -> TLSInfo {
        TLSInfo(version: "TLSv0.0")
    }

    private final class Agreement: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer

        private let mask: UInt8

        init(mask: UInt8) {
            self.mask = mask
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let octets = self.unwrapInboundIn(data).readableBytesView.map { $0 ^ self.mask }
            context.fireChannelRead(self.wrapInboundOut(ByteBuffer(bytes: octets)))
        }

        func handlerAdded(context: ChannelHandlerContext) {
            guard context.channel.isActive else { return }
            let box = NIOLoopBound(context, eventLoop: context.eventLoop)
            // After the octets in hand, as a handshake would be.
            context.eventLoop.execute {
                box.value.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
            }
        }

        func channelActive(context: ChannelHandlerContext) {
            context.fireChannelActive()
            context.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        }
    }
}
