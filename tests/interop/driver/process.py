"""A peer as a child process: lines of JSON from it, words to it, a deadline on every wait."""

import json
import subprocess
import tempfile
import threading
import time
from queue import Empty, Queue


class Failure(Exception):
    """A cell that did not pass, and why."""


class Deadline:
    def __init__(self, seconds):
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self):
        return max(0.0, self._end - time.monotonic())


class Child:
    """Started at once; ended by its own process id at the latest when the `with` block ends."""

    def __init__(self, title, argv, deadline):
        self.title, self.deadline = title, deadline
        self._errors = tempfile.TemporaryFile()
        self._lines = Queue()
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it went before it read everything; its exit code tells more

    def line(self):
        """The next line, parsed."""
        try:
            text = self._lines.get(timeout=self.deadline.left())
        except Empty:
            raise Failure(f"{self.title}: said nothing more within {self.deadline.seconds} s") from None
        if text is None:
            self._lines.put(None)
            raise Failure(f"{self.title}: ended (exit {self._process.wait()}) when a line was expected")
        try:
            return json.loads(text)
        except ValueError:
            raise Failure(f"{self.title}: not a line of JSON: {text[:120]!r}") from None

    def line_with(self, field):
        """The next line that has the field; others are passed over."""
        while True:
            said = self.line()
            if field in said:
                return said

    def tell(self, word):
        try:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failure(f"{self.title}: gone before it was told {word!r}") from None

    def end(self):
        """Waits until it has ended by itself, and well."""
        try:
            status = self._process.wait(self.deadline.left())
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.title}: still runs after {self.deadline.seconds} s") from None
        if status != 0:
            raise Failure(f"{self.title}: exit {status}")

    def last_words(self, lines=8):
        """The tail of its stderr."""
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace")
        return text.strip().splitlines()[-lines:]
