#if TLS
import GuerrillaServer

/// Finds what a name stands for: exactly, else by its wildcard.
struct CertificateDirectory<Value> {
    private var values: [TLSHostName: Value] = [:]

    /// Adds a name; one that is there keeps its value.
    /// - Returns: Whether it was new.
    mutating func add(_ name: TLSHostName, _ value: Value) -> Bool {
        guard self.values[name] == nil else { return false }
        self.values[name] = value
        return true
    }

    /// The value of a name; nil if there is none.
    func value(of name: TLSHostName) -> Value? {
        self.values[name] ?? name.wildcard.flatMap { self.values[$0] }
    }
}

extension CertificateDirectory: Sendable where Value: Sendable {}
#endif
