import GuerrillaMail

/// What an XCLIENT command says about a client. (<https://www.postfix.org/XCLIENT_README.html>)
struct XCLIENTAttributes: Equatable {
    /// The attributes we know, as they are offered in the reply to EHLO.
    enum Name: String, CaseIterable {
        case name = "NAME"
        case address = "ADDR"
        case port = "PORT"
        case proto = "PROTO"
        case helo = "HELO"
        case login = "LOGIN"
        case destinationAddress = "DESTADDR"
        case destinationPort = "DESTPORT"
    }

    enum ParsingError: Error, Equatable {
        /// Something that is no `attribute=value`, or an attribute that does not exist.
        case syntax
        /// An attribute given twice, or with a value it cannot have.
        case badAttribute(Name)
    }

    /// An attribute that was given; nothing is known about its value where the front end says so.
    private enum Given<Value: Equatable>: Equatable {
        case unavailable
        case known(Value)

        var value: Value? {
            switch self {
            case .unavailable: nil
            case .known(let value): value
            }
        }
    }

    /// The EHLO keyword.
    static let keyword = "XCLIENT " + Name.allCases.map(\.rawValue).joined(separator: " ")
    /// The longest value, in octets after decoding. (as in Postfix)
    private static let longestValue = 255

    private var given: [Name] = []
    private var name: Given<String>?
    private var address: Given<IPAddress>?
    private var port: Given<UInt16>?
    private var isExtended: Bool?
    private var helo: Given<MailDomain>?
    private var destinationAddress: Given<IPAddress>?
    private var destinationPort: Given<UInt16>?

    /// Reads `attribute=value`, one or more with spaces between them. Names of attributes may be in any case.
    init(_ argument: Span<UInt8>) throws(ParsingError) {
        var start = 0
        while start < argument.count {
            var end = start
            while end < argument.count, argument[end] != UInt8(ascii: " "), argument[end] != UInt8(ascii: "\t") {
                end += 1
            }
            if end > start { try self.read(argument.extracting(start..<end)) }
            start = end + 1
        }
        guard !self.given.isEmpty else { throw .syntax }
    }

    private mutating func read(_ attribute: Span<UInt8>) throws(ParsingError) {
        guard let equals = attribute.indices.first(where: { attribute[$0] == UInt8(ascii: "=") }) else {
            throw .syntax
        }
        let spelling = attribute.extracting(0..<equals).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        guard let name = Name(rawValue: spelling.uppercased()) else { throw .syntax }
        guard !self.given.contains(name) else { throw .badAttribute(name) }
        self.given.append(name)
        guard let value = Self.decode(attribute.extracting((equals + 1)...)), self.set(name, to: value) else {
            throw .badAttribute(name)
        }
    }

    /// - Returns: Whether the attribute may have this value.
    private mutating func set(_ name: Name, to value: [UInt8]) -> Bool {
        let text = String(decoding: value, as: UTF8.self)
        switch name {
        case .name:
            self.name = Self.given(text) { Self.hostName(value) }
            return self.name != nil
        case .address:
            self.address = Self.given(text) { Self.address(text) }
            return self.address != nil
        case .port:
            self.port = Self.given(text) { UInt16(portText: text) }
            return self.port != nil
        case .proto:
            switch text.uppercased() {
            case "SMTP": self.isExtended = false
            case "ESMTP": self.isExtended = true
            default: return false
            }
            return true
        case .helo:
            self.helo = Self.given(text) { Self.domain(value) }
            return self.helo != nil
        case .login:
            // Nobody logs in here, so the name tells us nothing.
            return true
        case .destinationAddress:
            self.destinationAddress = Self.given(text) { Self.address(text) }
            return self.destinationAddress != nil
        case .destinationPort:
            self.destinationPort = Self.given(text) { UInt16(portText: text) }
            return self.destinationPort != nil
        }
    }

    private static func given<Value: Equatable>(_ text: String, _ parse: () -> Value?) -> Given<Value>? {
        switch text.uppercased() {
        case "[UNAVAILABLE]", "[TEMPUNAVAIL]": .unavailable
        default: parse().map { .known($0) }
        }
    }

    /// An IPv6 address has the prefix `IPV6:`; without it, there is still only one way to read it.
    private static func address(_ text: String) -> IPAddress? {
        guard text.prefix(5).uppercased() == "IPV6:" else { return IPAddress(text)?.canonical }
        return IPv6Address(String(text.dropFirst(5))).map { IPAddress.v6($0).canonical }
    }

    private static func domain(_ value: [UInt8]) -> MailDomain? {
        try? HeloArgumentParser.parse(value.span)
    }

    private static func hostName(_ value: [UInt8]) -> String? {
        guard case .name(let name)? = self.domain(value) else { return nil }
        return name
    }

    /// Undoes xtext: `+` and two hexadecimal digits stand for an octet. (RFC 3461 § 4)
    ///
    /// An `=`, which should be `+3D`, is taken as it is.
    /// - Returns: Nil for an octet or a sequence that xtext does not have, and for values that are too long.
    private static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var value: [UInt8] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "+"):
                guard index + 2 < text.count, let high = self.digit(text[index + 1]),
                    let low = self.digit(text[index + 2])
                else { return nil }
                value.append(high << 4 | low)
                index += 3
            case 33...126:
                value.append(text[index])
                index += 1
            default:
                return nil
            }
        }
        return value.count <= self.longestValue ? value : nil
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The client that `client` becomes by what was said.
    ///
    /// What the client before it said is forgotten. An address brings its port and its name with it: without them, they are unknown.
    func applied(to client: ClientInfo) -> ClientInfo {
        var client = client
        if let address = self.address {
            client.address = address.value
            client.port = nil
            client.name = nil
        }
        if let port = self.port { client.port = port.value }
        if let name = self.name { client.name = name.value }
        if let destinationAddress = self.destinationAddress { client.serverAddress = destinationAddress.value }
        if let destinationPort = self.destinationPort { client.serverPort = destinationPort.value }
        client.helo = self.helo?.value
        client.isExtended = self.isExtended ?? false
        return client
    }
}
