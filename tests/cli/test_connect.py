"""p2p connect and p2p listen: streams on standard input and output."""

import os
import re
import select
import signal
import subprocess
import time

import cli

SOMETHING = bytes(range(256)) * 4096  # 1 MiB of every byte


class Pipes(cli.Case):
    """Programs with binary pipes."""

    def start(self, *argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE):
        process = subprocess.Popen([cli.PROGRAM, *map(str, argv)], stdin=stdin, stdout=stdout, stderr=stderr,
                                   bufsize=0)
        self.addCleanup(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()

    def listener(self, *argv, **how):
        """A `p2p listen` and its address, which it tells on stderr."""
        process = self.start("listen", "--listen", "/ip4/127.0.0.1/tcp/0", *argv, **how)
        return process, self.address_of(process)

    def line_of(self, pipe):
        """The next line of a pipe; nothing behind it is read."""
        line, end = b"", time.monotonic() + cli.PATIENCE
        while not line.endswith(b"\n"):
            self.assertTrue(select.select([pipe], [], [], max(0, end - time.monotonic()))[0], f"no line: {line}")
            byte = os.read(pipe.fileno(), 1)
            self.assertTrue(byte, f"ended: {line}")
            line += byte
        return line.decode()

    def address_of(self, process):
        return re.search(r"listening on (\S+)", self.line_of(process.stderr)).group(1)

    @staticmethod
    def finish(process, data=None):
        out, err = process.communicate(data, timeout=cli.PATIENCE)
        return process.returncode, out, (err or b"").decode()

    def echo_node(self):
        node = cli.Child("node", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", "--key", f"{self.folder}/key")
        self.addCleanup(node.__exit__)
        return node.json_with("event", "listening")["address"]


class Connect(Pipes):
    def test_every_byte_there_and_back(self):
        address = self.echo_node()
        code, out, err = self.finish(self.start("connect", address, "/echo/1.0.0"), SOMETHING * 8)
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(out == SOMETHING * 8)

    def test_nothing_at_all(self):
        code, out, err = self.finish(self.start("connect", self.echo_node(), "/echo/1.0.0",
                                                stdin=subprocess.DEVNULL))
        self.assertEqual((code, out, err), (0, b"", ""))

    def test_files_in_place_of_pipes(self):
        address = self.echo_node()
        with open(f"{self.folder}/in", "wb") as file:
            file.write(SOMETHING)
        with open(f"{self.folder}/in", "rb") as source, open(f"{self.folder}/out", "wb") as target:
            self.assertEqual(self.start("connect", address, "/echo/1.0.0", stdin=source, stdout=target).wait(cli.PATIENCE), 0)
        with open(f"{self.folder}/out", "rb") as file:
            self.assertTrue(file.read() == SOMETHING)

    def test_closed_descriptors_are_no_sockets(self):
        """Standard input and output that are not open stay out of the program's way."""
        address = self.echo_node()
        done = subprocess.run(["sh", "-c", 'exec "$0" "$@" <&- >&-', cli.PROGRAM, "connect", address, "/echo/1.0.0"],
                              capture_output=True, timeout=cli.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_an_answer_comes_while_input_is_open(self):
        """Nothing waits for a full buffer or for the end."""
        process = self.start("connect", self.echo_node(), "/echo/1.0.0")
        for word in (b"one\n", b"two\n"):
            process.stdin.write(word)
            self.assertEqual(self.line_of(process.stdout).encode(), word)
        process.stdin.close()
        process.stdin = None
        self.assertEqual(self.finish(process), (0, b"", ""))

    def test_a_terminal(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        process = self.start("connect", self.echo_node(), "/echo/1.0.0", stdin=slave)
        os.close(slave)
        os.write(master, b"typed\n")
        self.assertEqual(self.line_of(process.stdout), "typed\n")
        os.write(master, b"\x04")  # Ctrl-D
        self.assertEqual(self.finish(process)[0], 0)

    def test_unknown_protocol(self):
        code, out, err = self.finish(self.start("connect", self.echo_node(), "/none/1"), b"x")
        self.assertEqual((code, out), (5, b""))
        self.assertIn("/none/1: the peer does not speak it", err)

    def test_a_reader_that_goes_away(self):
        """As in `… | head -1`: told by the exit code, no signal, nothing left behind."""
        process = self.start("connect", self.echo_node(), "/echo/1.0.0")
        process.stdout.close()
        process.stdout = None
        process.stdin.write(b"x")
        self.assertEqual(process.wait(cli.PATIENCE), 6)
        self.assertIn("standard output: Broken pipe", process.stderr.read().decode())

    def test_interrupt(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start("connect", self.echo_node(), "/echo/1.0.0")
            process.stdin.write(b"x")
            process.stdout.read(1)  # it is under way
            process.send_signal(number)
            self.assertEqual(process.wait(cli.PATIENCE), 128 + number)

    def test_wrong_usage(self):
        self.assert_fails(cli.run("connect", "/ip4/127.0.0.1/tcp/1"), 2, "ADDR PROTOCOL is missing")
        self.assert_fails(cli.run("connect", "here", "/echo/1.0.0"), 2, "here: not a valid multiaddr")
        self.assert_fails(cli.run("connect", "/ip4/127.0.0.1/tcp/1", "an echo"), 2, "an echo: not a protocol id")


class Listen(Pipes):
    def test_both_ways_and_both_ends(self):
        """Each side sends what the other does not echo; the ends come one by one."""
        server, address = self.listener("/talk/1")
        client = self.start("connect", address, "/talk/1")
        client.stdin.write(b"from the client\n")
        self.assertEqual(self.line_of(server.stdout), "from the client\n")
        client.stdin.close()
        client.stdin = None
        self.assertEqual(server.stdout.read(), b"")  # our end is told on, while the other way is open
        server.stdin.write(b"after your end\n")
        self.assertEqual(self.line_of(client.stdout), "after your end\n")
        server.stdin.close()
        server.stdin = None
        self.assertEqual(self.finish(client), (0, b"", ""))
        self.assertEqual(self.finish(server), (0, b"", ""))

    def test_over_quic(self):
        server = self.start("listen", "--exec", "cat", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "/cat/1")
        said = self.line_of(server.stderr)
        if "not supported" in said:
            self.skipTest("a build without QUIC")
        address = re.search(r"listening on (\S+)", said).group(1)
        code, out, err = self.finish(self.start("connect", address, "/cat/1"), SOMETHING)
        self.assertEqual((code, out == SOMETHING, err), (0, True, ""))
        self.assertEqual(self.finish(server)[0], 0)

    def test_standard_output_is_data(self):
        server, address = self.listener("/talk/1", stdin=subprocess.DEVNULL)
        with open(f"{self.folder}/in", "wb") as file:
            file.write(SOMETHING)
        with open(f"{self.folder}/in", "rb") as source:
            client = self.start("connect", address, "/talk/1", stdin=source)
        code, out, err = self.finish(server)
        self.assertEqual((code, out == SOMETHING, err), (0, True, ""))
        self.assertEqual(client.wait(cli.PATIENCE), 0)

    def test_what_a_connection_left_behind_is_written(self):
        """The server ends and goes while we have not yet written what it sent."""
        server, address = self.listener("/talk/1", stdin=subprocess.PIPE)
        client = self.start("connect", address, "/talk/1", stdin=subprocess.DEVNULL)
        data = SOMETHING[:200_000]  # more than the pipe to us holds, less than a window
        code, _, _ = self.finish(server, data)  # it has ended, and its connection with it
        self.assertEqual(code, 0)
        out = client.stdout.read()
        self.assertEqual((len(out), out == data, client.wait(cli.PATIENCE)), (len(data), True, 0))

    def test_a_full_output_stops_the_sender(self):
        """Nobody reads the server's output: what the client can get rid of is bounded."""
        server, address = self.listener("/sink/1", stdin=subprocess.DEVNULL)
        client = self.start("connect", address, "/sink/1")
        os.set_blocking(client.stdin.fileno(), False)
        sent, limit = 0, 64 << 20
        while sent < limit:
            if not select.select([], [client.stdin], [], 3)[1]:
                break
            sent += client.stdin.write(b"\0" * 65536) or 0
        self.assertLess(sent, limit)
        # and all of it arrives once somebody reads
        os.set_blocking(client.stdin.fileno(), True)
        client.stdin.close()
        client.stdin = None
        got = 0
        while chunk := server.stdout.read(1 << 20):
            got += len(chunk)
        self.assertEqual(got, sent)
        self.assertEqual(client.wait(cli.PATIENCE), 0)

    def test_only_one_without_keep(self):
        server, address = self.listener("/talk/1", stdin=subprocess.DEVNULL)
        self.assertEqual(self.finish(self.start("connect", address, "/talk/1"), b"x")[0], 0)
        self.assertEqual(self.finish(server), (0, b"x", ""))

    def test_a_second_stream_while_one_is_served(self):
        server, address = self.listener("/talk/1")
        first = self.start("connect", address, "/talk/1")
        first.stdin.write(b"first\n")
        self.assertEqual(self.line_of(server.stdout), "first\n")
        code, out, err = self.finish(self.start("connect", address, "/talk/1"), b"second\n")
        self.assertEqual((code, out), (3, b""))
        self.assertIn("reset by the peer", err)

    def test_only_one_command_without_keep(self):
        server, address = self.listener("--exec", "cat", "/cat/1")
        first = self.start("connect", address, "/cat/1")
        first.stdin.write(b"first\n")
        self.assertEqual(self.line_of(first.stdout), "first\n")
        self.assertEqual(self.finish(self.start("connect", address, "/cat/1"), b"second\n")[0], 3)
        self.assertEqual(self.finish(first), (0, b"", ""))
        self.assertEqual(self.finish(server)[0], 0)

    def test_keep_serves_one_after_the_other(self):
        server, address = self.listener("--keep", "/talk/1", stdin=subprocess.DEVNULL)
        for word in (b"one\n", b"two\n", b"three\n"):
            self.assertEqual(self.finish(self.start("connect", address, "/talk/1"), word)[0], 0)
            self.assertEqual(self.line_of(server.stdout).encode(), word)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(server), (0, b"", ""))

    def test_a_command_for_each(self):
        server, address = self.listener("--keep", "--exec", 'tr a-z A-Z; echo "$P2P_PEER $P2P_PROTOCOL"', "/up/1")
        key = f"{self.folder}/client"
        peer = cli.run("key", "new", key, "--json").json()[0]["peer"]
        for _ in range(3):
            code, out, err = self.finish(self.start("connect", "--key", key, address, "/up/1"), b"hello\n")
            self.assertEqual((code, out.decode(), err), (0, f"HELLO\n{peer} /up/1\n", ""))
        server.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(cli.PATIENCE), 0)

    def test_commands_run_at_once_and_are_bounded(self):
        _, address = self.listener("--keep", "--exec", "cat", "--at-once", "2", "/cat/1")
        running = [self.start("connect", address, "/cat/1") for _ in range(2)]
        for process in running:
            process.stdin.write(b"x\n")
            self.assertEqual(self.line_of(process.stdout), "x\n")
        self.assertEqual(self.finish(self.start("connect", address, "/cat/1"), b"x")[0], 3)
        for process in running:
            self.assertEqual(self.finish(process), (0, b"", ""))

    def test_a_command_that_fails_is_told(self):
        server, address = self.listener("--exec", "exit 7", "/fail/1")
        self.assertEqual(self.finish(self.start("connect", address, "/fail/1", stdin=subprocess.DEVNULL))[1], b"")
        self.assertIn("ended with 7", self.finish(server)[2])

    def test_a_command_that_does_not_read(self):
        """It ends although more is sent than a pipe holds."""
        server, address = self.listener("--exec", "exec <&-; echo done", "/lazy/1")
        client = self.start("connect", address, "/lazy/1", stderr=subprocess.DEVNULL)
        self.assertEqual(self.line_of(client.stdout), "done\n")
        client.stdin.close()
        client.stdin = None
        client.wait(cli.PATIENCE)
        server.wait(cli.PATIENCE)

    def test_only_who_may(self):
        key = f"{self.folder}/friend"
        friend = cli.run("key", "new", key, "--json").json()[0]["peer"]
        server, address = self.listener("--from", friend, "/talk/1", stdin=subprocess.DEVNULL)
        code, out, _ = self.finish(self.start("connect", address, "/talk/1"), b"stranger")
        self.assertNotEqual(code, 0)
        self.assertEqual(self.finish(self.start("connect", "--key", key, address, "/talk/1"), b"friend")[0], 0)
        self.assertEqual(self.finish(server), (0, b"friend", ""))

    def test_the_connection_is_lost(self):
        server, address = self.listener("/talk/1")
        client = self.start("connect", address, "/talk/1")
        client.stdin.write(b"x\n")
        self.assertEqual(self.line_of(server.stdout), "x\n")
        server.kill()
        code, _, err = self.finish(client)
        self.assertEqual(code, 4, err)
        self.assertIn("the connection was lost", err)

    def test_verbose_tells_of_streams(self):
        server, address = self.listener("--verbose", "/talk/1", stdin=subprocess.DEVNULL)
        self.finish(self.start("connect", address, "/talk/1"), b"12345")
        self.assertIn("sent 0 bytes, received 5", self.finish(server)[2])

    def test_wrong_usage(self):
        self.assert_fails(cli.run("listen"), 2, "PROTOCOL is missing")
        self.assert_fails(cli.run("listen", "--from", "me", "/x/1"), 2, "--from me: not a peer id")
        self.assert_fails(cli.run("listen", "--listen", "/ip4/127.0.0.1/tcp/0", "/ipfs/ping/1.0.0"), 1,
                          "this program answers it already")



if __name__ == "__main__":
    cli.main()
