public import GuerrillaBackend
public import GuerrillaMail
public import NIOCore
import Synchronization

/// What all servers of a daemon share: event loops, memory, hosts, and the way to the backend.
public final class ServerResources: Sendable {
    /// The loops that connections run on.
    public let eventLoopGroup: any EventLoopGroup
    /// The memory for messages in flight.
    public let memoryBudget: MemoryBudget
    /// Whether there is room to keep messages.
    public let storageSpace: StorageSpace
    /// The way to the backend.
    public let gateway: Gateway
    let queuedIDs = QueuedIDGenerator()
    private let hosts: Mutex<HostList>
    private let loops: [ObjectIdentifier: LoopResources]

    /// Creates the resources of one daemon.
    /// - Parameters:
    ///   - eventLoopGroup: Owned, and in the end shut down, by the caller.
    ///   - memoryBudget: For messages in flight, together.
    ///   - storageSpace: Whether there is room to keep messages; kept up to date by the caller.
    ///   - gateway: The way to the backend.
    ///   - allowedHosts: The domains that mail is taken for.
    public init(
        eventLoopGroup: any EventLoopGroup,
        memoryBudget: MemoryBudget,
        storageSpace: StorageSpace = StorageSpace(),
        gateway: Gateway,
        allowedHosts: AllowedHosts
    ) {
        self.eventLoopGroup = eventLoopGroup
        self.memoryBudget = memoryBudget
        self.storageSpace = storageSpace
        self.gateway = gateway
        self.hosts = Mutex(HostList(allowedHosts))
        var loops: [ObjectIdentifier: LoopResources] = [:]
        for loop in eventLoopGroup.makeIterator() {
            loops[ObjectIdentifier(loop)] = LoopResources(
                eventLoop: loop,
                memory: MessageMemory(budget: memoryBudget, space: storageSpace)
            )
        }
        self.loops = loops
    }

    /// The domains that mail is taken for; a new list is in force at the next RCPT of every session.
    public var allowedHosts: AllowedHosts {
        get { self.hosts.withLock { $0 }.hosts }
        set {
            let list = HostList(newValue)
            self.hosts.withLock { $0 = list }
        }
    }

    /// The event loops end: to be called before they are shut down. Backends that have not answered yet go on elsewhere.
    public func shutdown() {
        for loop in self.loops.values { loop.executor.shutdown() }
    }

    func resources(of eventLoop: any EventLoop) -> LoopResources {
        // A loop of another group happens only in tests with an embedded channel.
        self.loops[ObjectIdentifier(eventLoop)]
            ?? LoopResources(
                eventLoop: eventLoop,
                memory: MessageMemory(budget: self.memoryBudget, space: self.storageSpace)
            )
    }
}

/// One reference to count at every RCPT, instead of one for each part of the list.
private final class HostList: Sendable {
    let hosts: AllowedHosts

    init(_ hosts: AllowedHosts) {
        self.hosts = hosts
    }
}

/// What the connections of one event loop share.
final class LoopResources: Sendable {
    let executor: EventLoopTaskExecutor
    let memory: MessageMemory

    init(eventLoop: any EventLoop, memory: MessageMemory) {
        self.executor = EventLoopTaskExecutor(eventLoop)
        self.memory = memory
    }
}
