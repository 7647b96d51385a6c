/// The processors known to a daemon: a value that is passed in, so that two daemons in one process don't meet.
public struct ProcessorRegistry: Sendable {
    private var descriptions: [String: ProcessorDescription] = [:]
    /// The traits without which processors of this package are not there, by the processors' names.
    private var traitsOfMissing: [String: [String]] = [:]

    /// Creates a registry of the given processors.
    public init(_ descriptions: [ProcessorDescription] = []) {
        for description in descriptions { self.register(description) }
    }

    /// Adds a processor, or replaces the one of that name.
    public mutating func register(_ description: ProcessorDescription) {
        for name in [description.name] + description.aliases { self.descriptions[name.lowercased()] = description }
    }

    /// Says what a processor that was not built would need.
    package mutating func registerMissing(_ name: String, traits: [String]) {
        self.traitsOfMissing[name.lowercased()] = traits
    }

    /// The processor of that name in any case.
    public subscript(name: String) -> ProcessorDescription? {
        self.descriptions[name.lowercased()]
    }

    /// All processors, by name.
    public var all: [ProcessorDescription] {
        self.descriptions.filter { $0.key == $0.value.name.lowercased() }.values.sorted {
            $0.name.lowercased() < $1.name.lowercased()
        }
    }

    /// The names in a chain such as `"HeadersParser|Header|sqlite"`, as they are written; none in an empty one.
    package static func names(in chain: String) -> [String] {
        let names = chain.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingSpaces() }
        return names == [""] ? [] : names
    }

    /// Takes a chain apart: `"HeadersParser|Header|sqlite"`. Spaces around names are ignored, so is an empty chain.
    /// - Throws: ``ProcessorChainError`` naming the unknown processor and those that are known.
    public func chain(_ text: String) throws(ProcessorChainError) -> [ProcessorDescription] {
        var chain: [ProcessorDescription] = []
        for name in Self.names(in: text) {
            guard let description = self[name] else {
                throw ProcessorChainError(
                    unknown: name,
                    known: self.all.map(\.name),
                    missingTraits: self.traitsOfMissing[name.lowercased()] ?? []
                )
            }
            chain.append(description)
        }
        return chain
    }
}

/// A chain that names a processor nobody knows.
public struct ProcessorChainError: Error, Equatable, CustomStringConvertible {
    /// The name that is not known.
    public var unknown: String
    /// The names that are.
    public var known: [String]
    /// The traits of this package that the processor needs and was built without; empty if it is none of this package's.
    public var missingTraits: [String] = []

    /// `processor [x] not found; known processors: …`, or which traits it needs.
    public var description: String {
        guard self.missingTraits.isEmpty else {
            let noun = self.missingTraits.count == 1 ? "trait" : "traits"
            return "processor [\(self.unknown)] needs the \(noun) \(self.missingTraits.joined(separator: " and ")),"
                + " which this program was built without"
        }
        return "processor [\(self.unknown)] not found; known processors: \(self.known.joined(separator: ", "))"
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        String(self.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
