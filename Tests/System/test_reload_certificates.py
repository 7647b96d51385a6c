"""Certificates that are replaced while the daemon runs: by SIGHUP, and by itself when the files change."""
import os
import re
import shutil
import signal
import ssl

import pytest

import messages
from certificates import Certificates
from smtpwire import Wire, eventually
from tlswire import TLSSocket, client_context, secure, start_tls

LOADED = r'level=info msg="TLS certificates loaded" server=127\.0\.0\.1:0'
KEPT = r'level=error msg="TLS certificates not replaced: new connections get the old ones" .*server=127\.0\.0\.1:0'


@pytest.fixture
def files(directory):
    return Certificates(directory).self_signed("old", "mail.example.com").self_signed("new", "mail.example.com")


def replace(files, name, *parts):
    """Puts the parts (`key`, `crt`) of another pair in the place of those in use, as `install` and `mv` do."""
    for part in parts:
        shutil.copy(files.path(f"{name}.{part}"), files.path(f"mail.{part}.new"))
    for part in parts:
        os.replace(files.path(f"mail.{part}.new"), files.path(f"mail.{part}"))


@pytest.fixture
def serve_pair(serve, files):
    def start(certificate_check_interval=0, **tls):
        replace(files, "old", "key", "crt")
        return serve(certificate_check_interval=certificate_check_interval,
                     tls={"start_tls_on": True, **files.pair("mail"), **tls})

    return start


def hang_up(daemon, pattern):
    """SIGHUP, until another line with this pattern is there."""
    before = count(daemon, pattern)
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: count(daemon, pattern) > before, pattern)


def count(daemon, pattern):
    return sum(bool(re.search(pattern, line)) for line in list(daemon.lines))


def shown(wire, files):
    """Whose certificate a client has been shown."""
    octets = wire.sock.tls.getpeercert(binary_form=True)
    for name in ("old", "new"):
        with open(files.path(f"{name}.crt")) as file:
            if ssl.PEM_cert_to_DER_cert(file.read()) == octets:
                return name
    return None


def visit(daemon, files):
    with daemon.session() as wire:
        start_tls(wire).hello()
        wire.quit()
        return shown(wire, files)


def test_new_connections_get_the_new_certificate(serve_pair, files):
    daemon = serve_pair()
    with daemon.session() as open_before, daemon.session() as in_clear_text:
        start_tls(open_before).hello()
        replace(files, "new", "key", "crt")
        assert visit(daemon, files) == "old"
        hang_up(daemon, LOADED)
        assert visit(daemon, files) == "new"
        # Who was there goes on: within TLS, and with the old certificate where TLS was to begin later.
        octets = messages.plain("open before")
        assert daemon.stored(open_before.deliver(octets)) == octets
        open_before.quit()
        start_tls(in_clear_text).hello()
        assert shown(in_clear_text, files) == "old"
        in_clear_text.deliver(octets)
        in_clear_text.quit()
    assert daemon.stop() == 0


def test_handshake_in_progress_goes_on(serve_pair, files):
    daemon = serve_pair(start_tls_on=False, tls_always_on=True)
    with Wire(daemon.port, greeting=False) as wire:
        tls = TLSSocket(wire.sock, client_context(), "mail.example.com")
        with pytest.raises(ssl.SSLWantReadError):
            tls.tls.do_handshake()
        hello = tls.outgoing.read()
        tls.sock.sendall(hello[:20])
        wire.wait_until_read()
        replace(files, "new", "key", "crt")
        hang_up(daemon, LOADED)
        tls.sock.sendall(hello[20:])
        wire.sock = tls
        tls.handshake()
        wire.expect(220)
        assert shown(wire, files) == "old"
        wire.hello()
        wire.quit()
    with secure(Wire(daemon.port, greeting=False)) as wire:
        wire.expect(220)
        assert shown(wire, files) == "new"
        wire.expect(221, "QUIT")


def test_pair_that_does_not_fit_changes_nothing(serve_pair, files):
    daemon = serve_pair()
    replace(files, "new", "key")
    hang_up(daemon, KEPT)
    line = daemon.wait_for_line(KEPT)
    assert "does not belong to the first certificate" in line and files.path("mail.key") in line
    assert visit(daemon, files) == "old"
    os.remove(files.path("mail.crt"))
    hang_up(daemon, KEPT)
    assert visit(daemon, files) == "old"
    replace(files, "new", "crt")
    hang_up(daemon, LOADED)
    assert visit(daemon, files) == "new"
    daemon.assert_serving()


def test_authorities_of_clients_are_read_again(serve_pair, files):
    for name in ("first", "second"):
        files.self_signed(name).signed(f"by-{name}", name)
    shutil.copy(files.path("first.crt"), files.path("roots.crt"))
    daemon = serve_pair(client_auth_type="RequireAndVerifyClientCert", root_cas_file=files.path("roots.crt"))

    def is_let_in(name):
        context = client_context(maximum_version=ssl.TLSVersion.TLSv1_2)
        context.load_cert_chain(files.path(f"by-{name}.crt"), files.path(f"by-{name}.key"))
        with daemon.session() as wire:
            try:
                start_tls(wire, context).hello()
                wire.quit()
                return True
            except (ssl.SSLError, ConnectionError):
                return False

    assert (is_let_in("first"), is_let_in("second")) == (True, False)
    shutil.copy(files.path("second.crt"), files.path("roots.crt"))
    hang_up(daemon, LOADED)
    assert (is_let_in("first"), is_let_in("second")) == (False, True)


def test_changed_files_are_found(serve_pair, files):
    daemon = serve_pair(certificate_check_interval=1)
    replace(files, "new", "key", "crt")
    daemon.wait_for_line(LOADED)
    assert visit(daemon, files) == "new"
    # A key without its certificate is told of once, and the pair is taken when it is whole.
    replace(files, "old", "key")
    daemon.wait_for_line(KEPT)
    assert visit(daemon, files) == "new"
    replace(files, "old", "crt")
    eventually(lambda: visit(daemon, files) == "old", "the pair is whole", pause=0.2)
    eventually(lambda: count(daemon, LOADED) == 2, "the log says so")
    assert count(daemon, KEPT) == 1


def test_links_of_certbot_are_followed(serve, files):
    """`live/…/privkey.pem` is a link into `archive/…`, made anew at every renewal."""
    def point_to(name):
        for part in ("key", "crt"):
            os.symlink(files.path(f"{name}.{part}"), files.path("next"))
            os.replace(files.path("next"), files.path(f"mail.{part}"))

    point_to("old")
    daemon = serve(certificate_check_interval=1, tls={"start_tls_on": True, **files.pair("mail")})
    assert visit(daemon, files) == "old"
    point_to("new")
    daemon.wait_for_line(LOADED)
    assert visit(daemon, files) == "new"


def test_hang_up_without_tls_is_no_trouble(serve):
    daemon = serve()
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for_line("Configuration was reloaded")
    daemon.assert_serving()
