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
        let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        self.description = "cannot listen on \(interface): \(reason)"
    }
}
