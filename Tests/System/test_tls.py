"""TLS as clients see it: STARTTLS and TLS from the start, with Python's ssl, openssl, curl, swaks and Postfix; who must not get
anything by it; and what handshakes that fail leave behind."""
import shutil
import smtplib
import socket
import sqlite3
import ssl
import subprocess
import time
import warnings

import pytest

import messages
import postfix
from certificates import RSA, Certificates, openssl
from daemon import Daemon, configuration
from smtpwire import DEADLINE, Closed, ReservedPort, Wire, eventually, queued_id, stuff
from tlswire import TLSSocket, client_context, secure, start_tls

SENDER, RECIPIENT = "sender@example.org", "user@example.com"


def failed(reason="[a-z ]+"):
    """The log's line about a handshake that came to nothing."""
    return f'level=info msg="TLS handshake failed" reason="?{reason}"? smtp.client=127.0.0.1'


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    made = Certificates(str(tmp_path_factory.mktemp("certificates")))
    made.self_signed("mail", "mail.example.com", "127.0.0.1").self_signed("rsa", "mail.example.com", key=RSA)
    made.self_signed("one", "one.example").self_signed("wild", "*.wild.example")
    made.self_signed("authority").self_signed("stranger").signed("client", "authority")
    return made.signed("expired", "authority", days=-1)


@pytest.fixture
def serve_tls(serve, files):
    """`serve_tls(protocols=[…])`: a daemon that offers STARTTLS, with these keys in `tls`, and in the server those in `server`."""

    def start(server=None, pair="mail", **tls):
        tls = {"start_tls_on": True, **files.pair(pair), **tls}
        return serve(tls={key: value for key, value in tls.items() if value is not None}, **(server or {}))

    return start


def serve_always(serve_tls, **options):
    return serve_tls(start_tls_on=None, tls_always_on=True, **options)


def serve_servers(serve, directory, *every_tls):
    """A daemon with a server for each of these `tls`."""
    ports = [ReservedPort() for _ in every_tls]
    config = configuration(directory)
    config["servers"] = [{**config["servers"][0], "listen_interface": f"127.0.0.1:{port.number}", "tls": tls}
                         for port, tls in zip(ports, every_tls)]
    daemon = Daemon(directory, config)
    serve.running.append(daemon)
    daemon.start()
    eventually(lambda: len(daemon.ports) == len(ports), "all servers listen")
    for port in ports:
        port.release()
    return daemon


def connect_always(daemon, context=None, **options):
    """A greeted connection to a server where TLS comes first."""
    wire = secure(Wire(daemon.port, greeting=False), context, **options)
    wire.greeting = wire.expect(220)
    return wire


def received(daemon, queued):
    (entry,) = [entry for entry in daemon.mail_list() if entry.queued_id == queued]
    octets = daemon.export(entry)
    return octets[:len(octets) - len(daemon.stored(queued))].replace(b"\r\n\t", b" ").decode()


def keywords(reply):
    return {line.split()[0] for line in reply.lines[1:]}


# Messages


@pytest.mark.parametrize("message", messages.COMMON, ids=lambda message: message.__name__)
def test_smtplib_octets_are_kept(serve_tls, files, message):
    daemon = serve_tls()
    octets = message("starttls")
    context = ssl.create_default_context(cafile=files.path("mail.crt"))
    with smtplib.SMTP("127.0.0.1", daemon.port, timeout=DEADLINE) as client:
        client.starttls(context=context)
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail(SENDER, [RECIPIENT], octets)
    (entry,) = daemon.mail_list()
    assert daemon.stored(entry.queued_id) == octets
    assert " with ESMTPS (TLSv1.3) id " in received(daemon, entry.queued_id)


def test_smtplib_with_tls_from_the_start(serve_tls, files):
    daemon = serve_always(serve_tls)
    octets = messages.attachment("smtps", octets=1_000_000)
    context = ssl.create_default_context(cafile=files.path("mail.crt"))
    with smtplib.SMTP_SSL("127.0.0.1", daemon.port, timeout=DEADLINE, context=context) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail(SENDER, [RECIPIENT], octets)
    (entry,) = daemon.mail_list()
    assert daemon.stored(entry.queued_id) == octets
    assert " with ESMTPS (TLSv1.3) id " in received(daemon, entry.queued_id)


def test_received_says_how(serve_tls):
    daemon = serve_tls()
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        for sender, parameters, protocol in ((SENDER, "", "ESMTPS"), ("søren@example.org", " SMTPUTF8", "UTF8SMTPS")):
            with daemon.session() as wire:
                start_tls(wire, client_context(minimum_version=version, maximum_version=version)).hello()
                wire.expect(250, f"MAIL FROM:<{sender}>{parameters}")
                wire.expect(250, f"RCPT TO:<{RECIPIENT}>")
                wire.expect(354, "DATA")
                wire.send(b"Subject: how\r\n\r\n.\r\n")
                queued = queued_id(wire.expect(250))
                wire.quit()
            assert f" with {protocol} ({name}) id " in received(daemon, queued)
    with daemon.session() as wire:
        assert " with ESMTP id " in received(daemon, wire.deliver(b"\r\n"))


def test_both_on_one_daemon(serve, directory, files):
    pair = files.pair("mail")
    daemon = serve_servers(serve, directory, {"start_tls_on": True, **pair}, {"tls_always_on": True, **pair})
    plain, always = daemon.ports
    with Wire(plain) as wire:
        assert "STARTTLS" in keywords(wire.hello())
        start_tls(wire).hello()
        first = wire.deliver(messages.plain("first"))
        wire.quit()
    with secure(Wire(always, greeting=False)) as wire:
        wire.expect(220)
        assert "STARTTLS" not in keywords(wire.hello())
        second = wire.deliver(messages.plain("second"))
        wire.quit()
    assert daemon.stored(first) == messages.plain("first")
    assert daemon.stored(second) == messages.plain("second")


# The session


def test_nothing_of_the_clear_text_is_remembered(serve_tls):
    daemon = serve_tls()
    with daemon.session() as wire:
        wire.expect(250, f"MAIL FROM:<{SENDER}>")
        wire.expect(250, f"RCPT TO:<{RECIPIENT}>")
        start_tls(wire)
        wire.expect(503, f"MAIL FROM:<{SENDER}>")
        wire.expect(503, "DATA")
        assert "STARTTLS" not in keywords(wire.hello())
        wire.expect(503, f"RCPT TO:<{RECIPIENT}>")
        wire.expect(503, "STARTTLS")
        wire.deliver(messages.plain("still"))
        wire.quit()
        assert not wire.sock.was_cut_off, "closed without close_notify"


def test_start_tls_needs_no_greeting_by_the_client_and_takes_no_argument(serve_tls):
    daemon = serve_tls()
    with daemon.wire() as wire:
        wire.expect(501, "STARTTLS now")
        start_tls(wire).hello()
        wire.quit()


def test_no_starttls_where_it_is_off(serve):
    with serve().wire() as wire:
        assert "STARTTLS" not in keywords(wire.hello())
        wire.expect(500, "STARTTLS")
        wire.quit()


def test_commands_behind_starttls_are_never_executed(serve_tls):
    daemon = serve_tls()
    injected = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n\r\n.\r\n".encode()
    with daemon.session() as wire:
        wire.send(b"STARTTLS\r\n" + injected)
        assert "STARTTLS must be the last" in wire.expect(554).text
        assert wire.drain() == b""
    daemon.wait_for_line("Client sent away.*smtp.reply=554")
    assert daemon.mail_list() == []


def test_clear_text_in_the_place_of_the_handshake(serve_tls):
    daemon = serve_tls()
    with daemon.session() as wire:
        wire.expect(220, "STARTTLS")
        wire.send(f"EHLO injected\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n\r\n.\r\n".encode())
        answer = wire.drain()
        # An alert at most (RFC 8446 section 6), never a reply.
        assert answer == b"" or answer[:1] == b"\x15", answer
    daemon.wait_for_line(failed())
    assert daemon.mail_list() == []
    daemon.assert_serving()


def test_commands_injected_before_the_handshake_break_it(serve_tls):
    """Somebody on the path puts commands between STARTTLS and the client's handshake: there is no session then."""
    daemon = serve_tls()
    with daemon.session() as wire:
        wire.expect(220, "STARTTLS")
        wire.send(b"RSET\r\n")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            secure(wire)
    daemon.wait_for_line(failed())


def test_clear_text_where_tls_comes_first(serve_tls):
    daemon = serve_always(serve_tls)
    with Wire(daemon.port, greeting=False) as wire:
        wire.send(b"EHLO client.example.org\r\nMAIL FROM:<>\r\n")
        answer = wire.drain()
        assert answer == b"" or answer[:1] == b"\x15", answer
    daemon.wait_for_line(failed())
    assert daemon.mail_list() == []
    connect_always(daemon).quit()


def test_client_that_leaves_during_the_handshake(serve_tls):
    daemon = serve_tls()
    for leave in (Wire.half_close, Wire.reset):
        with daemon.session() as wire:
            wire.expect(220, "STARTTLS")
            wire.send(b"\x16\x03\x01\x02\x00\x01")
            wire.wait_until_read()
            leave(wire)
            assert leave == Wire.reset or wire.drain()[:1] in (b"", b"\x15")
    daemon.wait_for_line(failed())
    with daemon.session() as wire:
        start_tls(wire).hello()
        wire.quit()


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"], ids=["nothing", "half a ClientHello"])
def test_handshake_has_a_deadline(serve_tls, said):
    daemon = serve_tls(server={"timeout": 2})
    with daemon.session() as wire:
        wire.expect(220, "STARTTLS")
        wire.send(said)
        assert wire.drain() in (b"",)
    daemon.wait_for_line(failed("time-out"))


def test_handshake_has_a_deadline_where_tls_comes_first(serve_tls):
    daemon = serve_always(serve_tls, server={"timeout": 2})
    with Wire(daemon.port, greeting=False) as wire:
        assert wire.drain() == b""
    daemon.wait_for_line(failed("time-out"))
    assert daemon.is_alive()


def test_stopping_does_not_wait_for_handshakes(serve_tls):
    daemon = serve_tls(server={"shutdown_timeout": 60})
    with daemon.session() as wire:
        wire.expect(220, "STARTTLS")
        assert daemon.stop() == 0
        assert wire.drain() == b""


def test_stopping_says_so_within_tls(serve_tls):
    daemon = serve_tls()
    with daemon.session() as wire:
        start_tls(wire).hello()
        assert daemon.stop() == 0
        assert wire.expect(421).text.startswith("4.3.2")
        assert wire.at_end()
        assert not wire.sock.was_cut_off


def test_refused_clients_read_why_within_tls(serve_tls):
    daemon = serve_always(serve_tls, server={"max_clients": 1})
    with connect_always(daemon) as first:
        with secure(Wire(daemon.port, greeting=False)) as second:
            assert second.expect(421).text.startswith("4.3.2")
            assert second.at_end()
        first.quit()


def test_greeting_delay_counts_octets_of_the_handshake_for_nothing(serve_tls):
    daemon = serve_always(serve_tls, server={"greeting_delay": 1})
    with connect_always(daemon) as wire:
        wire.hello()
        wire.quit()
    with secure(Wire(daemon.port, greeting=False)) as early:
        early.send(b"EHLO early.example.org\r\n")
        early.expect(554)


def test_octets_of_many_records(serve_tls):
    """A dialogue that is cut into records at every octet, and one that comes in a single record."""
    daemon = serve_tls()
    octets = messages.leading_dots("records")
    dialogue = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n".encode() + stuff(octets) + b".\r\n"
    with daemon.session() as wire:
        start_tls(wire).hello()
        for pieces in ([dialogue[i:i + 1] for i in range(len(dialogue))], [dialogue]):
            for piece in pieces:
                wire.send(piece)
            for code in (250, 250, 354):
                wire.expect(code)
            assert daemon.stored(queued_id(wire.expect(250))) == octets
        wire.quit()


@pytest.mark.parametrize("together", [False, True], ids=["header first", "one segment"])
def test_tls_behind_a_proxy_header(serve_tls, together):
    """What follows the header is TLS, also when it comes with it."""
    daemon = serve_always(serve_tls, server={"proxyon": True})
    header = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 465\r\n"
    with Wire(daemon.port, greeting=False) as wire:
        wire.sock = TLSSocket(wire.sock, client_context(), "mail.example.com")
        if together:
            wire.sock.outgoing.write(header)
        else:
            wire.sock.sock.sendall(header)
        wire.sock.handshake()
        wire.expect(220)
        wire.hello()
        queued = wire.deliver(messages.plain("proxied"))
        wire.quit()
    assert "([192.0.2.7])" in received(daemon, queued) and " with ESMTPS (TLSv1.3) id " in received(daemon, queued)


def test_clear_text_behind_a_proxy_header_is_not_executed(serve_tls):
    daemon = serve_always(serve_tls, server={"proxyon": True})
    with Wire(daemon.port, greeting=False) as wire:
        wire.send(b"PROXY TCP4 127.0.0.1 198.51.100.1 4711 465\r\nEHLO injected\r\nMAIL FROM:<>\r\n")
        answer = wire.drain()
        assert answer == b"" or answer[:1] == b"\x15", answer
    daemon.wait_for_line(failed())


# Clients that have said everything before we have


LEAVE = {
    "close_notify": lambda wire: wire.sock.send_close_notify(),
    "FIN": Wire.half_close,
    "close_notify and FIN": lambda wire: (wire.sock.send_close_notify(), wire.half_close()),
}


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("how", LEAVE)
def test_verdict_reaches_a_client_that_has_finished(serve_tls, directory, how, version):
    daemon = serve_tls()
    octets = messages.plain("finished")
    version = ssl.TLSVersion[version]
    context = client_context(minimum_version=version, maximum_version=version)
    for last in (b".\r\nQUIT\r\n", b".\r\n"):
        with daemon.session() as wire:
            start_tls(wire, context).hello()
            wire.envelope()
            # The store is somebody else's for a while: the verdict is pending when the client leaves.
            with sqlite3.connect(f"{directory}/guerrilla.sqlite", isolation_level=None) as store:
                store.execute("BEGIN IMMEDIATE")
                wire.send(stuff(octets) + last)
                LEAVE[how](wire)
                store.execute("ROLLBACK")
            queued = queued_id(wire.expect(250))
            if b"QUIT" in last:
                wire.expect(221)
            assert wire.at_end()
        assert daemon.stored(queued) == octets


@pytest.mark.parametrize("leave", ["FIN", "close_notify and FIN"])
def test_clients_that_have_left_hold_no_place(serve_tls, leave):
    """The library gives a client 5 seconds to say goodbye; one that has gone needs none."""
    daemon = serve_always(serve_tls, server={"max_clients": 1})
    start = time.monotonic()

    def visit():
        with secure(Wire(daemon.port, greeting=False)) as wire:
            if wire.reply().code == 421:
                return False
            wire.expect(221, "QUIT")
            LEAVE[leave](wire)
            return True

    for _ in range(25):
        eventually(visit, "a place is free")
    assert time.monotonic() - start < 100


def test_message_that_is_cut_off_is_not_kept(serve_tls):
    """Whoever cuts the connection must not make a whole message of half a one. (RFC 8446 section 6.1)"""
    daemon = serve_tls()
    for leave in LEAVE.values():
        with daemon.session() as wire:
            start_tls(wire).hello()
            wire.envelope()
            wire.send(b"Subject: half\r\n\r\nhalf a message\r\n")
            leave(wire)
            with pytest.raises((Closed, ConnectionError)):
                wire.reply()
    assert daemon.mail_list() == []
    daemon.assert_serving()


# What is agreed


def s_client(daemon, *options, always=False):
    """`openssl s_client`, which ends after its handshake. Returns its output, and whether the handshake was completed."""
    result = openssl("s_client", "-connect", f"127.0.0.1:{daemon.port}", *(() if always else ("-starttls", "smtp")),
                     *options)
    return result.stdout, "Cipher is (NONE)" not in result.stdout and "Cipher is " in result.stdout


PROTOCOLS = {
    "default": (None, ["TLSv1.2", "TLSv1.3"]),
    "tls1.3": (["tls1.3"], ["TLSv1.3"]),
    "tls1.2 only": (["tls1.2", "tls1.2"], ["TLSv1.2"]),
    "all": (["tls1.0", "tls1.3"], ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
}


@pytest.mark.parametrize("case", PROTOCOLS)
def test_versions(serve_tls, case):
    protocols, spoken = PROTOCOLS[case]
    daemon = serve_tls(protocols=protocols)
    for option, name in (("-tls1", "TLSv1"), ("-tls1_1", "TLSv1.1"), ("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        output, agreed = s_client(daemon, option, "-cipher", "ALL:@SECLEVEL=0")
        assert agreed == (name in spoken), f"{name}\n{output}"
        assert not agreed or f"New, {name}" in output or f"Protocol  : {name}\n" in output, output
    if len(spoken) < 4:
        daemon.wait_for_line(failed("unsupported protocol"))


@pytest.mark.parametrize("pair, option, cipher", [
    ("mail", "-tls1_2", "ECDHE-ECDSA-AES128-GCM-SHA256"), ("mail", "-tls1_2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    ("mail", "-tls1_2", "ECDHE-ECDSA-AES256-SHA"), ("rsa", "-tls1_2", "ECDHE-RSA-AES256-GCM-SHA384"),
    ("rsa", "-tls1_2", "ECDHE-RSA-AES128-SHA"), ("mail", "-tls1_3", "TLS_CHACHA20_POLY1305_SHA256"),
    ("mail", "-tls1_3", "TLS_AES_128_GCM_SHA256"),
])
def test_suites_of_the_standard_settings(serve_tls, pair, option, cipher):
    daemon = serve_tls(pair=pair)
    chosen = ["-ciphersuites" if option == "-tls1_3" else "-cipher", cipher]
    output, agreed = s_client(daemon, option, *chosen)
    assert agreed and f"Cipher is {cipher}\n" in output, output


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "AES256-SHA", "DHE-RSA-AES128-GCM-SHA256", "AES128-SHA256", "NULL-SHA", "ADH"])
def test_suites_that_are_not_there(serve_tls, cipher):
    daemon = serve_tls(pair="rsa")
    output, agreed = s_client(daemon, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert not agreed, output
    daemon.wait_for_line(failed("no shared cipher"))


def test_suites_that_are_named(serve_tls):
    daemon = serve_tls(pair="rsa", ciphers=["TLS_RSA_WITH_AES_128_GCM_SHA256"])
    output, agreed = s_client(daemon, "-tls1_2", "-cipher", "AES128-GCM-SHA256")
    assert agreed and "Cipher is AES128-GCM-SHA256\n" in output, output
    assert not s_client(daemon, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")[1]


TABLE_SUITES = ["ECDHE-{}-AES128-GCM-SHA256", "ECDHE-{}-AES256-GCM-SHA384", "ECDHE-{}-CHACHA20-POLY1305", "ECDHE-{}-AES128-SHA",
                "ECDHE-{}-AES256-SHA"]
TABLE_TLS13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
TABLE_CURVES = ["X25519", "P-256", "P-384"]
TABLE_AUTHENTICATION = {
    "NoClientCert": {"none", "client", "stranger"}, "RequestClientCert": {"none", "client", "stranger"},
    "RequireAnyClientCert": {"client", "stranger"}, "VerifyClientCertIfGiven": {"none", "client"},
    "RequireAndVerifyClientCert": {"client"},
}


def agrees(daemon, context):
    """What a client of Python's is left with: version and suite, or nothing."""
    try:
        with Wire(daemon.port, greeting=False) as wire:
            secure(wire, context)
            wire.expect(220)
            wire.expect(221, "QUIT")
            return wire.sock.tls.version(), wire.sock.tls.cipher()[0]
    except (ssl.SSLError, ConnectionError, Closed):
        return None


@pytest.mark.parametrize("kind", TABLE_AUTHENTICATION)
@pytest.mark.parametrize("key", ["ECDSA", "RSA"])
def test_every_combination(serve_tls, files, key, kind):
    """Each version and suite with each certificate of a client, and each curve, for both kinds of key."""
    daemon = serve_always(serve_tls, pair="mail" if key == "ECDSA" else "rsa", protocols=["tls1.0", "tls1.3"], client_auth_type=kind,
                          root_cas_file=files.path("authority.crt"))
    versions = [(ssl.TLSVersion.TLSv1_3, None, "TLSv1.3")]
    versions += [(ssl.TLSVersion.TLSv1_2, suite.format(key), "TLSv1.2") for suite in TABLE_SUITES]
    versions += [(version, suite.format(key), name) for suite in TABLE_SUITES[3:]
                 for version, name in ((ssl.TLSVersion.TLSv1, "TLSv1"), (ssl.TLSVersion.TLSv1_1, "TLSv1.1"))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the old versions
        for version, suite, name in versions:
            for pair in ("none", "client", "stranger"):
                context = client_context(minimum_version=version, maximum_version=version)
                if suite:
                    context.set_ciphers(f"{suite}:@SECLEVEL=0")
                if pair != "none":
                    context.load_cert_chain(files.path(f"{pair}.crt"), files.path(f"{pair}.key"))
                agreed = agrees(daemon, context)
                if pair not in TABLE_AUTHENTICATION[kind]:
                    assert agreed is None, (name, suite, pair)
                elif not suite:
                    # Which of the three is the library's choice: Python cannot offer one alone. See below.
                    assert agreed and agreed[0] == name and agreed[1] in TABLE_TLS13, (pair, agreed)
                else:
                    assert agreed == (name, suite), (pair, agreed)


@pytest.mark.parametrize("key", ["ECDSA", "RSA"])
def test_every_suite_of_tls13_with_every_curve(serve_tls, key):
    daemon = serve_always(serve_tls, pair="mail" if key == "ECDSA" else "rsa")
    for suite in TABLE_TLS13:
        for curve in TABLE_CURVES:
            output, agreed = s_client(daemon, "-tls1_3", "-ciphersuites", suite, "-groups", curve, always=True)
            assert agreed and f"Cipher is {suite}\n" in output, f"{suite} {curve}\n{output}"
            assert {"X25519": "X25519", "P-256": "ECDH, prime256v1", "P-384": "ECDH, secp384r1"}[curve] in output, output


def test_curves_that_are_named(serve_tls):
    daemon = serve_tls(curves=["P384"])
    assert "secp384r1" in s_client(daemon, "-tls1_3")[0] or s_client(daemon, "-tls1_3", "-groups", "P-384")[1]
    assert not s_client(daemon, "-tls1_3", "-groups", "P-256")[1]


# Certificates


def certificate_of(daemon, server_name, files):
    """The name of the pair that a client gets who asks for this host."""
    with daemon.session() as wire:
        start_tls(wire, server_name=server_name)
        shown = wire.sock.tls.getpeercert(binary_form=True)
        wire.hello()
        wire.quit()
    for name in ("mail", "one", "wild"):
        with open(files.path(f"{name}.crt")) as file:
            if ssl.PEM_cert_to_DER_cert(file.read()) == shown:
                return name
    return None


def test_certificate_is_chosen_by_name(serve_tls, files):
    daemon = serve_tls(server={"certificates": [
        files.pair("one"), {**files.pair("wild"), "host_names": ["*.wild.example", "deep.one.example"]},
    ]})
    for name, pair in (("mail.example.com", "mail"), (None, "mail"), ("elsewhere.example", "mail"), ("one.example", "one"),
                       ("ONE.example", "one"), ("a.wild.example", "wild"), ("b.a.wild.example", "mail"),
                       ("wild.example", "mail"), ("deep.one.example", "wild")):
        assert certificate_of(daemon, name, files) == pair, name


def try_certificate(daemon, files, pair, version):
    """Whether a client with this certificate may send a message."""
    context = client_context(minimum_version=version, maximum_version=version)
    if pair:
        context.load_cert_chain(files.path(f"{pair}.crt"), files.path(f"{pair}.key"))
    with daemon.session() as wire:
        try:
            start_tls(wire, context)
            # In TLS 1.3 the client has finished before we have looked at its certificate.
            wire.hello()
            wire.deliver(messages.plain("certified"))
            wire.quit()
            return True
        except (ssl.SSLError, ConnectionError, Closed):
            return False


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("kind, may_be_absent, may_be_strange", [
    ("NoClientCert", True, True), ("RequestClientCert", True, True), ("RequireAnyClientCert", False, True),
    ("VerifyClientCertIfGiven", True, False), ("RequireAndVerifyClientCert", False, False),
])
def test_client_certificates(serve_tls, files, kind, may_be_absent, may_be_strange, version):
    version = ssl.TLSVersion[version]
    daemon = serve_tls(client_auth_type=kind, root_cas_file=files.path("authority.crt"))
    assert try_certificate(daemon, files, "client", version)
    assert try_certificate(daemon, files, None, version) == may_be_absent
    if not may_be_absent:
        daemon.wait_for_line(failed("peer did not return a certificate"))
    for pair in ("stranger", "expired"):
        assert try_certificate(daemon, files, pair, version) == may_be_strange, pair
    if not may_be_strange:
        daemon.wait_for_line(failed("certificate verify failed"))


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_tickets_are_good_at_one_listener_only(serve, directory, files, version):
    """A session of a listener that asks for no certificate must not open one that does."""
    tls = {"tls_always_on": True, **files.pair("mail")}
    verified = {"client_auth_type": "RequireAndVerifyClientCert", "root_cas_file": files.path("authority.crt")}
    daemon = serve_servers(serve, directory, tls, {**tls, **verified}, tls)
    version = ssl.TLSVersion[version]
    context = client_context(minimum_version=version, maximum_version=version)

    def connect(port, session=None):
        """Whether the session was taken up again, and the one to take up next time."""
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as plain:
            with context.wrap_socket(plain, server_hostname="mail.example.com", session=session) as sock:
                assert sock.recv(3) == b"220"  # tickets have come by then
                sock.sendall(b"QUIT\r\n")
                reused, ticket = sock.session_reused, sock.session
                while sock.recv(4096):
                    pass
                return reused, ticket

    first, second, third = daemon.ports
    reused, ticket = connect(first)
    assert not reused
    assert connect(first, ticket)[0], "not even its own ticket is taken"
    ticket = connect(first)[1]
    assert not connect(third, ticket)[0]
    ticket = connect(first)[1]
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        connect(second, ticket)


# Other clients


def run(*command, what):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=2 * DEADLINE)
    assert result.returncode == 0, f"{what}: {result.stdout[-2000:]}{result.stderr[-2000:]}"
    return result.stdout


def only_message(daemon):
    (entry,) = daemon.mail_list()
    return daemon.stored(entry.queued_id), received(daemon, entry.queued_id)


@pytest.mark.parametrize("always", [False, True], ids=["--ssl-reqd", "smtps"])
def test_curl(serve_tls, files, need, directory, always):
    need(None if shutil.which("curl") else "curl is not installed (make deps)")
    daemon = serve_always(serve_tls) if always else serve_tls()
    octets = messages.multipart("curl")
    with open(f"{directory}/message", "wb") as file:
        file.write(octets)
    url = f"{'smtps' if always else 'smtp'}://mail.example.com:{daemon.port}/client.example.org"
    run("curl", "--silent", "--show-error", "--max-time", str(DEADLINE), url, "--connect-to", f"::127.0.0.1:{daemon.port}",
        *(() if always else ("--ssl-reqd",)), "--cacert", files.path("mail.crt"), "--mail-from", SENDER, "--mail-rcpt", RECIPIENT,
        "--upload-file", f"{directory}/message", what="curl")
    stored, trace = only_message(daemon)
    assert stored == octets and " with ESMTPS (TLSv1.3) id " in trace


@pytest.mark.parametrize("option", ["--tls", "--tls-on-connect"])
def test_swaks(serve_tls, need, option):
    need(None if shutil.which("swaks") else "swaks is not installed (make deps)")
    daemon = serve_tls() if option == "--tls" else serve_always(serve_tls)
    run("swaks", option, "--server", "127.0.0.1", "--port", str(daemon.port), "--helo", "client.example.org", "--from", SENDER, "--to",
        RECIPIENT, "--body", "by swaks", "--timeout", str(round(DEADLINE)), what="swaks")
    stored, trace = only_message(daemon)
    assert b"by swaks" in stored and " with ESMTPS (TLSv1.3) id " in trace


@pytest.mark.parametrize("level", ["may", "encrypt"])
def test_postfix_relays(serve_tls, need, directory, level):
    need(postfix.missing())
    daemon = serve_tls()
    octets = messages.multipart("postfix")
    with postfix.Postfix(directory, daemon.port, tls=level) as relay:
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=DEADLINE) as client:
            client.sendmail(SENDER, [RECIPIENT], octets)
        eventually(lambda: daemon.mail_list(), "the message relayed", pause=0.2)
    stored, trace = only_message(daemon)
    assert stored.endswith(octets) and " with ESMTPS (TLSv1.3) id " in trace


def test_postfix_keeps_mail_that_must_be_encrypted(serve, need, directory):
    need(postfix.missing())
    daemon = serve()
    with postfix.Postfix(directory, daemon.port, tls="encrypt") as relay:
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=DEADLINE) as client:
            client.sendmail(SENDER, [RECIPIENT], messages.plain("kept"))
        eventually(lambda: "TLS is required, but was not offered" in relay.read_log(), "Postfix saying so")
    assert daemon.mail_list() == []
