"""A node whose reader stops, is slow, or reads only when it is over."""

import fcntl
import json
import os
import re
import subprocess

import cli

SMALLEST = 4096  # bytes of a pipe
CONNS = 1500  # two lines of 200 bytes each: more than what a node keeps


class Reader(cli.Case):
    def unread(self, *argv):
        """A node, its address, and nobody reads on."""
        node, address = self.node(*argv)
        fcntl.fcntl(node.process.stdout, fcntl.F_SETPIPE_SZ, SMALLEST)
        return node, address

    def come_and_go(self, address, count):
        done = cli.run("bench", "run", "handshakes", "--count", count, "--concurrency", 4, "--addr", address)
        self.assertEqual(done.code, 0, done.err)

    def rest(self, child):
        """All lines until it ends."""
        lines = []
        try:
            while True:
                lines.append(child.line())
        except AssertionError as error:
            if "ended when" not in str(error):
                raise
        return lines

    def test_one_that_stops_does_not_stop_the_node(self):
        node, address = self.unread()
        self.come_and_go(address, CONNS)
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)
        node.signal()
        said = [json.loads(line) for line in self.rest(node)]  # every line is whole
        self.assertEqual(node.wait(), 0, node.errors())
        lost = sum(one["lines"] for one in said if one["event"] == "lost")
        told = sum(one["event"] in ("connected", "disconnected") for one in said)
        self.assertGreater(lost, 0)
        self.assertEqual(lost + told, 2 * (CONNS + 1))

    def test_one_that_reads_again_is_told_how_many_lines_it_missed(self):
        node = self.child("node", "--listen", "/ip4/127.0.0.1/tcp/0", "--key", f"{self.folder}/key")
        address = [node.line() for _ in range(2)][1].split()[1]
        fcntl.fcntl(node.process.stdout, fcntl.F_SETPIPE_SZ, SMALLEST)
        self.come_and_go(address, CONNS)
        seen = 0
        while not (gap := re.fullmatch(r"lost +(\d+) lines, which nobody read", node.line())):
            seen += 1
        self.assertGreater(seen, 100)
        self.assertLessEqual(seen + int(gap[1]), 2 * CONNS)
        while seen + int(gap[1]) < 2 * CONNS:  # those that came after it
            node.line()
            seen += 1
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)
        self.assertRegex(node.line(), r"\Aconnected ")

    def test_one_that_reads_late_misses_nothing(self):
        node, address = self.unread()
        self.come_and_go(address, 100)
        node.signal()
        said = [json.loads(line)["event"] for line in self.rest(node)]
        self.assertEqual(node.wait(), 0, node.errors())
        self.assertEqual(said, [event for event in said if event != "lost"])
        self.assertEqual((said.count("connected"), said.count("disconnected")), (100, 100))

    def test_one_that_never_reads_does_not_keep_it_from_ending(self):
        node, address = self.unread()
        self.come_and_go(address, 100)
        node.signal()
        self.assertEqual(node.wait(), 0, node.errors())

    def test_pipe_that_somebody_made_not_block_loses_nothing(self):
        reads, writes = os.pipe()
        fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, SMALLEST)
        os.set_blocking(writes, False)  # so it is for all who share it
        process = subprocess.Popen([cli.PROGRAM, "node", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", "--key",
                                    f"{self.folder}/key"], stdout=writes, stderr=subprocess.DEVNULL)
        for undo in (process.wait, process.kill):
            self.addCleanup(undo)
        os.close(writes)
        with open(reads, "rb") as lines:
            said = (json.loads(line) for line in lines)
            address = next(one["address"] for one in said if one["event"] == "listening")
            self.come_and_go(address, 100)
            process.terminate()
            events = [one["event"] for one in said]
        self.assertEqual(process.wait(cli.PATIENCE), 0)
        self.assertEqual((events.count("connected"), events.count("disconnected")), (100, 100))

    def test_log_that_nobody_reads_does_not_stop_it(self):
        reads, writes = os.pipe()
        os.set_blocking(writes, False)
        full = 0
        try:
            while True:
                full += os.write(writes, b"x" * SMALLEST)
        except BlockingIOError:
            os.set_blocking(writes, True)  # as a shell hands it over
        process = subprocess.Popen([cli.PROGRAM, "node", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", "--key",
                                    f"{self.folder}/key", "--log-level", "info"], stdout=subprocess.PIPE, stderr=writes)
        for undo in (process.stdout.close, process.wait, process.kill):
            self.addCleanup(undo)
        os.close(writes)
        said = (json.loads(line) for line in process.stdout)
        address = next(one["address"] for one in said if one["event"] == "listening")
        self.come_and_go(address, 10)  # each logs that identify failed
        with open(reads, "rb") as log:
            log.read(full)
            self.come_and_go(address, 1)
            self.assertRegex(log.readline(), rb"\Awarn: log: \d+ lines were lost, which nobody read\n\Z")
            self.assertRegex(log.readline(), rb"\Ainfo: identify: ")


if __name__ == "__main__":
    cli.main()
