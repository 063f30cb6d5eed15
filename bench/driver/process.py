"""Contenders as processes: a server that answers questions, a client that runs a test.

Both speak the bench contract (bench/README.md): command lines in, one JSON object a line out.
"""

import json
import os
import resource
import select
import signal
import subprocess
import tempfile
import time

SERVER_CORE, CLIENT_CORE = 0, 1  # the ceiling programs choose the same


class Failure(Exception):
    """A run that has no figure, and why."""


def raise_descriptor_limit():
    """As many descriptors as the system lets us have; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _settle_on(core, nice):
    """What a child does before it becomes the contender."""

    def settle():
        os.sched_setaffinity(0, {core})
        if nice:
            os.setpriority(os.PRIO_PROCESS, 0, nice)

    return settle


class Process:
    """A contender with both pipes open; its stderr is kept for the day it fails."""

    def __init__(self, argv, core, settings):
        self.timeout = settings.timeout
        self._errors = tempfile.TemporaryFile()
        self._pending = b""
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            preexec_fn=_settle_on(core, settings.nice),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            stream.close()

    def answer(self):
        """The next line, parsed; waits for it until the deadline."""
        deadline = time.monotonic() + self.timeout
        while b"\n" not in self._pending:
            self._read_more(deadline)
        line, self._pending = self._pending.split(b"\n", 1)
        try:
            return json.loads(line)
        except ValueError:
            raise Failure(f"not a line of JSON: {line[:80]!r}") from None

    def _read_more(self, deadline):
        left = deadline - time.monotonic()
        ready = left > 0 and select.select([self._process.stdout], [], [], left)[0]
        if not ready:
            raise Failure(f"nothing said within {self.timeout} s")
        chunk = os.read(self._process.stdout.fileno(), 65536)
        if not chunk:
            raise Failure(self._last_words())
        self._pending += chunk

    def ask(self, command):
        try:
            self._process.stdin.write(command.encode() + b"\n")
        except BrokenPipeError:
            raise Failure(self._last_words()) from None
        return self.answer()

    def leave(self):
        """Ends its input, which ends a well-behaved contender; checks that it was content."""
        self._process.stdin.close()
        try:
            status = self._process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            raise Failure("did not exit when its input ended") from None
        if status != 0:
            raise Failure(self._last_words())

    def cpu(self):
        """User and system seconds of all its threads, the dead included, to the nanosecond.

        The same figure as utime + stime of /proc/PID/stat, which counts in steps of 10 ms. Linux
        derives the id of a process' clock from its pid like this (clock_getcpuclockid(3)).
        """
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def _last_words(self):
        status = self._process.wait(self.timeout)
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        how = f"exit {status}" if status >= 0 else signal.Signals(-status).name
        return f"{how}: {lines[-1] if lines else 'nothing on stderr'}"


class Server(Process):
    """`PEER serve`, listening."""

    def __init__(self, contender, settings):
        super().__init__([*contender.argv, "serve", *settings.link], SERVER_CORE, settings)
        try:
            self.address = self.answer()["listening"]
        except BaseException:
            self.__exit__()
            raise

    def mem(self):
        return self.ask("mem")


class Client(Process):
    """`PEER run TEST` toward a server."""

    def __init__(self, contender, address, options, settings):
        test, *rest = options
        argv = [*contender.argv, "run", test, "--addr", address, *settings.link, *rest]
        super().__init__(argv, CLIENT_CORE, settings)


def run_program(argv, settings):
    """A program that needs neither pinning nor input (the ceilings pin themselves)."""
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=settings.timeout,
            preexec_fn=_settle_on_any(settings.nice),
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"not done within {settings.timeout} s") from None
    if done.returncode != 0:
        raise Failure(f"exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def _settle_on_any(nice):
    return (lambda: os.setpriority(os.PRIO_PROCESS, 0, nice)) if nice else None
