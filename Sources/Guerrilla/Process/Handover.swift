/// What a daemon tells the process that takes its place: who it is, where to report, and which of the open files is which listener.
///
/// It travels in an environment variable: `PREDECESSOR REPORT FILE=INTERFACE …`, with `-` where nobody waits for a report, and nothing
/// in the place of an interface that is not known.
package struct Handover: Sendable, Equatable, LosslessStringConvertible {
    /// A listening socket that was left open for us.
    package struct Socket: Sendable, Equatable {
        /// `listen_interface` as it was configured: with port 0, too, it names the socket. Nil where its address has to say whom it is for.
        package var interface: ListenInterface?
        package var descriptor: CInt

        package init(interface: ListenInterface?, descriptor: CInt) {
            self.interface = interface
            self.descriptor = descriptor
        }
    }

    /// The variable's name.
    package static let variable = "GUERRILLAD_HANDOVER"

    /// The process that hands over.
    package var predecessor: Int
    /// The pipe on which it waits for ``SuccessorReport``; nil when it does not.
    package var reportDescriptor: CInt?
    package var sockets: [Socket]

    init(predecessor: Int, reportDescriptor: CInt?, sockets: [Socket]) {
        self.predecessor = predecessor
        self.reportDescriptor = reportDescriptor
        self.sockets = sockets
    }

    package init?(_ description: String) {
        let fields = description.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count >= 2, let predecessor = Int(fields[0]), predecessor > 0 else { return nil }
        let report = CInt(fields[1])
        guard fields[1] == "-" || report.map({ $0 > 2 }) == true else { return nil }
        self.init(predecessor: predecessor, reportDescriptor: report, sockets: [])
        for field in fields.dropFirst(2) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let interface = parts.last.flatMap { ListenInterface(String($0)) }
            guard parts.count == 2, let descriptor = CInt(parts[0]), descriptor > 2,
                interface != nil || parts[1].isEmpty
            else { return nil }
            self.sockets.append(Socket(interface: interface, descriptor: descriptor))
        }
    }

    package var description: String {
        (["\(self.predecessor)", self.reportDescriptor.map { "\($0)" } ?? "-"]
            + self.sockets.map { "\($0.descriptor)=\($0.interface?.description ?? "")" })
            .joined(separator: " ")
    }
}
