/// The charset names that mail uses, and what iconv calls them.
///
/// The table is a list of what is allowed, not of exceptions: a name from a message reaches iconv only as one of the
/// names on the right. iconv takes suffixes (`//TRANSLIT`) and internal charsets as part of a name, and some rare
/// converters of the C library have crashed or looped on malformed input.
///
/// Names are compared without case, punctuation and a leading `x-`, since all of these vary in the wild: `ISO8859_1`,
/// `iso-8859-1`, `x-sjis`, `Shift_JIS`, `UTF8`.
public enum CharsetAliases {
    /// The longest name looked at, in octets. The longest registered names are below 40.
    public static let maximumNameLength = 40

    /// The name iconv knows a charset by.
    ///
    /// Where mail commonly carries more than its label says, the superset is named: GB18030 for GB2312, CP932 for
    /// Shift_JIS, CP949 for EUC-KR, CP874 for TIS-620.
    ///
    /// - Parameter charset: A name as found in a message, in any case.
    /// - Returns: The name for iconv, or nil when the charset is not known or the name has more than
    ///   ``maximumNameLength`` octets or a character outside `[A-Za-z0-9_.:-]`.
    public static func iconvName(for charset: String) -> String? {
        var charset = charset
        return charset.withUTF8 { name in
            guard !name.isEmpty, name.count <= maximumNameLength else { return nil }
            // Nearly all keys fit into a string that takes no memory of its own.
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumNameLength) { key in
                guard let length = reduce(name, into: key) else { return nil }
                return table[String(decoding: UnsafeBufferPointer(rebasing: key[..<length]), as: UTF8.self)]
            }
        }
    }

    /// Writes the letters and digits of a name, in lower case.
    /// - Returns: How many they are; nil when the name has a character that no name has.
    private static func reduce(_ name: UnsafeBufferPointer<UInt8>, into key: UnsafeMutableBufferPointer<UInt8>) -> Int?
    {
        var length = 0
        for octet in name {
            if octet.isASCIILetter || octet.isASCIIDigit {
                key[length] = octet.asciiLowercased
                length += 1
            } else {
                switch octet {
                case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    // "x-" marks an unregistered name.
                    if length == 1, key[0] == UInt8(ascii: "x") { length = 0 }
                case .colon: break
                default: return nil
                }
            }
        }
        return length
    }

    /// Every name ``iconvName(for:)`` can return, sorted; to find at start which of them the C library lacks.
    public static var iconvNames: [String] {
        Set(table.values).sorted()
    }

    private static let table: [String: String] = {
        var table: [String: String] = [:]
        for (iconvName, aliases) in families {
            for alias in aliases.split(separator: " ") { table[String(alias)] = iconvName }
        }
        // ISO-8859-12 was never published; -1 has its own line above, and -11 is TIS-620.
        for part in [2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16] {
            for prefix in ["iso8859", "iso88590", "8859", "iso"] where prefix != "iso" || part > 9 {
                table["\(prefix)\(part)"] = "ISO-8859-\(part)"
            }
        }
        for page in 1250...1258 {
            for prefix in ["windows", "cp", "win", "ms", "ansi", ""] { table["\(prefix)\(page)"] = "CP\(page)" }
        }
        for page in [437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869] {
            for prefix in ["cp", "ibm", "csibm", "dos", ""] { table["\(prefix)\(page)"] = "CP\(page)" }
        }
        return table
    }()

    /// iconv's name, and the names in mail reduced to lower-case letters and digits.
    private static let families: [(iconvName: String, aliases: String)] = [
        ("UTF-8", "utf8 unicode11utf8 unicode20utf8 utf8mb4 utf8mac csutf8 cp65001 windows65001"),
        // RFC 1428 § 3: the sender did not know either.
        ("US-ASCII", "usascii ascii ansix341968 ansix341986 iso646us iso646irv1991 us isoir6 cp367 ibm367 csascii"),
        ("US-ASCII", "unknown8bit unknown 8bit 7bit default"),
        ("UTF-7", "utf7 unicode11utf7 unicode20utf7 csunicode11utf7 csutf7 cp65000"),
        ("UTF-16", "utf16 ucs2 iso10646ucs2 csutf16"),
        ("UTF-16BE", "utf16be csutf16be unicodefffe"),
        ("UTF-16LE", "utf16le csutf16le unicode"),
        ("UTF-32", "utf32 csutf32"),
        ("UTF-32BE", "utf32be csutf32be"),
        ("UTF-32LE", "utf32le csutf32le"),

        ("ISO-8859-1", "iso88591 iso885901 88591 iso885911987 latin1 l1 isoir100 csisolatin1 cp819 ibm819"),
        ("ISO-8859-2", "iso885921987 latin2 l2 isoir101 csisolatin2"),
        ("ISO-8859-3", "iso885931988 latin3 l3 isoir109 csisolatin3"),
        ("ISO-8859-4", "iso885941988 latin4 l4 isoir110 csisolatin4"),
        ("ISO-8859-5", "iso885951988 cyrillic isoir144 csisolatincyrillic"),
        ("ISO-8859-6", "iso88596i iso88596e iso885961987 arabic ecma114 asmo708 isoir127 csisolatinarabic"),
        ("ISO-8859-7", "iso885971987 iso885972003 greek greek8 elot928 ecma118 isoir126 csisolatingreek"),
        ("ISO-8859-8", "iso88598i iso88598e iso885981988 hebrew logical visual isoir138 csisolatinhebrew"),
        ("ISO-8859-9", "iso885991989 latin5 l5 isoir148 csisolatin5"),
        ("ISO-8859-10", "iso8859101992 latin6 l6 isoir157 csisolatin6"),
        ("ISO-8859-14", "iso8859141998 latin8 l8 isoceltic isoir199"),
        ("ISO-8859-15", "latin9 latin0 csisolatin9 csiso885915"),
        ("ISO-8859-16", "iso8859162001 latin10 l10 isoir226"),

        ("CP1252", "ansi"),
        ("CP874", "tis620 tis62025291 tis62025330 iso885911 iso8859112001 885911 cp874 windows874 ibm874 thai"),
        ("VISCII", "viscii viscii111 csviscii"),
        ("TCVN", "tcvn tcvn5712 tcvn57121 tcvn571211993"),

        ("KOI8-R", "koi8r koi8 koi cskoi8r cp878"),
        ("KOI8-U", "koi8u"),
        ("KOI8-RU", "koi8ru"),
        ("KOI8-T", "koi8t"),
        ("MACINTOSH", "macintosh mac macroman csmacintosh cp10000"),
        ("MAC-CYRILLIC", "maccyrillic cp10007"),
        ("MAC-UK", "macukrainian macuk"),
        ("MAC-CENTRALEUROPE", "macce maccentraleurope maccentraleurroman cp10029"),
        ("ARMSCII-8", "armscii8"),
        ("GEORGIAN-PS", "georgianps"),
        ("GEORGIAN-ACADEMY", "georgianacademy"),

        ("GB18030", "gb18030 gb180302000 gb180302005 csgb18030 cp54936"),
        ("GB18030", "gb2312 gb23121980 gb231280 csgb2312 euccn cngb gb chinese csiso58gb231280 isoir58"),
        ("GBK", "gbk csgbk"),
        ("CP936", "cp936 ms936 windows936 936"),
        ("ISO-2022-CN", "iso2022cn csiso2022cn"),
        ("CP950", "big5 big5eten csbig5 cnbig5 cp950 ms950 windows950 950"),
        ("BIG5-HKSCS", "big5hkscs big5hkscs2004 csbig5hkscs"),
        ("EUC-TW", "euctw cseuctw"),

        ("CP932", "shiftjis sjis shiftjisms csshiftjis mskanji cp932 ms932 windows932 windows31j cswindows31j 932"),
        ("EUC-JP", "eucjp ujis cseucpkdfmtjapanese"),
        ("EUC-JP-MS", "eucjpms eucjpwin cp51932"),
        ("ISO-2022-JP", "iso2022jp csiso2022jp jis cp50220 cp50221 cp50222 iso2022jpms"),
        ("ISO-2022-JP-2", "iso2022jp2 csiso2022jp2 iso2022jp1"),

        ("CP949", "euckr cseuckr ksc5601 ksc56011987 ksc56011989 ksc56011992 ksc5601 ksx1001 korean"),
        ("CP949", "csksc56011987 isoir149 uhc cp949 ms949 windows949 949"),
        ("ISO-2022-KR", "iso2022kr csiso2022kr"),
        ("JOHAB", "johab cp1361 ms1361"),
    ]
}
