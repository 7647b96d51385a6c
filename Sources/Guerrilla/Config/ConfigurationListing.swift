import GuerrillaBackend
import GuerrillaProcessors
import GuerrillaServer

/// What is in effect, after file, environment and defaults, in the form of a configuration file.
///
/// Made from the table of keys, so that a key that is new there is shown here. What depends on something else and is not set is `null`,
/// which reads as if the key were not there. Reading ``json(secrets:changesOnly:)`` with secrets gives an equal configuration.
public struct ConfigurationListing: Sendable {
    private let table: ConfigurationTable
    private let hostName: String
    private let configuration: DaemonConfiguration
    /// Whether a file names the servers. The one that there is without any is no change.
    private let namesServers: Bool

    /// - Parameters:
    ///   - configuration: What came of `root`, without problems.
    ///   - root: The file; nil when there is none.
    init(_ configuration: DaemonConfiguration, root: ConfigurationNode?, loader: ConfigurationLoader) {
        self.table = loader.table
        self.hostName = loader.hostName
        self.configuration = configuration
        let servers = root?.members?.last { $0.key.lowercased() == ApplicationKeys.servers.name }
        self.namesServers = servers?.node.elements?.isEmpty == false
    }

    /// The listing as JSON.
    ///
    /// - Parameters:
    ///   - secrets: Whether passwords are shown. Otherwise `***` stands in their place.
    ///   - changesOnly: Whether to leave out what is as it would be without the file and the environment.
    public func json(secrets: Bool = false, changesOnly: Bool = false) -> String {
        JSONText.pretty(.object(Writer(listing: self, secrets: secrets, changesOnly: changesOnly).file))
    }

    /// One way to write the listing.
    private struct Writer {
        let listing: ConfigurationListing
        let secrets: Bool
        let changesOnly: Bool

        var file: ConfigurationObject {
            let configuration = self.listing.configuration
            var values = Self.values(ApplicationKeys.rows, of: configuration)
            values[ApplicationKeys.servers.name] = self.servers
            values[ApplicationKeys.backendConfig.name] = self.unlessEmpty(self.backend)
            return self.group(
                self.listing.table.application,
                values: values,
                implied: [ApplicationKeys.allowedHosts.name: [.string(self.listing.hostName)]]
            )
        }

        private var servers: ConfigurationValue? {
            guard !self.changesOnly || self.listing.namesServers else { return nil }
            return .array(self.listing.configuration.servers.map(self.server))
        }

        private func server(_ server: ServerConfiguration) -> ConfigurationValue {
            var values = Self.values(ServerKeys.rows, of: server)
            values[ServerKeys.tls.name] = self.unlessEmpty(
                self.group(self.listing.table.tls, values: Self.values(TLSKeys.rows, of: server.tls))
            )
            let certificates = server.tls.certificates.map {
                ConfigurationValue.object(
                    self.group(self.listing.table.certificate, values: Self.values(CertificateKeys.rows, of: $0))
                )
            }
            values[ServerKeys.certificates.name] = certificates.isEmpty ? nil : .array(certificates)
            return .object(
                self.group(
                    self.listing.table.server,
                    values: values,
                    implied: [ServerKeys.hostName.name: .string(self.listing.hostName)]
                )
            )
        }

        private var backend: ConfigurationObject {
            let configuration = self.listing.configuration.backend
            let known = self.listing.table.backend
            let all = configuration.processorConfiguration.values
            var values: [String: ConfigurationValue] = [:]
            for key in all.keys { values[key] = all[key] }
            for row in GatewayKeys.rows { values[row.description.name] = row.value(in: configuration) }
            let logsMails = Debugger.Settings.logReceivedMails.name
            values[logsMails] = nil
            var object = self.group(
                known,
                values: values,
                implied: [GatewayKeys.primaryMailHost.name: .string(self.listing.hostName)]
            )
            for key in all.keys where !known.contains(where: { $0.name == key }) {
                guard let value = all[key] else { continue }
                object[key] = self.secrets ? value : Redaction.redacted(value)
            }
            // Its default depends on whether anything stands here at all.
            if let value = all[logsMails], value != .bool(object.isEmpty) || !self.changesOnly {
                object[logsMails] = value
            }
            return object
        }

        /// The members for the keys of one group, in the order of the table.
        ///
        /// - Parameters:
        ///   - values: What is set.
        ///   - implied: What holds when keys are not set whose default the table only describes.
        private func group(
            _ keys: [ConfigurationKey],
            values: [String: ConfigurationValue],
            implied: [String: ConfigurationValue] = [:]
        ) -> ConfigurationObject {
            var object = ConfigurationObject()
            for key in keys where key.replacement == nil {
                let fallback = key.defaultValue?.value ?? implied[key.name]
                let value = values[key.name]
                guard !self.changesOnly || value != nil && value != fallback else { continue }
                let shown = value ?? fallback ?? .null
                object[key.name] =
                    self.secrets ? shown : self.listing.table.shown(shown, of: key, among: self.backendValues)
            }
            return object
        }

        private var backendValues: ConfigurationObject { self.listing.configuration.backend.values }

        private func unlessEmpty(_ object: ConfigurationObject) -> ConfigurationValue? {
            object.isEmpty ? nil : .object(object)
        }

        /// What is set, by the keys' names.
        private static func values<Owner>(
            _ rows: [any ConfigurationRow<Owner>],
            of owner: Owner
        ) -> [String: ConfigurationValue] {
            var values: [String: ConfigurationValue] = [:]
            for row in rows { values[row.description.name] = row.value(in: owner) }
            return values
        }
    }
}

extension ConfigurationLoader {
    /// Loads the configuration a source names, and lists what is in effect.
    ///
    /// - Returns: The report, and the listing; nil when there are problems.
    public func list(_ source: ConfigurationSource) -> (report: ConfigurationReport, listing: ConfigurationListing?) {
        guard case .file(let path) = source, let octets = try? ConfigurationFile.contents(of: path) else {
            let report = self.load(from: source)
            return (report, report.configuration.map { ConfigurationListing($0, root: nil, loader: self) })
        }
        return self.list(octets, source: source)
    }

    /// The same for the content of a file.
    func list(
        _ octets: some Sequence<UInt8>,
        source: ConfigurationSource
    ) -> (report: ConfigurationReport, listing: ConfigurationListing?) {
        let report = self.load(octets, source: source)
        let root = try? ConfigurationFile.parse(octets).root
        return (report, report.configuration.map { ConfigurationListing($0, root: root, loader: self) })
    }
}
