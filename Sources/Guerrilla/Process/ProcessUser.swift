package import GuerrillaServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The user and group that the keys `user` and `group` name.
package struct ProcessUser: Sendable, Equatable {
    /// The user's name.
    package let name: String
    let userID: uid_t
    let groupID: gid_t
    /// Whether the group was named, and is not just the user's own.
    private let isGroupChosen: Bool

    /// Looks user and group up in the system's databases.
    /// - Returns: Nil when the configuration names neither.
    /// - Throws: ``DaemonError`` naming the key.
    package init?(_ configuration: DaemonConfiguration) throws(DaemonError) {
        guard let user = configuration.user else {
            guard configuration.group == nil else { throw DaemonError("group: has no meaning without `user`") }
            return nil
        }
        guard let (userID, usersGroupID) = Self.lookUp(user: user) else {
            throw DaemonError("user: this system has no user `\(user)`")
        }
        self.name = user
        self.userID = userID
        if let group = configuration.group {
            guard let groupID = Self.lookUp(group: group) else {
                throw DaemonError("group: this system has no group `\(group)`")
            }
            self.groupID = groupID
        } else {
            self.groupID = usersGroupID
        }
        self.isGroupChosen = configuration.group != nil
    }

    /// Whether the process is root and this user is not: it has something to give up.
    package var isToBeBecome: Bool { geteuid() == 0 && self.userID != 0 }

    /// Sees to it that the process is this user, for good. One that is already goes on. Root becomes the user, and the program starts
    /// anew: that alone reaches all threads. The C library leaves those out that have ended for it, and the first one of a program
    /// that runs on Dispatch has; it would stay root.
    ///
    /// - Parameters:
    ///   - environment: Of this process.
    ///   - arguments: The command line to start anew with.
    ///   - handover: What the predecessor said, which counts for the program that starts anew.
    ///   - open: Opens what only root may; the program finds it when it starts anew.
    /// - Throws: ``DaemonError`` when that is not possible, or when the way back would be open.
    package func become(
        environment: [String: String],
        arguments: [String],
        handover: Handover?,
        open: () throws -> [ListeningSocket]
    ) throws {
        guard self.isToBeBecome else {
            guard getuid() == self.userID, geteuid() == self.userID, !self.isGroupChosen || getegid() == self.groupID
            else {
                throw DaemonError(
                    "user: only root can become `\(self.name)`, and the daemon was started with user id \(geteuid()) and group id"
                        + " \(getegid()); start it as root or as that user, or leave the key out"
                )
            }
            // It may have keys and mail in its memory that root has read, or will read, for it.
            ProcessControl.closeMemory()
            return
        }
        let sockets = try open()
        try self.giveUpRoot()
        try Self.startAnew(with: sockets, environment: environment, arguments: arguments, former: handover)
    }

    private func giveUpRoot() throws(DaemonError) {
        // The group first: who is no longer root may not change it.
        guard initgroups(self.name, self.groupID) == 0, setgid(self.groupID) == 0, setuid(self.userID) == 0 else {
            throw DaemonError("user: cannot become `\(self.name)`: \(String(cString: strerror(errno)))")
        }
        guard getuid() == self.userID, geteuid() == self.userID, getgid() == self.groupID, getegid() == self.groupID,
            setuid(0) != 0, seteuid(0) != 0, self.groupID == 0 || setegid(0) != 0
        else {
            throw DaemonError("user: the system does not give up the rights of root for good")
        }
        // The program starts anew after this: nor is that a way back, whatever its file says.
        guard ProcessControl.renounceNewPrivileges() else {
            throw DaemonError("user: the system does not let the program start anew without new rights")
        }
    }

    private static func startAnew(
        with sockets: [ListeningSocket],
        environment: [String: String],
        arguments: [String],
        former: Handover?
    ) throws(DaemonError) {
        OpenFiles.keepToOurselves()
        let handover = Handover(
            predecessor: former?.predecessor ?? PIDFile.processID,
            reportDescriptor: former?.reportDescriptor,
            sockets: sockets.compactMap { socket in
                socket.descriptor.map {
                    Handover.Socket(interface: socket.name.flatMap { ListenInterface($0) }, descriptor: $0)
                }
            }
        )
        for descriptor in handover.sockets.map(\.descriptor) + [handover.reportDescriptor].compactMap({ $0 }) {
            _ = fcntl(descriptor, F_SETFD, 0)
        }
        var environment = environment
        for variable in SystemdSockets.variables { environment[variable] = nil }
        environment[Handover.variable] = "\(handover)"
        // Dispatch's threads block signals, and the program would begin so.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        let words = CStrings(arguments)
        let variables = CStrings(environment: environment)
        // Not by its path: the way there may be closed to the user.
        execve("/proc/self/exe", words.pointers, variables.pointers)
        throw DaemonError("user: the program cannot start anew: \(String(cString: strerror(errno)))")
    }

    /// Runs `body` with the rights of the user, and is root again afterwards. For a process with nothing else to do.
    package func impersonate<R>(_ body: () -> R) throws(DaemonError) -> R {
        guard self.isToBeBecome else { return body() }
        let groups = Self.supplementaryGroups
        let groupID = getegid()
        defer {
            _ = seteuid(0)
            _ = setegid(groupID)
            _ = setgroups(groups.count, groups)
        }
        guard initgroups(self.name, self.groupID) == 0, setegid(self.groupID) == 0, seteuid(self.userID) == 0 else {
            throw DaemonError("user: cannot become `\(self.name)`: \(String(cString: strerror(errno)))")
        }
        return body()
    }

    private static var supplementaryGroups: [gid_t] {
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        let count = getgroups(CInt(groups.count), &groups)
        return Array(groups.prefix(Int(max(0, count))))
    }

    private static func lookUp(user: String) -> (userID: uid_t, groupID: gid_t)? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: Self.entrySize)
        guard getpwnam_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return (entry.pw_uid, entry.pw_gid)
    }

    private static func lookUp(group: String) -> gid_t? {
        var entry = Self.emptyGroup
        var found: UnsafeMutablePointer<group_entry>?
        var buffer = [CChar](repeating: 0, count: Self.entrySize)
        guard getgrnam_r(group, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }

    private typealias group_entry = group
    private static var emptyGroup: group_entry { group_entry() }
    /// Room for one entry of the databases, with all members of a large group.
    private static let entrySize = 1 << 18
}
