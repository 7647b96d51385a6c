#if TLS
public import GuerrillaMail
public import GuerrillaServer
public import NIOCore
import NIOSSL

/// TLS of one server by swift-nio-ssl: its certificates, loaded and checked, and what it agrees to.
///
/// Session tickets are made with keys of the provider's own, which nobody can choose: a ticket is worth nothing with another
/// provider, be it another server's or the same server's after a reload.
///
/// ```swift
/// let provider = try NIOSSLProvider(settings)
/// for warning in provider.warnings { logger.warning("\(warning)") }
/// ```
public struct NIOSSLProvider: TLSProvider {
    /// What the operator should know: one sentence each, without a full stop.
    public let warnings: [String]

    private let context: NIOSSLContext
    private let clientAuthentication: TLSClientAuthentication

    /// Reads all files and checks that they fit together. Blocks for as long as that takes: not to be called on an event loop.
    /// - Throws: ``TLSSetupError`` with a sentence that names the file.
    public init(_ settings: TLSSettings) throws(TLSSetupError) {
        let standard = try TLSCredentials(settings.keyPair)
        var warnings = standard.warnings + settings.libraryWarnings
        var configuration = try settings.libraryConfiguration(standard)

        var directory = CertificateDirectory<NIOSSLContextConfigurationOverride>()
        for (index, pair) in settings.certificates.enumerated() {
            let credentials: TLSCredentials
            do throws(TLSSetupError) {
                credentials = try TLSCredentials(pair)
            } catch {
                throw TLSSetupError(error.code, "certificates[\(index)]: \(error.message)")
            }
            warnings += credentials.warnings.map { "certificates[\(index)]: \($0)" }
            let added = credentials.hostNames.filter { directory.add($0, credentials.override) }
            if added.isEmpty {
                let reason =
                    credentials.hostNames.isEmpty ? "it is for no host name" : "all its names have others before it"
                warnings.append(
                    "certificates[\(index)]: the certificate file \(pair.certificateFile ?? "") is never used: \(reason)"
                )
            }
        }
        // Before the wildcards of the others.
        for name in standard.hostNames { _ = directory.add(name, .noChanges) }
        let certificates = directory
        configuration.sslContextCallback = { values, promise in
            let name = values.serverHostname.flatMap { TLSHostName($0) }
            ServerNameHandler.record(name)
            promise.succeed(name.flatMap { certificates.value(of: $0) } ?? .noChanges)
        }

        (self.context, warnings) = try Self.context(configuration, settings, warnings)
        self.warnings = warnings
        self.clientAuthentication = settings.clientAuthentication
    }

    /// Puts TLS at the front of a channel's pipeline.
    ///
    /// The handshake has no deadline of its own. Its failure is an error whose description is a reason for the log, and closes the
    /// connection. A peer that closes without `close_notify`, as many do, is no error: the session knows what was cut off.
    /// - Throws: What NIO says when the pipeline is no longer there.
    public func addHandler(to channel: any Channel) throws {
        let tls: NIOSSLServerHandler
        switch self.clientAuthentication {
        case .none, .verifyIfGiven, .requireAndVerify:
            tls = NIOSSLServerHandler(context: self.context)
        case .request, .requireAny:
            tls = NIOSSLServerHandler(context: self.context) { _, promise in promise.succeed(.certificateVerified) }
        }
        let serverName = ServerNameHandler(eventLoop: channel.eventLoop)
        let handshake = HandshakeHandler(tls: tls, serverName: serverName)
        try channel.pipeline.syncOperations.addHandlers([serverName, tls, handshake], position: .first)
    }

    /// What was agreed in the handshake that is complete.
    public func info(of channel: any Channel) -> TLSInfo {
        let handler = try? channel.pipeline.syncOperations.handler(type: HandshakeHandler.self)
        return handler?.info ?? TLSInfo(version: "TLS")
    }

    /// Adds whom clients' certificates may come from, and makes the context.
    private static func context(
        _ configuration: TLSConfiguration,
        _ settings: TLSSettings,
        _ warnings: [String]
    ) throws(TLSSetupError) -> (NIOSSLContext, [String]) {
        var configuration = configuration
        var warnings = warnings
        if settings.rootCAsFile != nil, !settings.clientAuthentication.verifies {
            warnings.append("root_cas_file is not used: client_auth_type verifies no certificates")
        }
        let usesSystemAuthorities = settings.clientAuthentication.verifies && settings.rootCAsFile == nil
        if usesSystemAuthorities {
            configuration.trustRoots = .default
        } else if let path = settings.rootCAsFile, settings.clientAuthentication.verifies {
            let authorities = try TLSCredentials.certificates(path: path, role: "root_cas_file")
            configuration.trustRoots = .certificates(authorities)
            configuration.sendCANameList = true
        } else {
            configuration.trustRoots = .certificates([])
        }
        do {
            return (try NIOSSLContext(configuration: configuration), warnings)
        } catch  where usesSystemAuthorities {
            // A system without certificate authorities, as in a small container.
            configuration.trustRoots = .certificates([])
            let warning =
                "this system has no certificate authorities: no client's certificate is valid; set root_cas_file"
            do {
                return (try NIOSSLContext(configuration: configuration), warnings + [warning])
            } catch {
                throw Self.failure(error)
            }
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: any Error) -> TLSSetupError {
        TLSSetupError(.library, "the TLS library takes no context of these settings: \(libraryReason(error))")
    }
}
#endif
