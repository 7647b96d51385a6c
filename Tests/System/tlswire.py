"""TLS for a `Wire`, with every octet still in the test's hands: Python's own TLS sockets cannot close one direction."""
import ssl


class TLSSocket:
    """Stands in the place of a connected socket. The handshake is done by `handshake`, and by nothing else."""

    def __init__(self, sock, context, server_name=None):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name)
        self.is_half_closed = False  # FIN has been sent: what TLS still wants to say has no way
        self.was_cut_off = False  # the connection has ended without the peer's close_notify

    def __getattr__(self, name):
        return getattr(self.sock, name)

    def _run(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._flush()
                octets = self.sock.recv(65536)
                self.incoming.write(octets) if octets else self.incoming.write_eof()
            finally:
                self._flush()

    def _flush(self):
        octets = self.outgoing.read()
        if octets and not self.is_half_closed:
            self.sock.sendall(octets)

    def handshake(self):
        self._run(self.tls.do_handshake)

    def sendall(self, octets):
        self._run(lambda: self.tls.write(octets))

    def recv(self, count):
        try:
            return self._run(lambda: self.tls.read(count))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLEOFError:
            self.was_cut_off = True
            return b""

    def shutdown(self, how):
        self.is_half_closed = True
        self.sock.shutdown(how)

    def send_close_notify(self):
        """Says that nothing more comes, within TLS; what the peer sends can still be read."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self._flush()


def client_context(authority=None, **attributes):
    """A context that checks the server's certificate against a file, or not at all."""
    # The default context reads all authorities of the system, which takes longer than a handshake.
    context = ssl.create_default_context(cafile=authority) if authority else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    for name, value in attributes.items():
        setattr(context, name, value)
    return context


def secure(wire, context=None, server_name="mail.example.com"):
    """The connection is TLS from here on."""
    assert wire.pending == b"", f"in clear text: {wire.pending!r}"
    wire.sock = TLSSocket(wire.sock, context or client_context(), server_name)
    wire.sock.settimeout(wire.timeout)
    wire.sock.handshake()
    return wire


def start_tls(wire, context=None, **options):
    """STARTTLS and the handshake. Nothing is said after it."""
    wire.expect(220, "STARTTLS")
    return secure(wire, context, **options)
