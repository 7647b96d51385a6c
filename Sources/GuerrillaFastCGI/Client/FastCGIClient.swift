import GuerrillaBackend
import NIOCore
import NIOPosix
import Synchronization

/// Makes requests of one FastCGI server, on connections that are kept for the next ones.
final class FastCGIClient: Sendable {
    /// Encoded octets that are gathered for one write.
    private static let writeSize = 65_536
    /// Octets of a message that are encoded at once: three times as many are still one record.
    private static let sliceSize = 16_384

    private let settings: FastCGISettings
    private let queue: RequestQueue
    private let group: MultiThreadedEventLoopGroup
    /// The one used last is the first to be used again, so that those not needed grow old. Never more than there are slots.
    private let idle = Mutex<[FastCGIConnection]>([])

    init(_ settings: FastCGISettings) {
        self.settings = settings
        self.queue = RequestQueue(slots: settings.maximumConnections, maximumWaiting: settings.maximumQueued)
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    /// Makes a connection, which shows that somebody listens.
    func connect() async throws {
        self.keep(try await FastCGIConnection.open(self.settings, on: self.group))
    }

    /// Makes no more requests. One that is still on its way ends in its own time, after this has returned: it needs its event loop, and what
    /// is handed to a loop that has ended never answers.
    func shutdown() async {
        let isIdle = self.queue.close {
            Task { [group = self.group] in try? await group.shutdownGracefully() }
        }
        if isIdle { try? await self.group.shutdownGracefully() }
    }

    /// Makes a request and waits for the response.
    ///
    /// A kept connection may have been closed by the server just now. So when it closes without a word in answer, the request is made
    /// once more, on a new connection. Had the script run nevertheless, it runs twice: at least once is what is promised.
    ///
    /// - Throws: ``FastCGIError``, or `CancellationError` when the task is cancelled while the request waits for a connection; a request
    ///   without effect (``FastCGIRequest/isSafe``) is given up later, too.
    func perform(_ request: FastCGIRequest) async throws -> FastCGIResponse {
        try await self.queue.acquire()
        defer { self.queue.release() }
        if let kept = self.takeIdle() {
            do {
                return try await self.exchange(request, on: kept)
            } catch FastCGIError.closed(isAnswered: false) {
                // Once more, below.
            }
        }
        return try await self.exchange(request, on: FastCGIConnection.open(self.settings, on: self.group))
    }

    private func takeIdle() -> FastCGIConnection? {
        self.idle.withLock { idle in
            while let connection = idle.popLast() {
                if connection.isActive { return connection }
            }
            return nil
        }
    }

    private func keep(_ connection: FastCGIConnection) {
        guard self.settings.idleTimeout > .zero, connection.isActive else { return }
        self.idle.withLock { $0.append(connection) }
    }

    private func exchange(_ request: FastCGIRequest, on connection: FastCGIConnection) async throws -> FastCGIResponse {
        let future = await self.send(request, on: connection)
        let response: FastCGIResponse
        if request.isSafe {
            response = try await withTaskCancellationHandler {
                try await future.get()
            } onCancel: {
                connection.abort()
            }
        } else {
            response = try await future.get()
        }
        self.keep(connection)
        return response
    }

    /// Sends a request piece by piece: as much of it is copied as the system takes at once.
    private func send(
        _ request: FastCGIRequest,
        on connection: FastCGIConnection
    ) async -> EventLoopFuture<FastCGIResponse> {
        let writer = FastCGIRequestWriter()
        var buffer = ByteBuffer()
        writer.writeHead(
            parameters: request.parameters,
            keepsConnection: self.settings.idleTimeout > .zero,
            into: &buffer
        )
        var start = request.input
        writer.writeStandardInput(&start, into: &buffer)

        var response: EventLoopFuture<FastCGIResponse>?
        if let form = request.form {
            for piece in form {
                var rest = piece
                while let slice = rest.readSlice(length: min(rest.readableBytes, Self.sliceSize)),
                    slice.readableBytes > 0
                {
                    var encoded = ByteBuffer()
                    FormEncoding.write(slice.readableBytesView, into: &encoded)
                    writer.writeStandardInput(&encoded, into: &buffer)
                    guard buffer.readableBytes >= Self.writeSize else { continue }
                    if let response {
                        // When it fails the response says why: it may be there already.
                        guard (try? await connection.send(buffer, isLast: false)) != nil else { return response }
                    } else {
                        response = connection.begin(buffer, isLast: false)
                    }
                    buffer.clear()
                }
            }
        }
        writer.writeEnd(of: .standardInput, into: &buffer)
        guard let response else { return connection.begin(buffer, isLast: true) }
        try? await connection.send(buffer, isLast: true)
        return response
    }
}
