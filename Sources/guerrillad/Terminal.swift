#if CommandLine
import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The streams that a command talks to.
enum Terminal {
    /// Whether somebody reads along, or another program.
    static var isOutputInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether a file can be made there.
    static func isWritable(directory: String) -> Bool { access(directory, W_OK) == 0 }

    /// One line for the person who runs the command.
    static func note(_ text: String) {
        Self.write(Array("\(text)\n".utf8).span.bytes, to: STDERR_FILENO)
    }

    /// Writes octets as they are.
    static func write(_ bytes: RawSpan, to descriptor: CInt = STDOUT_FILENO) {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count, let base = buffer.baseAddress {
                #if canImport(Glibc)
                let written = Glibc.write(descriptor, base + offset, buffer.count - offset)
                #elseif canImport(Musl)
                let written = Musl.write(descriptor, base + offset, buffer.count - offset)
                #else
                let written = Darwin.write(descriptor, base + offset, buffer.count - offset)
                #endif
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                offset += written
            }
        }
    }

    /// Lets go of what `print` holds back.
    static func flush() {
        fflush(nil)
    }

    /// Ends the command: one sentence, exit 1.
    static func fail(_ sentence: String) -> ExitCode {
        Self.note("guerrillad: \(sentence)")
        return ExitCode(1)
    }
}
#endif
