/// The settings that a connection was accepted with. Shared: by value they were 0.4 KiB of each connection.
final class SettingsSnapshot: Sendable {
    let settings: ServerSettings

    init(_ settings: ServerSettings) {
        self.settings = settings
    }
}
