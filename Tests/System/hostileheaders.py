"""Header sections that are made to be dear to read: shapes that can be had at any size."""

CHARSETS = (
    "us-ascii utf-8 utf-7 utf-16 utf-16le utf-32 iso-8859-1 iso-8859-2 iso-8859-8-i iso-8859-15 windows-1251 windows-1252 "
    "windows-1255 windows-1258 tis-620 viscii tcvn koi8-r koi8-t macintosh armscii-8 cp437 cp866 gb2312 gb18030 gbk "
    "iso-2022-cn big5 big5-hkscs euc-tw shift_jis euc-jp iso-2022-jp iso-2022-jp-2 euc-kr iso-2022-kr johab"
).split()
ADDRESSES = {
    "comments in comments": b"(", "empty comments": b"()", "quoted pairs": b"\\\"", "quotes": b"\"", "at signs": b"@",
    "angles": b"<", "groups": b"g:;", "routes": b"<@a:", "words": b"w ", "addresses": b"a@example.com, ",
}
BODIES = {
    "spaces": b" ", "spaces and letters": b" " * 700 + b"a", "empty continuations": b"\r\n ", "LF continuations": b"\n\t",
    "continuations of one letter": b"\r\n a", "letters": b"a", "NUL": b"\0", "NUL and combining marks": "\0\u0301".encode(),
    "combining marks": "\u0301".encode(), "emoji": "\U0001F468\u200D".encode(), "flags": "\U0001F1E9".encode(),
    "bidi": "\u202E".encode(), "C1": "\u009B".encode(), "quotes": b"\"\\", "controls": b"\x01\x02\x1f\x7f",
    "broken UTF-8": b"\xff\xc0\x80\xe2\x82", "lead octets": b"\xc3", "bare CR": b"\rc", "CR CR LF": b"\r\r\n c",
    "colons": b":", "long continuations": b"\r\n " + b"a" * 997,
}
LINES = {
    "no body": b"A:\r\n", "one letter": b"A: b\r\n", "LF": b"A: b\n", "Subject": b"Subject: =?koi8-r?q?a?=\r\n",
    "long names": b"n" * 900 + b": b\r\n", "white space before the colon": b"A" + b" \t" * 400 + b": b\r\n",
    "no colon": b"Name \r\n", "no name": b": b\r\n", "a name without end": b"n", "NUL in names": b"A\0B: c\r\n",
    "names in parts": b"a-b-c-d-e-f: g\r\n", "quotes": b">", "CR": b"\rC: d\r\n", "NULs": b"\0",
}
BROKEN = {
    "=?": b"=?", "=?a": b"=?a", "=?a?q?": b"=?a?q?", "?=": b"?=", "=?=": b"=?=", "=": b"=", "no base64": b"=?utf-8?b?!?= ",
    "base64 broken at its end": b"=?utf-8?b?" + b"YWJj" * 500 + b"!?= ", "padding": b"=?utf-8?b?" + b"YQ==" * 500 + b"?= ",
    "white base64": b"=?utf-8?b?" + b" " * 500 + b"?= ", "unknown encoding": b"=?utf-8?x?a?= ",
    "17 KiB": b"=?gb2312?q?" + b"=C4=E3" * 2900 + b"?= ", "16 KiB": b"=?gb2312?q?" + b"=C4=E3" * 2700 + b"?= ",
    "spaces as text": b"=?utf-8?q?" + b"_" * 1000 + b"?= ", "spaces between": b"=?utf-8?q?a?=" + b" " * 900,
    "no white space": b"=?utf-8?q?a?=", "apart": b"=?koi8-r?q?a?= b ", "case": b"=?koi8-r?q?a?= =?KOI8-R?q?b?= ",
    "aliases": b"=?latin1?q?a?= =?iso-8859-1?q?b?= ", "two charsets": b"=?koi8-r?q?a?= =?gb2312?q?b?= ",
    "four charsets": b"".join(b"=?%s?q?a?= " % name for name in (b"koi8-r", b"gb2312", b"iso-2022-jp", b"big5")),
    "all charsets": b"".join(b"=?%s?q?a?= " % name.encode() for name in CHARSETS),
    "no charset": b"=?x-none?q?a?= =?x-other?q?a?= ", "long charset": b"=?" + b"c" * 79 + b"?q?a?= ",
    "languages": b"=?utf-8*en?q?a?= =?utf-8*de?q?a?= ", "byte order marks": b"=?utf-16?q?=FF=FEa=00?= =?utf-16?q?=FE=FF=00a?= - ",
    "shifts of ISO-2022-JP": b"=?iso-2022-jp?q?" + b"=1B$B=1B(B" * 99 + b"?= ",
    "shifts of ISO-2022-KR": b"=?iso-2022-kr?q?=1B$)C" + b"=0E=0F" * 99 + b"?= ",
    "shifts of UTF-7": b"=?utf-7?q?" + b"+AOk-" * 150 + b"?= ", "broken UTF-7": b"=?utf-7?q?" + b"+!" * 300 + b"?= ",
}

# Name: (beginning, what follows it again and again).
SHAPES = {
    **{f"lines: {name}": (b"", piece) for name, piece in LINES.items()},
    **{f"{field}: {name}": (f"{field}: ".encode(), piece) for field in ("Subject", "To", "X")
       for name, piece in BODIES.items()},
    **{f"{field}: {name}": (f"{field}: ".encode(), piece) for field in ("To", "Reply-To", "Message-ID")
       for name, piece in ADDRESSES.items()},
    **{f"words: {name}": (b"Subject: ", piece) for name, piece in BROKEN.items()},
    **{f"{charset}: malformed": (b"Subject: ", b"=?%s?q?" % charset.encode() + b"=FF=80a" * 100 + b"?= =?us-ascii?q?-?= ")
       for charset in CHARSETS},
    **{f"{charset}: random": (b"Subject: ", b"=?%s?b?w8HOyM/S1NrEsMnKz8vhzOHP5PHk8uTz?= - " % charset.encode())
       for charset in CHARSETS},
}

ORDINARY = (b"Subject: Your order 123 has been shipped\r\n", b"X-Report: " + b"Please forward a copy of this message. " * 24 + b"\r\n")


def section(shape, size):
    """A header section of about `size` octets, with its empty line. No line begins with a dot."""
    beginning, piece = shape
    return beginning + piece * max(1, (size - len(beginning)) // len(piece)) + b"\r\n\r\n"
