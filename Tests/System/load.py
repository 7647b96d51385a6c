"""Many SMTP sessions at once, each writing every acknowledged queued id to a file before it says its next word.

    python3 load.py PORT ACKNOWLEDGED SESSIONS [SECONDS] [again]

runs as a process of its own, so that what it has recorded does not depend on the test that started it. It ends when the
server has gone, after SECONDS, or at SIGTERM with the message in hand. With `again` a message that is answered 4yz is sent again, as a mail server would. One
line per 250: queued id, session, number, octets, SHA-256 of the message.
"""
import asyncio
import hashlib
import os
import random
import re
import signal
import sys
import time


def message(session, number):
    """What session and number determine: the same octets each time. Most are small, one in twenty is larger."""
    generator = random.Random(f"{session}/{number}")
    size = generator.choice([0, 100, 700, 2_000, 5_000]) if generator.random() < 0.95 else 150_000
    body = b"".join(bytes([generator.randrange(0x20, 0x7f)]) * 70 + b"\r\n" for _ in range(size // 72))
    return f"Subject: load {session} {number}\r\n\r\n".encode() + body + b"last\r\n"


def stuff(octets):
    return octets.replace(b"\r\n.", b"\r\n..")


async def reply(reader):
    while True:
        line = await asyncio.wait_for(reader.readuntil(b"\r\n"), 120)
        if line[3:4] != b"-":
            return line


async def session(port, name, record, goes_on, again):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    try:
        await reply(reader)
        writer.write(b"EHLO load.example.org\r\n")
        await reply(reader)
        while goes_on():
            octets = message(name, number)
            writer.write(f"MAIL FROM:<{name}@example.org>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n".encode())
            for expected in (b"250", b"250", b"354"):
                line = await reply(reader)
                if not line.startswith(expected):
                    # A limit on messages of one session is a reason to begin a new one, anything else is a mistake.
                    return line.startswith(b"421") or line.startswith(b"452")
            writer.write(stuff(octets) + b".\r\n")
            await writer.drain()
            line = await reply(reader)
            if again and line.startswith(b"4"):
                await asyncio.sleep(0.05)
                continue
            match = re.match(rb"250 .*queued as (\S+)", line)
            if not match:
                return False
            digest = hashlib.sha256(octets).hexdigest()
            os.write(record, f"{match[1].decode()} {name} {number} {len(octets)} {digest}\n".encode())
            number += 1
        writer.write(b"QUIT\r\n")
        await reply(reader)
        return True
    finally:
        writer.close()


async def sessions(port, path, count, seconds, again=False):
    record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    until = time.monotonic() + seconds
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    def goes_on():
        return time.monotonic() < until and not stop.is_set()

    async def one_after_another(index):
        turn = 0
        while goes_on():
            try:
                if not await session(port, f"s{index}.{turn}", record, goes_on, again):
                    return "a reply that was not expected"
            except (OSError, asyncio.IncompleteReadError):
                return "the server has gone"
            turn += 1
        return "done"

    return await asyncio.gather(*(one_after_another(index) for index in range(count)))


if __name__ == "__main__":
    ends = asyncio.run(sessions(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]),
                                float(sys.argv[4]) if len(sys.argv) > 4 else 60, "again" in sys.argv[5:]))
    print(*sorted({f"{ends.count(end)} sessions: {end}" for end in ends}), sep="\n")
