"""One listener and one dialer that meet for one cell."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from process import Child, Deadline, Failure


class Meeting:
    def __init__(self, dialer, listener, options):
        self.dialer_peer, self.listener_peer, self.options = dialer, listener, options
        self.children = []
        self._deadline = Deadline(options.timeout)
        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self.trace = Path(folder) / "trace"
        self._tracing = self._closed = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def start(self, tracing):
        """Starts the listener; with tracing, our side of the meeting writes its trace."""
        self._tracing = tracing
        self.listener = self._child("listener", self.listener_peer, "serve", *self._link(self.listener_peer))
        address = self.listener.line_with("listening")["listening"]
        if not address.startswith("/ip4/127.0.0.1/") or "/p2p/" not in address:
            raise Failure(f"listener: not a loopback address with a peer id: {address}")
        self.address = address

    def run(self, test, *options):
        """Runs one test to its end; its last line of JSON is the result."""
        argv = ("run", test, "--addr", self.address, *self._link(self.dialer_peer), *options)
        dialer = self._child("dialer", self.dialer_peer, *argv)
        try:
            result = dialer.line_with("test")
        except Failure:
            dialer.end()  # its exit code says more than its silence
            raise
        if result.get("ok") is not False:
            dialer.end()
        return result

    def close(self):
        """Ends the listener as its user would; it must end well. Once is enough."""
        if not self._closed:
            self._closed = True
            self.listener.tell("quit")
            self.listener.end()

    def _child(self, title, peer, *argv):
        child = self._stack.enter_context(Child(title, [*peer.argv, *argv], self._deadline))
        self.children.append(child)
        return child

    def _link(self, peer):
        o = self.options
        link = ["--transport", o.transport, "--security", o.security, "--muxer", o.muxer,
                "--key-type", peer.key_type(o.key_type)]
        if o.psk:
            link += ["--psk", str(o.psk)]
        if self._tracing and peer.name == "ours":
            link += ["--trace", str(self.trace)]
        return link
