import Synchronization

/// Who is told of which events.
///
/// Nothing is locked while subscribers run: they may subscribe, unsubscribe and publish as they like.
final class EventBus: Sendable {
    private struct State {
        var nextNumber: UInt64 = 0
        /// In the order of subscription, which is that of the calls.
        var subscribers: [Subscriber] = []
    }

    private struct Subscriber {
        let number: UInt64
        /// Nil means every topic.
        let topic: DaemonEvent.Topic?
        let handler: @Sendable (DaemonEvent) -> Void
        /// Called when there will be no more events.
        let finish: @Sendable () -> Void
    }

    private let state = Mutex(State())

    func subscribe(
        to topic: DaemonEvent.Topic?,
        finish: @escaping @Sendable () -> Void = {},
        handler: @escaping @Sendable (DaemonEvent) -> Void
    ) -> DaemonSubscription {
        self.state.withLock { state in
            state.nextNumber += 1
            state.subscribers.append(
                Subscriber(number: state.nextNumber, topic: topic, handler: handler, finish: finish)
            )
            return DaemonSubscription(number: state.nextNumber)
        }
    }

    func unsubscribe(_ subscription: DaemonSubscription) {
        self.state.withLock { $0.subscribers.removeAll { $0.number == subscription.number } }
    }

    /// Calls everybody concerned, one after the other; nobody who was taken out by one before.
    func publish(_ event: DaemonEvent) {
        for subscriber in self.state.withLock({ $0.subscribers })
        where subscriber.topic == nil || subscriber.topic == event.topic {
            guard self.isSubscribed(subscriber.number) else { continue }
            subscriber.handler(event)
        }
    }

    private func isSubscribed(_ number: UInt64) -> Bool {
        self.state.withLock { $0.subscribers.contains { $0.number == number } }
    }

    /// A sequence of all events from now on.
    /// - Parameter capacity: How many wait to be taken out; beyond that the oldest is lost.
    func events(capacity: Int) -> AsyncStream<DaemonEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: DaemonEvent.self,
            bufferingPolicy: .bufferingNewest(capacity)
        )
        let subscription = self.subscribe(
            to: nil,
            finish: { continuation.finish() },
            handler: { continuation.yield($0) }
        )
        continuation.onTermination = { [weak self] _ in self?.unsubscribe(subscription) }
        return stream
    }

    deinit {
        self.finishSequences()
    }

    /// Ends all sequences of events. Subscribers stay.
    func finishSequences() {
        for subscriber in self.state.withLock({ $0.subscribers }) { subscriber.finish() }
    }
}

/// What ``Daemon/subscribe(to:_:)`` gives, for ``Daemon/unsubscribe(_:)``.
public struct DaemonSubscription: Sendable, Hashable {
    let number: UInt64
}
