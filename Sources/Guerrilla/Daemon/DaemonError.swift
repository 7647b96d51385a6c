import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why a daemon did not start, or not do what it was to: one sentence for its operator.
public struct DaemonError: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    init(wrapping error: any Error) {
        self.description = (error as? DaemonError)?.description ?? "\(error)"
    }

    /// That an address cannot be had.
    init(_ interface: ListenInterface, _ error: any Error) {
        // Without the names of C functions that the error's own description has.
        let errorNumber = (error as? IOError)?.errnoCode
        let unknownHost = (error as? SocketAddressError.UnknownHost)?.host
        let reason =
            errorNumber.map { String(cString: strerror($0)) } ?? unknownHost.map { "no such host: \($0)" } ?? "\(error)"
        let advice =
            switch errorNumber {
            case EACCES where interface.port < 1024:
                "; port \(interface.port) needs root: restart the daemon as root, or give it a socket of systemd or"
                    + " CAP_NET_BIND_SERVICE"
            case EADDRINUSE where interface.host == "0.0.0.0":
                "; it is on IPv6, too: where another program has that, name the addresses of IPv4"
            default: ""
            }
        self.description = "cannot listen on \(interface): \(reason)\(advice)"
    }
}
