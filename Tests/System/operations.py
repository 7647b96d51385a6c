"""The commands of Docs/OPERATIONS.md, as an operator would copy them."""
import os
import re
import subprocess

from smtpwire import DEADLINE

DOCUMENT = os.path.join(os.path.dirname(__file__), "../../Docs/OPERATIONS.md")


def commands(heading):
    """The pieces of shell below a heading, up to the next one."""
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", re.sub(
        r"^```.*?^```", lambda block: re.sub("^#", "\0", block[0], flags=re.MULTILINE), text, flags=re.DOTALL | re.MULTILINE
    ), re.DOTALL | re.MULTILINE)
    assert section, f"no {heading!r} in OPERATIONS.md"
    pieces = re.findall(r"^```sh\n(.*?)^```", section[1].replace("\0", "#"), re.DOTALL | re.MULTILINE)
    assert pieces, f"no commands below {heading!r}"
    return pieces


def run(script, cwd, **environment):
    """Runs a piece of shell, every command of which has to succeed; returns what it prints."""
    result = subprocess.run(["bash", "-euc", script], cwd=cwd, env={**os.environ, **environment}, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE)
    assert result.returncode == 0, f"{script}\n{result.stdout}"
    return result.stdout
