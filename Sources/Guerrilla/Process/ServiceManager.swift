#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Tells systemd, or whoever has set `NOTIFY_SOCKET`, how the process is. (sd_notify(3))
///
/// Without the variable nobody is told. Nothing here fails: a manager that does not listen changes nothing for the mail.
package struct ServiceManager: Sendable {
    /// Something to tell.
    package enum State: Sendable, Equatable {
        /// The start, or a reload, is done.
        case ready
        /// The configuration is being read again; ``ready`` follows.
        case reloading
        case stopping
        /// One line for `systemctl status`.
        case status(String)
        /// The process that the service is from now on.
        case mainProcess(Int)
    }

    /// The path of the socket, or a name of the abstract namespace, which begins with NUL; empty when nobody is to be told.
    private let address: [UInt8]

    package init(environment: [String: String]) {
        let text = environment["NOTIFY_SOCKET"] ?? ""
        var address = Array(text.utf8)
        if address.first == UInt8(ascii: "@") { address[0] = 0 }
        let isKnown = text.hasPrefix("/") || text.hasPrefix("@")
        self.address = isKnown && address.count > 1 && address.count <= Self.maximumLength ? address : []
    }

    /// Whether somebody is told.
    package var isThere: Bool { !self.address.isEmpty }

    /// Tells all of it in one message.
    package func notify(_ states: State...) {
        guard self.isThere else { return }
        let text = states.map { Self.assignment($0) + "\n" }.joined()
        let descriptor = socket(AF_UNIX, Self.datagram, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: self.address) }
        // A path may end with NUL or with the length; an abstract name ends with the length alone.
        let length = socklen_t(MemoryLayout<sockaddr_un>.size - Self.maximumLength + self.address.count)
        let octets = Array(text.utf8)
        withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                while sendto(descriptor, octets, octets.count, Self.noSignal, name, length) < 0, errno == EINTR {}
            }
        }
    }

    static func assignment(_ state: State) -> String {
        switch state {
        case .ready: "READY=1"
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)"
        case .stopping: "STOPPING=1"
        case .status(let text): "STATUS=" + String(text.map { $0.isNewline ? " " : $0 })
        case .mainProcess(let processID): "MAINPID=\(processID)"
        }
    }

    /// What systemd compares with its own clock, to tell this reload from an earlier one.
    private static var monotonicMicroseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1_000
    }

    private static let maximumLength = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

    #if canImport(Glibc)
    private static let datagram = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    private static let noSignal = CInt(MSG_NOSIGNAL)
    #elseif canImport(Musl)
    private static let datagram = SOCK_DGRAM | SOCK_CLOEXEC
    private static let noSignal = MSG_NOSIGNAL
    #else
    private static let datagram = SOCK_DGRAM
    private static let noSignal: CInt = 0
    #endif
}
