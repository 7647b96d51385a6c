/// The sockets that systemd, or another program with its protocol, has opened for us. (sd_listen_fds(3))
package struct SystemdSockets: Sendable, Equatable {
    /// One of them, not looked at yet.
    package struct Socket: Sendable, Equatable {
        package let descriptor: CInt
        /// `FileDescriptorName=` of the unit; empty when there is none.
        package let name: String
    }

    /// The variables that tell about them. They are for this process, not for those it starts.
    package static let variables = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"]

    package let sockets: [Socket]

    /// Where the first one is.
    private static let firstDescriptor: CInt = 3
    /// More is taken for a mistake.
    private static let maximumCount: CInt = 1_024

    /// Reads the environment.
    /// - Parameter processID: Ours. Variables that are meant for another process mean nothing.
    /// - Throws: ``DaemonError`` when the variables are ours and make no sense.
    package init(environment: [String: String], processID: Int) throws(DaemonError) {
        guard let count = environment["LISTEN_FDS"], let owner = environment["LISTEN_PID"], Int(owner) == processID
        else {
            self.sockets = []
            return
        }
        guard let count = CInt(count), (0...Self.maximumCount).contains(count) else {
            throw DaemonError("LISTEN_FDS: expected a number of sockets, found `\(count)`")
        }
        let names = environment["LISTEN_FDNAMES"].map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
        self.sockets = (0..<count).map { index in
            let names = names ?? []
            let name = names.indices.contains(Int(index)) ? names[Int(index)] : ""
            return Socket(descriptor: Self.firstDescriptor + index, name: name)
        }
    }
}
