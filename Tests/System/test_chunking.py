"""BDAT (RFC 3030): what is announced is counted, whatever it holds and however it arrives, and stored octet for octet."""
import random

import pytest

import messages
from smtpwire import queued_id

HEAD = b"MAIL FROM:<sender@example.org> BODY=BINARYMIME\r\nRCPT TO:<user@example.com>\r\n"

# Holds all that would mean something if it were not counted off.
TRICKY = b"Subject: a\r\n\r\n.\r\n\r\n.\r\nBDAT 3 LAST\r\nQUIT\r\n\0\r\r\n\n.\n..\xff"


def bdat(octets, last=True):
    return b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets


def expect_all(wire, *codes):
    """The last of so many replies."""
    for code in codes:
        reply = wire.expect(code)
    return reply


def test_extensions_are_offered(serve):
    daemon = serve()
    with daemon.wire() as wire:
        assert {"CHUNKING", "BINARYMIME", "SMTPUTF8", "LIMITS RCPTMAX=100 MAILMAX=1000"} <= set(wire.hello().lines)


def test_dialogue_split_at_every_octet(serve):
    daemon = serve()
    dialogue = HEAD + bdat(TRICKY[:9], last=False) + bdat(b"", last=False) + bdat(TRICKY[9:]) + b"NOOP\r\n"
    queued = []
    with daemon.session() as wire:
        for cut in range(1, len(dialogue)):
            wire.send(dialogue[:cut])
            wire.wait_until_read()
            wire.send(dialogue[cut:])
            queued.append(queued_id(expect_all(wire, 250, 250, 250, 250, 250)))
            wire.expect(250)
        wire.quit()
    entries = {entry.queued_id: entry for entry in daemon.mail_list()}
    assert set(entries) == set(queued) and len(entries) == len(dialogue) - 1
    assert {entry.size for entry in entries.values()} == {entries[queued[0]].size}
    for one in queued[::20]:
        assert daemon.stored(one) == TRICKY


def test_message_cut_into_two_chunks_everywhere(serve):
    daemon = serve()
    queued = []
    with daemon.session() as wire:
        for cut in range(len(TRICKY) + 1):
            wire.send(HEAD + bdat(TRICKY[:cut], last=False) + bdat(TRICKY[cut:]))
            queued.append(queued_id(expect_all(wire, 250, 250, 250, 250)))
        wire.quit()
    assert len(set(queued)) == len(TRICKY) + 1
    for one in queued[::6]:
        assert daemon.stored(one) == TRICKY


def test_last_chunk_may_be_empty(serve):
    daemon = serve()
    with daemon.session() as wire:
        wire.send(HEAD + bdat(TRICKY, last=False) + bdat(b""))
        queued = queued_id(expect_all(wire, 250, 250, 250, 250))
        wire.send(HEAD + bdat(b""))
        empty = queued_id(expect_all(wire, 250, 250, 250))
    assert (daemon.stored(queued), daemon.stored(empty)) == (TRICKY, b"")


@pytest.mark.parametrize("bare_newline", ["keep", "reject"])
def test_binary_message_is_kept(serve, bare_newline):
    """Octets of every value, in chunks of every size, without a line ending at the end."""
    daemon = serve(bare_newline=bare_newline)
    chosen = random.Random(7)
    octets = b"Subject: binary\r\n\r\n" + chosen.randbytes(3_000_000) + b"\0\r\n.\r\n\n\r"
    with daemon.session() as wire:
        wire.send(HEAD)
        expect_all(wire, 250, 250)
        start = 0
        while start < len(octets):
            end = min(len(octets), start + chosen.randrange(200_000))
            wire.send(bdat(octets[start:end], last=end == len(octets)))
            reply = wire.expect(250)
            start = end
        wire.quit()
    assert daemon.stored(queued_id(reply)) == octets


def test_pipelined_messages(serve):
    daemon = serve()
    octets = messages.leading_dots("pipelined")
    one = HEAD + bdat(octets[:100], last=False) + bdat(octets[100:])
    with daemon.session() as wire:
        wire.send(one * 20 + b"QUIT\r\n")
        queued = [queued_id(expect_all(wire, 250, 250, 250, 250)) for _ in range(20)]
        wire.expect(221)
        assert wire.at_end()
    assert len(set(queued)) == 20
    assert [daemon.stored(one) for one in (queued[0], queued[-1])] == [octets] * 2


def test_chunks_of_a_refused_transaction_are_no_commands(serve):
    """Its octets are another transaction, complete; whoever takes them for commands receives a forged message."""
    daemon = serve()
    forged = b"MAIL FROM:<forged@example.org>\r\nRCPT TO:<user@example.com>\r\nDATA\r\nforged\r\n.\r\n"
    with daemon.session() as wire:
        wire.send(b"MAIL FROM:<sender@example.org>\r\nRCPT TO:<user@elsewhere.example>\r\n" + bdat(forged, last=False)
                  + bdat(forged) + HEAD + bdat(TRICKY) + b"QUIT\r\n")
        queued = queued_id(expect_all(wire, 250, 550, 503, 503, 250, 250, 250))
        wire.expect(221)
        assert wire.at_end()
    assert [entry.queued_id for entry in daemon.mail_list()] == [queued]
    assert daemon.stored(queued) == TRICKY


def test_message_over_max_size_and_the_next_one(serve):
    daemon = serve(max_size=10_000)
    with daemon.session() as wire:
        wire.send(HEAD + bdat(b"x" * 9_999, last=False) + bdat(b"QUIT\r\n" * 1_000, last=False) + bdat(b"QUIT\r\n")
                  + HEAD + bdat(TRICKY))
        refused = expect_all(wire, 250, 250, 250, 552)
        assert refused.text.startswith("5.3.4")
        queued = queued_id(expect_all(wire, 503, 250, 250, 250))
    assert [entry.queued_id for entry in daemon.mail_list()] == [queued]
    daemon.wait_for_line('level=info msg="Message refused".*smtp.reply=552')


def test_quit_and_fin_while_the_verdict_is_pending(serve):
    """A client that has said everything may close its half: what it is owed still arrives."""
    daemon = serve()
    octets = messages.attachment("half-close", octets=300_000)
    for round in range(20):
        with daemon.session() as wire:
            wire.send(HEAD + bdat(octets) + (b"QUIT\r\n" if round % 2 else b""))
            wire.half_close()
            queued = queued_id(expect_all(wire, 250, 250, 250))
            if round % 2:
                wire.expect(221)
            assert wire.at_end()
    assert len(daemon.mail_list()) == 20
    assert daemon.stored(queued) == octets


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest.mark.parametrize("end", [HEAD + b"BDAT 10", HEAD + b"BDAT 10 LAST\r\n123456789", HEAD + bdat(TRICKY, last=False)],
                         ids=["within the command", "within the last chunk", "between chunks"])
def test_unfinished_message_is_not_kept(serve, how, end):
    daemon = serve()
    with daemon.session() as wire:
        wire.send(end)
        expect_all(wire, 250, 250)
        if how == "fin":
            wire.half_close()
            assert b"queued" not in wire.drain()
        else:
            wire.reset()
    daemon.assert_serving()
    assert len(daemon.mail_list()) == 1  # the one that shows it still serves
