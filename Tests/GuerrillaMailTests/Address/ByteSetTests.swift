import Testing

@testable import GuerrillaMail

struct ByteSetTests {
    private static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let letterDigits = letters + "0123456789"

    private static func ascii(_ range: ClosedRange<UInt8>, except excluded: String) -> String {
        String(decoding: range.filter { !excluded.utf8.contains($0) }, as: UTF8.self)
    }

    @Test(arguments: [
        (ByteSet.letterOrDigit, letterDigits), (.letterDigitOrHyphen, letterDigits + "-"),
        (.letterDigitOrUnderscore, letterDigits + "_"), (.atext, letterDigits + "!#$%&'*+-/=?^_`{|}~"),
        (.quotedText, ascii(32...126, except: #""\"#)), (.literalContent, ascii(33...126, except: #"[\]"#)),
        (.parameterValue, ascii(33...126, except: "=")),
    ])
    func setHoldsExactlyItsCharacters(set: ByteSet, characters: String) {
        for byte in UInt8.min...UInt8.max {
            #expect(set.contains(byte) == characters.utf8.contains(byte), "octet \(byte)")
        }
    }
}
