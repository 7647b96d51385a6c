import GuerrillaBackend
import NIOCore

/// Commands that go out together, and where their replies go.
struct RedisPipeline: Sendable {
    /// What came back.
    struct Outcome: Sendable {
        /// The replies to the first commands; to all, when there is no error.
        var replies: [RESPValue] = []
        /// Why there are no more.
        var error: RedisError?
    }

    let buffers: [ByteBuffer]
    let commandCount: Int
    let deadline: NIODeadline
    /// Always succeeds.
    let promise: EventLoopPromise<Outcome>
}

extension Channel {
    /// Sends the commands and waits for their replies, at the latest until the deadline.
    func run(_ commands: RESPWriter, deadline: NIODeadline) async -> RedisPipeline.Outcome {
        let promise = self.eventLoop.makePromise(of: RedisPipeline.Outcome.self)
        let pipeline = RedisPipeline(
            buffers: commands.buffers,
            commandCount: commands.commandCount,
            deadline: deadline,
            promise: promise
        )
        // The handler says whether it has taken the pipeline; then the outcome comes from it alone.
        self.writeAndFlush(pipeline).whenFailure { _ in
            promise.succeed(RedisPipeline.Outcome(error: .connectionLost("")))
        }
        do { return try await promise.futureResult.get() } catch {
            return RedisPipeline.Outcome(error: .connectionLost(PlainWords.of(error)))
        }
    }
}
