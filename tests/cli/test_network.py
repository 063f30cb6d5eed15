"""How one speaks to peers (--security, --muxer, --psk) and over what, the same in every command."""

import re
import subprocess

import cli


class Network(cli.Case):
    def dialers(self, address):
        """Every command that dials a node, and what to give it."""
        path = f"{self.folder}/file"
        with open(path, "wb") as file:
            file.write(b"hello\n")
        return (["ping", address, "--count", 1], ["identify", address], ["dial", address],
                ["perf", address, "--download", 1000], ["connect", address, "/echo/1.0.0"])

    def has(self, feature):
        return feature in cli.run("--version").out.splitlines()[1].split()

    def psk(self, name):
        path = f"{self.folder}/{name}.key"
        self.assertEqual(cli.run("psk", "new", path).code, 0)
        return path

    def listener(self, *argv):
        """A `p2p listen` or `p2p recv`, and its address, which it tells on stderr."""
        child = subprocess.Popen([cli.PROGRAM, *map(str, argv)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop, child)
        return child, re.search(r"listening on (\S+)", child.stderr.readline()).group(1)

    @staticmethod
    def stop(child):
        if child.poll() is None:
            child.kill()
        child.communicate()

    def assert_all_reach(self, address, *options):
        for argv in self.dialers(address):
            done = cli.run(*argv, *options)
            self.assertEqual(done.code, 0, (argv, done.err))

    def test_a_private_network(self):
        key, other = self.psk("ours"), self.psk("theirs")
        _, address = self.node("--psk", key)
        self.assert_all_reach(address, "--psk", key)
        for argv in self.dialers(address):
            for stranger in ([], ["--psk", other]):
                self.assertNotEqual(cli.run(*argv, *stranger, "--timeout", 2).code, 0, argv)

    def test_streams_and_files_in_a_private_network(self):
        key = self.psk("ours")
        here = ("--listen", "/ip4/127.0.0.1/tcp/0", "--psk", key)
        child, address = self.listener("listen", "/cat/1", "--exec", "cat", *here)
        with open(__file__, encoding="utf-8") as text:
            done = cli.run("connect", address, "/cat/1", "--psk", key, stdin=text)
            text.seek(0)
            self.assertEqual((done.code, done.out), (0, text.read()), done.err)
        self.assertEqual(child.wait(cli.PATIENCE), 0)
        child, address = self.listener("recv", self.folder, *here)
        done = cli.run("send", __file__, address, "--name", "copy", "--psk", key)
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(child.wait(cli.PATIENCE), 0)
        with open(__file__, "rb") as one, open(f"{self.folder}/copy", "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_what_is_named_is_spoken(self):
        names = {"noise": "/noise", "tls": "/tls/1.0.0", "yamux": "/yamux/1.0.0", "mplex": "/mplex/6.7.0"}
        _, address = self.node("--muxer", "mplex", "--muxer", "yamux")
        for security in filter(self.has, ("noise", "tls")):
            for muxer in ("yamux", "mplex"):
                options = ("--security", security, "--muxer", muxer)
                self.assert_all_reach(address, *options)
                said = cli.run("dial", "--json", address, *options).json()[-1]
                self.assertEqual((said["security"], said["muxer"]), (names[security], names[muxer]))

    def test_no_common_security(self):
        _, address = self.node("--security", "plaintext")
        for argv in self.dialers(address):
            self.assertNotEqual(cli.run(*argv).code, 0, argv)
        self.assert_all_reach(address, "--security", "plaintext")

    def test_what_this_build_has_not(self):
        address = "/ip4/127.0.0.1/tcp/1"
        for argv in (*self.dialers(address), ["listen", "/x/1"], ["recv"], ["node"], ["send", __file__, address]):
            self.assert_fails(cli.run(*argv, "--security", "rot13"), 2, "--security rot13: not in this build", "noise")
            self.assert_fails(cli.run(*argv, "--muxer", "tcp"), 2, "--muxer tcp: not in this build", "yamux or mplex")
            self.assert_fails(cli.run(*argv, "--psk", f"{self.folder}/none"), 1, "none")

    def test_quic(self):
        if not self.has("quic-v1"):
            self.skipTest("this build has no QUIC")
        node = self.child("node", "--json", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--key", f"{self.folder}/key")
        address = node.json_with("event", "listening")["address"]
        self.assertIn("/quic-v1/p2p/", address)
        self.assert_all_reach(address)
        child, address = self.listener("recv", self.folder, "--listen", "/ip4/127.0.0.1/udp/0/quic-v1")
        done = cli.run("send", __file__, address, "--name", "copy")
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(child.wait(cli.PATIENCE), 0)
        child, address = self.listener("listen", "/cat/1", "--exec", "cat", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1")
        with open(__file__, encoding="utf-8") as text:
            done = cli.run("connect", address, "/cat/1", stdin=text)
        self.assertEqual(done.code, 0, done.err)

    def test_unix(self):
        if not self.has("unix"):
            self.skipTest("this build has no Unix sockets")
        node = self.child("node", "--json", "--listen", f"/unix{self.folder}/socket", "--key", f"{self.folder}/key")
        self.assert_all_reach(node.json_with("event", "listening")["address"])

    def test_features_are_what_dials(self):
        for feature, address in (("tcp", "/ip4/192.0.2.1/tcp/1"), ("quic-v1", "/ip4/192.0.2.1/udp/1/quic-v1"),
                                 ("unix", "/unix/tmp/x"), ("memory", "/memory/1")):
            said = cli.run("addr", "--json", address).json()[0]["transport"]
            self.assertEqual(said, feature if self.has(feature) else None)


if __name__ == "__main__":
    cli.main()
