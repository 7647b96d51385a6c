import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Makes names for new messages that nobody else on this file system makes: `<seconds>.M<microseconds>P<process>_<counter>.<host>`.
///
/// The convention is Maildir's (<https://cr.yp.to/proto/maildir.html>), the form go-guerrilla's.
struct MaildirNameGenerator: Sendable {
    /// One counter for the whole process: two stores may write to one Maildir in the same microsecond.
    private static let counter = Atomic<UInt64>(0)

    private let suffix: String

    /// - Parameter hostName: The name of this host, from which other hosts that write to the same file system differ.
    init(hostName: String = Self.systemHostName) {
        self.suffix = "." + Self.sanitised(hostName)
    }

    /// The next name, the one that a file has in `tmp`.
    func next() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let count = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
        return "\(now.tv_sec).M\(now.tv_nsec / 1_000)P\(getpid())_\(count)\(self.suffix)"
    }

    /// The name in `new`: readers need not ask for the size.
    static func published(_ name: String, size: Int) -> String { "\(name),S=\(size)" }

    /// A host name as it may stand in a file name: `/` and `:` as `\057` and `\072`, as the convention says, and not longer than a
    /// host name is.
    static func sanitised(_ hostName: String) -> String {
        var text = ""
        for scalar in hostName.unicodeScalars.prefix(64) {
            switch scalar {
            case "/": text += "\\057"
            case ":": text += "\\072"
            // Flags and sizes stand behind a comma; the rest would be a nuisance in a shell.
            case ",", "\0"..." ", "\u{7f}": text += "_"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text.isEmpty ? "localhost" : text
    }

    /// The name of this host.
    static var systemHostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
