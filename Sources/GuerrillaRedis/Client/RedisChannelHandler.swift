import GuerrillaBackend
import NIOCore

/// One connection to a server: pipelines, and their replies in the same order.
///
/// Whatever goes wrong ends the connection, since nobody could tell any more which reply belongs to which command.
final class RedisChannelHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = RedisPipeline
    typealias OutboundOut = ByteBuffer

    /// Messages are one pipeline at a time; a question about the cluster may stand beside it.
    private static let maximumPipelines = 4

    private struct Pending {
        var pipeline: RedisPipeline
        var replies: [RESPValue] = []
        var timer: Scheduled<Void>
    }

    private var decoder = RESPDecoder()
    private var received = ByteBuffer()
    private var pending = CircularBuffer<Pending>()
    /// Why the connection has ended, once it has.
    private var end: RedisError?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let pipeline = Self.unwrapOutboundIn(data)
        guard self.pending.count < Self.maximumPipelines, self.end == nil, context.channel.isActive else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let timer = context.eventLoop.scheduleTask(deadline: pipeline.deadline) {
            let (handler, context) = bound.value
            handler.finish(.timedOut, context: context)
        }
        self.pending.append(Pending(pipeline: pipeline, timer: timer))
        for buffer in pipeline.buffers { context.write(Self.wrapOutboundOut(buffer), promise: nil) }
        promise?.succeed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = Self.unwrapInboundIn(data)
        guard self.end == nil else { return }
        self.received.writeBuffer(&buffer)
        do throws(RESPSyntaxError) {
            while self.end == nil, let reply = try self.decoder.next(&self.received) {
                self.accept(reply, context: context)
            }
        } catch {
            self.finish(.malformedReply("\(error)"), context: context)
        }
        self.received.discardReadBytes()
    }

    private func accept(_ reply: RESPValue, context: ChannelHandlerContext) {
        guard !self.pending.isEmpty else {
            if case .error(let text) = reply {
                self.finish(.refused(code: ServerRefusal.code(of: text)), context: context)
            } else {
                self.finish(.malformedReply("a reply that nobody has asked for"), context: context)
            }
            return
        }
        self.pending[self.pending.startIndex].replies.append(reply)
        if let first = self.pending.first, first.replies.count == first.pipeline.commandCount {
            self.pending.removeFirst()
            self.settle(first, nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish(.connectionLost(""), context: context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.finish(.connectionLost(PlainWords.of(error)), context: context)
    }

    private func finish(_ error: RedisError, context: ChannelHandlerContext) {
        guard self.end == nil else { return }
        self.end = error
        while let first = self.pending.popFirst() { self.settle(first, error) }
        context.close(promise: nil)
    }

    private func settle(_ pending: Pending, _ error: RedisError?) {
        pending.timer.cancel()
        pending.pipeline.promise.succeed(RedisPipeline.Outcome(replies: pending.replies, error: error))
    }
}

@available(*, unavailable)
extension RedisChannelHandler: Sendable {}
