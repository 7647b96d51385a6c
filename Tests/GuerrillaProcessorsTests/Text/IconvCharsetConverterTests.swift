import GuerrillaMail
import GuerrillaProcessors
import Testing

@Suite struct IconvCharsetConverterTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let charset: String
        let octets: [UInt8]
        let text: String
        var testDescription: String { "\(charset): \(text)" }

        /// The octets are given in hexadecimal.
        init(_ charset: String, _ octets: String, _ text: String) {
            self.charset = charset
            self.octets = octets.hexadecimalOctets
            self.text = text
        }
    }

    private let converter = IconvCharsetConverter()

    /// Octets made with Python's codecs, which are not those of the C library.
    static let samples = [
        Sample("iso-2022-jp", "1b244224332473244b2441244f402433261b284220414243", "こんにちは世界 ABC"),
        Sample("iso-2022-jp-2", "1b2442467c4b5c386c1b2842", "日本語"),
        Sample("iso-2022-jp-1", "1b2442467c4b5c386c1b2842", "日本語"),
        Sample("gb2312", "c4e3bac3a3accac0bde7", "你好，世界"),
        Sample("gb2312", "b7b1f377c563bcf2cce5", "繁體與简体"),
        Sample("x-gbk", "b7b1f377c563bcf2cce5", "繁體與简体"),
        Sample("gb18030", "c4e3bac39439fc3695328236a2e3", "你好😀𠀀€"),
        Sample("cp936", "c4e3bac3", "你好"),
        Sample("big5", "c163c5e9a4a4a4e5a141b4fab8d5", "繁體中文，測試"),
        Sample("big5-hkscs", "adbbb4e49dee", "香港㗎"),
        Sample("cp950", "c163c5e9", "繁體"),
        Sample("euc-kr", "bec8b3e7c7cfbcbcbfe4", "안녕하세요"),
        Sample("ks_c_5601-1987", "8c63b9e6b0a2c7cf20bc84bdc3", "똠방각하 펲시"),
        Sample("iso-2022-kr", "1b2429430e475131393e6e0f", "한국어"),
        Sample("johab", "d0658a82b4e1", "한국어"),
        Sample("euc-jp", "c6fccbdcb8eca5c6a5b9a5c8", "日本語テスト"),
        Sample("shift_jis", "93fa967b8cea8365835883675c7e", "日本語テスト\\~"),
        Sample("x-sjis", "caddb6b8", "ﾊﾝｶｸ"),
        Sample("windows-31j", "87408160878aeee0", "①～㈱髙"),
        Sample("shift_jis", "87408160878aeee0", "①～㈱髙"),
        Sample("koi8-r", "f0d2c9d7c5d42c20cdc9d2", "Привет, мир"),
        Sample("koi8-u", "b7d6c1cb20adc1cecfcb", "Їжак ґанок"),
        Sample("windows-1250", "5a61bff3b3e62067ea9c6cb9206a619ff1", "Zażółć gęślą jaźń"),
        Sample("windows-1251", "cff0e8e2e5f220b9312093e4e094", "Привет №1 “да”"),
        Sample("windows-1252", "80209371756f74656494209620636166e9", "€ “quoted” – café"),
        Sample("windows-1253", "cae1ebe7ecddf1e12080", "Καλημέρα €"),
        Sample("windows-1254", "dd7374616e62756c20fdf0fe", "İstanbul ığş"),
        Sample("windows-1255", "f9ece5ed20a4", "שלום ₪"),
        Sample("windows-1256", "e3d1cdc8c7", "مرحبا"),
        Sample("windows-1257", "c0fe756f6c617320f0e1", "Ąžuolas šį"),
        Sample("windows-1258", "d0f56e20fd75", "Đơn ưu"),
        Sample("iso-8859-1", "4772fcdf6520ff", "Grüße ÿ"),
        Sample("iso-8859-2", "50f8ed6c69b920be6c75bb6f75e86bfd", "Příliš žluťoučký"),
        Sample("iso-8859-3", "c67520fe616ef86f", "Ĉu ŝanĝo"),
        Sample("iso-8859-4", "d3ba6e69f1b9", "Ķēniņš"),
        Sample("iso-8859-5", "bfe0d8d2d5e2", "Привет"),
        Sample("iso-8859-6", "e5d1cdc8c7", "مرحبا"),
        Sample("iso-8859-6-i", "e5d1cdc8c7", "مرحبا"),
        Sample("iso-8859-7", "cae1ebe7ecddf1e1", "Καλημέρα"),
        Sample("iso-8859-8", "f9ece5ed", "שלום"),
        Sample("iso-8859-8-i", "f9ece5ed", "שלום"),
        Sample("iso-8859-9", "ddf0fe", "İğş"),
        Sample("iso-8859-10", "def372f0757220af", "Þórður Ŋ"),
        Sample("tis-620", "cac7d1cab4d5", "สวัสดี"),
        Sample("iso-8859-11", "cac7d1cab4d5", "สวัสดี"),
        Sample("windows-874", "cac7d1cab4d580", "สวัสดี€"),
        Sample("iso-8859-13", "c0fe756f6c6173", "Ąžuolas"),
        Sample("iso-8859-14", "f0fe20d7", "ŵŷ Ṫ"),
        Sample("iso-8859-15", "a420bd75767265", "€ œuvre"),
        Sample("iso-8859-16", "de6172e320a4", "Țară €"),
        Sample("cp-850", "477294e16520ab", "Größe ½"),
        Sample("ibm437", "8220e120e3", "é ß π"),
        Sample("cp852", "9da264ab", "Łódź"),
        Sample("cp866", "8fe0a8a2a5e2", "Привет"),
        Sample("cp857", "8da79f", "ığş"),
        Sample("cp862", "998c858d", "שלום"),
        Sample("macintosh", "6361668e20d278d320de", "café “x” ﬁ"),
        Sample("x-mac-cyrillic", "8ff0e8e2e5f2", "Привет"),
        Sample("koi8-t", "f4cf8dc9cba5", "Тоҷикӣ"),
        Sample("utf-7", "4869202b54685a315441202b494b77414b772d", "Hi 世界 €+"),
        Sample("unicode-1-1-utf-7", "2b4242384551415134424449454e5152432d", "Привет"),
        Sample("utf-8", "4772c3bcc39f6520e4b896e7958c20f09f9880", "Grüße 世界 😀"),
        Sample("utf-16be", "0047007200fc00df00650020d83dde00", "Grüße 😀"),
        Sample("utf-16le", "47007200fc00df00650020003dd800de", "Grüße 😀"),
        Sample("utf-16", "006f0068006e00650020004d00610072006b0065", "ohne Marke"),
        Sample("utf-32be", "000000610001f600", "a😀"),
        Sample("utf-16", "feff0041", "A"),
        Sample("utf-32", "000000410001f600", "A😀"),
        Sample("utf-32", "0000feff00000041", "A"),
        Sample("utf-32", "fffe000041000000", "A"),
        Sample("utf-16", "fffe4100", "A"),
    ]

    @Test(arguments: samples)
    func charsetsOfMailAreConverted(_ sample: Sample) {
        // Compared by scalars: as strings, composed and decomposed forms are equal.
        let text = converter.utf8String(from: sample.octets, charset: sample.charset)
        #expect(text.map { Array($0.unicodeScalars) } == Array(sample.text.unicodeScalars))
        let decoder = EncodedWordDecoder(charsets: converter)
        let quoted = sample.octets.map { "=" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(decoder.decode("a =?\(sample.charset)?Q?\(quoted)?= b") == "a \(sample.text) b")
    }

    @Test(arguments: CharsetAliases.iconvNames)
    func libraryHasEveryCharsetOfTheTable(name: String) {
        #expect(converter.supports(name))
        if !name.hasPrefix("UTF-16"), !name.hasPrefix("UTF-32") {
            #expect(converter.utf8String(from: Array("abc".utf8), charset: name) == "abc")
        }
        #expect(converter.utf8String(from: [], charset: name) == "")
    }

    @Test(arguments: ["unheard-of", "", "utf-8//TRANSLIT", "INTERNAL", "latin1//IGNORE"])
    func otherCharsetsAreNotKnown(charset: String) {
        #expect(!converter.supports(charset))
        #expect(converter.utf8String(from: [0x41], charset: charset) == nil)
    }

    @Test(arguments: [
        // A lead octet without its second, in the middle and at the end.
        Sample("gbk", "41ff42", "A\u{FFFD}B"),
        Sample("euc-jp", "41a4a2a4", "Aあ\u{FFFD}"),
        Sample("shift_jis", "82", "\u{FFFD}"),
        Sample("iso-2022-jp", "411b2442", "A"),
        Sample("iso-2022-jp", "1b24422422ff1b284241", "あ\u{FFFD}A"),
        Sample("utf-16be", "0041d800", "A\u{FFFD}"),
        Sample("utf-16be", "004100", "A\u{FFFD}"),
        Sample("windows-1253", "41ff", "A\u{FFFD}"),
        Sample("windows-1252", "4181", "A\u{FFFD}"),
    ])
    func malformedOctetsAreReplaced(_ sample: Sample) {
        #expect(converter.utf8String(from: sample.octets, charset: sample.charset) == sample.text)
    }

    @Test func characterHeldBackToTheEndIsFlushed() {
        // CP1258 holds a letter back because a combining mark may follow.
        #expect(converter.utf8String(from: [0x61], charset: "windows-1258") == "a")
        #expect(converter.utf8String(from: Array("+AOk".utf8), charset: "utf-7") == "é")
    }

    @Test func textThatIsNotInItsCharsetIsGivenUp() {
        let octets = [UInt8](repeating: 0xFF, count: 2000)
        #expect(converter.utf8String(from: octets, charset: "gbk") == nil)
        #expect(converter.utf8String(from: Array(octets.prefix(1000)), charset: "gbk")?.unicodeScalars.count == 1000)
    }

    @Test func longTextNeedsMoreRoomThanExpected() {
        // Three octets of UTF-8 for each octet of Thai.
        let octets = [UInt8](repeating: 0xA1, count: 100_000)
        #expect(converter.utf8String(from: octets, charset: "tis-620") == String(repeating: "ก", count: 100_000))
    }

    @Test(arguments: 0..<13)
    func outputIsCutAtACharacter(limit: Int) {
        let small = IconvCharsetConverter(maximumOutputSize: limit)
        let thai = small.utf8String(from: [0xA1, 0xA1, 0xA1, 0xA1], charset: "tis-620")
        #expect(thai == String(repeating: "ก", count: limit / 3))
        #expect(small.utf8String(from: Array("กกกก".utf8), charset: "utf-8") == thai)
        let broken = small.utf8String(from: [0xFF, 0xFF, 0xFF, 0xFF], charset: "gbk")
        #expect(broken == String(repeating: "\u{FFFD}", count: limit / 3))
    }

    @Test func wordsThatSplitACharacterAreJoined() {
        let decoder = EncodedWordDecoder(charsets: converter)
        #expect(decoder.decode("=?gb2312?B?xOO6?= =?gb2312?B?ww==?=") == "你好")
        #expect(decoder.decode("=?iso-2022-jp?Q?=1b$B$=22?= =?iso-2022-jp?Q?$=24=1b(B?=") == "あい")
        #expect(
            decoder.decode(
                "=?iso-2022-jp?B?GyRCIVpLXEZ8Om89fCFbPEIkT0lUOk5NUSROJU0lPyROSn0bKEI=?= \t"
                    + " =?iso-2022-jp?B?GyRCJCxCPyQkJEckORsoQg==?="
            ) == "【本日削除】実は不採用のネタの方が多いです"
        )
        #expect(decoder.decode("=?ks_c_5601-1987*ko?B?vsiz5w==?=\t=?Shift_JIS?B?k/qWew==?=") == "안녕日本")
        #expect(decoder.decode("=?ISO-2022-JP?B?GyRCIVo9dztSOWJAOCVBJWMbKEI=?=") == "【女子高生チャ")
    }

    @Test(arguments: CharsetAliases.iconvNames)
    func randomOctetsNeverTrap(name: String) {
        var state: UInt64 = 5
        let small = IconvCharsetConverter(maximumOutputSize: 100)
        for round in 0..<300 {
            let octets = (0..<(round % 60)).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            #expect(converter.utf8String(from: octets, charset: name) != nil)
            #expect((small.utf8String(from: [0x1B, 0x24, 0x42] + octets, charset: name)?.utf8.count ?? 0) <= 100)
        }
    }
}

extension String {
    fileprivate var hexadecimalOctets: [UInt8] {
        var digits = self[...]
        var octets: [UInt8] = []
        while !digits.isEmpty {
            octets.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
            digits = digits.dropFirst(2)
        }
        return octets
    }
}
