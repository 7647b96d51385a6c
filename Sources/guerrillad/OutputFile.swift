#if CommandLine
import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the operating system says about a call that failed.
struct SystemError: Error, CustomStringConvertible {
    let description: String

    /// The failure of the last call on this thread.
    init() {
        self.description = String(cString: strerror(errno))
    }
}

/// A new file that a command writes. What goes wrong ends the command with a sentence that names the file.
struct OutputFile: ~Copyable {
    private let name: String
    private let descriptor: CInt

    /// Creates the file with mode 0600.
    ///
    /// - Parameter replacing: Whether there may be a file of this name.
    init(creating name: String, replacing: Bool) throws {
        let descriptor = open(name, O_CREAT | O_WRONLY | O_CLOEXEC | (replacing ? O_TRUNC : O_EXCL), 0o600)
        guard descriptor >= 0 else { throw Terminal.fail("'\(name)': \(SystemError())") }
        self.name = name
        self.descriptor = descriptor
    }

    func write(_ bytes: RawSpan) throws {
        do throws(SystemError) {
            try Self.write(bytes, to: self.descriptor)
        } catch {
            throw Terminal.fail("'\(self.name)': \(error)")
        }
    }

    /// Ends writing, and gives the file its final name.
    consuming func close(renamingTo final: String? = nil) throws {
        guard final.map({ rename(self.name, $0) }) ?? 0 == 0 else {
            throw Terminal.fail("'\(self.name)': \(SystemError())")
        }
    }

    deinit {
        _ = closeDescriptor(self.descriptor)
    }

    static func exists(_ name: String) -> Bool { access(name, F_OK) == 0 }

    /// Makes the directory if there is none.
    static func makeDirectory(_ name: String) throws {
        guard mkdir(name, 0o700) == 0 || errno == EEXIST else { throw Terminal.fail("'\(name)': \(SystemError())") }
    }

    /// Writes all octets to a descriptor.
    static func write(_ bytes: RawSpan, to descriptor: CInt) throws(SystemError) {
        let failure = bytes.withUnsafeBytes { buffer -> SystemError? in
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
                guard written > 0 else { return SystemError() }
                offset += written
            }
            return nil
        }
        if let failure { throw failure }
    }
}

private func closeDescriptor(_ descriptor: CInt) -> CInt { close(descriptor) }
#endif
