#if TLS
import GuerrillaMail
import GuerrillaServer
import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the library's handler: knows what was agreed, says in plain words what failed, and closes when both sides have
/// finished.
final class HandshakeHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let tls: NIOSSLServerHandler
    /// Nil after the handshake.
    private var serverName: ServerNameHandler?
    /// Nil before the handshake is complete.
    private(set) var info: TLSInfo?
    /// The peer sends nothing more: it has said so by close_notify, or by FIN.
    private var hasPeerFinished = false
    /// The channel is to be closed.
    private var isClosing = false

    init(tls: NIOSSLServerHandler, serverName: ServerNameHandler) {
        self.tls = tls
        self.serverName = serverName
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent, let serverName = self.serverName.take() {
            self.info = TLSInfo(
                version: self.tls.tlsVersion.map { TLSProtocolVersion($0).name } ?? "TLS",
                requestedServerName: serverName.serverName?.text,
                clientCertificate: self.tls.peerCertificate.map { TLSInfo.ClientCertificate($0) }
            )
            context.pipeline.syncOperations.removeHandler(serverName, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
        if case .inputClosed? = event as? ChannelEvent {
            self.hasPeerFinished = true
            self.closeIfBothHaveFinished(context: context)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.close(mode: mode, promise: promise)
        guard case .all = mode else { return }
        self.isClosing = true
        self.closeIfBothHaveFinished(context: context)
    }

    /// The library has sent its close_notify and would wait 2 seconds for the peer's. After FIN there is none to come; and where
    /// half-closure is allowed, as it is here, one that comes while the library waits does not end the waiting.
    private func closeIfBothHaveFinished(context: ChannelHandlerContext) {
        guard self.isClosing, self.hasPeerFinished else { return }
        // From the library's place on, so past it. It is not there any more when the channel has closed.
        try? context.pipeline.syncOperations.context(handler: self.tls).close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown, NIOSSLError.shutdownFailed, is NIOSSLCloseTimedOutError:
            // The connection is closing, and somebody has not said goodbye. What was cut off by that the session knows.
            break
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            context.fireErrorCaught(TLSFailure(reason: libraryReason(error)))
        default:
            context.fireErrorCaught(error)
        }
    }
}

@available(*, unavailable)
extension HandshakeHandler: Sendable {}
#endif
