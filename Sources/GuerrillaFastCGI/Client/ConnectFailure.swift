import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Words for why there is no connection.
enum ConnectFailure {
    static func reason(of error: any Error) -> String {
        switch error {
        case let error as IOError:
            // Without the names of C functions that the error's own description has.
            return String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { self.reason(of: $0.error) } ?? "the host name is not known"
        case ChannelError.connectTimeout:
            return "no answer in time"
        default:
            return "\(error)"
        }
    }
}
