import os
import shutil
import subprocess
import tempfile

import pytest

import daemon
import smtpwire

# dev/test.sh sets this: there, what a test needs and does not find is a failure, never a skip.
# dev/soak.sh sets this: the same tests, with long parameters.
SOAK = bool(os.environ.get("GUERRILLA_SOAK"))
STRICT = bool(os.environ.get("GUERRILLA_REQUIRE_ALL") or os.environ.get("CI"))

_figures = []


def pytest_configure(config):
    daemon.raise_open_files()
    if not os.access(daemon.BINARY, os.X_OK):
        pytest.exit(f"no guerrillad at {daemon.BINARY}: build it (make guerrillad) or set GUERRILLAD", returncode=2)


def pytest_terminal_summary(terminalreporter):
    if _figures:
        terminalreporter.section("figures")
        for line in _figures:
            terminalreporter.line(line)


@pytest.fixture
def need():
    """`need(reason)` with a reason why a test cannot run here: skips, or fails where everything has to be there."""

    def check(reason):
        if reason:
            (pytest.fail if STRICT else pytest.skip)(reason)

    return check


@pytest.fixture
def figure():
    """`figure(text)`: a measured figure, printed at the end of the run."""
    return _figures.append


@pytest.fixture
def directory():
    """A directory of the test's own that any user may enter (pytest's are root's alone)."""
    path = tempfile.mkdtemp(prefix="guerrilla-test-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def serve(directory):
    """`serve(max_clients=3, …)`: a running daemon with these changes to the usual configuration."""
    running = []

    def start(**changes):
        running.append(daemon.Daemon(directory, daemon.configuration(directory, **changes)))
        return running[-1].start()

    start.running = running
    yield start
    for started in running:
        started.end()


@pytest.fixture
def unprivileged(need):
    """`guerrillad` as a user without rights, also when the tests run as root."""
    if os.geteuid() != 0:
        yield daemon.run
        return
    # The built binary may stand below a directory that only root may enter.
    path = tempfile.mkdtemp(prefix="guerrilla-test-")
    os.chmod(path, 0o755)
    shutil.copy(daemon.BINARY, f"{path}/guerrillad")

    def as_nobody(*arguments):
        return subprocess.run([f"{path}/guerrillad", *arguments], user="nobody", group="nogroup", extra_groups=[],
                              cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=smtpwire.DEADLINE)

    yield as_nobody
    shutil.rmtree(path)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows the last lines of its daemon's log."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for cell in item.funcargs.values():
            for started in getattr(cell, "running", []):
                report.sections.append(("log of guerrillad", "\n".join(x[:400] for x in started.lines[-40:])))
