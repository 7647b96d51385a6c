import GuerrillaBackend
import GuerrillaMail
import GuerrillaProcessors
import Logging
import Testing

struct WildcardTests {
    /// Refuses what reaches it, so that it shows that the chain went on.
    private struct Last: Processor {
        static let capabilities: ProcessorCapabilities = [.validates]

        func validate(
            _ recipient: Recipient,
            in envelope: borrowing Envelope,
            next: ValidateNext
        ) async throws -> RecipientVerdict {
            .rejected(reason: "asked the next one")
        }
    }

    private func verdict(
        _ path: String,
        hosts: String,
        chain names: String = "wildcard"
    ) async throws -> RecipientVerdict {
        var registry = ProcessorRegistry(BuiltInProcessors.all)
        registry.register(ProcessorDescription("last", Last.self) { _ in Last() })
        let chain = try ProcessorChain(
            save: "",
            validate: names,
            registry: registry,
            context: ProcessorContext(
                configuration: ProcessorConfiguration(values: ["wildcard_hosts": .string(hosts)]),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                primaryMailHost: "mx.example.org"
            )
        )
        #expect(chain.validatesRecipients)
        let octets = Array("<\(path)>".utf8)
        let parsed = try PathParser.parseForwardPath(octets.span, limits: PathLimits(), allowsUTF8: true).path
        return try await chain.validate(Recipient(parsed), in: .sample())
    }

    @Test(arguments: [
        ("bob@example.com", "example.com"), ("bob@EXAMPLE.com", "example.com"), ("bob@example.com", "Example.COM"),
        ("bob@example.com", "*"), ("bob@example.com", "*.com"), ("bob@a.b.example.com", "*.example.com"),
        ("bob@example.com", "nonesuch.org , example.com"), ("bob@example.com", " \texample.com\t,"),
        ("bob@mx3.example.com", "mx[0-9].example.com"), ("bob@mx3.example.com", "mx?.example.com"),
        ("bob@xn--bcher-kva.example", "bücher.example"), ("bob@xn--bcher-kva.example", "BÜCHER.*"),
        ("bob@bücher.example", "xn--bcher-kva.example"), ("bob@bücher.example", "xn--*"),
        ("bob@[192.0.2.1]", "\\[192.0.2.*\\]"), ("bob@[IPv6:2001:db8::1]", "\\[2001:db8:*\\]"),
        ("bob@[IPv6:2001:0db8::1]", "\\[IPv6:2001:db8:*\\]"),
    ])
    func coveredHostsAreAccepted(path: String, hosts: String) async throws {
        #expect(try await self.verdict(path, hosts: hosts) == .accepted)
        #expect(
            try await self.verdict(path, hosts: hosts, chain: "wildcard|last")
                == .rejected(reason: "asked the next one")
        )
    }

    @Test(arguments: [
        ("bob@example.com", "example.org"), ("bob@www.example.com", "example.com"),
        ("bob@example.com", "*.example.com"),
        ("bob@example.com.evil.org", "*.example.com,example.com"), ("bob@notexample.com", "?.example.com"),
        ("bob@mxx.example.com", "mx[0-9].example.com"), ("bob@[192.0.2.1]", "192.0.2.1"),
    ])
    func othersAreNot(path: String, hosts: String) async throws {
        let refusal = RecipientVerdict.rejected(reason: "no such user")
        #expect(try await self.verdict(path, hosts: hosts) == refusal)
        #expect(try await self.verdict(path, hosts: hosts, chain: "wildcard|last") == refusal)
    }

    @Test func postmasterIsLeftToOthers() async throws {
        #expect(try await self.verdict("postmaster", hosts: "example.com") == .accepted)
        #expect(
            try await self.verdict("postmaster", hosts: "example.com", chain: "wildcard|last")
                == .rejected(reason: "asked the next one")
        )
    }

    @Test(arguments: [
        ("", "there is no pattern in it"), (" , ,", "there is no pattern in it"),
        ("example.com,mx[.example.com", #""mx[.example.com" is not a pattern; a [...] is empty or not closed"#),
    ])
    func whatCannotBeAPatternIsToldWithItsKey(hosts: String, sentence: String) throws {
        let error = #expect(throws: ConfigurationError.self) { _ = try Wildcard(hosts: hosts) }
        #expect("\(try #require(error))" == "backend_config.wildcard_hosts: \(sentence)")
    }
}
