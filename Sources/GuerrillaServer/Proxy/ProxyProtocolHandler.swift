import GuerrillaMail
import GuerrillaSMTP
import Logging
import NIOCore

/// Stands in front of a connection until its PROXY header has said who the client is.
///
/// Then it puts what speaks SMTP into the pipeline, hands it the octets behind the header, and leaves. Nothing is ever sent from
/// here: who does not send a proper header in time, or may not send one, is disconnected without a word. (proxy-protocol § 2:
/// "The receiver MUST NOT guess")
final class ProxyProtocolHandler: ChannelInboundHandler, RemovableChannelHandler, ConnectionHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never

    private enum Phase {
        case waiting
        /// Somebody else answers for the connection.
        case handedOver
        case closed
    }

    private let server: SMTPServer
    private var connection: AcceptedConnection
    private var phase = Phase.waiting
    /// What has arrived of the header.
    private var received = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(server: SMTPServer, connection: AcceptedConnection) {
        self.server = server
        self.connection = connection
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.timer?.cancel()
        switch self.phase {
        case .handedOver: self.server.connectionHandedOver(by: self, on: context.eventLoop)
        case .waiting, .closed: self.server.connectionClosed(self, on: context.eventLoop)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.server.connectionOpened(self, on: context.eventLoop)
        guard self.connection.client.address != nil else {
            // The system does not know a peer any more that has reset the connection already, as health checks do.
            self.closeNow()
            return
        }
        guard self.connection.mayBeProxied else {
            self.refuse("the peer is not in trusted_networks")
            return
        }
        let timeout = TimeAmount(self.connection.settings.connection.proxyTimeout)
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.refuse("the header did not come in time")
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .waiting = self.phase else { return }
        var octets = self.unwrapInboundIn(data)
        self.received.writeBuffer(&octets)
        do throws(ProxyHeaderError) {
            guard let header = try ProxyHeaderDecoder.decode(&self.received) else { return }
            self.connection.take(header)
        } catch {
            self.refuse("\(error)")
            return
        }
        self.handOver(context: context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed = event as? ChannelEvent { self.peerFinished() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.peerFinished()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.peerFinished()
    }

    // MARK: Ways to end

    private func handOver(context: ChannelHandlerContext) {
        // First: the greeting may be a 421 that closes the channel before the line below is done.
        self.phase = .handedOver
        do {
            try self.server.addSessionHandlers(for: self.connection, to: context.channel)
        } catch {
            self.phase = .waiting
            self.refuse("\(error)")
            return
        }
        let octets = self.received
        self.received = ByteBuffer()
        let pipeline = context.pipeline.syncOperations
        pipeline.removeHandler(context: context, promise: nil)
        // From the front, where TLS may stand now.
        if octets.readableBytes > 0 { pipeline.fireChannelRead(NIOAny(octets)) }
    }

    private func refuse(_ reason: String) {
        guard case .waiting = self.phase else { return }
        self.settings.logger.info(
            "Connection refused: no PROXY header",
            metadata: self.metadata.merging(["reason": "\(reason)"]) { $1 }
        )
        self.closeNow()
    }

    /// Connecting and leaving without a word is how load balancers look whether we are there: not worth a line.
    private func peerFinished() {
        if self.received.readableBytes > 0 {
            self.refuse("the connection ended within the header")
        } else {
            self.closeNow()
        }
    }

    func shutDown() {
        self.closeNow()
    }

    func cutOff() -> Bool {
        self.closeNow()
        return true
    }

    private func closeNow() {
        guard case .waiting = self.phase else { return }
        self.phase = .closed
        self.context?.close(promise: nil)
    }

    private var settings: ServerSettings { self.connection.settings }

    private var metadata: Logger.Metadata {
        [
            "smtp.peer": "\(self.connection.client.address?.description ?? "-")",
            "smtp.session": "\(self.connection.client.clientNumber)",
        ]
    }
}

@available(*, unavailable)
extension ProxyProtocolHandler: Sendable {}
