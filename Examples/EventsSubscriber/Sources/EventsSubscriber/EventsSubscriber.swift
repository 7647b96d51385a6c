import Guerrilla

/// Starts on a configuration file, reloads each of the others, and prints what changes.
///
///     swift run --package-path Examples/EventsSubscriber EventsSubscriber first.json second.json
@main
struct EventsSubscriber {
    static func main() async throws {
        let files = Array(CommandLine.arguments.dropFirst())
        guard let first = files.first else { return print("usage: EventsSubscriber FILE [FILE…]") }
        let report = ConfigurationLoader().load(from: .file(first))
        guard let configuration = report.configuration else { return print(report.problems) }
        let daemon = Daemon(configuration: configuration)

        // One topic: the daemon calls us, and waits for us.
        let subscription = daemon.subscribe(to: .allowedHosts) { event in
            if case .allowedHosts(let configuration) = event { print("mail for \(configuration.allowedHosts)") }
        }
        // All of them: we take them out when we have time.
        let events = daemon.events
        let printing = Task {
            for await event in events { print(event.topic.rawValue) }
        }

        try await daemon.start()
        for file in files.dropFirst() { try await daemon.reloadConfigFile(file) }
        daemon.unsubscribe(subscription)
        await daemon.shutdown()  // Ends the sequence, too.
        await printing.value
    }
}
