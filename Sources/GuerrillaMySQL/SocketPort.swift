#if MySQL
import Glibc

/// The port of our end of a connection.
enum SocketPort {
    /// Nil for what is no socket of TCP.
    static func local(of descriptor: Int32) -> UInt16? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> UInt16? in
                guard getsockname(descriptor, generic, &length) == 0 else { return nil }
                switch Int32(generic.pointee.sa_family) {
                case AF_INET:
                    return generic.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                        $0.pointee.sin_port.bigEndian
                    }
                case AF_INET6:
                    return generic.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                        $0.pointee.sin6_port.bigEndian
                    }
                default:
                    return nil
                }
            }
        }
    }
}
#endif
