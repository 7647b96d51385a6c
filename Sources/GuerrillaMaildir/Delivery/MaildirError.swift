#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why a message could not be delivered to a Maildir, or a Maildir not be made. The client is answered 451 4.3.0.
struct MaildirError: Error, CustomStringConvertible {
    /// One sentence for the log: what was tried where, and the system's reason.
    let description: String
    /// The system's error code; 0 if the system reported none.
    let code: Int32

    init(_ description: String) {
        self.description = description
        self.code = 0
    }

    /// - Parameters:
    ///   - code: `errno`, read before anything else is called.
    init(_ what: String, at path: String, code: Int32) {
        self.description = "\(what) '\(path)': \(String(cString: strerror(code)))"
        self.code = code
    }

    /// Whether the disk or the process is in trouble, and not this user's Maildir.
    var concernsAll: Bool {
        [ENOSPC, EIO, EROFS, EMFILE, ENFILE, ENOMEM, ESTALE].contains(self.code)
    }
}
