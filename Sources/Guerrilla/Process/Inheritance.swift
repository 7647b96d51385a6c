package import GuerrillaServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The listening sockets that this process was started with: by the daemon whose place it takes, or by systemd.
package struct Inheritance: Sendable {
    /// What the predecessor says; nil when there is none.
    package let handover: Handover?
    package let sockets: [ListeningSocket]

    /// Takes them over. The variables are removed from the environment: they are for nobody that we start.
    /// - Throws: ``DaemonError`` naming what is no listening TCP socket.
    package init(handover: Handover?, environment: [String: String]) throws(DaemonError) {
        self.handover = handover
        do {
            if let handover {
                self.sockets = try handover.sockets.map {
                    try ListeningSocket(adopting: $0.descriptor, name: $0.interface?.description)
                }
            } else {
                self.sockets = try SystemdSockets(environment: environment, processID: PIDFile.processID).sockets.map {
                    try ListeningSocket(adopting: $0.descriptor)
                }
            }
        } catch {
            throw DaemonError("\(handover == nil ? "LISTEN_FDS" : Handover.variable): \(error)")
        }
    }
}

extension Handover {
    /// What the environment says, which then says it no more.
    package static func take(from environment: [String: String]) -> Handover? {
        for variable in [Self.variable] + SystemdSockets.variables { unsetenv(variable) }
        guard let handover = environment[Self.variable].flatMap({ Handover($0) }) else { return nil }
        // For this process, not for those it starts.
        if let descriptor = handover.reportDescriptor { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return handover
    }

    /// Tells the predecessor how the start has ended.
    package func report(_ report: SuccessorReport) {
        if let descriptor = self.reportDescriptor { report.send(to: descriptor) }
    }
}
