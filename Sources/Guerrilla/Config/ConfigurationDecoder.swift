import GuerrillaBackend

/// Turns the tree of a file into the runtime form, gathering everything there is to say on the way.
///
/// Here is the part that holds for every object: finding the keys, checking the values. The slices decode the objects one by one.
struct ConfigurationDecoder {
    static let environmentPrefix = "GUERRILLA_"

    let table: ConfigurationTable
    let hostName: String
    let environment: [String: String]

    var problems: [ConfigurationProblem] = []
    var warnings: [ConfigurationProblem] = []
    /// How many unknown keys still get a suggestion: looking for one takes time, and a file may hold a hundred thousand.
    private var suggestionsLeft = 100

    init(table: ConfigurationTable, hostName: String, environment: [String: String]) {
        self.table = table
        self.hostName = hostName
        self.environment = environment
    }

    /// Decodes the whole file over `base`, which holds the defaults.
    mutating func decode(_ root: ConfigurationNode?, base: DaemonConfiguration) -> DaemonConfiguration {
        if let root, root.members == nil {
            problem("", "the configuration must be an object, found \(root.value.found())", line: root.position.line)
            return base
        }
        let section = section(of: root, at: "", keys: table.application, environmentPrefix: Self.environmentPrefix)
        warnOfUnknownVariables()
        var configuration = base
        apply(ApplicationKeys.rows, of: section, at: "", to: &configuration)
        decodeServers(section, into: &configuration)
        warnOfTooLittleMemory(configuration, line: section.line(ApplicationKeys.maxMessageMemory.description))
        configuration.backend = decodeBackend(
            section.node(ApplicationKeys.backendConfig.description),
            base: base.backend
        )
        return configuration
    }

    /// Names the file in problems that are about it as a whole.
    mutating func name(_ source: ConfigurationSource) {
        for index in problems.indices where problems[index].keyPath.isEmpty {
            problems[index].keyPath = source.description
        }
    }

    // MARK: Objects

    /// Finds and checks the members of an object whose keys are case-insensitive.
    mutating func section(
        of node: ConfigurationNode?,
        at keyPath: String,
        keys: [ConfigurationKey],
        environmentPrefix: String? = nil
    ) -> ConfigurationSection {
        var section = ConfigurationSection()
        section.members = members(of: node, at: keyPath, keys: keys, isCaseSensitive: false)
        check(keys, in: &section, at: keyPath, environmentPrefix: environmentPrefix)
        return section
    }

    /// Finds the members of an object by the table's spelling. Warns of keys that are unknown, old, or set twice.
    mutating func members(
        of node: ConfigurationNode?,
        at keyPath: String,
        keys: [ConfigurationKey],
        isCaseSensitive: Bool
    ) -> [String: ConfigurationNode.Member] {
        var found: [String: ConfigurationNode.Member] = [:]
        let byName = Dictionary(keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for member in node?.members ?? [] {
            let line = member.keyPosition.line
            guard let key = byName[isCaseSensitive ? member.key : member.key.lowercased()] else {
                warnOfUnknown(member, at: keyPath, keys: keys)
                continue
            }
            if let replacement = key.replacement {
                warn(Self.join(keyPath, key.name), "this old key does nothing; \(replacement)", line: line)
                continue
            }
            if let earlier = found.updateValue(member, forKey: key.name) {
                let lines = "line \(earlier.keyPosition.line) and line \(line)"
                warn(Self.join(keyPath, key.name), "set twice, in \(lines); the last one counts", line: line)
            }
        }
        return found
    }

    /// Checks the members a section found, and what the environment says in their place.
    ///
    /// - Parameters:
    ///   - isLenient: Whether a wrong value of this key is worth a warning only.
    mutating func check(
        _ keys: [ConfigurationKey],
        in section: inout ConfigurationSection,
        at keyPath: String,
        environmentPrefix: String? = nil,
        isLenient: (ConfigurationKey) -> Bool = \.usesDefaultWhenWrong
    ) {
        for key in keys where key.replacement == nil {
            let path = Self.join(keyPath, key.name)
            var line = section.line(key)
            var errors: [ConfigurationError] = []
            var value = section.node(key).flatMap { key.checked($0.value, at: path, errors: &errors) }
            report(errors, line: section.node(key)?.position.line, isLenient: isLenient(key))
            if !errors.isEmpty {
                section.wrong.insert(key.name)
            }
            if let variable = environmentPrefix.map({ $0 + key.name.uppercased() }),
                let text = environment[variable], !text.isEmpty
            {
                var errors: [ConfigurationError] = []
                value = key.checked(environment: text, variable: variable, errors: &errors)
                report(errors, line: nil, isLenient: isLenient(key))
                if !errors.isEmpty {
                    section.wrong.insert(key.name)
                }
                line = nil
            }
            section.values[key.name] = value
            if !key.isEffective, let value, value != key.defaultValue?.value {
                warn(path, "this key is understood but not effective yet", line: line)
            }
        }
    }

    /// Sets the properties that the checked values of an object are for. What is wrong with a value is a problem.
    mutating func apply<Owner>(
        _ rows: [any ConfigurationRow<Owner>],
        of section: ConfigurationSection,
        at keyPath: String,
        to owner: inout Owner
    ) {
        problems += findings(rows, of: section, at: keyPath, settingIn: &owner)
    }

    /// The same, for an object in which a wrong value is not always a problem.
    ///
    /// - Returns: What is wrong. Warnings are reported.
    mutating func findings<Owner>(
        _ rows: [any ConfigurationRow<Owner>],
        of section: ConfigurationSection,
        at keyPath: String,
        settingIn owner: inout Owner
    ) -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        for row in rows {
            let key = row.description
            guard let value = section.values[key.name] else { continue }
            for finding in row.set(value, in: &owner) {
                let problem = ConfigurationProblem(
                    keyPath: Self.join(keyPath, key.name) + (finding.index.map { "[\($0)]" } ?? ""),
                    message: finding.message,
                    line: section.line(key)
                )
                if finding.isWarning { warnings.append(problem) } else { problems.append(problem) }
            }
        }
        return problems
    }

    // MARK: Findings

    mutating func problem(_ keyPath: String, _ message: String, line: Int? = nil) {
        problems.append(ConfigurationProblem(keyPath: keyPath, message: message, line: line))
    }

    mutating func warn(_ keyPath: String, _ message: String, line: Int? = nil) {
        warnings.append(ConfigurationProblem(keyPath: keyPath, message: message, line: line))
    }

    private mutating func report(_ errors: [ConfigurationError], line: Int?, isLenient: Bool) {
        for error in errors {
            if isLenient {
                warn(error.keyPath, error.message + "; the value is ignored", line: line)
            } else {
                problem(error.keyPath, error.message, line: line)
            }
        }
    }

    private mutating func warnOfUnknown(
        _ member: ConfigurationNode.Member,
        at keyPath: String,
        keys: [ConfigurationKey]
    ) {
        let name = ConfigurationValue.quoted(member.key).dropFirst().dropLast()
        var message = "unknown key `\(name)`"
        if let home = home(of: member.key), home.keyPath != keyPath.filter({ !$0.isNumber }) {
            message += "; it belongs in \(home.words)"
        } else if suggestionsLeft > 0 {
            suggestionsLeft -= 1
            let candidates = keys.filter { $0.replacement == nil }.map(\.name)
            if let suggestion = KeySuggestion.closest(to: member.key, among: candidates) {
                message += "; did you mean `\(suggestion)`?"
            }
        }
        warn(Self.join(keyPath, String(name)), message, line: member.keyPosition.line)
    }

    /// The object a key belongs in.
    private func home(of name: String) -> (keyPath: String, words: String)? {
        let name = name.lowercased()
        let homes = [
            ("", "the top of the file", table.application), ("servers[]", "an element of `servers`", table.server),
            ("servers[].tls", "the `tls` of a server", table.tls),
            ("servers[].certificates[]", "an element of `certificates`", table.certificate),
            ("backend_config", "`backend_config`", table.backend),
        ]
        return homes.first { home in home.2.contains { $0.name == name && $0.replacement == nil } }.map { ($0.0, $0.1) }
    }

    /// A variable that has no effect is most likely a mistake.
    private mutating func warnOfUnknownVariables() {
        let names =
            table.application.filter { $0.replacement == nil }.map { Self.environmentPrefix + $0.name.uppercased() }
            + table.backend.filter { $0.replacement == nil }.map {
                ProcessorConfiguration.environmentPrefix + $0.name.uppercased()
            }
        let known = Set(names)
        let serverNames = Set((table.server + table.tls + table.certificate).map(\.name))
        for variable in environment.keys.sorted()
        where variable.hasPrefix(Self.environmentPrefix) && !known.contains(variable) {
            let name = variable.dropFirst(Self.environmentPrefix.count)
            if name.hasPrefix("SERVERS_") || serverNames.contains(name.lowercased()) {
                warn(variable, "has no effect: servers are configured in the file only")
            } else if let suggestion = KeySuggestion.closest(to: variable, among: names, maximumDistance: 2) {
                warn(variable, "no key has this name; did you mean `\(suggestion)`?")
            } else if !Self.isSomebodyElses(name, value: environment[variable] ?? "") {
                warn(variable, "has no effect: no key has this name")
            }
        }
    }

    /// Whether a variable, here without its `GUERRILLA_`, is one of those that orchestrators make for every service of that name, or of
    /// those that the tests of this package are told with.
    private static func isSomebodyElses(_ name: Substring, value: String) -> Bool {
        name.contains("SERVICE_HOST") || name.contains("SERVICE_PORT")
            || name.contains("PORT") && (name.contains("_TCP") || value.contains("://"))
            || name == "REQUIRE_ALL" || name == "SOAK" || name.hasPrefix("TEST_")
    }

    /// A message larger than the memory for all of them would be refused whenever it comes, and sent again for days.
    private mutating func warnOfTooLittleMemory(_ configuration: DaemonConfiguration, line: Int?) {
        guard let memory = configuration.maximumMessageMemory,
            let size = configuration.servers.filter(\.isEnabled).map(\.limits.messageSize).max(), memory < size
        else { return }
        let message =
            "a message of max_size, \(size) octets, does not fit in \(memory): it is answered 452 each time it comes"
        warn(ApplicationKeys.maxMessageMemory.name, message, line: line)
    }

    static func join(_ keyPath: String, _ name: String) -> String {
        keyPath.isEmpty ? name : "\(keyPath).\(name)"
    }
}

extension ConfigurationNode {
    /// The members of an object, nil for everything else.
    var members: [Member]? {
        if case .object(let members) = content { members } else { nil }
    }

    /// The elements of a list, nil for everything else.
    var elements: [ConfigurationNode]? {
        if case .array(let elements) = content { elements } else { nil }
    }
}
