/// A header section made to be dear to whoever reads it: a beginning and a few pieces that follow each other without end.
public struct HostileHeader: Sendable, CustomStringConvertible {
    /// What is hostile about it.
    public let description: String
    private let head: [UInt8]
    private let pieces: [[UInt8]]
    /// After how many octets a line is folded, between two pieces; nil: never.
    private let fold: Int?

    private init(_ description: String, _ head: String, _ pieces: [[UInt8]], fold: Int? = nil) {
        self.description = description
        self.head = Array(head.utf8)
        self.pieces = pieces
        self.fold = fold
    }

    private init(_ description: String, _ head: String = "", _ pieces: String..., fold: Int? = nil) {
        self.init(description, head, pieces.map { Array($0.utf8) }, fold: fold)
    }

    /// The section, with its empty line: so many octets, or a piece more.
    public func octets(_ size: Int) -> [UInt8] {
        var octets = self.head
        octets.reserveCapacity(size + 1_024)
        var lineLength = octets.count
        var index = 0
        while octets.count < size {
            let piece = self.pieces[index]
            if let fold, lineLength > 0, lineLength + piece.count > fold {
                octets += [0x0D, 0x0A, 0x20]
                lineLength = 1
            }
            octets += piece
            lineLength += piece.count
            index = index + 1 == self.pieces.count ? 0 : index + 1
        }
        return octets + Array("\r\n\r\n".utf8)
    }

    /// The measure for all others: a section of ordinary fields.
    public static let ordinary = HostileHeader(
        "ordinary fields",
        "Subject: Your order 123 has been shipped\r\n",
        "X-Report-Abuse: Please forward a copy of this message with its headers to abuse@example.com\r\n",
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1; h=from:to:subject;\r\n\tbh=47DEQpj8HBSa\r\n",
        "Received: from mx.example.org (mx.example.org [192.0.2.1])\r\n\tby mail.example.com with ESMTPS id 1234567\r\n"
    )

    /// All shapes.
    public static let all = lines + white + bodies + addresses + words + charsets + broken

    // MARK: Lines and names

    private static let lines: [HostileHeader] = [
        HostileHeader("fields without a body", "", "A:\r\n"),
        HostileHeader("fields of one letter", "", "A: b\r\n"),
        HostileHeader("fields of one letter, LF", "", "A: b\n"),
        HostileHeader("fields named like those looked for", "", "Subjecu: b\r\n", "Message-IE: c\r\n", "Tp: d\r\n"),
        HostileHeader("many Subject fields", "", "Subject: =?koi8-r?q?a?=\r\n"),
        HostileHeader("many Received fields", "", "Received: by x\r\n"),
        HostileHeader("names of 900 octets", "", String(repeating: "n", count: 900) + ": b\r\n"),
        HostileHeader("names of 998 octets in capitals", "", String(repeating: "N-", count: 499) + ":\r\n"),
        HostileHeader("a name without end", "", "n"),
        HostileHeader("names without colon", "", "Name \r\n"),
        HostileHeader("white space before the colon", "", "A" + String(repeating: " \t", count: 400) + ": b\r\n"),
        HostileHeader("empty names", "A: b\r\n", ": b\r\n"),
        HostileHeader("colons", "A", ":"),
        HostileHeader("colons, folded", "A", ":", fold: 78),
        HostileHeader("names with NUL", "A: b\r\n", "A\0B: c\r\n"),
        HostileHeader("names beyond ASCII", "A: b\r\n", "Ä: c\r\n"),
        HostileHeader("names of many parts", "", "a-b-c-d-e-f-g-h: i\r\n"),
        HostileHeader("mailbox separators", "From a@b Sat\r\n", ">From a: b\r\n"),
        HostileHeader("quotes before a separator", "", ">"),
        HostileHeader("bare CR", "A: b", "\rc"),
        HostileHeader("CR CR LF", "A: b", "\r\r\n c"),
        HostileHeader("CR before each field", "A: b\r\n", "\rC: d\r\n"),
        HostileHeader("LF CR", "A: b\r\n", "C: d\n\r"),
    ]

    // MARK: White space and folds

    private static let white: [HostileHeader] = ["Subject", "To", "X"].flatMap { name in
        [
            HostileHeader("\(name): spaces without end", "\(name): ", " "),
            HostileHeader("\(name): spaces behind a letter", "\(name): a", " "),
            HostileHeader("\(name): spaces before a letter", "\(name): ", String(repeating: " ", count: 700) + "a"),
            HostileHeader("\(name): tabs, folded", "\(name): ", "\t", fold: 78),
            HostileHeader("\(name): empty continuations", "\(name):", "\r\n "),
            HostileHeader("\(name): empty continuations, LF", "\(name):", "\n\t"),
            HostileHeader("\(name): continuations of one letter", "\(name):", "\r\n a"),
            HostileHeader("\(name): white continuations behind a letter", "\(name): a", "\r\n \t "),
            HostileHeader(
                "\(name): continuations of 998 octets",
                "\(name):",
                "\r\n " + String(repeating: "a", count: 997)
            ),
        ]
    }

    // MARK: Bodies

    private static let bodies: [HostileHeader] = ["Subject", "X"].flatMap { name in
        [
            HostileHeader("\(name): one line without end", "\(name): ", "a"),
            HostileHeader("\(name): NUL", "\(name): ", "\0"),
            HostileHeader("\(name): NUL and combining marks", "\(name): ", "\0\u{301}"),
            HostileHeader("\(name): combining marks", "\(name): a", "\u{301}\u{302}"),
            HostileHeader("\(name): families", "\(name): ", "👨‍👩‍👧‍👦\u{200D}"),
            HostileHeader("\(name): flags", "\(name): ", "🇩"),
            HostileHeader("\(name): jamo", "\(name): ", "각"),
            HostileHeader("\(name): text that runs backwards", "\(name): ", "\u{202E}a\u{202C}"),
            HostileHeader("\(name): C1 controls", "\(name): ", "\u{9B}"),
            HostileHeader("\(name): quotes and backslashes", "\(name): ", "\"\\"),
            HostileHeader("\(name): controls", "\(name): ", "\u{1}\u{2}\u{1F}\u{7F}"),
            HostileHeader(
                "\(name): broken UTF-8",
                "\(name): ",
                [[0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80]]
            ),
            HostileHeader("\(name): lead octets", "\(name): ", [[0xC3]]),
            HostileHeader("\(name): continuation octets", "\(name): ", [[0x80]]),
            HostileHeader("\(name): surrogates", "\(name): ", [[0xED, 0xA0, 0x80]]),
            HostileHeader("\(name): broken UTF-8, folded", "\(name): ", [[0xF0, 0x9F, 0xA6]], fold: 78),
        ]
    }

    // MARK: Addresses

    private static let addresses: [HostileHeader] = ["To", "Reply-To", "Message-ID"].flatMap { name in
        [
            HostileHeader("\(name): comments in comments", "\(name): ", "("),
            HostileHeader("\(name): empty comments", "\(name): ", "()"),
            HostileHeader("\(name): a quoted string without end", "\(name): \"", "a"),
            HostileHeader("\(name): empty quoted strings", "\(name): ", "\"\""),
            HostileHeader("\(name): quoted pairs", "\(name): \"", "\\\""),
            HostileHeader("\(name): many addresses", "\(name): ", "a@example.com, ", fold: 78),
            HostileHeader("\(name): many broken addresses", "\(name): ", "a@, ", "@b, ", "<>, "),
            HostileHeader("\(name): at signs", "\(name): ", "@"),
            HostileHeader("\(name): angles", "\(name): ", "<"),
            HostileHeader("\(name): groups", "\(name): ", "g:;"),
            HostileHeader("\(name): a route without end", "\(name): <", "@a:"),
            HostileHeader("\(name): words", "\(name): ", "w "),
        ]
    }

    // MARK: Encoded-words

    private static let words: [HostileHeader] = [
        HostileHeader("words in UTF-8", "Subject: ", "=?utf-8?q?a?= ", fold: 900),
        HostileHeader("words in UTF-8, base64", "Subject: ", "=?UTF-8?B?w6k=?=\r\n "),
        HostileHeader("words without white space", "Subject: ", "=?utf-8?q?a?="),
        HostileHeader("words apart", "Subject: ", "=?koi8-r?q?a?= b "),
        HostileHeader("words in names that differ in case", "Subject: ", "=?koi8-r?q?a?= ", "=?KOI8-R?Q?b?= "),
        HostileHeader(
            "words in aliases of one charset",
            "Subject: ",
            "=?latin1?q?a?= ",
            "=?iso-8859-1?q?b?= ",
            "=?l1?q?c?= "
        ),
        HostileHeader("words in two charsets in turn", "Subject: ", "=?koi8-r?q?a?= ", "=?gb2312?q?b?= "),
        HostileHeader(
            "words in four charsets in turn",
            "Subject: ",
            [
                Array("=?koi8-r?q?a?= ".utf8), Array("=?gb2312?q?a?= ".utf8), Array("=?iso-2022-jp?q?a?= ".utf8),
                Array("=?big5?q?a?= ".utf8),
            ],
            fold: 900
        ),
        HostileHeader(
            "words in all charsets in turn",
            "Subject: ",
            charsetNames.map { Array("=?\($0)?q?a?= ".utf8) },
            fold: 900
        ),
        HostileHeader("words in no charset", "Subject: ", "=?x-none?q?a?= ", "=?x-other?q?a?= "),
        HostileHeader("words with a language", "Subject: ", "=?utf-8*en?q?a?= ", "=?utf-8*de?q?a?= "),
        HostileHeader(
            "words in charsets of 80 octets",
            "Subject: ",
            "=?" + String(repeating: "c", count: 79) + "?q?a?= "
        ),
        HostileHeader("words without text", "Subject: ", "=?utf-8?q??= "),
        HostileHeader(
            "words of 16 KiB",
            "Subject: ",
            "=?gb2312?q?" + String(repeating: "=C4=E3", count: 2_700) + "?= "
        ),
        HostileHeader(
            "words of 17 KiB",
            "Subject: ",
            "=?gb2312?q?" + String(repeating: "=C4=E3", count: 2_900) + "?= "
        ),
        HostileHeader("spaces as text", "Subject: ", "=?utf-8?q?" + String(repeating: "_", count: 1_000) + "?= "),
        HostileHeader("spaces between words", "Subject: ", "=?utf-8?q?a?=" + String(repeating: " ", count: 900)),
        HostileHeader("line ends as text", "Subject: ", "=?utf-8?q?=0D=0A?= "),
        HostileHeader("words in every field", "", "X: =?koi8-r?q?a?= =?gb2312?q?b?=\r\n"),
    ]

    /// Octets of several kinds in each charset, in both encodings.
    private static let charsets: [HostileHeader] = charsetNames.flatMap { charset in
        [
            HostileHeader(
                "\(charset): octets that are not of it",
                "Subject: ",
                "=?\(charset)?q?" + String(repeating: "=FF=80a", count: 100) + "?= =?us-ascii?q?-?= "
            ),
            HostileHeader(
                "\(charset): words of random octets",
                "Subject: ",
                "=?\(charset)?b?w8HOyM/S1NrEsMnKz8vhzOHP5PHk8uTz?= ",
                "=?\(charset)?b?GyRCRnxLXDhsGyhC?= =?\(charset)?b?K0FPay0rQU9rLQ==?= b "
            ),
        ]
    }

    private static let broken: [HostileHeader] = [
        HostileHeader("=?", "Subject: ", "=?"),
        HostileHeader("=?a", "Subject: ", "=?a"),
        HostileHeader("=?a?q?", "Subject: ", "=?a?q?"),
        HostileHeader("=?utf-8?q?a without end", "Subject: =?utf-8?q?", "a"),
        HostileHeader("=?utf-8?b?YWJj without end", "Subject: =?utf-8?b?", "YWJj"),
        HostileHeader("?=", "Subject: ", "?="),
        HostileHeader("=?=", "Subject: ", "=?="),
        HostileHeader("equals signs", "Subject: ", "="),
        HostileHeader("question marks", "Subject: =", "?"),
        HostileHeader("base64 that is none", "Subject: ", "=?utf-8?b?!?= "),
        HostileHeader(
            "base64 broken at its end",
            "Subject: ",
            "=?utf-8?b?" + String(repeating: "YWJj", count: 500) + "!?= "
        ),
        HostileHeader("padding", "Subject: ", "=?utf-8?b?" + String(repeating: "YQ==", count: 500) + "?= "),
        HostileHeader("white space in base64", "Subject: ", "=?utf-8?b?" + String(repeating: " ", count: 500) + "?= "),
        HostileHeader("equals signs as text", "Subject: ", "=?utf-8?q?" + String(repeating: "=", count: 500) + "?= "),
        HostileHeader("words in unknown encodings", "Subject: ", "=?utf-8?x?a?= "),
        HostileHeader(
            "broken words behind white space",
            "Subject: =?utf-8?q?a?=" + String(repeating: " ", count: 4_000),
            "=?utf-8?b?!?= "
        ),
        HostileHeader(
            "shifts of ISO-2022-JP",
            "Subject: ",
            "=?iso-2022-jp?q?" + String(repeating: "=1B$B=1B(B", count: 99) + "?= "
        ),
        HostileHeader(
            "shifts of ISO-2022-KR",
            "Subject: ",
            "=?iso-2022-kr?q?=1B$)C" + String(repeating: "=0E=0F", count: 99) + "?= "
        ),
        HostileHeader(
            "shifts of ISO-2022-CN",
            "Subject: ",
            "=?iso-2022-cn?q?" + String(repeating: "=1B$)A=0E=0F", count: 70) + "?= "
        ),
        HostileHeader("shifts of UTF-7", "Subject: ", "=?utf-7?q?" + String(repeating: "+AOk-", count: 150) + "?= "),
        HostileHeader(
            "broken shifts of UTF-7",
            "Subject: ",
            "=?utf-7?q?" + String(repeating: "+!", count: 300) + "?= "
        ),
        HostileHeader("byte order marks", "Subject: ", "=?utf-16?q?=FF=FEa=00?= ", "=?utf-16?q?=FE=FF=00a?= - "),
        HostileHeader(
            "characters held back",
            "Subject: ",
            "=?windows-1258?q?aaaaaaaa=EC=EC=EC?= ",
            "=?tcvn?q?aaaa=B0?= "
        ),
    ]

    private static let charsetNames = [
        "us-ascii", "utf-8", "utf-7", "utf-16", "utf-16le", "utf-32", "iso-8859-1", "iso-8859-2", "iso-8859-8-i",
        "iso-8859-15", "windows-1251", "windows-1252", "windows-1255", "windows-1258", "tis-620", "viscii", "tcvn",
        "koi8-r",
        "koi8-t", "macintosh", "x-mac-cyrillic", "armscii-8", "cp437", "cp866", "gb2312", "gb18030", "gbk",
        "iso-2022-cn",
        "big5", "big5-hkscs", "euc-tw", "shift_jis", "euc-jp", "iso-2022-jp", "iso-2022-jp-2", "euc-kr", "iso-2022-kr",
        "johab",
    ]
}
