import GuerrillaMail
import GuerrillaTestSupport
import Synchronization
import Testing

@Suite struct EncodedWordDecoderTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let encoded: String
        let text: String
        var testDescription: String { encoded }

        init(_ encoded: String, _ text: String) {
            self.encoded = encoded
            self.text = text
        }
    }

    private let decoder = EncodedWordDecoder()

    @Test(arguments: [
        // Examples of RFC 2047 § 8.
        Sample("=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>", "André Pirard <PIRARD@vm1.ulg.ac.be>"),
        Sample("(=?ISO-8859-1?Q?a?=)", "(a)"),
        Sample("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        Sample("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        Sample("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"),
        Sample("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"),
        Sample("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        Sample("(=?ISO-8859-1?Q?a?= =?UTF-8?Q?_b?=)", "(a b)"),
        Sample(
            "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
            "If you can read this yo\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="
        ),
        // White space around words stays, whatever it is; none is needed.
        Sample("=?ISO-8859-1?Q?Andr=E9?=\tPirard", "André\tPirard"),
        Sample("A =?ISO-8859-1?Q?Andr=E9?=WORLD IN YOUR POCKET", "A AndréWORLD IN YOUR POCKET"),
        Sample("a=?utf-8?q?b?=c=?utf-8?Q?d?=e", "abcde"),
        Sample("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
        Sample("What about this one? =?ISO-8859-1?Q?Andr=E9?=", "What about this one? André"),
        Sample("=?ISO-8859-1?Q?Andr=E9?= What? =?ISO-8859-1?Q?Andr=E9?=", "André What? André"),
        // Equals signs in plain text lose nothing.
        Sample("=?utf-8?Q?a?= x=y z", "a x=y z"),
        Sample("1+1=2 =?utf-8?Q?x?= ok", "1+1=2 x ok"),
        Sample("=?utf-8?Q?a?= =", "a ="),
        Sample("=?utf-8?Q?a?= =?", "a =?"),
        Sample("==?utf-8?Q?a?==", "=a="),
        Sample("=?=?utf-8?Q?a?=?=", "=?a?="),
        // Words that are none, or cannot be decoded, stay.
        Sample("=?ISO-8859-1?B?Andr=E9?=\tPirard", "=?ISO-8859-1?B?Andr=E9?=\tPirard"),
        Sample("=?ISO-8859-1?B?Andr=E9?= b =?ISO-8859-1?Q?Andr=E9?=", "=?ISO-8859-1?B?Andr=E9?= b André"),
        Sample("=?utf-8?B?QUJD!?= =?utf-8?B?QUJD?=", "=?utf-8?B?QUJD!?= ABC"),
        Sample("=?utf-8?B?QUJDR?=", "=?utf-8?B?QUJDR?="),
        Sample(
            "=?x-none?Q?a?= =?utf-8?Q?b?= =?x-none?Q?c?=  =?x-none?Q?d?=",
            "=?x-none?Q?a?= b =?x-none?Q?c?=  =?x-none?Q?d?="
        ),
        Sample("=?utf-8//TRANSLIT?Q?a?=", "=?utf-8//TRANSLIT?Q?a?="),
        Sample("=?utf-8?X?a?=", "=?utf-8?X?a?="),
        Sample("=??Q?a?=", "=??Q?a?="),
        Sample("=?*en?Q?a?=", "=?*en?Q?a?="),
        Sample("=?utf 8?Q?a?=", "=?utf 8?Q?a?="),
        Sample("=?utf-8?Q?a", "=?utf-8?Q?a"),
        Sample("=?utf-8?Q?a?", "=?utf-8?Q?a?"),
        Sample("=?utf-8?Q?", "=?utf-8?Q?"),
        Sample("=?utf-8?Q", "=?utf-8?Q"),
        Sample("=?utf-8?", "=?utf-8?"),
        Sample("=?", "=?"),
        Sample("=", "="),
        Sample("", ""),
        Sample("=?utf-8?Q?a?= =?utf-8?Q?b", "a =?utf-8?Q?b"),
        Sample("=?utf-8?Q?broken =?utf-8?Q?ok?=", "=?utf-8?Q?broken ok"),
        // What senders do.
        Sample("=?utf-8?Q?a b?=", "a b"),
        Sample("=?utf-8?Q?how are you??=", "how are you?"),
        Sample("=?utf-8?Q?1=2_=3d_=?=", "1=2 = ="),
        Sample("=?utf-8?Q??=", ""),
        Sample("a =?utf-8?Q??= b", "a  b"),
        Sample("=?utf-8?B??=", ""),
        Sample("=?utf-8?B?QUI?=", "AB"),
        Sample("=?utf-8?B?QUI==?=", "AB"),
        Sample("=?utf-8?B?QQ==QkM=?=", "ABC"),
        Sample("=?utf-8?B?QU JD?=", "ABC"),
        Sample("=?utf-8?b?QUJD====?=", "ABC"),
        Sample("=?utf-8?Q?=e2=82=AC?=", "€"),
        Sample("=?utf-8?Q?€?=", "€"),
        Sample("=?utf-8*en?Q?a?=", "a"),
        Sample("=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
        Sample("=?iso_8859-1:1987?Q?=E9?=", "é"),
        Sample("=?ANSI_X3.4-1968?Q?a?=", "a"),
        // One character in two words.
        Sample("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€"),
        Sample("=?utf-8?Q?=e2?=\t=?UTF-8?Q?=82=ac?=", "€"),
        Sample("=?utf-8?Q?=e2=82?= =?utf-8?B?rA==?=", "€"),
        Sample("=?utf-8?Q?=e2?= x =?UTF-8?Q?=82=ac?=", "\u{FFFD} x \u{FFFD}\u{FFFD}"),
        // Several words make one text.
        Sample(
            "=?utf-8?B?55So5oi34oCcRXBpZGVtaW9sb2d5IGluIG51cnNpbmcgYW5kIGg=?=  =?utf-8?B?ZWFsdGggY2FyZSBlQm9vayByZWFk?=",
            "用户“Epidemiology in nursing and health care eBook read"
        ),
        Sample("plain text, ümlaut and \t tab", "plain text, ümlaut and \t tab"),
    ])
    func wordsAreDecodedAndTheRestStays(_ sample: Sample) {
        #expect(decoder.decode(sample.encoded) == sample.text)
        #expect(decoder.decode(octets: Array(sample.encoded.utf8)) == sample.text)
    }

    @Test func rawOctetsAreUTF8OrReplaced() {
        #expect(decoder.decode(octets: [0x61, 0xC3, 0xA9]) == "aé")
        #expect(decoder.decode(octets: [0x61, 0xE9, 0x62]) == "a\u{FFFD}b")
        #expect(decoder.decode(octets: [0xE9] + Array("=?utf-8?Q?a?=".utf8)) == "\u{FFFD}a")
    }

    @Test func fieldBodyIsUnfoldedFirst() throws {
        let section = try HeaderParser.parse(Array("Subject: =?utf-8?Q?a?=\r\n =?utf-8?Q?b?= c\r\n d\r\n".utf8).span)
        #expect(section[first: "subject"].map { decoder.decode($0) } == "ab c d")
    }

    @Test func longWordsAreDecodedUpToALimit() {
        let text = String(repeating: "a", count: 16_000)
        #expect(decoder.decode("=?utf-8?Q?\(text)?=") == text)
        let tooLong = "=?utf-8?Q?" + String(repeating: "a", count: 17_000) + "?="
        #expect(decoder.decode(tooLong) == tooLong)
        let charset = String(repeating: "c", count: 200)
        #expect(decoder.decode("=?\(charset)?Q?a?=") == "=?\(charset)?Q?a?=")
    }

    @Test func manyWordsAreJoined() {
        let encoded = String(repeating: "=?utf-8?B?4oKs?= ", count: 20_000)
        #expect(decoder.decode(encoded) == String(repeating: "€", count: 20_000) + " ")
    }

    /// Each of these makes a decoder that looks back or ahead without bounds quadratic: at this size it would not end.
    @Test(arguments: [
        "=?", "=?a", "=?a?Q?x", "=?a?Q?", "=?a?B?=", "=?utf-8?B?!?= ", "?=", "=?x?Q?a?= ", "=?utf-8?Q?a?=\t",
    ])
    func hostileTextTakesLinearTime(pattern: String) {
        let text = String(repeating: pattern, count: 1_000_000 / pattern.utf8.count)
        #expect(!decoder.decode(text).isEmpty)
    }

    /// Broken words behind words and much white space: a decoder that looks back over the white space for each of them
    /// would not end.
    @Test func brokenWordsBehindWhiteSpaceTakeLinearTime() {
        let broken = String(repeating: "=?utf-8?B?!?= ", count: 40_000)
        let text = "=?utf-8?Q?a?=" + String(repeating: " ", count: 500_000) + broken
        #expect(decoder.decode(text) == "a" + text.dropFirst("=?utf-8?Q?a?=".count))
    }

    // MARK: The bound of conversions

    /// Knows every charset and counts.
    private final class CountingConverter: CharsetConverter {
        let calls = Mutex(0)
        var count: Int { self.calls.withLock { $0 } }

        func utf8String(from octets: [UInt8], charset: String) -> String? {
            self.calls.withLock { $0 += 1 }
            return String(decoding: octets, as: UTF8.self)
        }
    }

    @Test(arguments: [0, 1, 2, 7, 1_000, -1])
    func conversionsHaveALimit(maximum: Int) {
        let converter = CountingConverter()
        let decoder = EncodedWordDecoder(charsets: converter, maximumConversions: maximum)
        let words = (0..<2_000).map { "=?x-\($0 % 2)?Q?a?=" }
        let decoded = max(0, maximum)
        #expect(
            decoder.decode(words.joined(separator: " "))
                == String(repeating: "a", count: decoded) + (decoded > 0 ? " " : "")
                + words.dropFirst(decoded).joined(separator: " ")
        )
        #expect(converter.count == decoded)
    }

    @Test func adjacentWordsInOneCharsetAreOneConversion() {
        let converter = CountingConverter()
        let decoder = EncodedWordDecoder(charsets: converter, maximumConversions: 2)
        #expect(decoder.decode("=?x?Q?a?= =?X?B?Yg==?=\t=?x*en?Q?c?= d =?x?Q?e?= f =?x?Q?g?=") == "abc d e f =?x?Q?g?=")
        #expect(converter.count == 2)
    }

    @Test func fieldsOfOneMessageShareALimit() {
        let decoder = EncodedWordDecoder(charsets: CountingConverter(), maximumConversions: 3)
        var left = 4
        let field = Array("=?x?Q?a?= b =?x?Q?c?= d =?x?Q?e?= f =?x?Q?g?=".utf8)
        #expect(decoder.decode(octets: field, conversionsLeft: &left) == "a b c d e f =?x?Q?g?=")
        #expect(left == 1)
        #expect(decoder.decode(octets: field, conversionsLeft: &left) == "a b =?x?Q?c?= d =?x?Q?e?= f =?x?Q?g?=")
        #expect(left == 0)
        #expect(decoder.decode(octets: field, conversionsLeft: &left) == String(decoding: field, as: UTF8.self))
        left = -1
        #expect(decoder.decode(octets: Array("no word".utf8), conversionsLeft: &left) == "no word")
        #expect(left == -1)
    }

    @Test func randomTextNeverTraps() {
        var random = SeededRandom(seed: 4)
        for _ in 0..<5000 {
            let octets = random.octets(upTo: 80, from: "=?utf-8?Q?=e2=82?= =?utf-8?B?rA==?= \r\n\t_*")
            let decoded = decoder.decode(octets: octets)
            #expect(decoded.utf8.count <= octets.count * 3)
        }
    }
}
