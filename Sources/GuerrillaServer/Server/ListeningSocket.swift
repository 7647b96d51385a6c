public import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A TCP socket that listens, whoever has opened it: we, the process before us, or the service manager.
///
/// Connections queue up in it from the beginning, also while no server takes them. Only a socket whose address overlaps with that of a
/// predecessor listens no sooner than a server does (``SMTPServer/listen(on:)``): the system might give it the predecessor's clients.
/// It is closed by ``close()``, or with its last reference.
public final class ListeningSocket: Sendable {
    /// How many connections wait to be accepted; the system may have a lower limit.
    static let backlog: CInt = 4_096

    /// The address listened on.
    public let address: SocketAddress
    /// Whom the socket is for; nil if that is for the address to say.
    public let name: String?
    /// Whether no client of IPv4 reaches it: true for one of IPv6 that is not for both families.
    package let isIPv6Only: Bool
    private let state: Mutex<State>

    private struct State {
        /// nil when it is closed.
        var descriptor: CInt?
        /// Those whose address it has in part; empty as soon as it listens.
        var predecessors: [ListeningSocket]
    }

    /// Takes an address, and begins to listen unless it overlaps with a predecessor's.
    ///
    /// - Parameters:
    ///   - host: An IP address or a name, of whose addresses the first one of IPv4 counts; nil for all addresses, of both families where
    ///     the system has both.
    ///   - port: 0 lets the system choose one.
    ///   - name: Whom it is for.
    ///   - predecessors: Sockets that will be closed soon: an address that only these stand in the way of is shared with them, until
    ///     this one is closed or listens.
    /// - Throws: What the system says if the address cannot be had.
    public convenience init(
        host: String?,
        port: Int,
        name: String? = nil,
        sharingWith predecessors: [ListeningSocket] = []
    ) throws {
        let place = try host.map { try ListenPlace(host: $0, port: port) } ?? .everywhere(port: port, needsIPv6: false)
        try self.init(place, name: name, sharingWith: predecessors)
    }

    /// Takes a place, as the initializer with a host does.
    package convenience init(
        _ place: ListenPlace,
        name: String? = nil,
        sharingWith predecessors: [ListeningSocket] = []
    ) throws {
        let state = try Self.open(place, sharingWith: predecessors)
        do {
            let address = try Self.address(of: state.descriptor ?? -1)
            self.init(owning: state, address: address, name: name)
        } catch {
            if let descriptor = state.descriptor { _ = systemClose(descriptor) }
            throw error
        }
    }

    private static func open(_ place: ListenPlace, sharingWith predecessors: [ListeningSocket]) throws -> State {
        switch place {
        case .everywhere(let port, let needsIPv6):
            do {
                let address = try SocketAddress(ipAddress: "::", port: port)
                return try Self.open(address, isIPv6Only: false, sharingWith: predecessors)
            } catch let error as IOError where error.errnoCode == EAFNOSUPPORT && !needsIPv6 {
                return try Self.open(.everywhereOnIPv4(port: port), sharingWith: predecessors)
            }
        case .everywhereOnIPv4(let port):
            return try Self.open(try SocketAddress(ipAddress: "0.0.0.0", port: port), sharingWith: predecessors)
        case .everywhereOnIPv6(let port):
            let address = try SocketAddress(ipAddress: "::", port: port)
            return try Self.open(address, isIPv6Only: true, sharingWith: predecessors)
        case .address(let address):
            return try Self.open(address, sharingWith: predecessors)
        }
    }

    /// - Parameter isIPv6Only: Nil where that makes no difference, or is for the system to say.
    private static func open(
        _ address: SocketAddress,
        isIPv6Only: Bool? = nil,
        sharingWith predecessors: [ListeningSocket]
    ) throws -> State {
        // The very same address: a second way to the queue that is there, and nobody who waits in it is lost.
        for predecessor in predecessors
        where predecessor.address == address && isIPv6Only ?? predecessor.isIPv6Only == predecessor.isIPv6Only {
            if let descriptor = try? predecessor.duplicate() { return State(descriptor: descriptor, predecessors: []) }
        }
        let neighbours = predecessors.filter { $0.address.port == address.port }
        do {
            let descriptor = try Self.bind(address, isIPv6Only: isIPv6Only, isShared: false)
            return State(descriptor: descriptor, predecessors: [])
        } catch let error as IOError where error.errnoCode == EADDRINUSE && !neighbours.isEmpty {
            for neighbour in neighbours { neighbour.setShared(true) }
            do {
                let descriptor = try Self.bind(address, isIPv6Only: isIPv6Only, isShared: true)
                return State(descriptor: descriptor, predecessors: neighbours)
            } catch {
                for neighbour in neighbours { neighbour.setShared(false) }
                throw error
            }
        }
    }

    /// Takes over a descriptor that was opened by somebody else.
    ///
    /// It is not inherited by other programs from then on.
    /// - Parameters:
    ///   - descriptor: The descriptor; it is this object's from then on.
    ///   - name: Whom it is for; nil if that is for the address to say.
    /// - Throws: ``NotListening`` if there is no such descriptor, or if it is anything but a TCP socket that listens. It stays open then.
    public convenience init(adopting descriptor: CInt, name: String? = nil) throws {
        var isListening: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0, isListening != 0,
            let address = try? Self.address(of: descriptor), address.port != nil
        else { throw NotListening(descriptor: descriptor) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.init(owning: State(descriptor: descriptor, predecessors: []), address: address, name: name)
    }

    private init(owning state: State, address: SocketAddress, name: String?) {
        self.name = name
        self.address = address
        self.isIPv6Only = state.descriptor.map(Self.isIPv6Only) ?? false
        self.state = Mutex(state)
    }

    /// What it is bound to.
    package var place: ListenPlace {
        let port = self.address.port ?? 0
        switch self.address.ipAddress {
        case "0.0.0.0": return .everywhereOnIPv4(port: port)
        case "::": return self.isIPv6Only ? .everywhereOnIPv6(port: port) : .everywhere(port: port, needsIPv6: true)
        default: return .address(self.address)
        }
    }

    deinit {
        self.close()
    }

    /// The descriptor, for as long as this is not closed; nil afterwards.
    public var descriptor: CInt? { self.state.withLock { $0.descriptor } }

    /// Stops listening, as far as this socket goes: those made of it before stay open.
    public func close() {
        let former = self.state.withLock { state in
            defer { state = State(descriptor: nil, predecessors: []) }
            return state
        }
        if let descriptor = former.descriptor { _ = systemClose(descriptor) }
        for predecessor in former.predecessors { predecessor.setShared(false) }
    }

    /// Listens, if it does not yet, with a queue of our length; beside its predecessors as long as they do, and with nobody else.
    /// - Throws: What the system says.
    package func beginListening() throws {
        try self.state.withLock { state in
            guard let descriptor = state.descriptor else { throw ChannelError.ioOnClosedChannel }
            guard listen(descriptor, Self.backlog) == 0 else { throw IOError(errnoCode: errno, reason: "listen") }
            guard !state.predecessors.isEmpty else { return }
            // They are closed soon. Until then other successors of theirs need their consent, so it is not taken back.
            state.predecessors = []
            Self.set(SO_REUSEPORT, to: 0, on: descriptor)
        }
    }

    /// Another descriptor of the same socket, for its caller to close.
    /// - Throws: What the system says, also when this is closed.
    func duplicate() throws -> CInt {
        try self.state.withLock { state in
            guard let descriptor = state.descriptor else { throw ChannelError.ioOnClosedChannel }
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { throw IOError(errnoCode: errno, reason: "dup") }
            return copy
        }
    }

    private func setShared(_ isShared: Bool) {
        self.state.withLock {
            if let descriptor = $0.descriptor { Self.set(SO_REUSEPORT, to: isShared ? 1 : 0, on: descriptor) }
        }
    }

    // MARK: System calls

    private static func bind(_ address: SocketAddress, isIPv6Only: Bool?, isShared: Bool) throws -> CInt {
        #if canImport(Darwin)
        let descriptor = socket(address.protocol.rawValue, SOCK_STREAM, 0)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        #else
        let descriptor = socket(address.protocol.rawValue, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #endif
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        Self.set(SO_REUSEADDR, on: descriptor)
        if isShared { Self.set(SO_REUSEPORT, on: descriptor) }
        if let isIPv6Only { Self.set(IPV6_V6ONLY, to: isIPv6Only ? 1 : 0, level: CInt(IPPROTO_IPV6), on: descriptor) }
        let result = address.withSockAddr { pointer, length in
            #if canImport(Glibc)
            Glibc.bind(descriptor, pointer, socklen_t(length))
            #elseif canImport(Musl)
            Musl.bind(descriptor, pointer, socklen_t(length))
            #else
            Darwin.bind(descriptor, pointer, socklen_t(length))
            #endif
        }
        guard result == 0, isShared || listen(descriptor, Self.backlog) == 0 else {
            let error = IOError(errnoCode: errno, reason: "bind")
            _ = systemClose(descriptor)
            throw error
        }
        return descriptor
    }

    private static func set(_ option: CInt, to value: CInt = 1, level: CInt = SOL_SOCKET, on descriptor: CInt) {
        var value = value
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    /// False for one of IPv4.
    private static func isIPv6Only(_ descriptor: CInt) -> Bool {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &value, &length) == 0 && value != 0
    }

    private static func address(of descriptor: CInt) throws -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &length) }
        }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "getsockname") }
        return try withUnsafeBytes(of: storage) { bytes -> SocketAddress in
            switch CInt(bytes.load(as: sockaddr.self).sa_family) {
            case AF_INET: SocketAddress(bytes.load(as: sockaddr_in.self))
            case AF_INET6: SocketAddress(bytes.load(as: sockaddr_in6.self))
            default: throw NotListening(descriptor: descriptor)
            }
        }
    }

    /// A descriptor that cannot be listened on.
    public struct NotListening: Error, CustomStringConvertible {
        /// Its number.
        public let descriptor: CInt

        /// One sentence.
        public var description: String { "descriptor \(self.descriptor) is not a TCP socket that listens" }
    }
}

/// `close(2)`, which the method of that name hides.
private func systemClose(_ descriptor: CInt) -> CInt {
    close(descriptor)
}
