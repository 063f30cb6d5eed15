"""The program from outside: run to its end, or as a child whose lines are awaited. Every wait has a
deadline, no port is fixed, nothing sleeps."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PATIENCE = float(os.environ.get("P2P_PATIENCE", "60"))  # seconds; a machine may be slow, and sanitizers are
PROGRAM = os.environ.get("P2P_PROGRAM", "")


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]


def run(*argv, env=None, stdin=subprocess.DEVNULL, program=None):
    done = subprocess.run([program or PROGRAM, *map(str, argv)], capture_output=True, text=True, stdin=stdin,
                          timeout=PATIENCE, env={**os.environ, **(env or {})}, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


class Child:
    """A running program. `with` ends it at the latest."""

    def __init__(self, *argv, env=None, program=None, pass_fds=()):
        self._pending = b""
        self._errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([program or PROGRAM, *map(str, argv)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self._errors, bufsize=0,
                                        pass_fds=pass_fds, env={**os.environ, **(env or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self._errors.close()

    def line(self):
        """The next line; an AssertionError with its last words when there is none."""
        end = time.monotonic() + PATIENCE
        while b"\n" not in self._pending:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError(f"no line within {PATIENCE} s; stderr: {self.errors()}")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise AssertionError(f"ended when a line was expected; stderr: {self.errors()}")
            self._pending += chunk
        line, self._pending = self._pending.split(b"\n", 1)
        return line.decode()

    def json_with(self, field, value=None):
        """The next line of JSON that has the field (and value); others are passed over."""
        while True:
            said = json.loads(self.line())
            if field in said and (value is None or said[field] == value):
                return said

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    def end_input(self):
        self.process.stdin.close()

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(PATIENCE)

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def assert_fails(self, done, code, *words):
        """One line on stderr that has the words."""
        self.assertEqual(done.code, code, done.err)
        self.assertEqual(done.err.count("\n"), 1, done.err)
        for word in words:
            self.assertIn(word, done.err)

    def child(self, *argv, **how):
        child = Child(*argv, **how)
        self.addCleanup(child.__exit__)
        return child

    def node(self, *argv):
        """A node on loopback and its address."""
        node = self.child("node", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", "--key", f"{self.folder}/key", *argv)
        return node, node.json_with("event", "listening")["address"]

    def server(self, *argv):
        server = self.child("bench", "serve", *argv)
        return server, server.json_with("listening")["listening"]


def main():
    global PROGRAM
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
