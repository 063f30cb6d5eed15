"""evilpeer and ours, as the tests beside this file run them: both are named on the command line."""

import json
import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import cli  # noqa: E402

EVIL = ""
ANSWER, PATIENCE = 10, 30  # seconds; a row that passes waits for neither
# Freed memory counts as memory: a sanitizer holds back little of it.
os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=4"]))

# Ours with short deadlines, so that the rows that wait for one are quick; not so short that an honest
# peer on a busy machine would meet them.
SHORT = {
    "handshake_timeout": "3s", "negotiate_timeout": "3s", "identify_timeout": "2s", "ping_timeout": "3s",
    "yamux_keepalive": "2s", "yamux_keepalive_timeout": "3s", "carry_timeout": "3s",
}


def limits():
    return [word for name, value in SHORT.items() for word in ("--limit", f"{name}={value}")]


def drain(child):
    """Reads what the child says from now on: it tells of every connection, and a full pipe would stop it. Returns
    the thread that does, and the list of what came."""
    source, told = child.process.stdout.fileno(), []

    def run():
        while chunk := os.read(source, 65536):
            told.append(chunk)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, told


def rows(side):
    """The rows that attack one who listens (dial) or who dials (serve), with their layers."""
    out = subprocess.run([EVIL, "list"], capture_output=True, text=True, check=True, timeout=60).stdout
    words = [line.split() for line in out.splitlines()]
    return {row: layer for row, layer, whom, *_ in words if whom in (side, "both")}


def is_quic(layer):
    return layer == "quic"


def speaks_quic():
    """Whether this build does."""
    return " quic-v1 " in cli.run("--version").out


def speaks_tls():
    """Whether this build does: else it does not get so far as to be refused by an empty port."""
    done = cli.run("bench", "run", "ping", "--security", "tls", "--addr", "/ip4/127.0.0.1/tcp/1")
    return done.code == 1


def network(case):
    """A private network of this test: the option, and how its key reads in hexadecimal."""
    path = f"{case.folder}/psk"
    cli.run("psk", "new", path)
    with open(path, encoding="ascii") as file:
        return ("--psk", path), file.read().split()[-1]


class Dialer(cli.Case):
    def attacked(self, row, timeout, options):
        """What evilpeer made of `p2p ping`, which was told of no success."""
        server = self.child(*options, "--answer", ANSWER, "--patience", PATIENCE, "--scale", 2000, "serve", row, program=EVIL)
        done = cli.run("ping", json.loads(server.line())["listening"], "--count", 1, "--timeout", timeout, *options)
        self.assertEqual(done.code, 1, f"{done.out}{done.err}")
        told = json.loads(server.line())
        server.wait()
        self.assertEqual(told["row"], row)
        return told["verdict"]

    def survives(self, row, timeout, verdict, options=()):
        """Whether it does. On a machine that is busy the honest part of a row may fail: that says nothing of the
        dialer."""
        with self.subTest(row):
            for _ in range(3):
                found = self.attacked(row, timeout, options)
                if found != "no session":
                    break
            self.assertEqual(found, verdict)
            return True
        return False


def main():
    global EVIL
    EVIL, cli.PROGRAM = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main()
