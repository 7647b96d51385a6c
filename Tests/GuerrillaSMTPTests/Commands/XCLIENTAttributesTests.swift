import GuerrillaMail
import Testing

@testable import GuerrillaSMTP

struct XCLIENTAttributesTests {
    private static let frontEnd: ClientInfo = {
        var client = ClientInfo(
            address: IPAddress("127.0.0.1"),
            port: 999,
            helo: .name("nginx.example"),
            isExtended: true,
            serverName: "mail.example.com",
            clientNumber: 7
        )
        client.name = "front.example"
        return client
    }()

    /// What the front end's client becomes.
    private static func client(_ argument: String) throws -> ClientInfo {
        try XCLIENTAttributes(Array(argument.utf8).span).applied(to: self.frontEnd)
    }

    @Test func everyAttributeTakesEffect() throws {
        let client = try Self.client(
            "NAME=client.example ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP HELO=[192.0.2.7] LOGIN=bob DESTADDR=IPV6:::1 DESTPORT=25"
        )
        #expect(client.name == "client.example")
        #expect(client.address == IPAddress("192.0.2.7"))
        #expect(client.port == 4711)
        #expect(client.isExtended)
        #expect(client.helo == (try HeloArgumentParser.parse(Array("[192.0.2.7]".utf8).span)))
        #expect(client.serverAddress == IPAddress("::1"))
        #expect(client.serverPort == 25)
        // What is the connection's, stays.
        #expect(client.serverName == "mail.example.com")
        #expect(client.clientNumber == 7)
    }

    @Test(arguments: ["[UNAVAILABLE]", "[TEMPUNAVAIL]", "[unavailable]", "[UNAVAILABLE+5D"])
    func unavailableIsUnknown(value: String) throws {
        let client = try Self.client(
            "NAME=\(value) ADDR=\(value) PORT=\(value) HELO=\(value) DESTADDR=\(value) DESTPORT=\(value) LOGIN=\(value)"
        )
        #expect(client.name == nil && client.address == nil && client.port == nil && client.helo == nil)
        #expect(client.serverAddress == nil && client.serverPort == nil)
    }

    @Test func addressAloneLeavesNothingOfTheFrontEnd() throws {
        let client = try Self.client("ADDR=192.0.2.7")
        #expect(client.port == nil && client.name == nil && client.helo == nil && !client.isExtended)
    }

    @Test func anotherAttributeLeavesTheAddress() throws {
        let client = try Self.client("HELO=x.example")
        #expect(client.address == IPAddress("127.0.0.1") && client.port == 999 && client.name == "front.example")
        #expect(client.helo == .name("x.example") && !client.isExtended)
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("IPV6:2001:db8::1", "2001:db8::1"), ("ipv6:2001:db8::1", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"), ("IPV6:::ffff:192.0.2.7", "192.0.2.7"), ("IPV6+3A2001:db8::1", "2001:db8::1"),
        ("192+2E0+2e2.7", "192.0.2.7"),
    ])
    func addressIsRead(value: String, address: String) throws {
        #expect(try Self.client("ADDR=\(value)").address == IPAddress(address))
    }

    @Test(arguments: [
        "", "IPV6:", "IPV6:192.0.2.7", "[192.0.2.7]", "localhost", "192.0.2.7/32", "fe80::1%lo", "192.0.2.7+00", "+",
        "+3", "+3G", "192.0.2.7\u{E4}", "[UNAVAILABLE",
    ])
    func otherAddressIsRefused(value: String) {
        #expect(throws: XCLIENTAttributes.ParsingError.badAttribute(.address)) { try Self.client("ADDR=\(value)") }
    }

    @Test func valueHas255OctetsAtMost() throws {
        let login = String(repeating: "+41", count: 255)
        _ = try Self.client("LOGIN=\(login)")
        #expect(throws: XCLIENTAttributes.ParsingError.badAttribute(.login)) { try Self.client("LOGIN=\(login)x") }
    }

    @Test(arguments: ["", " ", "ADDR", "ADDR =192.0.2.7", "=", "X=1", "ADDR=192.0.2.7 X", "\u{E4}=1"])
    func whatIsNoAttributeIsASyntaxError(argument: String) {
        #expect(throws: XCLIENTAttributes.ParsingError.syntax) { try Self.client(argument) }
    }

    @Test(arguments: XCLIENTAttributes.Name.allCases)
    func repeatedAttributeIsRefused(name: XCLIENTAttributes.Name) {
        let value = name == .proto ? "SMTP" : "[UNAVAILABLE]"
        #expect(throws: XCLIENTAttributes.ParsingError.badAttribute(name)) {
            try Self.client("\(name.rawValue)=\(value) \(name.rawValue.lowercased())=\(value)")
        }
    }

    @Test func keywordNamesAllAttributes() {
        #expect(XCLIENTAttributes.keyword == "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT")
    }
}
