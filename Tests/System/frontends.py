"""nginx and HAProxy in front of one server, from directories of their own, with the configurations of Docs/OPERATIONS.md.

The system's nginx and HAProxy are neither read nor changed.
"""
import os
import re
import signal
import socket
import subprocess

from certificates import Certificates
from smtpwire import DEADLINE, ReservedPort, eventually

DOCUMENT = os.path.join(os.path.dirname(__file__), "..", "..", "Docs", "OPERATIONS.md")
NGINX, NGINX_MAIL = "/usr/sbin/nginx", "/usr/lib/nginx/modules/ngx_mail_module.so"
HAPROXY = "/usr/sbin/haproxy"


def missing_nginx():
    """Why there can be no nginx here; None if there can."""
    return None if os.access(NGINX, os.X_OK) and os.path.exists(NGINX_MAIL) else "nginx or its mail module is missing (make deps)"


def missing_haproxy():
    return None if os.access(HAPROXY, os.X_OK) else "HAProxy is not installed (make deps)"


def documented(language):
    """The block of code in this language, as an administrator would copy it."""
    with open(DOCUMENT, encoding="utf-8") as file:
        blocks = re.findall(rf"```{language}\n(.*?)```", file.read(), re.DOTALL)
    assert len(blocks) == 1, f"{len(blocks)} blocks of {language} in OPERATIONS.md"
    return blocks[0]


def with_changes(text, *changes):
    """Replaces each old text, which has to be there exactly once, with its new one."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the documented configuration"
        text = text.replace(old, new)
    return text


class FrontEnd:
    """A front end that runs while the context lasts; `port` is where clients connect."""

    def __init__(self, directory):
        self.base = os.path.join(directory, type(self).__name__.lower())
        os.makedirs(self.base)
        self.log = os.path.join(self.base, "output")
        self.reserved = [ReservedPort()]
        self.port = self.reserved[0].number
        self.process = None

    def another_port(self):
        self.reserved.append(ReservedPort())
        return self.reserved[-1].number

    def write(self, name, text):
        path = os.path.join(self.base, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def __enter__(self):
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                self.command(), cwd=self.base, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )
        eventually(self._listens, f"{type(self).__name__} listening; its output: {self.read_log()}")
        return self

    def _listens(self):
        assert self.process.poll() is None, f"{type(self).__name__} did not start: {self.read_log()}"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def read_log(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-4000:]

    def __exit__(self, kind, *_):
        if kind:
            print(f"--- output of {type(self).__name__}\n{self.read_log()}")
        # Both take their own children along.
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for port in self.reserved:
            port.release()


class Nginx(FrontEnd):
    """nginx as a mail proxy: XCLIENT."""

    def __init__(self, directory, server_port):
        super().__init__(directory)
        auth = self.another_port()
        paths = "".join(
            f"    {name}_temp_path {self.base}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        own = f"load_module {NGINX_MAIL};\ndaemon off;\npid {self.base}/pid;\nerror_log stderr info;\n"
        if os.geteuid() == 0:
            own += "user root;\n"
        self.configuration = self.write("nginx.conf", own + with_changes(
            documented("nginx"),
            ("listen 127.0.0.1:8025;", f"listen 127.0.0.1:{auth};"),
            ("auth_http 127.0.0.1:8025/;", f"auth_http 127.0.0.1:{auth}/;"),
            ("Auth-Port 2525;", f"Auth-Port {server_port};"),
            ("listen 25;", f"listen 127.0.0.1:{self.port};"),
            ("http {\n", "http {\n    access_log off;\n" + paths),
        ))

    def command(self):
        return [NGINX, "-p", self.base, "-c", self.configuration, "-e", "stderr"]


class HAProxy(FrontEnd):
    """HAProxy with the PROXY protocol. `server_options` in the place of the documented ones, `certificate` for TLS to the client."""

    def __init__(self, directory, server_port, server_options=None, certificate=None):
        super().__init__(directory)
        text = with_changes(
            documented("haproxy"),
            ("bind :25", f"bind 127.0.0.1:{self.port}" + (f" ssl crt {certificate}" if certificate else "")),
            ("127.0.0.1:2525", f"127.0.0.1:{server_port}"),
        )
        if server_options:
            text = with_changes(text, ("send-proxy-v2 proxy-v2-options crc32c", server_options))
        self.configuration = self.write("haproxy.cfg", text)

    def command(self):
        return [HAPROXY, "-db", "-f", self.configuration]


def certificate(directory):
    """A file with a key and a certificate that nobody has signed."""
    return Certificates(directory).self_signed("front", "mail.example.com").both("front")
