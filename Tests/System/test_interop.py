"""What real clients send is what is found again.

Raw socket, smtplib and curl hand their octets over as they are, so the stored message octets equal them. swaks, Postfix and
Exim may add header fields, so there the body and the original fields are compared.
"""
import email.message
import os
import shutil
import smtplib
import subprocess

import pytest

import exim
import messages
import postfix
from recorder import Recorder, commands_and_chunks
from smtpwire import DEADLINE, eventually, queued_id, stuff, unstuff

SENDER, RECIPIENT = "sender@example.org", "user@example.com"


def name(value):
    return getattr(value, "__name__", None)


def entry_with(daemon, token):
    return next((entry for entry in daemon.mail_list() if token in entry.subject), None)


def split_message(message):
    """Header fields, each with its folding, and the body."""
    if message.startswith(b"\r\n"):
        return [], message[2:]
    head, _, body = message.partition(b"\r\n\r\n")
    fields = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    return fields, body


def assert_same_content(sent, stored):
    sent_fields, sent_body = split_message(sent)
    stored_fields, stored_body = split_message(stored)
    assert stored_body == sent_body
    kept = iter(stored_fields)
    for field in sent_fields:
        assert field in kept, f"{field!r} is lost or out of order in {stored_fields!r}"  # `in` consumes the iterator


@pytest.mark.parametrize("message", messages.COMMON, ids=name)
def test_raw_socket_octets_are_kept(serve, message):
    daemon = serve()
    octets = message("raw")
    with daemon.session() as wire:
        queued = wire.deliver(octets)
        wire.quit()
    assert daemon.stored(queued) == octets


@pytest.mark.parametrize("message", messages.COMMON, ids=name)
def test_smtplib_octets_are_kept(serve, message):
    daemon = serve()
    octets = message("smtplib")
    with smtplib.SMTP("127.0.0.1", daemon.port, timeout=DEADLINE) as client:
        client.sendmail(SENDER, [RECIPIENT], octets, mail_options=["BODY=8BITMIME"] if message == messages.eight_bit else [])
    entry = entry_with(daemon, "smtplib")
    assert daemon.stored(entry.queued_id) == octets
    assert (entry.reverse_path.strip("<>"), entry.recipients) == (SENDER, [RECIPIENT])


@pytest.mark.parametrize("message", messages.COMMON, ids=name)
def test_curl_octets_are_kept(serve, need, directory, message):
    need(None if shutil.which("curl") else "curl is not installed (make deps)")
    daemon = serve()
    octets = message("curl")
    with open(f"{directory}/message", "wb") as file:
        file.write(octets)
    result = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", str(DEADLINE), f"smtp://127.0.0.1:{daemon.port}/client.example.org",
         "--mail-from", SENDER, "--mail-rcpt", RECIPIENT, "--upload-file", f"{directory}/message"],
        capture_output=True, text=True, timeout=2 * DEADLINE,
    )
    assert result.returncode == 0, result.stderr
    assert daemon.stored(entry_with(daemon, "curl").queued_id) == octets


@pytest.mark.parametrize("message", messages.COMMON, ids=name)
def test_swaks_body_and_fields_are_kept(serve, need, directory, message):
    need(None if shutil.which("swaks") else "swaks is not installed (make deps)")
    daemon = serve()
    octets = message("swaks")
    # swaks ends the last line and the message by itself. It takes a dot alone on the last line for that end and adds a
    # line to an empty body, so these two go in the form for the wire.
    finished = message in (messages.empty_body, messages.leading_dots)
    with open(f"{directory}/message", "wb") as file:
        file.write(stuff(octets) + b"." if finished else octets.removesuffix(b"\r\n"))
    result = subprocess.run(
        ["swaks", *(["--no-data-fixup"] if finished else []), "--server", "127.0.0.1", "--port", str(daemon.port), "--helo", "client.example.org", "--from", SENDER,
         "--to", RECIPIENT, "--data", f"@{directory}/message", "--suppress-data", "--timeout", str(round(DEADLINE))],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=2 * DEADLINE,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    assert_same_content(octets, daemon.stored(entry_with(daemon, "swaks").queued_id))


def test_postfix_relays_body_and_fields(serve, need, directory):
    need(postfix.missing())
    daemon = serve()
    with postfix.Postfix(directory, daemon.port) as relay:
        sent = {message.__name__: message(f"postfix-{message.__name__}") for message in messages.COMMON}
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=DEADLINE) as client:
            for octets in sent.values():
                client.sendmail(SENDER, [RECIPIENT], octets, mail_options=["BODY=8BITMIME"])
        eventually(lambda: len(daemon.mail_list()) >= len(sent), f"all of {list(sent)} relayed", pause=0.2)
        found = daemon.mail_list()
        assert len(found) == len(sent)
        for kind, octets in sent.items():
            assert_same_content(octets, daemon.stored(entry_with(daemon, f"postfix-{kind}").queued_id))
        assert all(entry.reverse_path.strip("<>") == SENDER for entry in found)


def test_postfix_pipelines_many_recipients_and_the_null_reverse_path(serve, need, directory):
    need(postfix.missing())
    daemon = serve()
    recipients = [f"user{i}@example.com" for i in range(40)]
    with postfix.Postfix(directory, daemon.port) as relay:
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=DEADLINE) as client:
            client.sendmail("", recipients, messages.plain("bounce"))
        entry = eventually(lambda: entry_with(daemon, "bounce"), "the message relayed", pause=0.2)
    assert entry.reverse_path.strip("<>") == ""
    assert sorted(entry.recipients) == sorted(recipients)


@pytest.mark.parametrize("message", [*messages.COMMON, messages.three_megabytes], ids=name)
def test_exim_sends_chunks(serve, need, directory, message):
    need(exim.missing())
    daemon = serve()
    octets = message("exim")
    with Recorder(daemon.port) as recorder:
        exim.Exim(directory, recorder.port).relay(octets, SENDER, RECIPIENT)
    (said,) = recorder.said
    commands, (sent,) = commands_and_chunks(said)
    assert commands[-1] == b"QUIT", commands
    entry = entry_with(daemon, "exim")
    stored = daemon.stored(entry.queued_id)
    assert stored == sent
    assert_same_content(octets, stored)
    assert (entry.reverse_path.strip("<>"), entry.recipients) == (SENDER, [RECIPIENT])


UTF8_SENDER, UTF8_RECIPIENT = "søren@bücher.example", "用户@example.com"
WITH_UTF8 = b" with UTF8SMTP id "


def unfolded_delivery_header(daemon, entry):
    octets = daemon.export(entry)
    return octets[:len(octets) - len(daemon.stored(entry.queued_id))].replace(b"\r\n\t", b" ")


def assert_utf8_envelope(daemon, entry, sender=UTF8_SENDER):
    assert (entry.reverse_path.strip("<>"), entry.recipients) == (sender, [UTF8_RECIPIENT])
    header = unfolded_delivery_header(daemon, entry)
    assert header.startswith(f"Return-Path: <{sender}>\r\n".encode()), header
    assert WITH_UTF8 in header and f" for <{UTF8_RECIPIENT}>;".encode() in header, header


def test_smtplib_sends_internationalized_mail(serve):
    daemon = serve()
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = UTF8_SENDER, UTF8_RECIPIENT, "smtplib Grüße"
    message.set_content("Привет\n", cte="8bit")
    with smtplib.SMTP("127.0.0.1", daemon.port, timeout=DEADLINE) as client:
        client.send_message(message)
    entry = entry_with(daemon, "smtplib")
    assert_utf8_envelope(daemon, entry)
    stored = daemon.stored(entry.queued_id)
    for text in (f"From: {UTF8_SENDER}\r\n", f"To: {UTF8_RECIPIENT}\r\n", "Subject: smtplib Grüße\r\n", "\r\n\r\nПривет\r\n"):
        assert text.encode() in stored, stored


def test_smtplib_without_smtputf8_is_refused(serve):
    daemon = serve()
    with smtplib.SMTP("127.0.0.1", daemon.port, timeout=DEADLINE) as client:
        client.ehlo()
        client.command_encoding = "utf-8"
        assert client.docmd(f"MAIL FROM:<{UTF8_SENDER}>")[0] == 550
        assert client.docmd(f"MAIL FROM:<{SENDER}>")[0] == 250
        assert client.docmd(f"RCPT TO:<{UTF8_RECIPIENT}>")[0] == 553


def test_curl_sends_internationalized_mail(serve, need, directory):
    need(None if shutil.which("curl") else "curl is not installed (make deps)")
    daemon = serve()
    octets = messages.internationalized("curl", UTF8_SENDER, UTF8_RECIPIENT)
    with open(f"{directory}/message", "wb") as file:
        file.write(octets)
    result = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "60", f"smtp://127.0.0.1:{daemon.port}/client.example.org",
         "--mail-from", "søren@example.org", "--mail-rcpt", UTF8_RECIPIENT, "--upload-file", f"{directory}/message"],
        capture_output=True, text=True, timeout=90, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert result.returncode == 0, result.stderr
    entry = entry_with(daemon, "curl")
    assert_utf8_envelope(daemon, entry, "søren@example.org")
    assert daemon.stored(entry.queued_id) == octets


def test_postfix_relays_internationalized_mail(serve, need, directory):
    need(postfix.missing())
    daemon = serve()
    octets = messages.internationalized("postfix", UTF8_SENDER, UTF8_RECIPIENT)
    with postfix.Postfix(directory, daemon.port) as relay:
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=DEADLINE) as client:
            client.sendmail(UTF8_SENDER, [UTF8_RECIPIENT], octets, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        entry = eventually(lambda: entry_with(daemon, "postfix"), "the message relayed", timeout=60, pause=0.2)
    assert_same_content(octets, daemon.stored(entry.queued_id))
    assert_utf8_envelope(daemon, entry)


HEADER = b"Subject: odd\r\n\r\n"


@pytest.mark.parametrize("what", messages.SMUGGLING)
def test_only_crlf_dot_crlf_ends_a_message(serve, what):
    daemon = serve()
    wire_form = HEADER + messages.SMUGGLING[what]
    with daemon.session() as wire:
        wire.envelope()
        wire.send(wire_form + b".\r\nNOOP\r\n")
        queued = queued_id(wire.expect(250))
        assert "queued as" not in wire.expect(250).text, "the message was taken for two"
        wire.quit()
    assert len(daemon.mail_list()) == 1
    assert daemon.stored(queued) == unstuff(wire_form)


@pytest.mark.parametrize("what", messages.ODD)
def test_odd_octets_are_kept(serve, what):
    daemon = serve()
    octets = HEADER + messages.ODD[what]
    with daemon.session() as wire:
        queued = wire.deliver(octets)
        wire.quit()
    assert daemon.stored(queued) == octets


def test_message_without_any_octet_is_kept(serve):
    daemon = serve()
    with daemon.session() as wire:
        queued = wire.deliver(b"")
    assert daemon.stored(queued) == b""


def test_small_message_split_at_every_octet(serve):
    """The dialogue from MAIL to the next RSET, cut in two at each place; the server reads the first part before the second
    is sent."""
    daemon = serve()
    octets = b"Subject: split\r\nTo: a\r\n\r\n.dot\r\n\r\n..\r\na\nb\rc\0\n.\n\r\n.\r\nend\r\n"
    head = b"MAIL FROM:<sender@example.org>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n"
    queued = []
    with daemon.session() as wire:
        wire_form = stuff(octets) + b".\r\nRSET\r\n"
        for cut in range(1, len(wire_form)):
            wire.send(head)
            for code in (250, 250, 354):
                wire.expect(code)
            wire.send(wire_form[:cut])
            wire.wait_until_read()
            wire.send(wire_form[cut:])
            queued.append(queued_id(wire.expect(250)))
            wire.expect(250)
        wire.quit()
    assert len(set(queued)) == len(queued)
    entries = {entry.queued_id: entry for entry in daemon.mail_list()}
    assert set(entries) == set(queued)
    assert len({entry.size for entry in entries.values()}) == 1
    for one in queued[::7] + queued[-12:]:
        assert daemon.stored(one) == octets


def test_commands_split_at_every_octet(serve):
    daemon = serve()
    dialogue = b"EHLO [127.0.0.1]\r\nMAIL FROM:<a@example.org> SIZE=5\r\nRCPT TO:<user@example.com>\r\nRSET\r\nNOOP\r\n"
    with daemon.wire() as wire:
        for cut in range(1, len(dialogue)):
            wire.send(dialogue[:cut])
            wire.wait_until_read()
            wire.send(dialogue[cut:])
            for _ in range(5):
                wire.expect(250)
        wire.quit()


def test_octet_by_octet(serve):
    daemon = serve()
    octets = b"Subject: slow\r\n\r\n.a\r\n..\r\n"
    with daemon.session() as wire:
        wire.envelope()
        for octet in stuff(octets) + b".\r\n":
            wire.send(bytes([octet]))
        queued = queued_id(wire.expect(250))
    assert daemon.stored(queued) == octets


def test_whole_pipelined_session_in_one_segment(serve):
    daemon = serve()
    octets = messages.leading_dots("pipelined")
    one = b"MAIL FROM:<sender@example.org>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n" + stuff(octets) + b".\r\n"
    with daemon.wire() as wire:
        wire.send(b"EHLO client.example.org\r\n" + one * 20 + b"QUIT\r\n")
        wire.expect(250)
        queued = []
        for _ in range(20):
            wire.expect(250)
            wire.expect(250)
            wire.expect(354)
            queued.append(queued_id(wire.expect(250)))
        wire.expect(221)
        assert wire.at_end()
    assert len(set(queued)) == 20
    assert [daemon.stored(one) for one in (queued[0], queued[-1])] == [octets] * 2


def test_quit_and_fin_while_the_verdict_is_pending(serve):
    """A client that has said everything may close its half: what it is owed still arrives."""
    daemon = serve()
    for round in range(20):
        octets = messages.plain(f"half-close-{round}")
        with daemon.session() as wire:
            wire.envelope()
            wire.send(stuff(octets) + b".\r\nQUIT\r\n")
            wire.half_close()
            queued = queued_id(wire.expect(250))
            wire.expect(221)
            assert wire.at_end()
        assert daemon.stored(queued) == octets


def test_fin_right_after_the_final_dot(serve):
    daemon = serve()
    octets = messages.attachment("half-close", octets=1_000_000)
    with daemon.session() as wire:
        wire.envelope()
        wire.send(stuff(octets) + b".\r\n")
        wire.half_close()
        queued = queued_id(wire.expect(250))
        assert wire.at_end()
    assert daemon.stored(queued) == octets
