"""The examples do what they say. P2P_EXAMPLES names the folder they were built into."""

import os
import re
import unittest

import cli

EXAMPLES = os.environ["P2P_EXAMPLES"]


class Examples(cli.Case):
    def example(self, name, *argv):
        return self.child(*argv, program=os.path.join(EXAMPLES, name))

    def address_of(self, child):
        while True:
            address = child.line()
            if address.startswith("/ip4/127.0.0.1/"):
                return address

    def test_minimal_node_answers_pings(self):
        node = self.example("minimal_node")
        done = cli.run("ping", self.address_of(node), "--count", 1)
        self.assertEqual(done.code, 0, done.err)

    def test_an_exercise_that_fails_says_why(self):
        address = self.address_of(self.example("minimal_node"))  # it serves no echo
        done = cli.run("bench", "run", "echo", "--addr", address)
        self.assertEqual(done.code, 1)
        (said,) = done.json()
        self.assertFalse(said["ok"])
        self.assertRegex(said["error"], "does not speak the protocol|reset by the peer")

    def test_perf_names_what_is_missing(self):
        address = self.address_of(self.example("minimal_node"))
        self.assert_fails(cli.run("perf", address, "--upload", "1M"), 1, "does not serve /perf/1.0.0", "p2p node")

    def test_echo_meets_itself(self):
        address = self.address_of(self.example("echo"))
        done = cli.run(address, "hello, stranger", program=os.path.join(EXAMPLES, "echo"))
        self.assertEqual((done.code, done.out), (0, "hello, stranger\n"))

    def program(self, name):
        return os.path.join(EXAMPLES, name)

    def test_poll_loop_serves_and_dials(self):
        first, second = self.example("poll_loop"), self.example("poll_loop")
        address = self.address_of(first)
        self.assertEqual(cli.run("ping", address, "--count", 2, "--interval", 0).code, 0)
        self.address_of(second)
        second.tell(address)
        line = second.line()
        while line.startswith("/"):
            line = second.line()
        self.assertRegex(line, r"\A\d+\.\d+ ms\Z")
        for child in (first, second):
            child.end_input()
            self.assertEqual(child.wait(), 0)

    def foreign_loop(self, name):
        """Serves until its input ends, pings whom it is told to, says why it cannot."""
        node = self.example(name)
        address = self.address_of(node)
        self.assertEqual(cli.run("ping", address, "--count", 2, "--interval", 0).code, 0)
        guest = self.example(name, address)
        self.assertRegex(self.last_line_of(guest), r"\A\d+\.\d+ ms\Z")
        node.end_input()
        self.assertEqual(node.wait(), 0)
        self.assertIn("refused", self.last_line_of(self.example(name, address)))

    def last_line_of(self, child):
        line = child.line()
        while line.startswith("/"):
            line = child.line()
        self.assertEqual(child.wait(), 0, child.errors())
        return line

    def test_uv_loop(self):
        self.foreign_loop("uv_loop")

    @unittest.skipUnless(os.path.exists(os.path.join(EXAMPLES, "epoll_loop")), "no epoll here")
    def test_epoll_loop(self):
        self.foreign_loop("epoll_loop")

    @unittest.skipUnless(os.path.exists(os.path.join(EXAMPLES, "glib_loop")), "built without GLib")
    def test_glib_loop(self):
        self.foreign_loop("glib_loop")

    def test_request_gets_a_response(self):
        address = self.address_of(self.example("request"))
        done = cli.run(address, "is anybody there?", program=self.program("request"))
        self.assertEqual((done.code, done.out), (0, "IS ANYBODY THERE?\n"), done.err)

    def test_request_too_long_is_reset(self):
        address = self.address_of(self.example("request"))
        done = cli.run(address, "x" * 2000, program=self.program("request"))
        self.assert_fails(done, 1, "reset by the peer")
        done = cli.run(address, "still there", program=self.program("request"))
        self.assertEqual(done.out, "STILL THERE\n", done.err)

    def test_bounded_counts_and_gives_back(self):
        node = self.example("bounded", 8 << 20, "conns_max=4")
        address = self.address_of(node)
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)
        node.tell("memory")
        said = self.line_with(node, "at most")
        used, most, highest = map(int, re.findall(r"\d+", said))
        self.assertEqual(most, 8 << 20)
        self.assertTrue(0 < used <= highest <= most, said)
        node.end_input()
        self.assertEqual((node.wait(), node.errors()), (0, ""))

    def line_with(self, child, words):
        line = child.line()
        while words not in line:
            line = child.line()
        return line

    def test_bounded_refuses_what_cannot_be(self):
        self.assert_fails(cli.run(1000, program=self.program("bounded")), 1, "out of memory")
        self.assert_fails(cli.run(8 << 20, "conns_max=0", program=self.program("bounded")), 1, "invalid argument")
        self.assert_fails(cli.run(8 << 20, "conns=1", program=self.program("bounded")), 1, "not found")

    def test_signer_keeps_its_key(self):
        key = f"{self.folder}/key"
        self.assertEqual(cli.run("key", "new", key).code, 0)
        peer = cli.run("key", "show", key).out
        node = self.example("signer", key)
        address = self.address_of(node)
        self.assertIn(address.rpartition("/")[2], peer)
        node.tell("signed")
        before = int(self.number_of(node))
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)
        node.tell("signed")
        self.assertGreater(int(self.number_of(node)), before)
        node.end_input()
        self.assertEqual(node.wait(), 0)

    def number_of(self, child):
        line = child.line()
        while line.startswith("/"):
            line = child.line()
        return line


if __name__ == "__main__":
    cli.main()
