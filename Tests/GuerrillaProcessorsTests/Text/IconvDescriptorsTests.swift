import GuerrillaMail
import Testing

@testable import GuerrillaProcessors

@Suite struct IconvDescriptorsTests {
    private let descriptors = IconvDescriptors()
    private var converter: IconvCharsetConverter { IconvCharsetConverter(descriptors: self.descriptors) }

    /// The C library would load the four modules anew for each word.
    @Test func charsetsInTurnAreOpenedOnce() {
        let charsets = ["koi8-r", "gb2312", "iso-2022-jp", "big5"]
        let text = (0..<1_000).map { "=?\(charsets[$0 % 4])?q?a?=" }.joined(separator: " ")
        #expect(EncodedWordDecoder(charsets: self.converter).decode(text) == String(repeating: "a", count: 1_000))
        #expect(self.descriptors.attempts == 4)
        #expect(self.descriptors.idleCount == 4)
    }

    @Test func allCharsetsTogetherAreOneDescriptorEach() {
        for _ in 0..<3 {
            for name in CharsetAliases.iconvNames { _ = self.converter.utf8String(from: [0x61], charset: name) }
        }
        #expect(self.descriptors.idleCount == self.descriptors.attempts)
        #expect(self.descriptors.idleCount <= CharsetAliases.iconvNames.count)
    }

    /// What one text has left a descriptor with must not reach the next: shifts, byte orders, characters held back.
    @Test(arguments: IconvCharsetConverterTests.samples)
    func nextTextBeginsInTheInitialState(_ sample: IconvCharsetConverterTests.Sample) {
        let converter = self.converter
        let small = IconvCharsetConverter(maximumOutputSize: 4, descriptors: self.descriptors)
        let broken: [[UInt8]] = [
            [0x1B, 0x24, 0x42, 0x24], [0x1B, 0x24, 0x29, 0x43, 0x0E, 0x47], [0x0E], Array("+AOk".utf8),
            [0xFF, 0xFE, 0x41],
            [0xFE, 0xFF, 0x00], Array(repeating: 0xFF, count: 2_000), Array(repeating: 0x41, count: 2_000),
        ]
        for octets in broken + [Array(sample.octets.dropLast()), sample.octets] {
            _ = converter.utf8String(from: octets, charset: sample.charset)
            _ = small.utf8String(from: octets, charset: sample.charset)
            #expect(converter.utf8String(from: sample.octets, charset: sample.charset) == sample.text)
        }
    }

    @Test func twoTextsAtATimeHaveADescriptorEach() throws {
        let first = try #require(self.descriptors.take("KOI8-R"))
        let second = try #require(self.descriptors.take("KOI8-R"))
        #expect(first.value != second.value)
        self.descriptors.give(first)
        self.descriptors.give(second)
        #expect(self.descriptors.attempts == 2)
        #expect(self.descriptors.idleCount == 1)
        #expect(self.descriptors.take("KOI8-R")?.value == first.value)
        self.descriptors.give(first)
    }

    @Test func charsetThatTheLibraryLacksIsNotLookedForAgainAndAgain() {
        for _ in 0..<100 { #expect(self.descriptors.take("NONE-SUCH") == nil) }
        #expect(self.descriptors.attempts == 1)
        #expect(self.descriptors.idleCount == 0)
    }

    @Test func manyThreadsConvertAtOnce() async {
        let converter = self.converter
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for sample in IconvCharsetConverterTests.samples {
                        #expect(converter.utf8String(from: sample.octets, charset: sample.charset) == sample.text)
                    }
                }
            }
        }
        #expect(self.descriptors.idleCount <= CharsetAliases.iconvNames.count)
    }
}
