"""Behind nginx, HAProxy and hand-made headers: the message comes from the client, not from the front end."""
import smtplib
import socket
import ssl
import struct

import pytest

import frontends
import messages
from smtpwire import DEADLINE, Closed, Wire, eventually, queued_id

# Clients connect from here, front ends from 127.0.0.1.
CLIENT = "127.0.0.5"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
REFUSED = "Connection refused: no PROXY header"


def received(daemon, queued):
    """The Received field of the stored message with this queued id, unfolded."""
    entry = next(entry for entry in daemon.mail_list() if entry.queued_id == queued)
    field = daemon.export(entry).split(b"Received: ", 1)[1].split(b"\r\n")
    lines = [field[0]]
    for line in field[1:]:
        if not line.startswith((b"\t", b" ")):
            break
        lines.append(line.strip())
    return b" ".join(lines).decode()


def send_and_quit(wire, message=None):
    wire.hello("client.example.org")
    queued = wire.deliver(message or messages.plain("behind"))
    wire.quit()
    return queued


# nginx


def test_nginx_passes_the_client_with_xclient(serve, need, directory):
    need(frontends.missing_nginx())
    daemon = serve(xclient_on=True, trusted_networks=["127.0.0.1"])
    with frontends.Nginx(directory, daemon.port) as nginx:
        for sent in (message("nginx") for message in messages.COMMON):
            with Wire(nginx.port, source=CLIENT) as wire:
                queued = send_and_quit(wire, sent)
            assert daemon.stored(queued) == sent
            assert f"from client.example.org ([{CLIENT}])" in received(daemon, queued)
            assert " with ESMTP " in received(daemon, queued)
        # An old client says HELO, and may be refused.
        with Wire(nginx.port, source=CLIENT) as wire:
            wire.expect(250, "HELO [127.0.0.5]")
            wire.expect(250, "MAIL FROM:<sender@example.org>")
            wire.expect(550, "RCPT TO:<somebody@elsewhere.example>")
            wire.expect(250, "RCPT TO:<user@example.com>")
            wire.expect(354, "DATA")
            wire.send(b"Subject: old\r\n\r\n.\r\n")
            queued = queued_id(wire.expect(250))
            wire.quit()
        assert f"from [127.0.0.5] ([{CLIENT}])" in received(daemon, queued)
        assert " with SMTP " in received(daemon, queued)


def test_nginx_is_refused_where_it_is_not_trusted(serve, need, directory):
    need(frontends.missing_nginx())
    daemon = serve(xclient_on=True, trusted_networks=["192.0.2.0/24"])
    with frontends.Nginx(directory, daemon.port) as nginx, Wire(nginx.port, source=CLIENT) as wire:
        wire.hello()
        wire.expect(250, "MAIL FROM:<sender@example.org>")
        try:
            assert wire.command("RCPT TO:<user@example.com>").code >= 400
        except Closed:
            pass
    assert daemon.mail_list() == []


# HAProxy


@pytest.mark.parametrize("options", [
    None, "send-proxy", "send-proxy-v2",
    "send-proxy-v2 proxy-v2-options crc32c,authority,ssl,cert-cn,ssl-cipher,unique-id",
])
def test_haproxy_passes_the_client_with_a_header(serve, need, directory, options):
    need(frontends.missing_haproxy())
    daemon = serve(proxyon=True, trusted_networks=["127.0.0.1"])
    with frontends.HAProxy(directory, daemon.port, options) as haproxy:
        for sent in (message("haproxy") for message in messages.COMMON):
            with Wire(haproxy.port, source=CLIENT) as wire:
                queued = send_and_quit(wire, sent)
            assert daemon.stored(queued) == sent
            assert f"from client.example.org ([{CLIENT}])" in received(daemon, queued)
    assert not [line for line in daemon.lines if REFUSED in line]


def test_haproxy_ends_tls_and_says_so(serve, need, directory):
    need(frontends.missing_haproxy())
    daemon = serve(proxyon=True)
    certificate = frontends.certificate(directory)
    options = "send-proxy-v2-ssl-cn proxy-v2-options crc32c,authority,ssl,cert-cn,ssl-cipher,cert-sig,cert-key"
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    with frontends.HAProxy(directory, daemon.port, options, certificate) as haproxy:
        with smtplib.SMTP_SSL(
            "127.0.0.1", haproxy.port, timeout=DEADLINE, source_address=(CLIENT, 0), context=context
        ) as client:
            client.sendmail("sender@example.org", ["user@example.com"], messages.plain("tls"))
    (entry,) = daemon.mail_list()
    assert f"([{CLIENT}])" in received(daemon, entry.queued_id)


# By hand


def version2(command=0x21, family=0x11, addresses=None, vectors=b"", checksum=True):
    """A header of version 2 for a client at 192.0.2.7, with its checksum in front of `vectors`."""
    if addresses is None:
        addresses = socket.inet_aton("192.0.2.7") + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 4711, 25)
    rest = addresses + (b"\3\0\4\0\0\0\0" if checksum else b"") + vectors
    header = SIGNATURE + bytes([command, family]) + struct.pack("!H", len(rest)) + rest
    if checksum:
        index = 16 + len(addresses) + 3
        header = header[:index] + struct.pack("!I", crc32c(header)) + header[index + 4:]
    return header


def crc32c(octets):
    remainder = 0xFFFFFFFF
    for octet in octets:
        remainder ^= octet
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF


LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n"
LINE6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n"
ADDRESSES6 = socket.inet_pton(socket.AF_INET6, "2001:db8::7") * 2 + struct.pack("!HH", 4711, 25)


@pytest.mark.parametrize("header, literal", [
    (LINE, "[192.0.2.7]"), (LINE6, "[IPv6:2001:db8::7]"), (b"PROXY UNKNOWN\r\n", f"[{CLIENT}]"),
    (version2(), "[192.0.2.7]"), (version2(checksum=False), "[192.0.2.7]"),
    (version2(family=0x21, addresses=ADDRESSES6, vectors=b"\4\1\0" + bytes(256)), "[IPv6:2001:db8::7]"),
    (version2(command=0x20, family=0, addresses=b"", checksum=False), f"[{CLIENT}]"),
], ids=["v1", "v1-6", "v1-unknown", "v2", "v2-plain", "v2-6", "v2-local"])
def test_header_is_believed_however_it_is_cut(serve, header, literal):
    daemon = serve(proxyon=True, trusted_networks=["127.0.0.0/8"])
    for pieces in ([header], [header[i:i + 1] for i in range(len(header))]):
        with Wire(daemon.port, source=CLIENT, greeting=False) as wire:
            for piece in pieces:
                wire.send(piece)
            wire.expect(220)
            queued = send_and_quit(wire)
        assert f"({literal})" in received(daemon, queued)
        assert daemon.wait_for_line(literal.strip("[]").removeprefix("IPv6:"))


MALFORMED = {
    "go-guerrilla's crash": b"PROXY TCP4\r\n",
    "bare LF": b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\n",
    "no header": b"EHLO client.example.org\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "too long a line": b"PROXY UNKNOWN " + b"x" * 200,
    "wrong family": b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 25\r\n",
    "port": b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n",
    "datagram": version2(family=0x12),
    "version": version2(command=0x31),
    "command": version2(command=0x22),
    "checksum": version2()[:-1] + bytes([version2()[-1] ^ 1]),
    "short addresses": version2(addresses=bytes(11), checksum=False),
    "vector beyond the end": version2(vectors=b"\2\0\5abc"),
    "too long a header": SIGNATURE + b"\x21\x11\xff\xff",
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_header_closes_with_a_reason(serve, what):
    daemon = serve(proxyon=True)
    with Wire(daemon.port, greeting=False) as wire:
        wire.send(MALFORMED[what])
        assert wire.at_end(), "something was said, or the connection stays open"
    daemon.wait_for_line(REFUSED + r".*reason=")
    assert [line for line in daemon.lines if REFUSED in line] == [daemon.wait_for_line(REFUSED)]
    with Wire(daemon.port, greeting=False) as wire:
        wire.send(LINE)
        wire.expect(220)
        send_and_quit(wire)


def test_every_truncation_is_waited_for_and_then_closed(serve):
    daemon = serve(proxyon=True)
    for header in (LINE, version2()):
        for length in range(1, len(header)):
            with Wire(daemon.port, greeting=False) as wire:
                wire.send(header[:length])
                wire.half_close()
                assert wire.at_end(), f"{header[:length]!r}"
    eventually(lambda: sum(REFUSED in line for line in daemon.lines) == len(LINE) + len(version2()) - 2, "all logged")


def test_silent_and_untrusted_peers_are_closed(serve):
    daemon = serve(proxyon=True, proxy_timeout=1, trusted_networks=["127.0.0.1"])
    with Wire(daemon.port, greeting=False) as wire:
        assert wire.at_end()
    daemon.wait_for_line(REFUSED + ".*in time")
    with Wire(daemon.port, source=CLIENT, greeting=False) as wire:
        assert wire.at_end()
    daemon.wait_for_line(REFUSED + ".*trusted_networks")


def test_health_checks_leave_no_line(serve):
    daemon = serve(proxyon=True)
    for how in (Wire.reset, Wire.close) * 20:
        how(Wire(daemon.port, greeting=False))
    with Wire(daemon.port, greeting=False) as wire:
        wire.send(LINE)
        wire.expect(220)
        send_and_quit(wire)
    assert daemon.stop() == 0
    assert not [line for line in daemon.lines if REFUSED in line]


def test_stop_does_not_wait_for_headers(serve):
    daemon = serve(proxyon=True, proxy_timeout=300, shutdown_timeout=60)
    with Wire(daemon.port, greeting=False) as wire:
        wire.send(b"PROXY ")
        # Counted, and so certainly accepted: the next one, complete, has been greeted.
        with Wire(daemon.port, greeting=False) as other:
            other.send(LINE)
            other.expect(220)
            assert daemon.stop() == 0
            assert wire.at_end()
