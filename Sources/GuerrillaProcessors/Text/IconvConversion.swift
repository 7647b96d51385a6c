internal import Glibc

/// One run of `iconv(3)` over one text.
struct IconvConversion {
    private let descriptor: iconv_t
    private let maximumOutputSize: Int

    private var output: [UInt8] = []
    /// How much of `output` is text.
    private var written = 0
    private var replacements = 0

    /// What a call ended with.
    private enum Outcome {
        case finished
        case outputFull
        /// Octets that are not of the charset. (EILSEQ)
        case malformed
        /// A character that is cut off by the end of the text. (EINVAL)
        case incomplete
        case failed
    }

    init(descriptor: iconv_t, maximumOutputSize: Int) {
        self.descriptor = descriptor
        self.maximumOutputSize = maximumOutputSize
    }

    /// Converts a whole text. Nil after more than `maximumReplacements` octets that are not of the charset.
    mutating func run(_ octets: [UInt8], maximumReplacements: Int) -> String? {
        // Three octets of UTF-8 for two of an Asian charset, two for one of an eight-bit one.
        let expected = octets.count.multipliedReportingOverflow(by: 2).partialValue &+ 16
        output = [UInt8](repeating: 0, count: min(max(expected, 16), maximumOutputSize))
        var consumed = 0
        while consumed < octets.count {
            switch step(octets, &consumed) {
            case .finished:
                // iconv converts all it was given before it says so; the loop cannot stay here.
                consumed = octets.count
            case .outputFull:
                guard grow() else { return text }
            case .malformed:
                replacements += 1
                guard replacements <= maximumReplacements else { return nil }
                guard appendReplacement() else { return text }
                consumed += 1
            case .incomplete:
                guard appendReplacement() else { return text }
                consumed = octets.count
            case .failed:
                return nil
            }
        }
        flush()
        return text
    }

    private var text: String {
        String(decoding: output[..<written], as: UTF8.self)
    }

    private mutating func step(_ octets: [UInt8], _ consumed: inout Int) -> Outcome {
        let start = consumed
        let (inputLeft, outcome) = octets.withUnsafeBytes { input -> (Int, Outcome) in
            // iconv's signature predates const: it does not write to its input.
            var next = UnsafeMutableRawPointer(mutating: input.baseAddress)?.advanced(by: start)
                .assumingMemoryBound(to: CChar.self)
            var inputLeft = input.count - start
            let outcome = call { [descriptor] in iconv(descriptor, &next, &inputLeft, $0, $1) }
            return (inputLeft, outcome)
        }
        consumed = octets.count - inputLeft
        return outcome
    }

    /// Sets a charset with states back to its start, which may release a character held back until then.
    private mutating func flush() {
        while case .outputFull = call({ [descriptor] in iconv(descriptor, nil, nil, $0, $1) }) {
            guard grow() else { return }
        }
    }

    private mutating func call(
        _ iconv: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, UnsafeMutablePointer<Int>) -> Int
    ) -> Outcome {
        let start = written
        let (outputLeft, outcome) = output.withUnsafeMutableBytes { buffer -> (Int, Outcome) in
            // An empty array has no address, and iconv would take a null pointer for a reset.
            guard let base = buffer.baseAddress else { return (0, .outputFull) }
            var next: UnsafeMutablePointer<CChar>? = base.advanced(by: start).assumingMemoryBound(to: CChar.self)
            var outputLeft = buffer.count - start
            guard iconv(&next, &outputLeft) == -1 else { return (outputLeft, .finished) }
            // Read at once: the next call into the C library may change it.
            let outcome: Outcome =
                switch errno {
                case E2BIG: .outputFull
                case EILSEQ: .malformed
                case EINVAL: .incomplete
                default: .failed
                }
            return (outputLeft, outcome)
        }
        written = output.count - outputLeft
        return outcome
    }

    /// Makes more room; false when the limit is reached.
    private mutating func grow() -> Bool {
        guard output.count < maximumOutputSize else { return false }
        let more = min(max(output.count, 64), maximumOutputSize - output.count)
        output.append(contentsOf: repeatElement(0, count: more))
        return true
    }

    /// Writes U+FFFD; false when the limit is reached.
    private mutating func appendReplacement() -> Bool {
        let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
        while output.count - written < replacement.count {
            guard grow() else { return false }
        }
        output.replaceSubrange(written..<(written + replacement.count), with: replacement)
        written += replacement.count
        return true
    }
}
