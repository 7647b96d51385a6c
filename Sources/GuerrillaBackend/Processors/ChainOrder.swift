/// What is to be said of the order of a save chain that works, but not as it is meant.
package enum ChainOrder {
    /// - Returns: A sentence for each finding.
    package static func findings(_ chain: [ProcessorDescription]) -> [String] {
        guard let lastStore = chain.lastIndex(where: { $0.capabilities.contains(.stores) }) else { return [] }
        var findings: [String] = []
        for (index, processor) in chain.enumerated() {
            let others = chain.indices.filter { $0 != index }
            for (part, name) in EnvelopeParts.all {
                let writers = others.filter { chain[$0].writes.contains(part) }
                // What stands behind its reader is told of there, once.
                if processor.capabilities.contains(.stores), processor.reads.contains(part),
                    part.isExpected, writers.isEmpty
                {
                    findings.append(
                        "`\(processor.name)` stores messages without \(name): put `\(part.writer)` before it"
                    )
                }
                guard processor.writes.contains(part) else { continue }
                let readers = others.filter { chain[$0].reads.contains(part) }
                if index > lastStore {
                    findings.append(
                        "`\(processor.name)` stands behind the last store, where it changes nothing that is stored"
                    )
                } else if part == .compressedMessage, readers.allSatisfy({ $0 < index }) {
                    let store = chain[lastStore].name
                    findings.append("`\(processor.name)` works for nothing: `\(store)` stores messages as they are")
                }
            }
        }
        return findings
    }
}

extension EnvelopeParts {
    /// Each part, in words.
    fileprivate static let all: [(part: EnvelopeParts, name: String)] = [
        (.header, "their header fields and subject"), (.deliveryHeader, "Return-Path and Received"),
        (.hashes, "a hash"), (.compressedMessage, "compression"),
    ]

    /// Whether a store that can use the part is wanted with it.
    fileprivate var isExpected: Bool { self == .header || self == .deliveryHeader }

    /// Which processor of this package makes it.
    fileprivate var writer: String { self == .header ? "HeadersParser" : "Header" }
}
