import GuerrillaMail
import GuerrillaSMTP
import NIOCore
import Synchronization

extension SMTPServerHandler {
    /// The client's address is known, or another one is believed now: gives back what was held for the last one.
    ///
    /// - Returns: The reply that sends the client away, if there are too many of its address.
    func clientAddressChanged(to address: IPAddress?) -> SMTPReply? {
        self.releaseAddress()
        let settings = self.settings
        guard
            settings.connection.maximumClientsPerAddress != nil || settings.connection.connectionRatePerAddress != nil,
            let address, !settings.connection.limitExemptNetworks.cover(address)
        else { return nil }
        let group = ClientLimiter.Group(address)
        let refusal = self.server.limiter.withLock {
            $0.admit(
                group,
                maximumClients: settings.connection.maximumClientsPerAddress,
                rate: settings.connection.connectionRatePerAddress,
                at: .now()
            )
        }
        switch refusal {
        case .tooManyClients:
            return .tooManyClientsOfAddress
        case .connectsTooOften:
            return .addressConnectsTooOften
        case nil:
            self.limitedGroup = group
            return nil
        }
    }

    /// The client has gone.
    func releaseAddress() {
        guard let group = self.limitedGroup.take() else { return }
        self.server.limiter.withLock { $0.release(group, at: .now()) }
    }
}
