import InMemoryLogging
import Logging
import Testing

@testable import GuerrillaSQL

struct StoreHealthTests {
    private let log = InMemoryLogHandler()
    private var levels: [Logger.Level] { self.log.entries.map(\.level) }

    private func health(isHeard: Bool) -> StoreHealth {
        StoreHealth(place: "db", logger: Logger(label: "test") { [log = self.log] _ in log }, isHeard: isHeard)
    }

    @Test func oneLineWhenItGoesAndOneWhenItIsBack() {
        let health = self.health(isHeard: true)
        for _ in 0..<10 { health.failed(SQLFailure(.store, "gone")) }
        for _ in 0..<10 { health.succeeded() }
        #expect(self.levels == [.error, .notice])
        #expect(self.log.entries.first?.message.description == "db is away, messages wait at their senders: gone")
    }

    @Test func nothingIsSaidBeforeMessagesCome() {
        let health = self.health(isHeard: false)
        health.failed(SQLFailure(.store, "first"))
        health.succeeded()
        health.failed(SQLFailure(.store, "second"))
        health.failed(SQLFailure(.store, "third"))
        #expect(self.levels.isEmpty)
        health.begin()
        health.begin()
        #expect(self.log.entries.map(\.message.description) == ["db is away, messages wait at their senders: second"])
        health.succeeded()
        #expect(self.levels == [.error, .notice])
    }
}
