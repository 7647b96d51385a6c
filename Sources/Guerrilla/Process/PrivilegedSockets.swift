package import GuerrillaServer

extension ListeningSocket {
    /// Opens what the enabled servers listen on, as far as `offered` does not have it: for a process that is about to give up the rights
    /// which that may need.
    /// - Returns: Those that were offered, and those that were opened.
    /// - Throws: ``DaemonError`` when one cannot be had.
    package static func open(
        for configuration: DaemonConfiguration,
        beside offered: [ListeningSocket]
    ) throws(DaemonError) -> [ListeningSocket] {
        var unused = offered
        var opened: [ListeningSocket] = []
        for server in configuration.enabledServers {
            if let index = unused.firstIndex(where: { $0.fits(server.listenInterface) }) {
                unused.remove(at: index)
                continue
            }
            do {
                let interface = server.listenInterface
                let place = try interface.place(keepsToItsFamily: configuration.keepsToItsFamily(interface))
                opened.append(try ListeningSocket(place, name: interface.description))
            } catch {
                throw DaemonError(server.listenInterface, error)
            }
        }
        return offered + opened
    }
}
