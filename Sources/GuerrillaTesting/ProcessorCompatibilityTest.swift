public import GuerrillaBackend
import GuerrillaMail
public import Logging
import NIOCore
import NIOPosix

/// Puts a processor through what a chain does to it in production, and says what it gets wrong.
///
/// ```swift
/// @Test func stampFitsIntoAChain() async throws {
///     try await ProcessorCompatibilityTest(ProcessorDescription("Stamp", Stamp.self) { _ in Stamp() }).run()
/// }
/// ```
///
/// It works with every test framework: ``run()`` throws ``ProcessorIncompatibility`` with everything that was found. What is tried:
///
/// - **start and shutdown**, twice at the same time, as when a backend is replaced under load
/// - **save**: messages of all kinds, from an empty one to one of several MiB, from no sender to a hundred recipients; `next` is called once at
///   most, and only who stores says `stored`
/// - **validate**: ordinary and unusual recipients; what the rest of the chain refuses stays refused
/// - **throw**: what the rest of the chain throws is no success, and costs one message
/// - **time out and cancel**: a save whose verdict is late is cancelled and ends then
/// - **concurrent use**: many messages at once on two event loops
/// - **the event loop** is not held
public struct ProcessorCompatibilityTest: Sendable {
    /// The processor under test.
    public let description: ProcessorDescription
    /// Its settings, as in `backend_config`. The default is none.
    public var configuration: ConfigurationObject
    /// Where the processor logs. The default discards.
    public var logger = Logger(label: "guerrilla.testing") { _ in SwiftLogNoOpLogHandler() }
    /// Recipients that exist, for processors that ask somebody. The default is one at example.com.
    public var recipients = ["recipient@example.com"]
    /// How long one step may take before it counts as hanging. The default is 60 seconds.
    public var patience: Duration = .seconds(60)
    /// How long the processor may keep other connections of its event loop waiting, beyond what the machine does to a loop without
    /// connections meanwhile. The default is 500 milliseconds: the daemon complains at a tenth of it, but tests run on busy machines.
    public var longestHold: Duration = .milliseconds(500)
    /// Messages at once in the test of concurrent use. The default is 100.
    public var concurrentMessages = 100

    /// Creates the test of a processor.
    /// - Parameters:
    ///   - description: As it is registered.
    ///   - configuration: Its settings, as in `backend_config`.
    public init(_ description: ProcessorDescription, configuration: ConfigurationObject = ConfigurationObject()) {
        self.description = description
        self.configuration = configuration
    }

    /// Tries everything.
    /// - Throws: ``ProcessorIncompatibility`` with all findings; ``NotAnAddress`` for a text in ``recipients`` that is none.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let run = CompatibilityRun(test: self, loops: Array(group.makeIterator()))
        let result: Result<Void, any Error>
        do { result = .success(try await run.all()) } catch { result = .failure(error) }
        // What hangs may still need its event loop.
        if !run.foundHanging { try? await group.shutdownGracefully() }
        try result.get()
    }
}

/// What a ``ProcessorCompatibilityTest`` found.
public struct ProcessorIncompatibility: Error, CustomStringConvertible {
    /// The processor's name.
    public let processor: String
    /// One sentence for each finding, with the name of what was tried in front.
    public let findings: [String]

    /// All findings, one a line.
    public var description: String {
        "the processor \(self.processor) does not fit into a chain:\n- " + self.findings.joined(separator: "\n- ")
    }
}
