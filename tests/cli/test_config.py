"""The configuration file of p2p node, and p2p config."""

import re
import signal
import unittest

import cli


def has_inih():
    return "this build reads no configuration files" not in cli.run("config", "--check", "/dev/null").err


class Config(cli.Case):
    def setUp(self):
        super().setUp()
        if not has_inih():
            raise unittest.SkipTest("a build without inih")

    def write(self, text):
        path = f"{self.folder}/node.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def check(self, text):
        return cli.run("config", "--check", self.write(text))

    def test_what_it_prints_is_a_good_file(self):
        printed = cli.run("config")
        self.assertEqual((printed.code, printed.err), (0, ""))
        self.assertEqual(self.check(printed.out).code, 0)

    def test_it_has_every_option_and_limit(self):
        printed = cli.run("config").out
        for name in ("listen", "key", "log", "log-level", "json", "conns_max", "handshake_timeout", "yamux_window"):
            self.assertRegex(printed, rf"(?m)^#{name} = \S")
        for name in ("config", "verbose", "help"):
            self.assertNotRegex(printed, rf"(?m)^#{name} =")

    def test_every_default_it_prints_is_one(self):
        """All limits and options with defaults uncommented: still good, and nothing is changed by it."""
        printed = cli.run("config").out
        head, limits = printed.split("[limits]\n")
        used = re.sub(r"(?m)^#((?:log|log-level|json) = )", r"\1", head) + "[limits]\n" + re.sub(
            r"(?m)^#(\w+ = )", r"\1", limits)
        self.assertGreater(used.count("\n"), 100)
        done = self.check(used)
        self.assertEqual((done.code, done.err), (0, ""))

    def test_each_wrong_line_is_named(self):
        done = self.check("[node]\n"                      # 1
                          "listen = /ip4/127.0.0.1/tcp/0\n"
                          "lisen = /ip4/127.0.0.1/tcp/0\n"  # 3
                          "json = perhaps\n"                # 4
                          "\n"
                          "log = xml\n"                     # 6
                          "config = other\n"                # 7
                          "[limits]\n"
                          "conn_max = 5\n"                  # 9
                          "conns_max = 0\n"                 # 10
                          "dial_timeout = soon\n"           # 11
                          "[nodes]\n"
                          "x = 1\n")                        # 13
        self.assertEqual(done.code, 1)
        path = f"{self.folder}/node.conf"
        for line, words in ((3, "lisen: no such option of [node]; did you mean listen?"),
                            (4, "json = perhaps: give yes or no"),
                            (6, "log = xml: not among text, json"),
                            (7, "config: no such option of [node]"),
                            (9, "conn_max = 5: no such limit; did you mean conns_max?"),
                            (10, "conns_max = 0: must be 1 to 1000000"),
                            (11, "dial_timeout = soon: must be 100ms to 300s, in seconds"),
                            (13, "[nodes]: no such section; there are [node] and [limits]")):
            self.assertIn(f"p2p config: {path}:{line}: {words}", done.err)
        self.assertEqual(done.err.count("\n"), 8, done.err)

    def test_lines_that_are_none(self):
        self.assertIn(":2: neither [section] nor name = value", self.check("[node]\nlisten\n").err)
        self.assertIn(":3: the line is too long", self.check("[node]\n\nkey = " + "x" * 5000 + "\n").err)
        self.assertIn(":4: key: given twice", self.check("[node]\nkey = a\n\nkey = b\n").err)
        self.assertIn("no such section", self.check("key = a\n").err)

    def test_an_address_in_it_is_looked_at(self):
        done = self.check("[node]\nlisten = here\n")
        self.assert_fails(done, 1, "here: not a valid multiaddr")

    def test_a_file_that_is_not_there(self):
        self.assert_fails(cli.run("config", "--check", f"{self.folder}/none"), 1, "cannot open", "No such file")
        self.assert_fails(cli.run("node", "--config", f"{self.folder}/none"), 2, "cannot open", "No such file")

    def test_a_wrong_file_starts_no_node(self):
        self.assert_fails(cli.run("node", "--config", self.write("[node]\nlisen = x\n")), 2, "did you mean listen?")

    def test_a_node_obeys_it(self):
        path = self.write(f"[node]\nlisten = /ip4/127.0.0.1/tcp/0\nlisten = /ip4/127.0.0.1/tcp/0\njson = yes\n"
                          f"key = {self.folder}/its.key\n[limits]\nconns_max = 7 ; few\n")
        node = self.child("node", "-c", path)
        self.assertEqual(node.json_with("event", "peer")["peer"],
                         cli.run("key", "show", f"{self.folder}/its.key", "--json").json()[0]["peer"])
        first, second = (node.json_with("event", "listening")["address"] for _ in range(2))
        self.assertNotEqual(first, second)
        node.signal()
        self.assertEqual(node.wait(), 0, node.errors())

    def test_the_command_line_is_stronger(self):
        path = self.write("[node]\nlisten = /ip4/127.0.0.1/tcp/1\nlisten = /ip4/127.0.0.1/tcp/2\njson = yes\n")
        node = self.child("node", "--config", path, "--key", f"{self.folder}/key", "--listen", "/ip4/127.0.0.1/tcp/0")
        port = int(node.json_with("event", "listening")["address"].split("/")[4])
        self.assertNotIn(port, (1, 2))  # and ports 1 and 2 would have been refused or told
        node.signal(signal.SIGINT)
        self.assertEqual(node.wait(), 0, node.errors())


class Limits(cli.Case):
    def test_a_limit_is_obeyed(self):
        _, address = self.node("--limit", "conns_max=1")
        held = self.child("ping", address, "--json", "--interval", 3600)
        held.json_with("event", "ping")
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 1)

    def test_wrong_limits(self):
        for text, words in (("conns_max", "give NAME=VALUE"), ("cons_max=1", "did you mean conns_max?"),
                            ("conns_max=many", "must be 1 to 1000000"), ("=1", "give NAME=VALUE")):
            self.assert_fails(cli.run("node", "--limit", text), 2, f"--limit {text}", words)


if __name__ == "__main__":
    cli.main()
