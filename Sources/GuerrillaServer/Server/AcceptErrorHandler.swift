import Logging
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Stands in a listener's own pipeline: says in the log why connections cannot be accepted, and waits where the system has run out
/// of something.
///
/// Whoever cannot be accepted stays in the system's queue, so the listener stays readable. swift-nio would try again in every turn of
/// its loop; its `AcceptBackoffHandler` only holds back a `read` that swift-nio does not send while the last one is unanswered.
final class AcceptErrorHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    /// How long nobody is accepted when something has run out.
    static let pause = TimeAmount.seconds(1)
    /// The log is told so often at most.
    static let reportInterval = TimeAmount.seconds(60)

    private let logger: () -> Logger
    private var context: ChannelHandlerContext?
    private var resumption: Scheduled<Void>?
    private var isStopped = false
    /// Errors that the log does not know of yet.
    private var unreported = 0
    private var nextReport: NIODeadline?

    /// - Parameter logger: Asked for at each report, because settings change.
    init(logger: @escaping () -> Logger) {
        self.logger = logger
    }

    /// Accepts nobody any more.
    func stop() {
        self.isStopped = true
        self.cancelResumption()
        self.setAutoRead(false)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.cancelResumption()
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let errnoCode = (error as? IOError)?.errnoCode
        switch errnoCode {
        // The client has gone again before it was accepted: nobody's trouble.
        case ECONNABORTED: return
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: self.pauseAccepting(context: context)
        default: break
        }
        self.report(error, errnoCode: errnoCode, now: context.eventLoop.now)
    }

    private func pauseAccepting(context: ChannelHandlerContext) {
        guard !self.isStopped, self.resumption == nil else { return }
        self.setAutoRead(false)
        self.resumption = context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.resumption = nil
            self.setAutoRead(true)
        }
    }

    private func cancelResumption() {
        self.resumption.take()?.cancel()
    }

    private func setAutoRead(_ isOn: Bool) {
        try? self.context?.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }

    private func report(_ error: any Error, errnoCode: CInt?, now: NIODeadline) {
        self.unreported += 1
        if let nextReport = self.nextReport, now < nextReport { return }
        self.nextReport = now + Self.reportInterval
        let metadata: Logger.Metadata = ["error": "\(error)", "failures": "\(self.unreported)"]
        self.unreported = 0
        let logger = self.logger()
        switch errnoCode {
        case EMFILE:
            logger.error(
                "Out of open files, clients have to wait: raise the limit (LimitNOFILE= of a systemd unit, `ulimit -Hn`) or decrease max_clients",
                metadata: metadata
            )
        case ENFILE:
            logger.error(
                "The system is out of open files, clients have to wait: raise fs.file-max or close other programs",
                metadata: metadata
            )
        case ENOBUFS, ENOMEM:
            logger.error("The system is out of memory for connections, clients have to wait", metadata: metadata)
        default:
            logger.error("A connection could not be accepted", metadata: metadata)
        }
    }
}

@available(*, unavailable)
extension AcceptErrorHandler: Sendable {}
