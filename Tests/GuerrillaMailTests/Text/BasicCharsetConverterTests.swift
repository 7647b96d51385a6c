import GuerrillaMail
import Testing

@Suite struct BasicCharsetConverterTests {
    private let converter = BasicCharsetConverter()

    @Test func utf8IsRepaired() {
        #expect(converter.utf8String(from: [0x61, 0xC3, 0xA9, 0xFF], charset: "utf8") == "aé\u{FFFD}")
        #expect(converter.utf8String(from: [0xC3, 0xA9], charset: "us-ascii") == "é")
    }

    @Test func allOfLatin1AboveTheControlsIsItself() {
        for octet in UInt8(0xA0)...0xFF {
            let text = converter.utf8String(from: [octet], charset: "iso-8859-1")
            #expect(text == String(Unicode.Scalar(octet)))
            #expect(converter.utf8String(from: [octet], charset: "windows-1252") == text)
        }
    }

    @Test func controlsOfLatin1AreReadAsWindows1252() {
        #expect(converter.utf8String(from: [0x80, 0x93, 0x9F, 0x81, 0x41], charset: "latin1") == "€“Ÿ\u{FFFD}A")
    }

    @Test(arguments: ["iso-8859-2", "shift_jis", "", "utf-8//IGNORE"])
    func otherCharsetsAreNotKnown(charset: String) {
        #expect(converter.utf8String(from: [0x41], charset: charset) == nil)
    }
}
