import GuerrillaBackend
import Testing

struct ChainOrderTests {
    private struct Maker: Processor {
        static let capabilities: ProcessorCapabilities = [.saves]
    }

    private struct Store: Processor {
        static let capabilities: ProcessorCapabilities = [.saves, .stores]
    }

    private static let all: [String: ProcessorDescription] = {
        func description(_ name: String, writes: EnvelopeParts) -> ProcessorDescription {
            var description = ProcessorDescription(name, Maker.self) { _ in Maker() }
            description.writes = writes
            return description
        }
        func store(_ name: String, reads: EnvelopeParts) -> ProcessorDescription {
            var description = ProcessorDescription(name, Store.self) { _ in Store() }
            description.reads = reads
            return description
        }
        let all = [
            description("HeadersParser", writes: .header), description("Header", writes: .deliveryHeader),
            description("Compressor", writes: .compressedMessage), store("plain", reads: [.header, .deliveryHeader]),
            store("small", reads: [.deliveryHeader, .compressedMessage]), store("own", reads: []),
        ]
        return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }()

    @Test(arguments: [
        ("HeadersParser|Header|plain", []), ("own", []), ("HeadersParser|Header", []),
        ("HeadersParser|Header|Compressor|small|plain", []),
        (
            "Header|plain",
            ["`plain` stores messages without their header fields and subject: put `HeadersParser` before it"]
        ),
        ("HeadersParser|plain", ["`plain` stores messages without Return-Path and Received: put `Header` before it"]),
        (
            "HeadersParser|plain|Header",
            ["`Header` stands behind the last store, where it changes nothing that is stored"]
        ),
        (
            "HeadersParser|Header|Compressor|plain",
            ["`Compressor` works for nothing: `plain` stores messages as they are"]
        ),
        (
            "HeadersParser|Header|plain|Compressor",
            ["`Compressor` stands behind the last store, where it changes nothing that is stored"]
        ),
    ])
    func orderIsTold(_ chain: String, _ findings: [String]) throws {
        let names = chain.split(separator: "|").map(String.init)
        #expect(ChainOrder.findings(try names.map { try #require(Self.all[$0]) }) == findings)
    }
}
