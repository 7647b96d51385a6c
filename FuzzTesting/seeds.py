#!/usr/bin/env python3
"""Writes the first inputs of a fuzzer's corpus:  seeds.py FUZZER DIRECTORY"""
import os
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\", "A": b"a" * 600}


def octets(text):
    """The escapes of Tests/Transcripts; \\A is shorter here, because inputs should be small."""
    def value(match):
        return bytes([int(match[1], 16)]) if match[1] else ESCAPES.get(match[2].decode(), match[0])

    return re.sub(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", value, text.encode())


def dialogues():
    folder = os.path.join(ROOT, "Tests", "Transcripts")
    for name in sorted(os.listdir(folder)):
        said = b""
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            for line in file.read().split("\n"):
                if line.startswith(("C:", "c:")):
                    said += octets(line[2:].removeprefix(" ")) + (b"\r\n" if line[0] == "C" else b"")
        yield said


PATHS = [
    b"<>", b"<a@b.example>", b"<@x.example,@y.example:a@b.example> SIZE=5 BODY=8BITMIME", b'<"a b\\"c"@[127.0.0.1]>',
    b"<a@[IPv6:2001:db8::1]>", b"<postmaster>", b"<a@[X-tag:content]>", "<ü@b.example> SMTPUTF8".encode(),
]
HELO = [b"client.example", b"[192.0.2.1]", b"[IPv6:2001:db8::1]", b" my_pc. ", b"[X-tag:content]", b"xn--bcher-kva.example"]
HOSTS = [
    "bücher.example\nxn--bcher-kva.example\n*.b?cher.*".encode(), "xn--bcher-kva.example\nbücher.example\n[a-z]*.ü".encode(),
    b"mail.example.com\nexample.com\n*.example.com\n\\[192.0.2.*\\]", b"[IPv6:2001:db8::1]\n[2001:db8::1]",
    b"bcher-kva\n*", b"xn--r8jz45g.xn--zckzah\nxn--*", "例え.テスト\n*.テスト".encode(),
]
WORDS = [
    b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?ISO-8859-1?B?5A==?=", b"=?us-ascii*en?q?a_b?= c =?x?B?QUJD?=",
    b"=?utf-8?B?w7w=?= =?utf-8?b?w?= =?UTF-8?Q?=?=", b"plain text = with ? marks ?=",
]
DATES = [
    b"Fri, 21 Nov 2025 10:11:12 +0000", b"1 Jan 70 00:00 EST", b"Fri (a (b)), 21 Nov 2025 10:11:60 -0330 (x)",
    b"31 Dec 9999 23:59:59 Z", b"29 Feb 2024 00:00:00 -2359",
]
HEADERS = [
    b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?ISO-8859-1?B?5A==?=\r\n folded\r\nDate: Fri, 21 Nov 2025 10:11:12 +0000\r\n\r\nbody",
    b"Received: from a by b; 1 Jan 70 00:00 EST\r\nX:\r\n\r\n", b"From a@b Fri Nov 21\r\nTo : x\n\n",
]

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
PROXY = [
    b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\nEHLO x\r\n", b"PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 25\r\n",
    b"PROXY UNKNOWN ignored\r\n", SIGNATURE + b"\x20\0\0\0",
    SIGNATURE + b"\x21\x11\0\x14" + bytes(12) + b"\x02\0\5mx.ex",
    SIGNATURE + b"\x21\x21\0\x38" + bytes(36) + b"\x20\0\x11\1\0\0\0\0\x21\0\3TLS\x22\0\3foo",
    SIGNATURE + b"\x21\x31\0\xdf" + bytes(216) + b"\3\0\4" + bytes(4),
]
XCLIENT = [
    b"NAME=client.example ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP HELO=[192.0.2.7] LOGIN=bob DESTADDR=IPV6:::1 DESTPORT=25",
    b"NAME=[UNAVAILABLE] ADDR=IPV6+3A2001:db8::1 HELO=[TEMPUNAVAIL]", b"addr=192+2E0.2.7 addr=1", b"PROTO=SMTP FOO=bar",
]

RESP = [
    b"+OK\r\n+OK\r\n:1\r\n", b"-MOVED 3999 127.0.0.1:6381\r\n-ASK 0 :1\r\n-OOM no\r\n", b"$-1\r\n*-1\r\n*0\r\n$3\r\na\r\n\r\n",
    b"*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$9\r\n127.0.0.1\r\n:6379\r\n$2\r\nid\r\n*0\r\n",
    b"rediss://user:p%40ss@[::1]:6379/3", b"a:1,b:2,c:3",
]


def record(kind, content, padding=0, request=1):
    return bytes([1, kind]) + request.to_bytes(2, "big") + len(content).to_bytes(2, "big") + bytes([padding, 0]) + content \
        + bytes(padding)


FASTCGI = [
    record(6, b"Content-type: text/html\r\n\r\nPASSED", 3) + record(3, bytes(8)),
    record(7, b"oh") + record(6, b"Status: 404 Not Found\nX: y\n\n") + record(6, b"REJECTED no such user\r\n") + record(6, b"")
    + record(3, b"\0\0\0\1\0\0\0\0", 255) + b"\1",
    record(10, b"\1\2ab", request=0) + record(3, b"\0\0\0\0\2\0\0\0"), record(6, b"x" * 300),
]


def main():
    fuzzer, directory = sys.argv[1:]
    seeds = {
        "FuzzSession": [b"\3" + said for said in dialogues()],
        "FuzzPaths": PATHS,
        "FuzzHelo": HELO,
        "FuzzAllowedHosts": HOSTS,
        "FuzzHeaders": HEADERS,
        "FuzzEncodedWords": WORDS,
        "FuzzDates": DATES,
        "FuzzProxy": PROXY,
        "FuzzXCLIENT": XCLIENT,
        "FuzzFastCGI": FASTCGI,
        "FuzzRESP": RESP,
    }[fuzzer]
    for index, seed in enumerate(seeds):
        with open(os.path.join(directory, f"seed-{index}"), "wb") as file:
            file.write(seed[:4096])


if __name__ == "__main__":
    main()
