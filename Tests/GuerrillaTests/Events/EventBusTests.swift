import Synchronization
import Testing

@testable import Guerrilla

struct EventBusTests {
    private let bus = EventBus()
    private let heard = Heard()
    private let configuration = DaemonConfiguration(hostName: "mx.example.com")

    final class Heard: Sendable {
        private let words = Mutex<[String]>([])
        var all: [String] { self.words.withLock { $0 } }
        func append(_ word: String) { self.words.withLock { $0.append(word) } }
    }

    @Test func subscribersAreCalledInTheirOrderAndForTheirTopicOnly() {
        for name in ["a", "b"] {
            _ = self.bus.subscribe(to: .newConfig) { [heard] in heard.append("\(name) \($0.topic.rawValue)") }
        }
        _ = self.bus.subscribe(to: .logLevel) { [heard] _ in heard.append("level") }
        self.bus.publish(.newConfig(self.configuration))
        #expect(self.heard.all == ["a config_change:new_config", "b config_change:new_config"])
    }

    @Test func whoHasUnsubscribedHearsNothingMore() {
        let first = self.bus.subscribe(to: .newConfig) { [heard] _ in heard.append("a") }
        _ = self.bus.subscribe(to: .newConfig) { [heard] _ in heard.append("b") }
        self.bus.unsubscribe(first)
        self.bus.unsubscribe(first)
        self.bus.publish(.newConfig(self.configuration))
        #expect(self.heard.all == ["b"])
    }

    @Test func subscriptionOfAnotherBusTakesNobodyOut() {
        _ = self.bus.subscribe(to: .newConfig) { [heard] _ in heard.append("a") }
        self.bus.unsubscribe(EventBus().subscribe(to: .newConfig) { _ in })
        self.bus.publish(.newConfig(self.configuration))
        #expect(self.heard.all == ["a"])
    }

    @Test func whoIsUnsubscribedByOneBeforeIsNotCalled() {
        let last = Mutex<DaemonSubscription?>(nil)
        _ = self.bus.subscribe(to: .newConfig) { [bus] _ in
            if let last = last.withLock({ $0 }) { bus.unsubscribe(last) }
        }
        let subscription = self.bus.subscribe(to: .newConfig) { [heard] _ in heard.append("last") }
        last.withLock { $0 = subscription }
        self.bus.publish(.newConfig(self.configuration))
        #expect(self.heard.all == [])
    }

    @Test(.timeLimit(.minutes(5))) func aSequenceEndsWithItsBus() async {
        var bus: EventBus? = EventBus()
        let events = bus?.events(capacity: 10)
        bus?.publish(.newConfig(self.configuration))
        bus = nil
        var count = 0
        if let events { for await _ in events { count += 1 } }
        #expect(count == 1)
    }

    @Test func subscribersMayDoAsTheyLike() {
        let configuration = self.configuration
        let once = Mutex<DaemonSubscription?>(nil)
        let subscription = self.bus.subscribe(to: .newConfig) { [bus, heard] _ in
            heard.append("once")
            if let subscription = once.withLock({ $0 }) { bus.unsubscribe(subscription) }
            _ = bus.subscribe(to: .logLevel) { _ in heard.append("later") }
            bus.publish(.logLevel(configuration))
        }
        once.withLock { $0 = subscription }
        self.bus.publish(.newConfig(configuration))
        self.bus.publish(.newConfig(configuration))
        #expect(self.heard.all == ["once", "later"])
    }

    /// The log is opened again while a certificate is replaced, say.
    @Test func noHandlerRunsTwiceAtOnce() async throws {
        let running = Atomic(0)
        let mistakes = Atomic(0)
        let calls = Atomic(0)
        _ = self.bus.subscribe(to: nil) { _ in
            if running.add(1, ordering: .sequentiallyConsistent).newValue != 1 {
                mistakes.add(1, ordering: .relaxed)
            }
            for _ in 0..<100 { calls.add(1, ordering: .relaxed) }
            running.subtract(1, ordering: .sequentiallyConsistent)
        }
        let event = DaemonEvent.newConfig(self.configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { [bus] in
                    try await onThread { for _ in 0..<1_000 { bus.publish(event) } }
                }
            }
            try await group.waitForAll()
        }
        #expect(mistakes.load(ordering: .relaxed) == 0)
        // None is forgotten, either.
        #expect(calls.load(ordering: .relaxed) == 400_000)
    }

    @Test func everybodyHearsTheEventsInTheSameOrder() {
        let configuration = self.configuration
        _ = self.bus.subscribe(to: .newConfig) { [bus] _ in bus.publish(.logLevel(configuration)) }
        _ = self.bus.subscribe(to: nil) { [heard] in heard.append($0.topic.rawValue) }
        self.bus.publish(.newConfig(configuration))
        #expect(self.heard.all == ["config_change:new_config", "config_change:log_level"])
    }

    @Test func whoSubscribesLaterDoesNotHearWhatWasBefore() {
        let configuration = self.configuration
        _ = self.bus.subscribe(to: .newConfig) { [bus, heard] _ in
            bus.publish(.logLevel(configuration))
            _ = bus.subscribe(to: .logLevel) { _ in heard.append("later") }
        }
        self.bus.publish(.newConfig(configuration))
        #expect(self.heard.all == [])
        self.bus.publish(.logLevel(configuration))
        #expect(self.heard.all == ["later"])
    }

    @Test func aSequenceHasAllEventsAndEnds() async {
        let events = self.bus.events(capacity: 10)
        self.bus.publish(.newConfig(self.configuration))
        self.bus.publish(.allowedHosts(self.configuration))
        self.bus.finishSequences()
        var topics: [DaemonEvent.Topic] = []
        for await event in events { topics.append(event.topic) }
        #expect(topics == [.newConfig, .allowedHosts])
    }

    @Test func aSequenceThatNobodyReadsKeepsTheNewest() async {
        let events = self.bus.events(capacity: 2)
        let all: [DaemonEvent] = [
            .newConfig(self.configuration), .allowedHosts(self.configuration), .pidFile(self.configuration),
        ]
        for event in all { self.bus.publish(event) }
        self.bus.finishSequences()
        var topics: [DaemonEvent.Topic] = []
        for await event in events { topics.append(event.topic) }
        #expect(topics == [.allowedHosts, .pidFile])
    }

    /// The names that go-guerrilla's users subscribe to.
    @Test func topicsAreSpelledAsInGoGuerrilla() {
        #expect(
            DaemonEvent.Topic.allCases.map(\.rawValue).sorted() == [
                "config_change:allowed_hosts", "config_change:backend_config", "config_change:log_file",
                "config_change:log_level", "config_change:new_config", "config_change:pid_file",
                "config_change:reopen_log_file", "server_change:max_clients", "server_change:new_log_file",
                "server_change:new_server", "server_change:remove_server", "server_change:reopen_log_file",
                "server_change:start_server", "server_change:stop_server", "server_change:timeout",
                "server_change:tls_config", "server_change:update_config",
            ]
        )
    }
}
