internal import Glibc
import Synchronization

/// The C library's converters that are open, one kept for each charset that has occurred.
///
/// As long as a converter is open its module stays loaded. Without that the C library unloads a module soon after its last
/// converter was closed, and loads it from disk for the next one: 45 to 60 µs for each conversion of a text that takes four
/// charsets in turn, instead of 0.1.
///
/// The names come from ``GuerrillaMail/CharsetAliases``, so there are some eighty at most, of 33 KiB each.
final class IconvDescriptors: Sendable {
    /// Of the whole process, as the modules are. Which converters are open makes no difference to any conversion.
    static let shared = IconvDescriptors()

    /// A converter into UTF-8.
    ///
    /// `@unchecked Sendable`: the C library forbids two threads to use one at a time. Nobody has it but the one that it was
    /// handed to, until it is given back.
    struct Descriptor: @unchecked Sendable {
        let value: iconv_t
        fileprivate let charset: String
    }

    private struct State {
        var idle: [String: Descriptor] = [:]
        /// When a charset may be tried again that the library had no converter for.
        var missing: [String: ContinuousClock.Instant] = [:]
        var attempts = 0
    }

    /// How long the library is not asked again for a charset it could not open. It looks for the module on disk each time,
    /// which costs as much as loading one; but the reason may have been that the process had too many files open.
    private static let pause = Duration.seconds(10)

    private let state = Mutex(State())

    /// How often the library was asked for a converter, for tests.
    var attempts: Int { self.state.withLock { $0.attempts } }

    /// Charsets whose converter is kept and not in use, for tests.
    var idleCount: Int { self.state.withLock { $0.idle.count } }

    deinit {
        for descriptor in self.state.withLock({ $0.idle.values }) { iconv_close(descriptor.value) }
    }

    /// The converter from a charset, for the caller alone; it has to be given back. Nil when the library has none.
    func take(_ charset: String) -> Descriptor? {
        enum Found {
            case idle(Descriptor)
            case missing, neither
        }
        let found = self.state.withLock { state -> Found in
            if let descriptor = state.idle.removeValue(forKey: charset) { return .idle(descriptor) }
            if let pause = state.missing[charset], ContinuousClock.now < pause { return .missing }
            state.attempts += 1
            return .neither
        }
        switch found {
        case .idle(let descriptor): return descriptor
        case .missing: return nil
        case .neither: return self.open(charset)
        }
    }

    private func open(_ charset: String) -> Descriptor? {
        // Failure is -1, not a null pointer.
        guard let value = iconv_open("UTF-8", charset), value != iconv_t(bitPattern: -1) else {
            self.state.withLock { $0.missing[charset] = .now + Self.pause }
            return nil
        }
        self.state.withLock { $0.missing[charset] = nil }
        return Descriptor(value: value, charset: charset)
    }

    /// Keeps a converter for the next conversion, or closes it when another thread has given one back meanwhile.
    func give(_ descriptor: Descriptor) {
        // Back to the initial state of a charset that has states.
        iconv(descriptor.value, nil, nil, nil, nil)
        let isKept = self.state.withLock { state in
            guard state.idle[descriptor.charset] == nil else { return false }
            state.idle[descriptor.charset] = descriptor
            return true
        }
        if !isKept { iconv_close(descriptor.value) }
    }
}
