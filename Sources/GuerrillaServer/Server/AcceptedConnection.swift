import GuerrillaMail
import GuerrillaSMTP

/// What is known of a connection before the first octet of SMTP.
struct AcceptedConnection {
    /// The settings when it was accepted; they hold for the whole connection.
    let snapshot: SettingsSnapshot
    /// Who is there: the socket's peer, until a PROXY header says more.
    private(set) var client: ClientInfo
    /// How many connections there are, this one included.
    let clientCount: Int
    /// Whether `client` may speak for others.
    private var isTrusted: Bool

    init(snapshot: SettingsSnapshot, client: ClientInfo, clientCount: Int) {
        self.snapshot = snapshot
        self.client = client
        self.clientCount = clientCount
        self.isTrusted = snapshot.settings.connection.trustedNetworks.cover(client.address)
    }

    var settings: ServerSettings { self.snapshot.settings }

    /// Whether a PROXY header of the socket's peer is believed.
    var mayBeProxied: Bool { self.isTrusted }

    /// Whether the client, who may stand behind a proxy, may use XCLIENT.
    var xclient: XCLIENTAccess {
        guard self.settings.connection.isXCLIENTOn else { return .off }
        return self.isTrusted ? .allowed : .refused
    }

    /// Where the session stands with TLS when it begins.
    var tls: TLSAccess {
        guard let tls = self.settings.tls else { return .unavailable }
        return tls.isImplicit ? .active : tls.isStartTLSOn ? .offered : .unavailable
    }

    /// Takes over what a PROXY header says.
    ///
    /// A proxy that is trusted does not make its clients so: whether XCLIENT is theirs to use is asked again for the address that
    /// the header gives, and never granted to one that is not known.
    mutating func take(_ header: ProxyHeader) {
        var info = header.info
        info.address = self.client.address
        self.client.proxy = info
        switch header.origin {
        case .proxy:
            break
        case .unknown:
            self.isTrusted = false
        case .client(let source, let destination):
            self.client.address = source.address
            self.client.port = source.port
            self.client.serverAddress = destination.address
            self.client.serverPort = destination.port
            self.isTrusted = self.settings.connection.trustedNetworks.cover(source.address)
        case .unixSocket:
            self.client.address = nil
            self.client.port = nil
            self.isTrusted = false
        }
    }
}
