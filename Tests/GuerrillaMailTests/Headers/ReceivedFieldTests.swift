import GuerrillaMail
import GuerrillaTestSupport
import NIOCore
import Testing

@Suite struct ReceivedFieldTests {
    private let plain = ReceivedField(
        heloArgument: "client.example",
        clientAddress: "[192.0.2.1]",
        serverName: "mx.example.org",
        protocolName: "ESMTP",
        queuedID: "7f3a09",
        unixSeconds: 1_795_248_408
    )

    private func text(_ field: ReceivedField) -> String {
        var buffer = ByteBuffer()
        field.write(into: &buffer)
        return String(buffer: buffer)
    }

    @Test func partsStandInTheOrderOfTheGrammar() {
        #expect(
            text(plain) == "Received: from client.example ([192.0.2.1])\r\n"
                + "\tby mx.example.org with ESMTP id 7f3a09;\r\n\tSat, 21 Nov 2026 08:06:48 +0000\r\n"
        )
    }

    @Test func tlsVersionAndOnlyRecipientAreAdded() {
        var field = plain
        field.clientAddress = "[IPv6:2001:db8::1]"
        field.protocolName = "ESMTPS"
        field.tlsVersion = "TLSv1.3"
        field.forPath = "user@example.org"
        field.zoneOffsetSeconds = 3600
        #expect(
            text(field) == "Received: from client.example ([IPv6:2001:db8::1])\r\n"
                + "\tby mx.example.org with ESMTPS (TLSv1.3) id 7f3a09 for <user@example.org>;\r\n"
                + "\tSat, 21 Nov 2026 09:06:48 +0100\r\n"
        )
        field.forPath = "<a@b.c>"
        #expect(text(field).contains(" id 7f3a09 for <a@b.c>;\r\n"))
    }

    @Test func nothingIsLostInFrontOfTheField() {
        var buffer = ByteBuffer(string: "Return-Path: <>\r\n")
        plain.write(into: &buffer)
        #expect(String(buffer: buffer) == "Return-Path: <>\r\n" + text(plain))
    }

    @Test func missingHeloArgumentIsTheAddress() {
        var field = plain
        field.heloArgument = ""
        #expect(text(field).hasPrefix("Received: from [192.0.2.1] ([192.0.2.1])\r\n"))
    }

    @Test(arguments: [
        ("a b", "a?b"), ("a\r\nBcc: x", "a??Bcc:?x"), ("x ([10.0.0.1]) by y; z", "x??[10.0.0.1]??by?y??z"),
        ("<\"a\\,b>", "??a??b?"), ("é", "?"), ("a\u{0}\u{7F}", "a??"), ("[IPv6:::1]", "[IPv6:::1]"),
    ])
    func peerCannotChangeTheStructure(argument: String, written: String) {
        var field = plain
        field.heloArgument = argument
        #expect(text(field).hasPrefix("Received: from \(written) (["))
    }

    @Test func onlyVisibleCharactersWithoutMeaningStay() {
        var field = plain
        for octet in UInt8(0)..<128 {
            let character = String(Unicode.Scalar(octet))
            let stays = octet > 32 && octet < 127 && !"\"(),;<>\\".contains(character)
            field.heloArgument = character
            #expect(text(field).hasPrefix("Received: from \(stays ? character : "?") (["))
        }
    }

    @Test func utf8StaysOnlyWhenAllowed() {
        var field = plain
        field.heloArgument = "bücher.example\u{85}\u{2028}"
        field.forPath = "jörg@bücher.example"
        #expect(text(field).hasPrefix("Received: from b?cher.example?? (["))
        #expect(!text(field).contains(" for "))
        field.allowsUTF8 = true
        #expect(text(field).hasPrefix("Received: from bücher.example?? (["))
        #expect(text(field).contains(" for <jörg@bücher.example>;"))
    }

    @Test func longPartsAreCutAtACharacter() {
        var field = plain
        field.allowsUTF8 = true
        field.heloArgument = String(repeating: "é", count: 200)
        let helo = String(repeating: "é", count: 127)
        #expect(text(field).hasPrefix("Received: from\r\n\t\(helo)\r\n\t(["))
    }

    @Test(arguments: ["a\r\nb@c", "a\u{0}b@c", String(repeating: "a", count: 321)])
    func pathThatCannotBeWrittenIsLeftOut(path: String) {
        var field = plain
        field.forPath = path
        #expect(text(field) == text(plain))
    }

    @Test func quotedPathKeepsItsSpaces() {
        var field = plain
        field.forPath = "\"a b\"@example.org"
        #expect(text(field).contains("for <\"a b\"@example.org>;\r\n"))
    }

    @Test(arguments: [3, 4, 5] as [UInt64])
    func linesStayShortWhateverThePartsHold(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<1_000 {
            func part(_ count: Int) -> String {
                String(decoding: random.octets(upTo: count, from: "abc.[]: ()<>;é\r\n\t\u{0}"), as: UTF8.self)
            }
            let field = ReceivedField(
                heloArgument: part(400),
                clientAddress: part(300),
                serverName: part(60),
                protocolName: part(20),
                tlsVersion: Bool.random(using: &random) ? part(20) : nil,
                queuedID: part(300),
                forPath: Bool.random(using: &random) ? part(400) : nil,
                allowsUTF8: Bool.random(using: &random),
                unixSeconds: Int.random(in: .min ... .max, using: &random),
                zoneOffsetSeconds: Int.random(in: .min ... .max, using: &random)
            )
            var buffer = ByteBuffer()
            field.write(into: &buffer)
            let octets = Array(buffer.readableBytesView)
            for line in octets.split(separator: 0x0A) {
                #expect(line.count <= 998)
                #expect(line.last == 0x0D)
                #expect(!line.dropLast().contains(0x0D))
            }
            // Each of the parts ends up in one field: what follows the first line is folded.
            #expect((try? HeaderParser.parse(octets.span))?.fields.count == 1)
        }
    }

    @Test func ordinaryLinesAreShorterThan78() {
        var field = plain
        for length in 1...60 {
            field.heloArgument = String(repeating: "h", count: length)
            field.serverName = String(repeating: "s", count: length)
            field.tlsVersion = "TLSv1.3"
            field.queuedID = String(repeating: "q", count: length)
            field.forPath = String(repeating: "p", count: length)
            for line in text(field).utf8.split(separator: 0x0A) { #expect(line.count - 1 < 78) }
        }
    }
}
