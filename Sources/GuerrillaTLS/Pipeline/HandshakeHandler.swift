#if TLS
import GuerrillaMail
import GuerrillaServer
import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the library's handler: knows what was agreed, and says in plain words what failed.
final class HandshakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let tls: NIOSSLServerHandler
    /// Nil after the handshake.
    private var serverName: ServerNameHandler?
    /// Nil before the handshake is complete.
    private(set) var info: TLSInfo?

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
