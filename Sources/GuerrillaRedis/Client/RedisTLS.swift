import GuerrillaBackend
import NIOCore

#if TLS
import NIOSSL
#endif

/// What stands between a connection and its octets with `rediss://`.
struct RedisTLS: Sendable {
    #if TLS
    private let context: NIOSSLContext

    /// - Parameter caFile: Authorities in PEM, nil for the system's.
    init(caFile: String?) throws(RedisSetupError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let caFile { configuration.trustRoots = .file(caFile) }
        do { self.context = try NIOSSLContext(configuration: configuration) } catch {
            let isMissing = error as? NIOSSLError == .noSuchFilesystemObject
            let reason = isMissing ? "there is no such file" : PlainWords.of(error)
            throw RedisSetupError(key: "redis_ca_file", message: "no certificates could be read: \(reason)")
        }
    }

    func addHandler(to channel: any Channel, host: String) throws {
        // An address is compared with those in the certificate, and is no name to ask for.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        let handler = try NIOSSLClientHandler(context: self.context, serverHostname: isAddress ? nil : host)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
    #else
    init(caFile: String?) throws(RedisSetupError) {
        throw RedisSetupError(
            key: "redis_interface",
            message: "rediss:// needs the trait TLS, which this program was built without"
        )
    }

    func addHandler(to channel: any Channel, host: String) throws {}
    #endif
}

/// Settings that cannot work.
package struct RedisSetupError: Error, Hashable, CustomStringConvertible {
    /// The key of `backend_config`.
    let key: String
    /// One sentence.
    let message: String

    /// Key and sentence.
    package var description: String { "\(self.key): \(self.message)" }
}
