"""The examples do what they say. P2P_EXAMPLES names the folder they were built into."""

import os

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


if __name__ == "__main__":
    cli.main()
