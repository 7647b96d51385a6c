#if TLS
import Foundation
import GuerrillaServer
import Testing

/// Keys and certificates that `openssl` makes, once for all tests. The files are left to the system's cleaning of temporary files.
enum Certificates {
    static let directory: String = {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("guerrilla-tls-\(UUID().uuidString)")
            .path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try make(in: path)
        } catch {
            Issue.record("the certificates cannot be made: \(error)")
        }
        atexit { try? FileManager.default.removeItem(atPath: Certificates.directory) }
        return path
    }()

    static func path(_ name: String) -> String { "\(self.directory)/\(name)" }

    /// The pair `<name>.key`, `<name>.crt`.
    static func pair(_ name: String, hostNames: [String] = []) -> TLSKeyPair {
        TLSKeyPair(
            privateKeyFile: self.path("\(name).key"),
            certificateFile: self.path("\(name).crt"),
            hostNames: hostNames
        )
    }

    struct Failure: Error {
        let output: String
    }

    private static func make(in directory: String) throws {
        func openssl(_ line: String) throws {
            let arguments = line.split(separator: " ").map { String($0).replacing("~", with: " ") }
            let result = try CommandLineTool.openssl(arguments, in: directory)
            guard result.status == 0 else { throw Failure(output: "\(line)\n\(result.output)") }
        }
        let p256 = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        // What servers have.
        try openssl("req -x509 \(p256) -keyout p256.key -out p256.crt -days 30 -subj /CN=mx.example.com")
        try openssl("req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.crt -days 30 -subj /CN=mx.example.com")
        try openssl(
            "req -x509 \(p256) -keyout one.key -out one.crt -days 30 -subj /CN=unused.example"
                + " -addext subjectAltName=DNS:one.example,DNS:*.wild.example,IP:192.0.2.1"
        )
        try openssl("req -x509 \(p256) -keyout two.key -out two.crt -days 30 -subj /CN=two.example")
        try openssl("ecparam -name prime256v1 -genkey -out parameters.key")
        try openssl("req -x509 -new -key parameters.key -out parameters.crt -days 30 -subj /CN=mx.example.com")
        // What is wrong.
        try openssl("req -new \(p256) -keyout expired.key -out expired.csr -subj /CN=expired.example")
        try openssl("x509 -req -in expired.csr -key expired.key -out expired.crt -days -1")
        try openssl("pkey -in p256.key -aes256 -passout pass:secret -out encrypted.key")
        try openssl("x509 -in p256.crt -outform DER -out der.crt")
        try openssl("pkey -in p256.key -outform DER -out der.key")
        // What clients have.
        try openssl("req -x509 \(p256) -keyout ca.key -out ca.crt -days 30 -subj /CN=Test~Authority")
        try openssl(
            "req -x509 \(p256) -keyout stranger.key -out stranger.crt -days 30 -subj /O=Strange,~Ltd/CN=stranger"
        )
        try openssl("req -new \(p256) -keyout client.key -out client.csr -subj /O=Example/CN=client.example.com")
        try openssl("x509 -req -in client.csr -CA ca.crt -CAkey ca.key -set_serial 1 -out client.crt -days 30")
        // A server whose chain has an authority in between.
        try openssl(
            "req -x509 \(p256) -keyout between.key -out between.crt -days 30 -subj /CN=Between"
                + " -addext basicConstraints=critical,CA:TRUE"
        )
        try openssl("req -new \(p256) -keyout chain.key -out chain.csr -subj /CN=chain.example")
        try openssl("x509 -req -in chain.csr -CA between.crt -CAkey between.key -set_serial 2 -out leaf.crt -days 30")
        let files = FileManager.default
        let leaf = files.contents(atPath: "\(directory)/leaf.crt") ?? Data()
        let between = files.contents(atPath: "\(directory)/between.crt") ?? Data()
        try (leaf + between).write(to: URL(fileURLWithPath: "\(directory)/chain.crt"))
    }
}
#endif
