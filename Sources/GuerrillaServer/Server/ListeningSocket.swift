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
/// Connections queue up in it from the beginning, also while no server takes them. It is closed by ``close()``, or with its last
/// reference.
public final class ListeningSocket: Sendable {
    /// How many connections wait to be accepted; the system may have a lower limit.
    static let backlog: CInt = 4_096

    /// The address listened on.
    public let address: SocketAddress
    /// Whom the socket is for; nil if that is for the address to say.
    public let name: String?
    private let state: Mutex<CInt?>

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - host: An IP address or a name; nil for all addresses, of both families where the system has both.
    ///   - port: 0 lets the system choose one.
    ///   - name: Whom it is for.
    ///   - predecessors: Sockets that will be closed soon: an address that only these stand in the way of is shared with them.
    /// - Throws: What the system says if the address cannot be had.
    public convenience init(
        host: String?,
        port: Int,
        name: String? = nil,
        sharingWith predecessors: [ListeningSocket] = []
    ) throws {
        try self.init(owning: try Self.open(host: host, port: port, sharingWith: predecessors), name: name)
    }

    private static func open(host: String?, port: Int, sharingWith predecessors: [ListeningSocket]) throws -> CInt {
        if let host {
            let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
            return try Self.open(address, isDualStack: false, sharingWith: predecessors)
        }
        do {
            let address = try SocketAddress(ipAddress: "::", port: port)
            return try Self.open(address, isDualStack: true, sharingWith: predecessors)
        } catch let error as IOError where error.errnoCode == EAFNOSUPPORT {
            let address = try SocketAddress(ipAddress: "0.0.0.0", port: port)
            return try Self.open(address, isDualStack: false, sharingWith: predecessors)
        }
    }

    private static func open(
        _ address: SocketAddress,
        isDualStack: Bool,
        sharingWith predecessors: [ListeningSocket]
    ) throws -> CInt {
        // The very same address: a second way to the queue that is there, and nobody who waits in it is lost.
        for predecessor in predecessors where predecessor.address == address {
            if let descriptor = predecessor.duplicate() { return descriptor }
        }
        do {
            return try Self.bind(address, isDualStack: isDualStack, isShared: false)
        } catch let error as IOError where error.errnoCode == EADDRINUSE && !predecessors.isEmpty {
            for predecessor in predecessors where predecessor.address.port == address.port {
                predecessor.allowSharing()
            }
            return try Self.bind(address, isDualStack: isDualStack, isShared: true)
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
        try self.init(owning: descriptor, name: name)
    }

    /// - Parameter descriptor: Closed when this fails.
    private init(owning descriptor: CInt, name: String?) throws {
        self.name = name
        do {
            self.address = try Self.address(of: descriptor)
        } catch {
            _ = systemClose(descriptor)
            throw error
        }
        self.state = Mutex(descriptor)
    }

    deinit {
        self.close()
    }

    /// The descriptor, for as long as this is not closed; nil afterwards.
    public var descriptor: CInt? { self.state.withLock { $0 } }

    /// Stops listening, as far as this socket goes: those made of it before stay open.
    public func close() {
        guard let descriptor = self.state.withLock({ $0.take() }) else { return }
        _ = systemClose(descriptor)
    }

    /// Another descriptor of the same socket, for its caller to close.
    func duplicate() -> CInt? {
        self.state.withLock { descriptor in
            guard let descriptor else { return nil }
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            return copy < 0 ? nil : copy
        }
    }

    /// Sets the length of the queue again, after somebody else has.
    func restoreBacklog() {
        self.state.withLock { if let descriptor = $0 { _ = listen(descriptor, Self.backlog) } }
    }

    private func allowSharing() {
        self.state.withLock { if let descriptor = $0 { Self.set(SO_REUSEPORT, on: descriptor) } }
    }

    // MARK: System calls

    private static func bind(_ address: SocketAddress, isDualStack: Bool, isShared: Bool) throws -> CInt {
        #if canImport(Darwin)
        let descriptor = socket(address.protocol.rawValue, SOCK_STREAM, 0)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        #else
        let descriptor = socket(address.protocol.rawValue, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #endif
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        Self.set(SO_REUSEADDR, on: descriptor)
        if isShared { Self.set(SO_REUSEPORT, on: descriptor) }
        if isDualStack { Self.set(IPV6_V6ONLY, to: 0, level: CInt(IPPROTO_IPV6), on: descriptor) }
        let result = address.withSockAddr { pointer, length in
            #if canImport(Glibc)
            Glibc.bind(descriptor, pointer, socklen_t(length))
            #elseif canImport(Musl)
            Musl.bind(descriptor, pointer, socklen_t(length))
            #else
            Darwin.bind(descriptor, pointer, socklen_t(length))
            #endif
        }
        guard result == 0, listen(descriptor, Self.backlog) == 0 else {
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
