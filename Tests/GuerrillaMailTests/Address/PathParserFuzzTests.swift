import GuerrillaMail
import GuerrillaTestSupport
import Testing

/// Random octets, mostly ones that matter to the grammar. Nothing may trap, and what is accepted must survive its text.
struct PathParserFuzzTests {
    private static let pieces: [[UInt8]] =
        ["<", ">", "@", ".", "-", "_", ":", ",", "[", "]", "\"", "\\", " ", "=", "a", "Z", "9", "é", "\u{10FFFF}"]
        .map { Array($0.utf8) }
        + ["IPv6:", "1.2.3.4", "::", "::ffff:", "postmaster", "example.com", "SIZE=1", "<a@b>", "\r\n", "\0"]
        .map { Array($0.utf8) }
        + [[0x80], [0xC3], [0xE2, 0x82], [0xF0], [0xFF], [0xC2, 0x85]]

    private func randomArgument(_ random: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8] = random.next() % 4 == 0 ? [] : Array("<".utf8)
        for _ in 0..<random.next() % 12 {
            if random.next() % 8 == 0 {
                bytes.append(UInt8(truncatingIfNeeded: random.next()))
            } else {
                bytes += Self.pieces.randomElement(using: &random) ?? []
            }
        }
        if random.next() % 2 == 0 { bytes += Array("@b.example>".utf8) }
        return bytes
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func randomArgumentsNeverTrap(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var accepted = 0
        for _ in 0..<10_000 {
            let bytes = randomArgument(&random)
            let allowsUTF8 = random.next() % 2 == 0
            do throws(PathSyntaxError) {
                let (path, _) = try PathParser.parseForwardPath(
                    bytes.span,
                    limits: PathLimits(),
                    allowsUTF8: allowsUTF8
                )
                accepted += 1
                let text = Array("<\(path)>".utf8)
                let again = try PathParser.parseForwardPath(text.span, limits: PathLimits(), allowsUTF8: allowsUTF8)
                #expect(again.path == path)
                #expect(!"\(path)".unicodeScalars.contains { $0.properties.generalCategory == .control })
                #expect(allowsUTF8 || path.isASCII)
                if case .mailbox(let mailbox) = path {
                    let reverse = try PathParser.parseReversePath(
                        bytes.span,
                        limits: PathLimits(),
                        allowsUTF8: allowsUTF8
                    )
                    #expect(reverse.path == .mailbox(mailbox))
                    _ = AllowedHosts(["*.example", "b.example", "[1.2.3.4]"]).accepts(mailbox.domain)
                }
            } catch {
                #expect((0...bytes.count).contains(error.offset))
            }
        }
        // Both sides are reached.
        #expect(accepted > 100 && accepted < 9_900)
    }

    @Test func randomGreetingsNeverTrap() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<10_000 {
            let bytes = randomArgument(&random).filter { $0 != UInt8(ascii: "<") }
            do throws(PathSyntaxError) {
                let text = Array(try HeloArgumentParser.parse(bytes.span).description.utf8)
                #expect(try HeloArgumentParser.parse(text.span).description.utf8.elementsEqual(text))
            } catch {
                #expect((0...bytes.count).contains(error.offset))
            }
        }
    }

    @Test func randomTextNeverTrapsTheOtherReaders() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<10_000 {
            let text = String(decoding: randomArgument(&random).dropFirst(), as: UTF8.self)
            if let address = IPAddress(text) { #expect(IPAddress(address.description) == address) }
            if let literal = AddressLiteral(text) { #expect(AddressLiteral(literal.description) == literal) }
            _ = GlobPattern(text)?.matches(text)
            let hosts = AllowedHosts([text, "*\(text)"])
            #expect(hosts.problems.count <= 2)
        }
    }

    /// Every prefix of a valid argument, with all that a scan could run over at its end.
    @Test(arguments: [
        #"  <@a.b,@c:"x\"y é"@[IPv6:2001:db8::1]> SIZE=1 SMTPUTF8 ORCPT=é  "#, "<josé.x@bücher-x.example> A B=c",
        "<@é:postmaster@[x-y:z]>",
    ])
    func everyPrefixIsReadOrRefused(text: String) {
        let bytes = Array(text.utf8)
        for end in 0...bytes.count {
            let prefix = Array(bytes[..<end])
            do throws(PathSyntaxError) {
                _ = try PathParser.parseReversePath(prefix.span, limits: PathLimits(), allowsUTF8: true)
            } catch {
                #expect((0...prefix.count).contains(error.offset))
            }
        }
    }
}
