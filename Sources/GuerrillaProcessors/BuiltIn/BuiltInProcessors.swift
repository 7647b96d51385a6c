public import GuerrillaBackend

/// The processors of this module, for a ``GuerrillaBackend/ProcessorRegistry``.
public enum BuiltInProcessors {
    /// HeadersParser, Header, Debugger and wildcard.
    public static let all: [ProcessorDescription] = [
        ProcessorDescription("HeadersParser", HeadersParser.self) { HeadersParser(logger: $0.logger) },
        ProcessorDescription("Header", Header.self) { _ in Header() },
        Debugger.description,
        Wildcard.description,
    ]
}
