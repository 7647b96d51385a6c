"""testssl.sh against both ways to begin TLS, with the settings that a server has when its configuration says nothing."""
import json
import shutil
import subprocess

from certificates import RSA, Certificates
from smtpwire import ReservedPort, eventually
from daemon import Daemon, configuration

# Findings that count. WARN is trouble of the scan itself. LOW are two that we know of: ECDHE with CBC (LUCKY13) is in the standard settings,
# last, as a sender that knows nothing better would send in clear text, and the library takes the same time for good and bad padding, which a
# scan does not see; and TLS 1.3 tickets that are good for two days.
SEVERITIES = ("MEDIUM", "HIGH", "CRITICAL")
# For these the tests' certificate is to blame: nobody has signed it, it lasts two days, and nobody says whether it was revoked.
CERTIFICATE = {"cert_chain_of_trust", "cert_trust", "cert_revocation", "cert_expirationStatus", "cert_notAfter"}
# Protocols, the certificate, forward secrecy; vulnerabilities but for BREACH, which is HTTP's.
CHECKS = ["-p", "-S", "-f", "-H", "-I", "-T", "--robot", "-R", "-C", "-O", "-Z", "-W", "-F", "-D", "-J", "-A", "-L", "-4"]
PATIENCE = 600


def test_nothing_above_low_is_found(serve, directory, need):
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    need(None if program else "testssl.sh is not installed (make deps)")
    files = Certificates(directory).self_signed("ecdsa", "mail.example.com").self_signed("rsa", "mail.example.com", key=RSA)
    ports = [ReservedPort(), ReservedPort()]
    config = configuration(directory)
    config["servers"] = [
        {**config["servers"][0], "listen_interface": f"127.0.0.1:{ports[0].number}",
         "tls": {"start_tls_on": True, **files.pair("rsa")}},
        {**config["servers"][0], "listen_interface": f"127.0.0.1:{ports[1].number}",
         "tls": {"tls_always_on": True, **files.pair("ecdsa")}},
    ]
    daemon = Daemon(directory, config)
    serve.running.append(daemon)
    daemon.start()
    eventually(lambda: len(daemon.ports) == 2, "both servers listen")
    for port in ports:
        port.release()

    scans = []
    for port, options in zip(daemon.ports, (["--starttls", "smtp"], [])):
        command = [program, "--quiet", "--warnings", "batch", "--color", "0", "--nodns", "none", "--openssl", shutil.which("openssl"),
                   "--jsonfile", f"{directory}/{port}.json", *CHECKS, *options, f"127.0.0.1:{port}"]
        output = open(f"{directory}/{port}.txt", "w+")
        scans.append((port, output, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)))
    try:
        for port, output, scan in scans:
            scan.wait(PATIENCE)
            output.seek(0)
            text = output.read()
            with open(f"{directory}/{port}.json") as file:
                findings = json.load(file)
            severities = {finding["id"]: finding["severity"] for finding in findings}
            # It has looked, and seen what is there.
            assert severities.get("TLS1_2") == "OK" and severities.get("TLS1_3") == "OK", text
            assert {"heartbleed", "ROBOT", "FREAK", "PFS"} <= set(severities), text
            bad = {finding["id"]: f"{finding['severity']}: {finding['finding']}" for finding in findings
                   if finding["severity"] in SEVERITIES and finding["id"] not in CERTIFICATE}
            assert not bad, f"{bad}\n{text}"
    finally:
        for _, output, scan in scans:
            if scan.poll() is None:
                scan.kill()
                scan.wait()
            output.close()
    assert daemon.is_alive()
