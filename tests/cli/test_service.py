"""A node as a service: systemd's notifications, log lines."""

import json
import os
import signal
import socket

import cli


class Notify(cli.Case):
    def listen(self, name):
        """A socket as systemd would have it."""
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.settimeout(cli.PATIENCE)
        server.bind(name)
        return server

    def start(self, socket_name, **env):
        node = self.child("node", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", "--key", f"{self.folder}/key",
                          env={"NOTIFY_SOCKET": socket_name, **env})
        return node, node.json_with("event", "listening")["address"]

    def test_ready_and_stopping(self):
        server = self.listen(f"{self.folder}/notify")
        node, address = self.start(f"{self.folder}/notify")
        self.assertEqual(server.recv(4096), b"READY=1")
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)  # ready means ready
        node.signal()
        self.assertEqual(server.recv(4096), b"STOPPING=1")
        self.assertEqual(node.wait(), 0, node.errors())

    def test_an_abstract_socket(self):
        name = f"p2p-test-{os.getpid()}-{id(self)}"
        server = self.listen(f"\0{name}")
        self.start(f"@{name}")
        self.assertEqual(server.recv(4096), b"READY=1")

    def test_watchdog(self):
        server = self.listen(f"{self.folder}/notify")
        self.start(f"{self.folder}/notify", WATCHDOG_USEC="100000")
        self.assertEqual(server.recv(4096), b"READY=1")
        for _ in range(5):
            self.assertEqual(server.recv(4096), b"WATCHDOG=1")

    def test_a_watchdog_for_somebody_else(self):
        server = self.listen(f"{self.folder}/notify")
        node, _ = self.start(f"{self.folder}/notify", WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        self.assertEqual(server.recv(4096), b"READY=1")
        node.signal()
        self.assertEqual(server.recv(4096), b"STOPPING=1")

    def test_nobody_there_is_no_reason_to_fail(self):
        for name in (f"{self.folder}/none", "nonsense", "/" + "x" * 200, ""):
            node, _ = self.start(name)
            node.signal()
            self.assertEqual(node.wait(), 0, node.errors())


class Log(cli.Case):
    """Peers that go before they have answered identify make lines of that module."""

    def lines(self, *argv):
        """What a node logs of fifty of them."""
        node, address = self.node(*argv)
        client = cli.run("bench", "run", "handshakes", "--count", "50", "--addr", address)
        self.assertEqual(client.code, 0, client.err)
        node.json_with("event", "disconnected")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0, node.errors())
        return node.errors().splitlines()

    def test_text(self):
        lines = self.lines("--log-level", "trace")
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(line, r"\A(error|warn|info|debug|trace): \w*: ")

    def test_a_module_of_its_own_level(self):
        self.assertTrue(any(": identify: " in line for line in self.lines("--log-level", "error,identify=trace")))
        self.assertFalse(any(": identify: " in line for line in self.lines("--log-level", "trace,identify=error")))

    def test_quiet(self):
        self.assertEqual(self.lines("-q"), [])

    def test_json(self):
        lines = self.lines("--log", "json", "-vvv")
        self.assertTrue(lines)
        for line in lines:
            said = json.loads(line)
            self.assertEqual(set(said), {"time", "level", "module", "message"})
            self.assertRegex(said["time"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")

    def test_wrong_levels(self):
        for text, word in (("loud", "loud"), ("info,swarm=loud", "swarm=loud"), ("=info", "=info"), ("a=", "a=")):
            self.assert_fails(cli.run("node", "--log-level", text), 2, f'--log-level {text}: "{word}"', "trace")
        self.assert_fails(cli.run("node", "--log", "xml"), 2, "--log xml: not among text, json")


if __name__ == "__main__":
    cli.main()
