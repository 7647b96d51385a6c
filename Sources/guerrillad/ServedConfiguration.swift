#if CommandLine
import Guerrilla
import Synchronization

/// The configuration that `serve` runs on: once it has been a file, it is this file, whatever becomes of it.
final class ServedConfiguration: Sendable {
    private struct State {
        var source: ConfigurationSource
        /// The file when it was read last.
        var stamp: FileStamp?
    }

    private let options: ConfigurationOptions
    private let state: Mutex<State>

    init(_ options: ConfigurationOptions) {
        self.options = options
        self.state = Mutex(State(source: options.source))
    }

    /// Reads it. As long as there was no file, looks for one.
    func load() -> ConfigurationReport {
        let source = self.state.withLock { state in
            if state.source == .embeddedDefault { state.source = self.options.source }
            // Before it is read: what changes meanwhile is a change.
            state.stamp = state.source.stamp
            return state.source
        }
        return self.options.loader.load(from: source)
    }

    /// The file as it is now; nil if there is none.
    var stamp: FileStamp? { self.state.withLock { $0.source }.stamp }

    /// Whether this is another file than what was read last.
    func isNews(_ stamp: FileStamp) -> Bool { self.state.withLock { $0.stamp != stamp } }

    /// The words of the command line, for a process that is to run on the same file.
    var arguments: [String] {
        guard case .file(let path) = self.state.withLock({ $0.source }), self.options.config?.isEmpty ?? true else {
            return CommandLine.arguments
        }
        return CommandLine.arguments + ["--config", path]
    }
}

extension ConfigurationSource {
    fileprivate var stamp: FileStamp? {
        if case .file(let path) = self { FileStamp(path: path) } else { nil }
    }
}
#endif
