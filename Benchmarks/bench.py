#!/usr/bin/env python3
"""Measure SMTP receivers with smtpload, one at a time, over loopback.

    bench.py build                                  compile smtpload and floor into $BENCH_WORK
    bench.py run [--servers A,B] [--scenarios X,Y] [--repeat 3] [--seconds 3] [--raw runs.jsonl]
    bench.py report runs.jsonl                      medians as Markdown tables
    bench.py list

Environment: BENCH_WORK is a scratch directory (binaries, certificates, configurations, stores; default: a folder below the
system's temporary one). GUERRILLAD is our daemon (default: the release build of this repository). BENCH_PEERS is a
directory with the peers' programs, where they are not on the PATH. BENCH_LOCK, when set, is a file that is locked (flock)
around every single measurement.

A further server: --add 'name=COMMAND', with {port} {cert} {key} {domain} replaced in COMMAND; it has to accept mail for
any recipient in {domain} on 127.0.0.1:{port} and to stay in the foreground.

Every repetition starts a fresh server, warms it up, then measures. Repetitions are the outer loop, servers the inner one,
so that slow drifts of the machine hit all servers alike (A B C A B C ...). CPU time is that of the server's process tree
(utime + stime, with reaped children), so it does not depend on what the generator takes from the two cores.
"""
import argparse
import contextlib
import fcntl
import json
import os
import resource
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.environ.get("BENCH_WORK") or os.path.join(tempfile.gettempdir(), "smtp-bench")
PEERS = os.environ.get("BENCH_PEERS", "")
OURS = os.environ.get("GUERRILLAD") or os.path.join(HERE, "..", ".build", "release", "guerrillad")
DOMAIN = "example.com"
TICK = os.sysconf("SC_CLK_TCK")

# --------------------------------------------------------------------------------------------------------------------
# scenarios: arguments of smtpload

SCENARIOS = {
    # name: (title, arguments, lowest count, highest count)
    "conn-2k": ("1 message per connection, 2 KB, 50 sessions", "--sessions 50 --per-session 1 --size 2048", 200, 200000),
    "keep-2k": ("100 messages per connection, 2 KB, 50 sessions", "--sessions 50 --per-session 100 --size 2048", 500, 400000),
    "pipe-2k": ("the same with PIPELINING", "--sessions 50 --per-session 100 --size 2048 --pipelining 1", 500, 400000),
    "keep-100k": ("10 messages per connection, 100 KB, 20 sessions", "--sessions 20 --per-session 10 --size 100000", 100, 50000),
    "keep-1m": ("10 messages per connection, 1 MB, 10 sessions", "--sessions 10 --per-session 10 --size 1000000", 40, 8000),
    "bdat-2k": ("BDAT + PIPELINING, 100 per connection, 2 KB, 50 sessions",
                "--sessions 50 --per-session 100 --size 2048 --pipelining 1 --bdat", 500, 400000),
    "bdat-1m": ("BDAT, 10 per connection, 1 MB, 10 sessions",
                "--sessions 10 --per-session 10 --size 1000000 --pipelining 1 --bdat", 40, 8000),
    "tls-conn-2k": ("STARTTLS (full handshake), 1 message per connection, 2 KB, 50 sessions",
                    "--sessions 50 --per-session 1 --size 2048 --tls starttls", 100, 50000),
    "tls-keep-2k": ("STARTTLS, 100 per connection, 2 KB, 50 sessions",
                    "--sessions 50 --per-session 100 --size 2048 --tls starttls", 500, 200000),
    "tls-keep-1m": ("STARTTLS, 10 per connection, 1 MB, 10 sessions",
                    "--sessions 10 --per-session 10 --size 1000000 --tls starttls", 40, 4000),
    "rate-2k": ("open loop, 1,000 messages/s, 1 per connection, 2 KB, at most 200 sessions",
                "--sessions 200 --per-session 1 --size 2048 --rate 1000", 1000, 20000),
}
IDLE = {
    "idle-greet": ("5,000 connections, greeted, silent", "--idle 5000 --idle-stage greet"),
    "idle-ehlo": ("5,000 connections after EHLO", "--idle 5000 --idle-stage ehlo"),
    "idle-msg": ("5,000 connections after one 2 KB message each", "--idle 5000 --idle-stage msg --size 2048"),
    "idle-tls": ("2,000 connections after STARTTLS + EHLO", "--idle 2000 --idle-stage ehlo --tls starttls"),
}
TLS_CIPHER = "--ciphers TLS_AES_128_GCM_SHA256"

# --------------------------------------------------------------------------------------------------------------------
# servers


def peer(*names):
    """A peer's program: in $BENCH_PEERS or on PATH."""
    for n in names:
        for d in ([PEERS] if PEERS else []) + os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/usr/lib/postfix/sbin"]:
            p = os.path.join(d, n)
            if os.access(p, os.X_OK) and not os.path.isdir(p):
                return p
    return None


def guerrilla(find, save_process="HeadersParser|Header", tls=None, **backend):
    """The same file for ours and for go-guerrilla. Nothing is logged: what is measured is the way of a message."""
    def make(port, cert, key, tmp):
        binary = find()
        if not binary:
            return None
        conf = {"log_file": "off", "log_level": "error", "allowed_hosts": [DOMAIN],
                "pid_file": os.path.join(tmp, "guerrillad.pid"),
                "servers": [{"is_enabled": True, "host_name": "mail.example.com", "timeout": 180,
                             "listen_interface": f"127.0.0.1:{port}", "max_size": 50_000_000, "max_clients": 6500,
                             "tls": {"start_tls_on": True, "public_key_file": cert, "private_key_file": key, **(tls or {})},
                             "log_file": "off"}],
                "backend_config": {"log_received_mails": False, "save_workers_size": 4, "save_process": save_process,
                                   "primary_mail_host": "mail.example.com", "gw_save_timeout": "30s",
                                   "gw_val_rcpt_timeout": "3s",
                                   **{k: v.format(tmp=tmp) if isinstance(v, str) else v for k, v in backend.items()}}}
        path = os.path.join(tmp, "guerrillad.json")
        with open(path, "w") as f:
            json.dump(conf, f)
        return [binary, "serve", "-c", path]
    return make


def ours():
    return OURS if os.access(OURS, os.X_OK) else None


def go_guerrilla():
    """Only out of BENCH_PEERS: what stands on the PATH under this name may well be ours."""
    path = os.path.join(PEERS, "guerrillad")
    return path if PEERS and os.access(path, os.X_OK) else None


def command(text):
    def make(port, cert, key, tmp):
        words = shlex.split(text)
        prog = words[0] if "/" in words[0] else os.path.join(WORK, words[0])
        if not os.access(prog, os.X_OK):
            prog = peer(words[0])
        if not prog:
            return None
        return [prog] + [w.format(port=port, cert=cert, key=key, domain=DOMAIN, tmp=tmp, peers=PEERS) for w in words[1:]]
    return make


NO_TLS = {"tls-conn-2k", "tls-keep-2k", "tls-keep-1m", "idle-tls"}
NO_BDAT = {"bdat-2k", "bdat-1m"}
NO_PLAIN = (set(SCENARIOS) | set(IDLE)) - NO_TLS
SERVERS = {
    # name: (what it is, maker, scenarios it cannot do, extra generator arguments)
    "ours": ("guerrillad, HeadersParser|Header, no log", guerrilla(ours), set(), ""),
    "ours-implicit": ("guerrillad with TLS from the start", guerrilla(ours, tls={"start_tls_on": False, "tls_always_on": True}),
                      NO_PLAIN, "--tls implicit"),
    "ours-rsa": ("guerrillad with an RSA-2048 certificate",
                 guerrilla(ours, tls={"public_key_file": os.path.join(WORK, "rsa-cert.pem"),
                                      "private_key_file": os.path.join(WORK, "rsa-key.pem")}), NO_PLAIN, ""),
    "ours-sqlite": ("guerrillad, HeadersParser|Header|sqlite, no log: every 250 after a synced commit",
                    guerrilla(ours, "HeadersParser|Header|sqlite", sqlite_path="{tmp}/guerrilla.sqlite"), NO_TLS, ""),
    "floor": ("floor.c: epoll, one thread, forgets the message", command("floor {port} -c {cert} -s {key}"), set(), ""),
    "nio-floor": ("NIOFloor: the least on swift-nio, two loops, forgets the message", command("nio-floor {port} {cert} {key}"),
                  NO_BDAT, ""),
    "floor-keep": ("floor.c -k: holds each message in memory until it is complete",
                   command("floor {port} -k -c {cert} -s {key}"), set(), ""),
    "smtp-sink": ("Postfix smtp-sink (one process, discards)",
                  command("smtp-sink " + ("-u nobody " if os.geteuid() == 0 else "") + "-m 20000 127.0.0.1:{port} 4096"),
                  NO_TLS | NO_BDAT, ""),
    "go-guerrilla": ("go-guerrilla, HeadersParser|Header, no log, 4 workers", guerrilla(go_guerrilla), NO_TLS | NO_BDAT,
                     ""),
}

# --------------------------------------------------------------------------------------------------------------------
# process tree accounting


def tree(root):
    kids, stats = {}, {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as f:
                s = f.read()
        except OSError:
            continue
        fields = s[s.rindex(")") + 2:].split()
        pid = int(name)
        stats[pid] = fields
        kids.setdefault(int(fields[1]), []).append(pid)
    todo, found = [root], {}
    while todo:
        p = todo.pop()
        if p in stats:
            found[p] = stats[p]
        todo += kids.get(p, [])
    return found


def cpu(root):
    """Seconds of CPU: live processes' own time plus what reaped children used."""
    return sum(sum(int(f[i]) for i in (11, 12, 13, 14)) for f in tree(root).values()) / TICK


def memory(root, field):
    """Sum over the tree, in KiB; VmRSS or VmHWM."""
    total = 0
    for p in tree(root):
        with contextlib.suppress(OSError), open(f"/proc/{p}/status") as f:
            for line in f:
                if line.startswith(field + ":"):
                    total += int(line.split()[1])
    return total


def machine():
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return {"busy": (sum(v[:8]) - v[3] - v[4]) / TICK, "steal": v[7] / TICK}


def settle(root, limit=5.0):
    """Wait until the tree has stopped using the CPU (queue managers work on after the last reply)."""
    end, last = time.time() + limit, cpu(root)
    while time.time() < end:
        time.sleep(0.15)
        c = cpu(root)
        if c - last < 1.5 / TICK:
            return
        last = c


class Server:
    def __init__(self, name, make, port):
        self.tmp = tempfile.mkdtemp(prefix=f"{name}-", dir=WORK)
        os.chmod(self.tmp, 0o755)
        self.port = port
        cert, key = os.path.join(WORK, "cert.pem"), os.path.join(WORK, "key.pem")
        self.argv = make(port, cert, key, self.tmp)
        self.proc = None

    def __enter__(self):
        if not self.argv:
            shutil.rmtree(self.tmp, ignore_errors=True)
            raise LookupError("not installed")
        self.log = open(os.path.join(self.tmp, "log"), "wb")
        self.proc = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                     start_new_session=True, cwd=self.tmp)
        end = time.time() + 10
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                    s.settimeout(2)
                    try:
                        greeting = s.recv(3)
                    except TimeoutError:
                        break  # It waits for the client to begin with TLS.
                    if greeting == b"220":
                        s.sendall(b"QUIT\r\n")
                        with contextlib.suppress(OSError):
                            s.recv(1000)
                        break
            except OSError:
                pass
            if self.proc.poll() is not None or time.time() > end:
                self.__exit__()
                raise RuntimeError("did not start: " + open(self.log.name, errors="replace").read()[-400:])
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        if self.proc and self.proc.poll() is None:
            left = set(tree(self.proc.pid))
            self.proc.send_signal(signal.SIGTERM)
            try:
                self.proc.wait(5)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
            time.sleep(0.1)
            for p in left - {self.proc.pid}:  # only processes seen below ours, and only if still of our session
                with contextlib.suppress(OSError):
                    if os.getsid(p) == self.proc.pid:
                        os.kill(p, signal.SIGKILL)
        elif self.proc:
            self.proc.wait()
        self.log.close()
        shutil.rmtree(self.tmp, ignore_errors=True)


def load(port, args, extra="", timeout=120):
    words = [os.path.join(WORK, "smtpload"), "--port", str(port)] + shlex.split(args) + shlex.split(extra)
    if "--tls" in words:
        words += shlex.split(TLS_CIPHER)
    r = subprocess.run(words, capture_output=True, text=True, timeout=timeout)
    if not r.stdout.strip():
        raise RuntimeError("generator: " + r.stderr[-300:])
    return json.loads(r.stdout), r.returncode


def free_port(first, last):
    """The next port nobody listens on: a stale server must never be measured in place of the one just started."""
    for i in range(1, 201):
        port = first + (last - first + i) % 200
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port
    sys.exit("no free port")


def measure(name, make, extra, scenario, port, seconds):
    title, args, low, high = SCENARIOS[scenario]
    with Server(name, make, port) as s:
        w, rc = load(s.port, f"{args} --total {low}", extra)
        if rc:
            raise RuntimeError("warm-up: " + w.get("error", "?"))
        w, rc = load(s.port, f"{args} --total {max(low, min(high, int(w['msgs_per_s'] * 0.5)))}", extra)
        if rc:
            raise RuntimeError("warm-up: " + w.get("error", "?"))
        total = max(low, min(high, int(w["msgs_per_s"] * seconds)))
        settle(s.proc.pid)
        c0, m0, t0 = cpu(s.proc.pid), machine(), time.time()
        r, rc = load(s.port, f"{args} --total {total}", extra)
        wall = time.time() - t0
        settle(s.proc.pid)
        c1, m1 = cpu(s.proc.pid), machine()
        r["server_cpu_us_per_msg"] = round((c1 - c0) * 1e6 / max(1, r["acked"]), 2)
        r["server_cores"] = round((c1 - c0) / wall, 2)
        r["peak_rss_mib"] = round(memory(s.proc.pid, "VmHWM") / 1024, 1)
        mine = (c1 - c0) + r["client_cpu_us_per_msg"] * r["acked"] / 1e6
        r["other_cpu_s"] = round(m1["busy"] - m0["busy"] - mine, 3)
        r["steal_s"] = round(m1["steal"] - m0["steal"], 3)
        r["wall_s"] = round(wall, 3)
        r["ok"] = r["ok"] and rc == 0
    return r


def disturbed(name, r):
    """Did something else take a noticeable part of the two cores? (A store on disk causes kernel threads' work itself.)"""
    return name != "ours-sqlite" and r.get("other_cpu_s", 0) + r.get("steal_s", 0) > 0.08 * 2 * r.get("wall_s", 9)


def measure_idle(name, make, extra, scenario, port):
    title, args = IDLE[scenario]
    with Server(name, make, port) as s:
        load(s.port, "--total 200 --sessions 20 --size 2048", extra)
        settle(s.proc.pid)
        before, c0 = memory(s.proc.pid, "VmRSS"), cpu(s.proc.pid)
        words = [os.path.join(WORK, "smtpload"), "--port", str(port)] + shlex.split(args) + shlex.split(extra)
        g = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            r = json.loads(g.stdout.readline())
            settle(s.proc.pid)
            after = memory(s.proc.pid, "VmRSS")
            r["cpu_us_per_conn"] = round((cpu(s.proc.pid) - c0) * 1e6 / max(1, r["idle"]), 1)
            c1, t1 = cpu(s.proc.pid), time.time()
            time.sleep(2)
            r["idle_cpu_percent"] = round((cpu(s.proc.pid) - c1) / (time.time() - t1) * 100, 1)
            r["rss_base_mib"], r["rss_mib"] = round(before / 1024, 1), round(after / 1024, 1)
            r["rss_kib_per_conn"] = round((after - before) / max(1, r["idle"]), 2)
        finally:
            g.stdin.close()
            g.wait(30)
    return r


@contextlib.contextmanager
def lock():
    path = os.environ.get("BENCH_LOCK")
    if not path:
        yield
        return
    with open(path, "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def build():
    os.makedirs(WORK, exist_ok=True)
    os.chmod(WORK, 0o755)
    for n in ("smtpload", "floor"):
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", os.path.join(WORK, n), os.path.join(HERE, n + ".c"),
                        "-lssl", "-lcrypto"], check=True)
    for prefix, kind in (("", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]), ("rsa-", ["rsa:2048"])):
        key = os.path.join(WORK, prefix + "key.pem")
        if not os.path.exists(key):
            subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "3650",
                            "-subj", "/CN=bench.example.com", "-addext", "subjectAltName=DNS:bench.example.com",
                            "-keyout", key, "-out", os.path.join(WORK, prefix + "cert.pem")],
                           check=True, stderr=subprocess.DEVNULL)


def run(a):
    for x in a.add:
        n, _, c = x.partition("=")
        SERVERS[n] = (c, command(c), set(), "")
    servers = a.servers.split(",") if a.servers else list(SERVERS)
    scenarios = a.scenarios.split(",") if a.scenarios else list(SCENARIOS) + list(IDLE)
    bad = [x for x in servers if x not in SERVERS] + [x for x in scenarios if x not in SCENARIOS and x not in IDLE]
    if bad:
        sys.exit(f"unknown: {bad}")
    if not os.access(os.path.join(WORK, "smtpload"), os.X_OK) or not os.path.exists(os.path.join(WORK, "key.pem")):
        build()
    port, gone, failed = a.port, set(), {}
    with open(a.raw, "a") as raw:
        for scenario in scenarios:
            for rep in range(a.repeat):
                for name in servers:
                    what, make, cannot, extra = SERVERS[name]
                    if name in gone or scenario in cannot or failed.get((name, scenario), 0) > 1:
                        continue
                    port = free_port(a.port, port)
                    try:
                        for attempt in range(a.retries + 1):
                            with lock():
                                r = measure_idle(name, make, extra, scenario, port) if scenario in IDLE else \
                                    measure(name, make, extra, scenario, port, a.seconds)
                            r["disturbed"] = disturbed(name, r)
                            if not r["disturbed"]:
                                break
                            print(f"{scenario} {name}: disturbed ({r['other_cpu_s']} s of other CPU), again", flush=True)
                            time.sleep(2)
                    except LookupError:
                        gone.add(name)
                        print(f"{name}: not installed", flush=True)
                        continue
                    except (RuntimeError, subprocess.SubprocessError, ValueError) as e:
                        r = {"ok": False, "error": str(e)[:300]}
                    r.update(server=name, scenario=scenario, rep=rep)
                    if not r["ok"]:
                        failed[name, scenario] = failed.get((name, scenario), 0) + 1
                    raw.write(json.dumps(r) + "\n")
                    raw.flush()
                    keys = ("msgs_per_s", "server_cpu_us_per_msg", "client_cpu_us_per_msg", "server_cores", "peak_rss_mib",
                            "p99_us", "other_cpu_s", "rss_kib_per_conn", "rss_mib", "error")
                    print(scenario, name, rep, "ok" if r["ok"] else "FAILED", {k: r[k] for k in keys if k in r}, flush=True)


def med(rows, key):
    v = [r[key] for r in rows if key in r]
    return statistics.median(v) if v else None


def num(x, digits=0):
    return "–" if x is None else f"{x:,.{digits}f}"


def summary(rows):
    """One row for each scenario, one column for each server: the figures to compare."""
    names = [n for n in SERVERS if any(r["server"] == n for r in rows)]
    names += sorted({r["server"] for r in rows} - set(names))
    print("CPU µs per message, or KiB resident per idle connection; medians.\n")
    print("| scenario | " + " | ".join(names) + " |")
    print("|---" + "|--:" * len(names) + "|")
    for scenario in list(SCENARIOS) + list(IDLE):
        key = "rss_kib_per_conn" if scenario in IDLE else "server_cpu_us_per_msg"
        part = [r for r in rows if r["scenario"] == scenario and r.get("ok")]
        if part:
            cells = (med([r for r in part if r["server"] == n], key) for n in names)
            print(f"| `{scenario}` | " + " | ".join(num(c, 1) for c in cells) + " |")
    print()


def report(path):
    with open(path) as f:
        rows = [json.loads(x) for x in f]
    summary(rows)
    for scenario in list(SCENARIOS) + list(IDLE):
        part = [r for r in rows if r["scenario"] == scenario]
        if not part:
            continue
        title = (SCENARIOS.get(scenario) or IDLE.get(scenario))[0]
        print(f"### `{scenario}`: {title}\n")
        if scenario in IDLE:
            print("| server | RSS before, MiB | RSS with connections, MiB | KiB per connection | CPU µs per connection | runs |")
            print("|---|--:|--:|--:|--:|--:|")
        else:
            print("| server | CPU µs/message (min–max) | messages/s | cores used | p50 ms | p99 ms | p99.9 ms | peak RSS MiB "
                  "| generator CPU µs | runs |")
            print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        names = sorted({r["server"] for r in part}, key=lambda n: list(SERVERS).index(n) if n in SERVERS else 99)
        for n in names:
            mine = [r for r in part if r["server"] == n]
            ok = [r for r in mine if r.get("ok")]
            if not ok:
                print(f"| {n} | failed: {mine[-1].get('error', '?')[:90]!r} |" + " |" * (5 if scenario in IDLE else 9))
                continue
            if scenario in IDLE:
                print(f"| {n} | {num(med(ok, 'rss_base_mib'), 1)} | {num(med(ok, 'rss_mib'), 1)} | "
                      f"{num(med(ok, 'rss_kib_per_conn'), 2)} | {num(med(ok, 'cpu_us_per_conn'))} | {len(ok)}/{len(mine)} |")
            else:
                c = [r["server_cpu_us_per_msg"] for r in ok]
                d = 1 if med(ok, "server_cpu_us_per_msg") < 1000 else 0
                print(f"| {n} | **{num(statistics.median(c), d)}** ({num(min(c), d)}–{num(max(c), d)}) | "
                      f"{num(med(ok, 'msgs_per_s'))} | {num(med(ok, 'server_cores'), 2)} | {num(med(ok, 'p50_us') / 1000, 2)} | "
                      f"{num(med(ok, 'p99_us') / 1000, 2)} | {num(med(ok, 'p999_us') / 1000, 2)} | "
                      f"{num(med(ok, 'peak_rss_mib'), 1)} | {num(med(ok, 'client_cpu_us_per_msg'), 1)} | {len(ok)}/{len(mine)} |")
        print()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the running server is stopped, too
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("verb", choices=("build", "run", "report", "list"))
    p.add_argument("file", nargs="?")
    p.add_argument("--servers")
    p.add_argument("--scenarios")
    p.add_argument("--add", action="append", default=[])
    p.add_argument("--repeat", type=int, default=3)
    p.add_argument("--seconds", type=float, default=3)
    p.add_argument("--retries", type=int, default=5, help="repeats of a run that other processes disturbed")
    p.add_argument("--port", type=int, default=22025)
    p.add_argument("--raw", default="runs.jsonl")
    a = p.parse_args()
    if a.verb == "build":
        build()
    elif a.verb == "run":
        os.makedirs(WORK, exist_ok=True)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for the servers, too
        run(a)
    elif a.verb == "report":
        report(a.file or a.raw)
    else:
        for n, v in SERVERS.items():
            print(f"{n:18} {v[0]}")
        for n, v in {**SCENARIOS, **IDLE}.items():
            print(f"{n:18} {v[0]}")


if __name__ == "__main__":
    main()
