import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Words for the log in place of what an error of Swift's or NIO's calls itself.
package enum PlainWords {
    /// One line; an error of ours, or of a processor's author, speaks for itself.
    package static func of(_ error: any Error) -> String {
        switch error {
        case is CancellationError:
            "given up before it was begun: its time had passed, or the client had left"
        case let error as IOError:
            // Without the name of a C function that its own description has.
            String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            // It has tried all addresses of a name; what the first one said is as good as the others.
            error.connectionErrors.first.map { self.of($0.error) } ?? "the host's name is not known"
        case let error as ChannelError:
            self.words(for: error)
        default:
            self.reasonOfTLS(in: "\(error)") ?? "\(error)"
        }
    }

    /// What BoringSSL calls the cause in `… error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at <file>:<line> …`,
    /// the first of which is that of the others.
    private static func reasonOfTLS(in text: String) -> String? {
        guard let parts = text.firstRange(of: "OPENSSL_internal:").map({ text[$0.upperBound...] }) else { return nil }
        let name = parts.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return "TLS: " + name.lowercased().split(separator: "_").joined(separator: " ")
    }

    private static func words(for error: ChannelError) -> String {
        switch error {
        case .connectTimeout: "no answer in time"
        case .ioOnClosedChannel, .alreadyClosed, .eof, .inputClosed, .outputClosed: "the connection is closed"
        default: "\(error)"
        }
    }
}
