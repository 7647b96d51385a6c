public import GuerrillaBackend

/// The processors of this module, for a ``GuerrillaBackend/ProcessorRegistry``.
public enum BuiltInProcessors {
    /// HeadersParser, Header, Debugger and wildcard.
    public static let all = [HeadersParser.description, Header.description, Debugger.description, Wildcard.description]
}
