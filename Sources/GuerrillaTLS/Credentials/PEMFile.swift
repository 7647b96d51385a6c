#if TLS
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file of PEM blocks, read at once. (RFC 7468)
struct PEMFile {
    /// The largest file that is read, in octets: thousands of certificates.
    static let maximumSize = 4_194_304

    let octets: [UInt8]

    /// What stands behind `-----BEGIN `, block for block.
    let labels: [String]

    /// Whether a private key stands in it that needs a passphrase.
    let isEncrypted: Bool

    /// What the file's mode lets others do that they should not be able to with a private key, in words; nil if nothing.
    let exposure: String?

    /// Reads a file.
    /// - Parameter role: What the file is for, as the first words of a sentence: `the private key file`.
    init(path: String, role: String) throws(TLSSetupError) {
        // Not to wait for the other end of a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            guard errno != ENOENT else { throw TLSSetupError(.missingFile, "\(role) \(path) does not exist") }
            throw Self.unreadable(path, role, String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Self.unreadable(path, role, "it is not a file")
        }
        self.octets = try Self.read(descriptor, path, role)
        self.exposure = Self.exposure(status)
        // Invalid UTF-8 is no harm: what matters is ASCII.
        let lines = String(decoding: self.octets, as: UTF8.self).split(whereSeparator: \.isNewline)
        let begin = "-----BEGIN "
        self.labels = lines.filter { $0.hasPrefix(begin) && $0.hasSuffix("-----") }
            .map { String($0.dropFirst(begin.count).dropLast(5)) }
        self.isEncrypted =
            self.labels.contains("ENCRYPTED PRIVATE KEY") || lines.contains { $0.hasPrefix("Proc-Type: 4,ENCRYPTED") }
    }

    var holdsPrivateKey: Bool { self.labels.contains { $0.hasSuffix("PRIVATE KEY") } }

    var holdsCertificate: Bool { self.labels.contains { Self.certificateLabels.contains($0) } }

    private static let certificateLabels = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]

    private static func read(
        _ descriptor: CInt,
        _ path: String,
        _ role: String
    ) throws(TLSSetupError) -> [UInt8] {
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = systemRead(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw Self.unreadable(path, role, String(cString: strerror(errno))) }
            guard count > 0 else { return octets }
            octets += buffer[..<count]
            guard octets.count <= Self.maximumSize else {
                throw Self.unreadable(path, role, "it is larger than \(Self.maximumSize) octets")
            }
        }
    }

    private static func unreadable(_ path: String, _ role: String, _ reason: String) -> TLSSetupError {
        TLSSetupError(.unreadableFile, "\(role) \(path) cannot be read: \(reason)")
    }

    /// The group may read where that is how we come to read it: the file is another user's.
    private static func exposure(_ status: stat) -> String? {
        if status.st_mode & 0o006 != 0 { return "everybody on this machine" }
        if status.st_mode & 0o020 != 0 || (status.st_mode & 0o040 != 0 && status.st_uid == geteuid()) {
            return "its group"
        }
        return nil
    }
}

/// `read(2)`; within the type the name means something else.
private func systemRead(_ descriptor: CInt, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
#endif
