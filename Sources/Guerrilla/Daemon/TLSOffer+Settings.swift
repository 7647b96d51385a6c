import GuerrillaServer

#if TLS
import GuerrillaTLS
#endif

extension TLSOffer {
    /// Reads the files of a server and checks that they fit together.
    ///
    /// - Returns: The offer, and what the operator should know.
    /// - Throws: ``DaemonError`` that names the server and the file.
    static func make(
        _ settings: TLSSettings,
        for interface: ListenInterface
    ) throws(DaemonError) -> (offer: TLSOffer, warnings: [String]) {
        #if TLS
        do throws(TLSSetupError) {
            let provider = try NIOSSLProvider(settings)
            let offer = TLSOffer(
                provider: provider,
                isImplicit: settings.isAlwaysOn,
                isStartTLSOn: settings.isStartTLSOn
            )
            return (offer, provider.warnings)
        } catch {
            throw DaemonError("cannot use TLS config for [\(interface)], \(error)")
        }
        #else
        throw DaemonError("cannot use TLS config for [\(interface)], this program was built without the trait TLS")
        #endif
    }
}
