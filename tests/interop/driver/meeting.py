"""One listener and one dialer that meet for one cell."""

import tempfile
import urllib.parse
from contextlib import ExitStack
from pathlib import Path

from process import Child, Deadline, Failure


def spelled(address, peer):
    """A /unix address as the peer writes it: js has the path in one component, others as it is."""
    path, mark, peer_id = address.removeprefix("/unix").partition("/p2p/")
    if not address.startswith("/unix/") or peer.name != "js":
        return address
    return f"/unix/{urllib.parse.quote(path, safe='')}{mark}{peer_id}"


def plain(address):
    """A /unix address as all but js write it."""
    return "/unix" + urllib.parse.unquote(address.removeprefix("/unix/")) if address.startswith("/unix/%2F") else address


class Meeting:
    def __init__(self, dialer, listener, options):
        self.dialer_peer, self.listener_peer, self.options = dialer, listener, options
        self.children = []
        self._deadline = Deadline(options.timeout)
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self.trace = self._folder / "trace"
        self._tracing = self._closed = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def start(self, tracing):
        """Starts the listener; with tracing, our side of the meeting writes its trace."""
        self._tracing = tracing
        peer, near = self.listener_peer, "/ip4/127.0.0.1/"
        argv = ["serve", *self._link(peer)]
        if self.options.transport == "unix":
            near = f"/unix{self._folder}/socket"
            argv += ["--listen", spelled(near, peer)]
        self.listener = self._child("listener", peer, *argv)
        self.address = plain(self.listener.line_with("listening")["listening"])
        if not self.address.startswith(near) or "/p2p/" not in self.address:
            raise Failure(f"listener: not an address near {near} with a peer id: {self.address}")

    def run(self, test, *options):
        """Runs one test to its end; its last line of JSON is the result."""
        argv = ("run", test, "--addr", spelled(self.address, self.dialer_peer), *self._link(self.dialer_peer), *options)
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
