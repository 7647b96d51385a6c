import GuerrillaBackend

// A configuration that comes from a file was checked key by key when it was read. One that was made in Swift, or changed there, is held to
// the same table here, before a daemon runs on it.

extension DaemonConfiguration {
    /// Makes sure that every number and every duration has a value that its key allows, and that no file has two purposes.
    ///
    /// Zero is not "the default" here: what is not to be changed is left alone. Durations need not be whole seconds, and may be shorter than
    /// in a file; but not negative.
    ///
    /// - Throws: ``DaemonError`` that names the keys.
    func check(_ registry: ProcessorRegistry) throws(DaemonError) {
        let problems = self.problems(registry)
        guard problems.isEmpty else { throw DaemonError(problems.joined(separator: "; ")) }
    }

    /// What ``check(_:)`` finds, one sentence each.
    func problems(_ registry: ProcessorRegistry) -> [String] {
        self.rangeProblems(ApplicationKeys.rows)
            + self.servers.enumerated().flatMap { index, server in
                server.rangeProblems(ServerKeys.rows, at: "servers[\(index)].")
            }
            + self.backend.rangeProblems(GatewayKeys.rows, at: "\(ApplicationKeys.backendConfig.name).")
            + self.interfaceProblems
            + FileConflicts.problems(self, from: nil, registry: registry).map { "\($0)" }
    }

    /// Every server needs an address that is one. Two cannot have the same, unless the system chooses their ports.
    private var interfaceProblems: [String] {
        var interfaces: Set<ListenInterface> = []
        return self.servers.enumerated().compactMap { index, server in
            let interface = server.listenInterface
            guard server.isEnabled else { return nil }
            let path = "servers[\(index)].\(ServerKeys.listenInterface.name)"
            if let problem = interface.problem { return "\(path): \(problem)" }
            guard interface.port != 0, !interfaces.insert(interface).inserted else { return nil }
            return "\(path): an earlier server has the same interface \(interface)"
        }
    }
}

extension ConfigurationOwner {
    /// The numbers and durations that are out of their keys' ranges.
    fileprivate func rangeProblems(_ rows: [any ConfigurationRow<Self>], at path: String = "") -> [String] {
        rows.compactMap { row in
            row.rangeProblem(in: self).map { "\(path)\(row.description.name): \($0)" }
        }
    }
}
