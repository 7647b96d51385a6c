import GuerrillaBackend
import GuerrillaProcessors

extension ConfigurationDecoder {
    /// `backend_config`, whose keys are case-sensitive and shared by the gateway and all processors.
    mutating func decodeBackend(_ node: ConfigurationNode?, base: BackendConfiguration) -> BackendConfiguration {
        let keyPath = ApplicationKeys.backendConfig.name
        let prefix = ProcessorConfiguration.environmentPrefix
        var section = ConfigurationSection()
        section.members = members(of: node, at: keyPath, keys: table.backend, isCaseSensitive: true)
        check(table.gateway, in: &section, at: keyPath, environmentPrefix: prefix)

        var backend = base
        apply(GatewayKeys.rows, of: section, at: keyPath, to: &backend)

        if backend.saveTimeout >= .seconds(600) {
            warn(
                "\(keyPath).\(GatewayKeys.saveTimeout.name)",
                "senders wait 10 minutes for a verdict and then send the message again (RFC 5321 § 4.5.3.2.6); use less",
                line: section.line(GatewayKeys.saveTimeout.description)
            )
        }
        checkChain(backend.saveProcess, at: "\(keyPath).\(GatewayKeys.saveProcess.name)")
        checkStoresOnce(backend.saveProcess, at: keyPath, line: section.line(GatewayKeys.saveProcess.description))
        checkChain(backend.validateProcess, at: "\(keyPath).\(GatewayKeys.validateProcess.name)")

        let names = Set(
            ConfigurationTable.processorNames(in: backend.saveProcess)
                + ConfigurationTable.processorNames(in: backend.validateProcess)
        )
        let inUse = table.processors.filter { !$0.names.isDisjoint(with: names) }
        checkProcessors(inUse, in: &section, at: keyPath)
        checkMasks(of: inUse, in: section, at: keyPath)
        checkEmptyTexts(inUse, of: backend, in: section, at: keyPath)

        backend.values = values(of: node, checked: section)
        if backend.values[Debugger.Settings.logReceivedMails.name] == nil {
            // go-guerrilla's rule: the default depends on whether there are any settings at all.
            backend.values[Debugger.Settings.logReceivedMails.name] = .bool(node?.members?.isEmpty ?? true)
        }
        reportMissing(inUse, in: section, values: backend.processorConfiguration.values, at: keyPath)
        return backend
    }

    private mutating func checkChain(_ chain: String, at keyPath: String) {
        do throws(ProcessorChainError) {
            _ = try table.registry?.chain(chain)
        } catch {
            problem(keyPath, error.description)
        }
    }

    /// A store that is named twice would keep every message twice.
    private mutating func checkStoresOnce(_ chain: String, at keyPath: String, line: Int?) {
        var names: Set<String> = []
        for processor in (try? table.registry?.chain(chain)) ?? [] where processor.capabilities.contains(.stores) {
            guard !names.insert(processor.name).inserted else { continue }
            problem(
                "\(keyPath).\(GatewayKeys.saveProcess.name)",
                "the store `\(processor.name)` is named twice; every message would be stored twice",
                line: line
            )
            return
        }
    }

    /// What `config show` prints instead of a password is none.
    private mutating func checkMasks(
        of inUse: [ConfigurationTable.ProcessorKeys],
        in section: ConfigurationSection,
        at keyPath: String
    ) {
        let mark = Redaction.mark
        let values = ConfigurationObject(section.values.map { ($0.key, $0.value) })
        var names: Set<String> = []
        for key in inUse.flatMap(\.keys) where key.isSecret && names.insert(key.name).inserted {
            guard case .string(let text)? = section.values[key.name], text.contains(mark),
                table.shown(.string(text), of: key, among: values) == .string(text)
            else { continue }
            problem(
                "\(keyPath).\(key.name)",
                "`\(mark)` is what `guerrillad config show` prints instead of a password; write the password, or make the file with"
                    + " --with-secrets",
                line: section.line(key)
            )
        }
    }

    /// What may be left out for some other value, but not be empty.
    private mutating func checkEmptyTexts(
        _ inUse: [ConfigurationTable.ProcessorKeys],
        of backend: BackendConfiguration,
        in section: ConfigurationSection,
        at keyPath: String
    ) {
        let saving = Set(ConfigurationTable.processorNames(in: backend.saveProcess))
        let validating = Set(ConfigurationTable.processorNames(in: backend.validateProcess))
        var reported: Set<String> = []
        for processor in inUse {
            for key in processor.keys where section.text(key)?.isEmpty == true {
                let isNeeded =
                    switch key.neededText {
                    case .always?: true
                    case .toSave?: !processor.names.isDisjoint(with: saving)
                    case .toValidate?: !processor.names.isDisjoint(with: validating)
                    case nil: false
                    }
                guard isNeeded, reported.insert(key.name).inserted else { continue }
                problem(
                    "\(keyPath).\(key.name)",
                    "expected \(key.expectation), found an empty one",
                    line: section.line(key)
                )
            }
        }
    }

    /// Checks processors' keys. go-guerrilla never looks at the keys of a processor that is in no chain, so there a wrong value is
    /// worth a warning only.
    private mutating func checkProcessors(
        _ inUse: [ConfigurationTable.ProcessorKeys],
        in section: inout ConfigurationSection,
        at keyPath: String
    ) {
        let gatewayNames = Set(table.gateway.map(\.name))
        let namesInUse = Set(inUse.flatMap(\.keys).map(\.name))
        check(
            table.backend.filter { !gatewayNames.contains($0.name) },
            in: &section,
            at: keyPath,
            environmentPrefix: ProcessorConfiguration.environmentPrefix,
            isLenient: { $0.usesDefaultWhenWrong || !namesInUse.contains($0.name) }
        )
    }

    /// What processors read: the members as written, unknown ones included, with checked values in their place. The gateway's are left out
    /// unless a processor reads them, too.
    private func values(of node: ConfigurationNode?, checked section: ConfigurationSection) -> ConfigurationObject {
        var values = ConfigurationObject()
        let gateway = Set(table.gateway.map(\.name)).subtracting(table.processors.flatMap(\.keys).map(\.name))
        for member in node?.members ?? [] where !gateway.contains(member.key) {
            let value = member.node.value
            values[member.key] = value == .null ? nil : value
        }
        for key in table.backend where !gateway.contains(key.name) {
            if let value = section.values[key.name] {
                values[key.name] = value
            } else if section.members[key.name] != nil {
                // It is null, means the default, or is wrong and was reported.
                values[key.name] = nil
            }
        }
        return values
    }

    private mutating func reportMissing(
        _ inUse: [ConfigurationTable.ProcessorKeys],
        in section: ConfigurationSection,
        values: ConfigurationObject,
        at keyPath: String
    ) {
        var reported = section.wrong
        for processor in inUse {
            for key in processor.keys
            where key.isRequired && key.isEffective && key.defaultValue?.value == nil && values[key.name] == nil {
                guard reported.insert(key.name).inserted else { continue }
                problem(
                    "\(keyPath).\(key.name)",
                    "required by the processor `\(processor.name)`, but not set; expected \(key.expectation)"
                )
            }
        }
    }
}
