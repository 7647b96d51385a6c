"""Chains of the processors that look at a message or make something of it, before the store."""
import os
import random

import pytest

from daemon import Daemon, configuration, run

NOISE = random.Random(7)


def start(directory, backend, **changes):
    """A daemon whose `backend_config` has these members too."""
    config = configuration(directory, **changes)
    config["backend_config"].update(backend)
    return Daemon(directory, config)


def message(size, noise=False):
    head = b"Subject: =?UTF-8?Q?gr=C3=BC=C3=9Fe?=\r\nTo: user@example.com\r\n\r\n"
    if noise:
        # Octets that do not compress, in lines; no line begins with a dot.
        lines = (b"x" + NOISE.randbytes(700).translate(None, b"\r\n") + b"\r\n" for _ in range(size // 700 + 1))
        return head + b"".join(lines)
    return head + b"".join(b"line %d\r\n" % n for n in range(max(1, size // 12)))


@pytest.mark.parametrize("backend", [
    {},
    {"hasher_algorithm": "md5", "compressor_algorithm": "zstd", "compressor_level": 9, "stored_line_endings": "lf"},
])
def test_whole_chain_keeps_what_was_sent(directory, backend):
    """The default and every other setting; messages below and above what is compressed on the event loop."""
    with start(directory, backend, save_process="HeadersParser|Hasher|Header|Compressor|sqlite") as daemon:
        sent = {}
        with daemon.session() as wire:
            for size in (1, 2_000, 60_000, 70_000, 3_000_000):
                for noise in (False, True):
                    octets = message(size, noise)
                    sent[wire.deliver(octets, recipients=["user@example.com", "other@example.com"])] = octets
            wire.quit()
        for queued, octets in sent.items():
            assert daemon.stored(queued) == octets
        entries = daemon.mail_list()
        assert {entry.subject for entry in entries} == {"grüße"}
        assert {tuple(entry.recipients) for entry in entries} == {("user@example.com", "other@example.com")}


def test_no_memory_for_the_compressed_message(directory):
    """A message for whose stream `max_message_memory` has no room is refused for now; the next one is not."""
    with start(directory, {}, save_process="Header|Compressor|sqlite", max_message_memory=1_048_576) as daemon:
        with daemon.session() as wire:
            for _ in range(3):
                wire.envelope()
                wire.send(message(600_000, noise=True) + b".\r\n")
                assert wire.expect(452).lines[0].startswith("4.3.1")
                wire.deliver(message(100))
            wire.quit()
        daemon.wait_for_line("max_message_memory has no room for the compressed message")
        assert len(daemon.mail_list()) == 3


def test_wildcard(directory):
    backend = {"wildcard_hosts": "*.example.com, mx[0-9].EXAMPLE.net, bücher.example"}
    with start(directory, backend, validate_process="wildcard", allowed_hosts=["."]) as daemon:
        with daemon.session() as wire:
            wire.expect(250, "MAIL FROM:<sender@example.org>")
            for accepted in ("a@mail.example.com", "a@A.B.Example.COM", "a@mx3.example.net", "a@xn--bcher-kva.example",
                             "postmaster"):
                wire.expect(250, f"RCPT TO:<{accepted}>")
            for refused in ("a@example.com", "a@mxx.example.net", "a@mail.example.com.evil.test", "a@[192.0.2.1]"):
                reply = wire.expect(550, f"RCPT TO:<{refused}>")
                assert "5.1.1" in reply.text and reply.text.endswith("no such user")
            wire.quit()


@pytest.mark.parametrize("chain", ["HeadersParser|Debugger|sqlite", "Debugger|HeadersParser|sqlite"])
def test_debugger_logs_a_body_on_one_line_and_only_when_asked(directory, chain):
    secret = b"Subject: s\r\n\r\nThe Secret\r\ntime=\"x\" level=info msg=forged\r\n\x1b[31m\x00\xff" + b"y" * 5_000 + b"\r\n"
    with start(directory, {"log_received_mails": True}, save_process=chain) as daemon:
        with daemon.session() as wire:
            wire.deliver(secret)
            wire.quit()
        daemon.wait_for_line("Mail from: sender@example.org")
        daemon.stop()
        assert "Secret" not in "\n".join(daemon.lines)
    os.remove(os.path.join(directory, "guerrilla.sqlite"))
    with start(directory, {"log_message_bodies": True}, save_process=chain) as daemon:
        with daemon.session() as wire:
            wire.deliver(secret)
            wire.quit()
        line = daemon.wait_for_line("Data is: ")
        daemon.stop()
        assert r"Data is: Subject: s\r\n\r\nThe Secret\r\ntime=\"x\" level=info msg=forged\r\n\x1b[31m\x00" in line
        assert line.count("y") < 1_000 and "[cut]" in line
        assert not [other for other in daemon.lines if other.startswith('time="x"')]
        assert "Mail from: sender@example.org" not in "\n".join(daemon.lines)


@pytest.mark.parametrize("backend, sentence", [
    ({"hasher_algorithm": "sha1"}, "backend_config.hasher_algorithm"),
    ({"compressor_level": 10}, "backend_config.compressor_level: 10 is out of range; use 1 to 9"),
    ({"wildcard_hosts": "a,b["}, "backend_config.wildcard_hosts"),
    ({}, "backend_config.wildcard_hosts: required by the processor `wildcard`"),
    ({"wildcard_hosts": "*", "gw_save_timeout": "29 sec"}, "backend_config.gw_save_timeout"),
])
def test_wrong_settings_are_told_with_their_key(directory, backend, sentence):
    config = configuration(directory, save_process="Hasher|Compressor|sqlite", validate_process="wildcard")
    config["backend_config"].update(backend)
    result = run("check", *Daemon(directory, config).store(), cwd=directory)
    said = (result.stdout + result.stderr).decode()
    assert result.returncode == 1 and sentence in said, said
