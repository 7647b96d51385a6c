public import GuerrillaServer
import NIOCore

extension ListenInterface {
    /// Where the server of this interface listens.
    /// - Parameter keepsToItsFamily: Whether `0.0.0.0` and `[::]` are on the interfaces of their own family alone.
    /// - Throws: What NIO says about a name that is not known.
    package func place(keepsToItsFamily: Bool) throws -> ListenPlace {
        guard let host = self.host else { return .everywhere(port: self.port, needsIPv6: false) }
        switch self.address {
        case .v4(let address)? where address.rawValue == 0:
            return keepsToItsFamily
                ? .everywhereOnIPv4(port: self.port) : .everywhere(port: self.port, needsIPv6: false)
        case .v6(let address)? where address.rawValue == 0:
            return keepsToItsFamily ? .everywhereOnIPv6(port: self.port) : .everywhere(port: self.port, needsIPv6: true)
        default:
            return try ListenPlace(host: host, port: self.port)
        }
    }
}

extension ListeningSocket {
    /// Begins to listen for the server of this interface.
    ///
    /// - Parameters:
    ///   - interface: The address.
    ///   - predecessors: Sockets that will be closed soon: an address that only these stand in the way of is shared with them.
    /// - Throws: What the system says if the address cannot be had.
    public convenience init(binding interface: ListenInterface, sharingWith predecessors: [ListeningSocket] = []) throws
    {
        let place = try interface.place(keepsToItsFamily: false)
        try self.init(place, name: interface.description, sharingWith: predecessors)
    }

    /// Whether this is what the server of this interface is to listen on.
    func fits(_ interface: ListenInterface) -> Bool {
        if let name { return name == interface.description }
        guard interface.port == self.address.port else { return false }
        switch (interface.host, self.address.ipAddress) {
        // All interfaces; the program that opened the socket has chosen the family.
        case (nil, "::"), (nil, "0.0.0.0"), ("0.0.0.0", "0.0.0.0"), ("::", "::"): return true
        case ("0.0.0.0", "::"): return !self.isIPv6Only
        case (nil, _), ("0.0.0.0", _), ("::", _): return false
        case (let host?, _): return (try? ListenPlace(host: host, port: interface.port)) == .address(self.address)
        }
    }
}
