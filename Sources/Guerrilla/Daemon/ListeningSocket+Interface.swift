public import GuerrillaServer
import NIOCore

extension ListeningSocket {
    /// Begins to listen for the server of this interface.
    ///
    /// - Parameters:
    ///   - interface: The address.
    ///   - predecessors: Sockets that will be closed soon: an address that only these stand in the way of is shared with them.
    /// - Throws: What the system says if the address cannot be had.
    public convenience init(binding interface: ListenInterface, sharingWith predecessors: [ListeningSocket] = []) throws
    {
        try self.init(
            host: interface.host,
            port: interface.port,
            name: interface.description,
            sharingWith: predecessors
        )
    }

    /// Whether this is what the server of this interface is to listen on.
    func fits(_ interface: ListenInterface) -> Bool {
        if let name { return name == interface.description }
        guard interface.port == self.address.port else { return false }
        guard let host = interface.host else { return ["::", "0.0.0.0"].contains(self.address.ipAddress) }
        return (try? SocketAddress.makeAddressResolvingHost(host, port: interface.port)) == self.address
    }
}
