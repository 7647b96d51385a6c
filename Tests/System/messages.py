"""The messages that go through every client. Each is a function of a token, which stands in its Subject, so that a test
can find its own message again; each ends in CRLF, because that is where the final dot begins."""
import base64
import random


def _header(token, *fields):
    lines = ["From: Sender <sender@example.org>", "To: User <user@example.com>", f"Subject: {token}",
             "Date: Fri, 21 Nov 2025 10:11:12 +0000", f"Message-ID: <{token}@example.org>", *fields]
    return "".join(line + "\r\n" for line in lines).encode()


def plain(token):
    return _header(token) + b"\r\nHello.\r\n\r\n  indented, then trailing blanks  \t\r\n"


def empty_body(token):
    return _header(token) + b"\r\n"


def multipart(token):
    return _header(token, "MIME-Version: 1.0", 'Content-Type: multipart/mixed;\r\n\tboundary="=-b_1"') + (
        b"\r\nThis is a message in MIME format.\r\n--=-b_1\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n"
        b"--inner\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nText.\r\n--inner\r\nContent-Type: text/html\r\n\r\n"
        b"<p>Text.\r\n--inner--\r\n\r\n--=-b_1\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nAAECAwQFBgcICQ==\r\n--=-b_1--\r\nepilogue\r\n"
    )


def eight_bit(token):
    return _header(token, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
                   "Content-Transfer-Encoding: 8bit") + "\r\nGrüße, Привет, 你好 – £5\r\n".encode() \
        + bytes(range(0x80, 0x100)) + b"\r\n"


def leading_dots(token):
    return _header(token) + b"\r\n.\r\n..\r\n...\r\n.hidden\r\n. \r\n \r\n.\t.\r\nlast line\r\n.\r\n"


def long_lines(token):
    """Lines of 998 octets, the most RFC 5322 section 2.1.1 allows, in body and header section."""
    return _header(token, "X-Long: " + "h" * (998 - len("X-Long: "))) + b"\r\n" \
        + b"".join(bytes([c]) * 998 + b"\r\n" for c in b"ab.z")


def attachment(token, octets=5_000_000):
    data = random.Random(octets).randbytes(octets)
    encoded = base64.b64encode(data)
    lines = b"\r\n".join(encoded[i:i + 76] for i in range(0, len(encoded), 76))
    return _header(token, "MIME-Version: 1.0", "Content-Type: application/octet-stream",
                   "Content-Transfer-Encoding: base64") + b"\r\n" + lines + b"\r\n"


def three_megabytes(token):
    """8-bit lines of different lengths, most of them with dots in front."""
    chosen = random.Random(3)
    lines = [b"." * (i % 5) + chosen.randbytes(i % 300).translate(None, b"\0\r\n") + b"\r\n" for i in range(20_000)]
    return _header(token) + b"\r\n" + b"".join(lines)

def internationalized(token, sender, recipient):
    """UTF-8 in the header section (RFC 6532)."""
    return (f"From: Sören <{sender}>\r\nTo: {recipient}\r\nSubject: {token} Grüße 你好\r\n"
            f"Date: Fri, 21 Nov 2025 10:11:12 +0000\r\nMessage-ID: <{token}@bücher.example>\r\n\r\nПривет\r\n").encode()


COMMON = [plain, empty_body, multipart, eight_bit, leading_dots, long_lines, attachment]


# What no well-behaved client sends: the octets as they stand on the wire, without the final dot. Each of the first group
# has ended a message somewhere (SMTP smuggling); here none may.

_A, _B = b"before", b"MAIL FROM:<smuggled@example.org>\r\nRCPT TO:<smuggled@example.com>\r\nDATA\r\nafter\r\n"

SMUGGLING = {
    "LF.LF": _A + b"\n.\n" + _B,
    "LF.CRLF": _A + b"\n.\r\n" + _B,
    "CRLF.LF": _A + b"\r\n.\n" + _B,
    "CRLF.CR": _A + b"\r\n.\r" + _B,
    "CR.CR": _A + b"\r.\r" + _B,
    "CR.CRLF": _A + b"\r.\r\n" + _B,
    "CR.LF": _A + b"\r.\n" + _B,
    "LF.CR": _A + b"\n.\r" + _B,
    "CRLF.NUL CRLF": _A + b"\r\n.\0\r\n" + _B,
    "CRLF NUL.CRLF": _A + b"\r\n\0.\r\n" + _B,
    "CRLF.SP CRLF": _A + b"\r\n. \r\n" + _B,
    "CRCRLF.CRCRLF": _A + b"\r\r\n.\r\r\n" + _B,
}

ODD = {
    "NUL": b"a\0b\r\n\0\r\n\0\0\0\r\n",
    "bare CR": b"a\rb\r\n\rc\r\n\r\r\r\n",
    "bare LF": b"a\nb\r\n\nc\r\n\n\n\r\n",
    "every octet": bytes(range(256)) * 3 + b"\r\n",
    "one line of 100,000 octets": b"x" * 100_000 + b"\r\n",
    "blank lines": b"\r\n" * 1000,
    "dots only": b"..\r\n" * 500,
}
