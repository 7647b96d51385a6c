import GuerrillaBackend

extension BackendConfiguration {
    /// The processors that a chain names; none where one of them is not known, which the check of the chain says.
    private func processors(_ chain: String, _ registry: ProcessorRegistry) -> [ProcessorDescription] {
        (try? registry.chain(chain)) ?? []
    }

    /// What the processors of both chains use of this machine, each resource once.
    func resources(_ registry: ProcessorRegistry) -> [ProcessorResource] {
        let processors =
            self.processors(self.saveProcess, registry) + self.processors(self.validateProcess, registry)
        let configuration = self.processorConfiguration
        var known: Set<ProcessorResource> = []
        return processors.flatMap { $0.resources(configuration) }.filter { known.insert($0).inserted }
    }

    /// Where the processors of `save_process` keep messages, as far as that is on file systems of this machine: a directory for each.
    func storeDirectories(_ registry: ProcessorRegistry) -> [String] {
        let configuration = self.processorConfiguration
        let resources = self.processors(self.saveProcess, registry).flatMap { $0.resources(configuration) }
        var devices: Set<UInt64> = []
        return resources.filter(\.keepsMessages).compactMap { resource in
            let directory = resource.kind == .directory ? resource.path : FileAccess.directory(of: resource.path)
            guard let device = FileStamp.device(of: directory) else {
                // The directory of a database must exist, and the start says so; a user's may be made later.
                return resource.kind == .directory ? nil : directory
            }
            return devices.insert(device).inserted ? directory : nil
        }
    }
}
