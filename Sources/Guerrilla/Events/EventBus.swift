import Synchronization

/// Who is told of which events.
///
/// One event is told at a time, to one subscriber at a time, by whoever published when nobody else was at it; what is published
/// meanwhile waits for its turn. Nothing is locked while subscribers run: they may subscribe, unsubscribe and publish as they like.
final class EventBus: Sendable {
    private struct State {
        var nextNumber: UInt64 = 0
        /// In the order of subscription, which is that of the calls.
        var subscribers: [Subscriber] = []
        /// What is to be told next, and to whom.
        var pending: [(event: DaemonEvent, subscribers: [Subscriber])] = []
        /// Whether somebody is at it.
        var isTelling = false
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
            return DaemonSubscription(bus: ObjectIdentifier(self), number: state.nextNumber)
        }
    }

    func unsubscribe(_ subscription: DaemonSubscription) {
        guard subscription.bus == ObjectIdentifier(self) else { return }
        self.state.withLock { $0.subscribers.removeAll { $0.number == subscription.number } }
    }

    /// Calls everybody concerned, one after the other; nobody who was taken out by one before.
    ///
    /// When events are being told, by a handler that has called this or on another thread, it returns at once: this one is told after
    /// them, over there.
    func publish(_ event: DaemonEvent) {
        let isOurs = self.state.withLock { state in
            state.pending.append((event, state.subscribers))
            defer { state.isTelling = true }
            return !state.isTelling
        }
        guard isOurs else { return }
        while let (event, subscribers) = self.next() {
            for subscriber in subscribers where subscriber.topic == nil || subscriber.topic == event.topic {
                guard self.isSubscribed(subscriber.number) else { continue }
                subscriber.handler(event)
            }
        }
    }

    private func next() -> (event: DaemonEvent, subscribers: [Subscriber])? {
        self.state.withLock { state in
            state.isTelling = !state.pending.isEmpty
            return state.isTelling ? state.pending.removeFirst() : nil
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
    /// Another daemon counts its own.
    let bus: ObjectIdentifier
    let number: UInt64
}
