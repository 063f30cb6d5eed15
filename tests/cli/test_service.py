"""A node as a service: systemd's notifications and sockets, log lines."""

import json
import os
import signal
import socket
import sys

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


class Sockets(cli.Case):
    """Socket activation, with sockets that this process binds."""

    # As systemd starts a service: the sockets are descriptors 3 and up of the process that LISTEN_PID names.
    START = """if True:
        import fcntl, os, sys
        fds, pid, *command = sys.argv[1:]
        fds = [int(fd) for fd in fds.split(",")]
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in fds]
        for fd in fds:
            os.close(fd)
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
        os.environ["LISTEN_PID"] = pid or str(os.getpid())
        os.environ.setdefault("LISTEN_FDS", str(len(high)))
        os.execv(command[0], command)
    """

    def bound(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, listens=True):
        """A socket on loopback."""
        made = socket.socket(family, kind)
        self.addCleanup(made.close)
        made.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        if listens:
            made.listen(16)
        return made

    def activated(self, sockets, *argv, pid="", env=None):
        fds = [made.fileno() for made in sockets]
        return self.child("-c", self.START, ",".join(map(str, fds)), pid, cli.PROGRAM, *argv, program=sys.executable,
                          pass_fds=fds, env=env)

    @staticmethod
    def port(made):
        return f"/tcp/{made.getsockname()[1]}/"

    def test_a_node_listens_on_them_and_nowhere_else(self):
        sockets = [self.bound(), self.bound()]
        node = self.activated(sockets, "node", "--json", "--key", f"{self.folder}/key")
        node.json_with("event", "peer")
        told = [node.json_with("event", "listening")["address"] for _ in sockets]
        for made, address in zip(sockets, told):
            self.assertIn(self.port(made), address)
            made.close()  # the node's own are duplicates, or this would be the last of it
            done = cli.run("ping", address, "--count", 1)
            self.assertEqual(done.code, 0, done.err)
        identified = cli.run("identify", "--json", told[0]).json()[0]
        self.assertEqual(len(identified["listen_addrs"]), 2, identified)
        node.signal()
        self.assertEqual(node.wait(), 0, node.errors())

    def test_a_udp_socket_is_for_quic(self):
        if "quic-v1" not in cli.run("--version").out:
            self.skipTest("this build has no QUIC")
        made = self.bound(kind=socket.SOCK_DGRAM, listens=False)
        node = self.activated([made], "node", "--json", "--key", f"{self.folder}/key")
        address = node.json_with("event", "listening")["address"]
        self.assertIn(f"/udp/{made.getsockname()[1]}/quic-v1/", address)
        made.close()
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)

    def test_beside_addresses(self):
        made = self.bound()
        node = self.activated([made], "node", "--json", "--key", f"{self.folder}/key", "--listen",
                              "/ip4/127.0.0.1/tcp/0")
        told = [node.json_with("event", "listening")["address"] for _ in range(2)]
        self.assertTrue(any(self.port(made) in address for address in told), told)
        for address in told:
            self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)

    def test_listen_takes_them_too(self):
        made = self.bound()
        listener = self.activated([made], "listen", "--exec", "cat", "/cat/1")
        with open(__file__, "rb") as text:
            done = cli.run("connect", f"/ip4/127.0.0.1{self.port(made)[:-1]}", "/cat/1", stdin=text)
        self.assertEqual(done.code, 0, done.err)
        with open(__file__, encoding="utf-8") as text:
            self.assertEqual(done.out, text.read())
        self.assertEqual(listener.wait(), 0, listener.errors())

    def test_not_those_of_another_process(self):
        made = self.bound()
        node = self.activated([made], "node", "--json", "--key", f"{self.folder}/key", "--listen",
                              "/ip4/127.0.0.1/tcp/0", pid="1")
        self.assertNotIn(self.port(made), node.json_with("event", "listening")["address"])

    def test_others_are_refused(self):
        stranger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(stranger.close)
        for made in (stranger, self.bound(listens=False)):
            node = self.activated([made], "node", "--json", "--key", f"{self.folder}/key")
            self.assertEqual(node.wait(), 1, node.errors())
            self.assertIn("descriptor 3", node.errors())
            self.assertIn("ListenStream=", node.errors())

    def test_more_than_there_are(self):
        node = self.activated([self.bound()], "node", "--json", "--key", f"{self.folder}/key", env={"LISTEN_FDS": "2"})
        self.assertEqual(node.wait(), 1, node.errors())
        self.assertIn("descriptor 4", node.errors())


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
