import GuerrillaMail
import Testing

@Suite struct CharsetAliasesTests {
    @Test(arguments: [
        ("utf-8", "UTF-8"), ("UTF8", "UTF-8"), ("utf_8", "UTF-8"), ("unicode-1-1-utf-8", "UTF-8"),
        ("us-ascii", "US-ASCII"), ("ansi_x3.4-1968", "US-ASCII"), ("ASCII", "US-ASCII"), ("unknown-8bit", "US-ASCII"),
        ("iso-8859-1", "ISO-8859-1"), ("ISO8859-1", "ISO-8859-1"), ("iso_8859-1:1987", "ISO-8859-1"),
        ("latin1", "ISO-8859-1"), ("ISO-8859-01", "ISO-8859-1"), ("cp819", "ISO-8859-1"), ("8859_1", "ISO-8859-1"),
        ("iso-8859-2", "ISO-8859-2"), ("latin2", "ISO-8859-2"), ("iso8859_5", "ISO-8859-5"), ("greek", "ISO-8859-7"),
        ("iso-8859-8-i", "ISO-8859-8"), ("ISO-8859-8-E", "ISO-8859-8"), ("iso-8859-6-i", "ISO-8859-6"),
        ("latin5", "ISO-8859-9"), ("iso-8859-13", "ISO-8859-13"), ("iso-8859-15", "ISO-8859-15"),
        ("latin-9", "ISO-8859-15"), ("iso-8859-16", "ISO-8859-16"), ("iso-8859-11", "CP874"), ("tis-620", "CP874"),
        ("windows-1250", "CP1250"), ("cp1251", "CP1251"), ("CP-1252", "CP1252"), ("x-cp1253", "CP1253"),
        ("win1254", "CP1254"), ("windows1258", "CP1258"), ("cp-850", "CP850"), ("ibm437", "CP437"), ("cp866", "CP866"),
        ("koi8-r", "KOI8-R"), ("koi8_u", "KOI8-U"), ("macintosh", "MACINTOSH"), ("x-mac-roman", "MACINTOSH"),
        ("x-mac-cyrillic", "MAC-CYRILLIC"), ("x-mac-ukrainian", "MAC-UK"), ("x-mac-ce", "MAC-CENTRALEUROPE"),
        ("gb2312", "GB18030"), ("GB_2312-80", "GB18030"), ("x-gbk", "GBK"), ("gbk", "GBK"), ("gb18030", "GB18030"),
        ("cp936", "CP936"), ("big5", "CP950"), ("x-x-big5", "CP950"), ("big5-hkscs", "BIG5-HKSCS"),
        ("shift_jis", "CP932"), ("x-sjis", "CP932"), ("windows-31j", "CP932"), ("euc-jp", "EUC-JP"),
        ("x-euc-jp", "EUC-JP"), ("iso-2022-jp", "ISO-2022-JP"), ("euc-kr", "CP949"), ("ks_c_5601-1987", "CP949"),
        ("ks_c_5601", "CP949"), ("x-windows-949", "CP949"), ("iso-2022-kr", "ISO-2022-KR"),
        ("utf-7", "UTF-7"), ("unicode-1-1-utf-7", "UTF-7"), ("utf-16", "UTF-16"), ("utf-16le", "UTF-16LE"),
        ("viscii", "VISCII"),
    ])
    func namesInMailHaveAName(charset: String, iconvName: String) {
        #expect(CharsetAliases.iconvName(for: charset) == iconvName)
        #expect(CharsetAliases.iconvName(for: charset.uppercased()) == iconvName)
        #expect(CharsetAliases.iconvNames.contains(iconvName))
    }

    @Test(arguments: [
        "", "utf-8//TRANSLIT", "utf-8//IGNORE", "UTF-8/", "utf 8", "utf-8\0", "utf‐8", "ütf-8", "../../lib/evil",
        "utf-8,x",
        "x-", "-", "...", "x-x-", "INTERNAL", "WCHAR_T", "char", "iso-8859-12", "iso-8859-17", "windows-1259",
        "ISO-2022-JP-3", "IBM1364", "IBM1390", "unheard-of",
        // As long as a name may be, and longer.
        String(repeating: "a", count: 40), "utf-8" + String(repeating: "-", count: 36),
    ])
    func otherNamesHaveNone(charset: String) {
        #expect(CharsetAliases.iconvName(for: charset) == nil)
    }

    @Test func lengthIsLimitedBeforePunctuationIsDropped() {
        #expect(CharsetAliases.iconvName(for: "utf-8" + String(repeating: "-", count: 35)) == "UTF-8")
    }
}
