"""The Swift tests that need a server, run beside one."""
import os
import subprocess

from smtpwire import DEADLINE

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def run_swift_tests(name, **variables):
    """Runs the tests whose names contain `name`, with what they look for in the environment. Returns what they print."""
    result = subprocess.run(
        ["swift", "test", "--skip-build", "--filter", name], cwd=ROOT, env={**os.environ, **variables},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=4 * DEADLINE,
    )
    output = result.stdout.decode(errors="replace")
    assert result.returncode == 0, "(built with `swift build --build-tests`?)\n" + output[-4000:]
    return output
