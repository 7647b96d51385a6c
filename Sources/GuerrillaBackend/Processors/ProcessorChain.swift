public import GuerrillaMail

/// The processors named in `save_process` and `validate_process`, as one backend.
///
/// A processor that is named in both chains, or twice, is one instance.
public final class ProcessorChain: Backend {
    private let saving: [any Processor]
    private let validating: [any Processor]
    /// All instances that are named, once, in the order of their first appearance.
    private let instances: [any Processor]
    /// Their names.
    private let names: [String]
    /// Whether a processor of the save chain keeps messages.
    public let stores: Bool

    /// Builds the processors of both chains; none is started yet.
    /// - Parameters:
    ///   - save: Names separated by `|`; empty accepts and discards everything.
    ///   - validate: Likewise; empty accepts every recipient whose host is allowed.
    ///   - registry: Where the names are looked up.
    ///   - context: What the factories are given.
    /// - Throws: ``ProcessorChainError``, ``ConfigurationError`` when a processor lacks another one before it, or what a factory throws.
    public convenience init(
        save: String,
        validate: String = "",
        registry: ProcessorRegistry,
        context: ProcessorContext
    ) throws {
        try self.init(save: save, validate: validate, end: nil, registry: registry, context: context)
    }

    /// Builds the processors of both chains, and puts one behind those of the save chain that no chain can name.
    package init(
        save: String,
        validate: String,
        end: (any Processor)?,
        registry: ProcessorRegistry,
        context: ProcessorContext
    ) throws {
        var made: [String: any Processor] = [:]
        var instances: [any Processor] = []
        var names: [String] = []
        func instantiate(_ descriptions: [ProcessorDescription]) throws -> [any Processor] {
            try descriptions.map { description in
                if let processor = made[description.name] { return processor }
                let processor = try description.make(context)
                made[description.name] = processor
                instances.append(processor)
                names.append(description.name)
                return processor
            }
        }
        let saving = try registry.chain(save)
        try Self.checkOrder(of: saving)
        let validating = try registry.chain(validate)
        self.saving = try instantiate(saving.filter { $0.capabilities.contains(.saves) }) + (end.map { [$0] } ?? [])
        self.validating = try instantiate(validating.filter { $0.capabilities.contains(.validates) })
        self.instances = instances
        self.names = names
        let capabilities = saving.map(\.capabilities) + (end.map { [type(of: $0).capabilities] } ?? [])
        self.stores = capabilities.contains { $0.contains(.stores) }
    }

    private static func checkOrder(of chain: [ProcessorDescription]) throws(ConfigurationError) {
        for (index, description) in chain.enumerated() {
            for required in description.requiredBefore
            where !chain[..<index].contains(where: { $0.name.lowercased() == required.lowercased() }) {
                throw ConfigurationError(
                    keyPath: "backend_config.save_process",
                    message: "`\(description.name)` needs `\(required)` before it"
                )
            }
        }
    }

    /// Whether the validate chain holds a processor that validates.
    public var validatesRecipients: Bool { !self.validating.isEmpty }

    /// Starts the processors in order; when one fails, those before it are shut down again.
    /// - Throws: ``ProcessorStartError`` that names the processor.
    public func start() async throws {
        for (index, processor) in self.instances.enumerated() {
            do {
                try await processor.start()
            } catch {
                for started in self.instances[..<index].reversed() {
                    await started.shutdown(deadline: .now + .seconds(5))
                }
                throw ProcessorStartError(processor: self.names[index], underlyingError: error)
            }
        }
    }

    /// Tells the processors, in order.
    public func wasPutInForce() {
        for processor in self.instances { processor.wasPutInForce() }
    }

    /// Tries the connections of all processors, none of which is started.
    /// - Returns: A sentence for each that fails, with the processor's name in front.
    package func connectionProblems() async -> [String] {
        var problems: [String] = []
        for (name, processor) in zip(self.names, self.instances) {
            do {
                try await processor.checkConnection()
            } catch {
                problems.append("\(error)".naming(name))
            }
        }
        return problems
    }

    /// Hands the message to the first processor of the save chain.
    public func save(_ envelope: inout Envelope) async throws -> SaveVerdict {
        try await SaveNext(self.saving)(&envelope)
    }

    /// Asks the first processor of the validate chain.
    public func validate(_ recipient: Recipient, in envelope: borrowing Envelope) async throws -> RecipientVerdict {
        try await ValidateNext(self.validating)(recipient, in: envelope)
    }

    /// Shuts the processors down in reverse order.
    public func shutdown(deadline: ContinuousClock.Instant) async {
        for processor in self.instances.reversed() {
            await processor.shutdown(deadline: deadline)
        }
    }
}

/// A processor that could not start.
public struct ProcessorStartError: Error, CustomStringConvertible {
    /// Its name.
    public let processor: String
    /// What its `start()` has thrown.
    public let underlyingError: any Error

    /// What the error says, with the processor's name in front unless it begins with that.
    public var description: String { "\(self.underlyingError)".naming(self.processor) }
}

extension String {
    /// The sentence with the name of the processor that says it in front.
    fileprivate func naming(_ processor: String) -> String {
        let firstWord = self.prefix { $0.isLetter || $0.isNumber }
        return firstWord.lowercased() == processor.lowercased() ? self : "\(processor): \(self)"
    }
}
