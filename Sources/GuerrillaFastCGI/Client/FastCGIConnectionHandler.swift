import NIOCore

/// Carries octets between a channel and the ``FastCGIResponseReader`` of the request that is on its way, one at a time.
final class FastCGIConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Exchange {
        var reader: FastCGIResponseReader
        let promise: EventLoopPromise<FastCGIResponse>
        let timeout: Scheduled<Void>
        var isSent: Bool
    }

    private let settings: FastCGISettings
    private var exchange: Exchange?
    private var received = ByteBuffer()
    private var idleTimer: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(settings: FastCGISettings) {
        self.settings = settings
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    // MARK: Requests

    /// Sends the beginning of a request, or all of it.
    func begin(_ octets: ByteBuffer, isLast: Bool) -> EventLoopFuture<FastCGIResponse>? {
        guard let context = self.context, context.channel.isActive, self.exchange == nil else { return nil }
        self.idleTimer?.cancel()
        self.idleTimer = nil
        let time = self.settings.timeout
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let exchange = Exchange(
            reader: FastCGIResponseReader(
                requestID: FastCGIRequestWriter.requestID,
                maximumOutput: self.settings.maximumReplySize
            ),
            promise: context.eventLoop.makePromise(),
            timeout: context.eventLoop.scheduleTask(in: TimeAmount(time)) {
                handler.value.fail(FastCGIError.timedOut(time))
            },
            isSent: isLast
        )
        self.exchange = exchange
        context.writeAndFlush(self.wrapOutboundOut(octets), promise: nil)
        return exchange.promise.futureResult
    }

    /// Sends more of the request.
    /// - Returns: Succeeds when the system has taken the octets; fails when there is no use in sending more.
    func send(_ octets: ByteBuffer, isLast: Bool) -> EventLoopFuture<Void>? {
        guard let context = self.context, self.exchange != nil else { return nil }
        self.exchange?.isSent = isLast
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(self.wrapOutboundOut(octets), promise: promise)
        return promise.futureResult
    }

    /// Gives the request up, and the connection with it.
    func fail(_ error: any Error) {
        self.takeExchange()?.promise.fail(error)
        self.context?.close(promise: nil)
    }

    private func takeExchange() -> Exchange? {
        self.exchange?.timeout.cancel()
        return self.exchange.take()
    }

    // MARK: Channel events

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var octets = self.unwrapInboundIn(data)
        guard self.exchange != nil else {
            // Nothing was asked.
            context.close(promise: nil)
            return
        }
        if self.received.readableBytes == 0 { self.received = octets } else { self.received.writeBuffer(&octets) }
        do {
            guard let response = try self.exchange?.reader.read(&self.received) else {
                self.received.discardReadBytes()
                return
            }
            self.finish(response, context: context)
        } catch {
            self.fail(FastCGIError.badResponse("\(error)"))
        }
    }

    private func finish(_ response: FastCGIResponse, context: ChannelHandlerContext) {
        guard let exchange = self.takeExchange() else { return }
        // What is not in step can serve no other request.
        if self.settings.idleTimeout > .zero, exchange.isSent, self.received.readableBytes == 0 {
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            self.idleTimer = context.eventLoop.scheduleTask(in: TimeAmount(self.settings.idleTimeout)) {
                handler.value.context?.close(promise: nil)
            }
        } else {
            context.close(promise: nil)
        }
        self.received = ByteBuffer()
        exchange.promise.succeed(response)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.idleTimer?.cancel()
        if let exchange = self.takeExchange() {
            exchange.promise.fail(
                FastCGIError.closed(isAnswered: exchange.reader.hasBegun || self.received.readableBytes > 0)
            )
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What comes of it for the request is the same whatever it was.
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension FastCGIConnectionHandler: Sendable {}
