"""go-guerrilla's sample configurations as they are: started, sent a mail, reloaded, stopped.

They listen on port 25 and name files below /path/to and /var/run, so each has a root directory of its own that has these.
"""
import os
import shutil
import signal
import subprocess
import sys

import pytest

import sandbox
from certificates import Certificates
from daemon import Daemon, run
from smtpwire import DEADLINE, Wire
from tlswire import client_context, start_tls

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = {
    "phires": ["TLS_RSA_WITH_RC4_128_SHA is too weak"],
    "flashmob": ["TLS_RSA_WITH_RC4_128_SHA is too weak"],
    "wiki": ["prefer_server_cipher_suites", "TLS_RSA_WITH_RC4_128_SHA is too weak"],
    "before-2018": ["backend_name", "move it into `tls`"],
}
PIDFILE = "/var/run/go-guerrilla.pid"


@pytest.fixture
def root(directory):
    """The root directory of the sandbox; removed when nothing is mounted there any more."""
    os.makedirs(f"{directory}/root/path/to/pem/file")
    os.mkdir(f"{directory}/root/go-guerrilla")
    Certificates(f"{directory}/root/path/to/pem/file").self_signed("test.com", "mail.test.com")
    return f"{directory}/root"


@pytest.mark.parametrize("sample", SAMPLES)
def test_sample_starts_as_it_is(root, need, sample):
    need(None if shutil.which("unshare") else "unshare is not installed")
    # Under the name that the daemon looks for by itself.
    shutil.copy(f"{HERE}/go-guerrilla/{sample}.conf", f"{root}/go-guerrilla/goguerrilla.conf.json")
    visit = subprocess.run(
        sandbox.command(root, sys.executable, os.path.abspath(__file__), sample), capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=4 * DEADLINE,
    )
    assert visit.returncode == 0, visit.stdout + visit.stderr


def visit(sample):
    """What happens in the sandbox."""
    check = run("check", cwd="/go-guerrilla")
    assert check.returncode == 0, check.stdout + check.stderr
    for words in SAMPLES[sample]:
        assert words in (check.stdout + check.stderr).decode(), f"check does not mention {words!r}"
    has_tls = sample != "before-2018"
    with Daemon("/go-guerrilla") as daemon:
        with open(PIDFILE) as file:
            assert file.read() == str(daemon.pid)
        deliver(daemon, has_tls, "before")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for_line("Configuration was reloaded")
        deliver(daemon, has_tls, "after")
        for word in ("Mail from: ", "Headers are: ", "Subject is: "):
            for subject in ("before", "after") if word == "Subject is: " else ("",):
                daemon.wait_for_line(word + subject)
        assert daemon.stop() == 0
    assert not os.path.exists(PIDFILE)


def deliver(daemon, has_tls, subject):
    for port in daemon.ports:
        with Wire(port) as wire:
            offers = wire.hello().text
            assert ("STARTTLS" in offers) == has_tls, offers
            if has_tls:
                start_tls(wire, client_context()).hello()
            wire.deliver(f"Subject: {subject}\r\n\r\nHello.\r\n".encode(), recipients=["user@sharklasers.com"])
            wire.quit()


if __name__ == "__main__":
    visit(sys.argv[1])
