"""p2p send and p2p recv: files, their resumption, and who means ill."""

import hashlib
import json
import os
import select
import signal
import stat
import subprocess

import cli
from test_connect import Pipes

DATA = os.urandom(1 << 16) * 48 + b"the end"  # 3 MiB and a bit


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def framed(body):
    return varint(len(body)) + body


def offer(name, size=None, mode=None):
    body = field(1, name)
    body += field(2, size) if size is not None else b""
    body += field(3, mode) if mode is not None else b""
    return framed(body)


def start(offset=0):
    return framed(field(1, offset))


def chunk(data):
    return varint(len(data)) + data


def trailer(data):
    return b"\0" + framed(field(1, hashlib.sha256(data).digest()) + field(2, len(data)))


def whole(name, data, **more):
    return offer(name, **more) + start() + chunk(data) + trailer(data)


class Files(Pipes):
    def setUp(self):
        super().setUp()
        self.inbox = f"{self.folder}/inbox"
        os.mkdir(self.inbox)

    def receiver(self, *argv):
        process = self.start("recv", "--listen", "/ip4/127.0.0.1/tcp/0", *argv, self.inbox, stdin=subprocess.DEVNULL)
        return process, self.address_of(process)

    def put(self, name, data, folder=None):
        path = f"{folder or self.folder}/{name}"
        with open(path, "wb") as file:
            file.write(data)
        return path

    def got(self, name):
        with open(f"{self.inbox}/{name}", "rb") as file:
            return file.read()

    def send(self, *argv, data=None):
        return self.finish(self.start("send", *argv, stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL),
                           data)


class Send(Files):
    def test_a_file(self):
        receiver, address = self.receiver()
        path = self.put("photo.jpg", DATA)
        os.chmod(path, 0o750)
        code, out, err = self.send(path, address)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out.decode(), r"\Aphoto\.jpg  3\.15 MB sent, .*/s\n\Z")
        code, out, err = self.finish(receiver)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out.decode(), r"\Aphoto\.jpg  3\.15 MB from 12D3Koo\w+\n\Z")
        self.assertTrue(self.got("photo.jpg") == DATA)
        self.assertEqual(os.listdir(self.inbox), ["photo.jpg"])
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(stat.S_IMODE(os.stat(f"{self.inbox}/photo.jpg").st_mode), 0o750 & ~mask | 0o600)

    def test_several_files_and_empty_ones(self):
        receiver, address = self.receiver()
        names = {"a": b"", "b": b"x", "c": DATA, "d": bytes(65536)}
        self.assertEqual(self.send(*(self.put(name, data) for name, data in names.items()), address)[0], 0)
        self.assertEqual(self.finish(receiver)[0], 0)
        self.assertTrue(all(self.got(name) == data for name, data in names.items()))

    def test_standard_input(self):
        receiver, address = self.receiver()
        self.assertEqual(self.send("--name", "stream.tar", "-", address, data=DATA)[0], 0)
        self.assertEqual(self.finish(receiver)[0], 0)
        self.assertTrue(self.got("stream.tar") == DATA)

    def test_input_that_is_slower_than_patience(self):
        """A receiver that waits for us is not blamed."""
        _, address = self.receiver()
        sender = self.start("send", "--patience", "0.1", "--name", "slow", "-", address)
        part = f"{self.inbox}/slow.part"
        for size in (3, 6):
            sender.stdin.write(b"abc")
            while not os.path.exists(part) or os.path.getsize(part) < size:
                self.assertIsNone(sender.poll())
            with self.assertRaises(subprocess.TimeoutExpired):
                sender.wait(0.3)
        self.assertEqual(self.finish(sender)[0], 0)
        self.assertEqual(self.got("slow"), b"abcabc")

    def test_nothing_is_overwritten_without_force(self):
        self.put("a", b"mine", self.inbox)
        path = self.put("a", b"yours")
        receiver, address = self.receiver("--keep")
        code, _, err = self.send(path, address)
        self.assertEqual(code, 3)
        self.assertIn("there is one of that name already", err)
        receiver.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(receiver)[0], 1)
        self.assertEqual(self.got("a"), b"mine")
        self.assertEqual(os.listdir(self.inbox), ["a"])
        receiver, address = self.receiver("--force")
        self.assertEqual(self.send(path, address)[0], 0)
        self.assertEqual(self.finish(receiver)[0], 0)
        self.assertEqual(self.got("a"), b"yours")

    def test_json(self):
        receiver = self.start("recv", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", self.inbox)
        address = json.loads(self.line_of(receiver.stdout))["address"]
        code, out, _ = self.send("--json", self.put("a", DATA), address)
        sent = json.loads(out.splitlines()[-1])
        self.assertEqual((code, sent["event"], sent["bytes"], sent["resumed_at"]), (0, "sent", len(DATA), 0))
        got = json.loads(self.finish(receiver)[1].splitlines()[-1])
        self.assertEqual((got["event"], got["file"], got["bytes"]), ("received", "a", len(DATA)))

    def test_a_bar_on_a_terminal(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        _, address = self.receiver()
        process = self.start("send", "-", address, stderr=slave)
        os.close(slave)
        seen = b""
        while b"B/s" not in seen:  # it is drawn while bytes move
            process.stdin.write(bytes(65536))
            if self.readable(master):
                seen += os.read(master, 4096)
        process.stdin.close()
        process.stdin = None
        self.assertRegex(seen.decode(), r"stdin  \S+ [kMG]?B  \S+ [kMG]?B/s")
        self.assertEqual(process.wait(cli.PATIENCE), 0)

    @staticmethod
    def readable(fd):
        return bool(select.select([fd], [], [], 0)[0])

    def test_what_cannot_be_sent(self):
        _, address = self.receiver("--keep")
        for path, words in ((f"{self.folder}/none", "No such file"), (self.folder, "is a folder")):
            code, _, err = self.send(path, address)
            self.assertEqual(code, 1)
            self.assertIn(words, err)
        code, _, err = self.send(self.put("a", b"x"), self.echo_node())
        self.assertEqual(code, 5)
        self.assertIn('"p2p recv" does', err)

    def test_wrong_usage(self):
        self.assert_fails(cli.run("send", "/ip4/127.0.0.1/tcp/1"), 2, "FILE... ADDR is missing")
        self.assert_fails(cli.run("send", "a", "b"), 2, "b: not a valid multiaddr")
        self.assert_fails(cli.run("send", "--name", "x", "a", "b", "/ip4/127.0.0.1/tcp/1"), 2, "--name x")
        self.assert_fails(cli.run("recv", f"{self.folder}/none"), 1, "cannot open the folder")

    def test_a_limit_of_size(self):
        _, address = self.receiver("--keep", "--max-size", "1M")
        for argv, data in (([self.put("a", DATA)], None), (["--name", "b", "-"], DATA)):
            code, _, err = self.send(*argv, address, data=data)
            self.assertEqual(code, 3, err)
            self.assertIn("larger than --max-size allows", err)


class Resume(Files):
    def part(self, data):
        self.put("a.part", data, self.inbox)

    def sent_from(self, data):
        """Sends, wants it whole, returns where it was resumed."""
        receiver, address = self.receiver()
        code, out, err = self.send("--json", self.put("a", data), address)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.finish(receiver)[0], 0)
        self.assertTrue(self.got("a") == data)
        self.assertEqual(os.listdir(self.inbox), ["a"])
        return json.loads(out.splitlines()[-1])["resumed_at"]

    def receiver(self, *argv):
        process = self.start("recv", "--json", "--listen", "/ip4/127.0.0.1/tcp/0", self.inbox)
        return process, json.loads(self.line_of(process.stdout))["address"]

    def test_goes_on_where_it_stopped(self):
        self.part(DATA[:1_234_567])
        self.assertEqual(self.sent_from(DATA), 1_234_567)

    def test_all_of_it_was_there(self):
        self.part(DATA)
        self.assertEqual(self.sent_from(DATA), len(DATA))

    def test_another_beginning_is_thrown_away(self):
        self.part(b"!" + DATA[1:1_000_000])
        self.assertEqual(self.sent_from(DATA), 0)

    def test_more_than_there_is_is_thrown_away(self):
        self.part(DATA + b"more")
        self.assertEqual(self.sent_from(DATA), 0)

    def test_a_sender_that_dies_leaves_what_it_sent(self):
        receiver, address = self.receiver()
        sender = self.start("send", "--name", "a", "-", address)
        sender.stdin.write(DATA[:1 << 20])
        part = f"{self.inbox}/a.part"
        while not os.path.exists(part) or os.path.getsize(part) < 1 << 20:
            self.assertIsNone(sender.poll())
        sender.kill()
        self.assertEqual(self.finish(receiver)[0], 1)
        self.assertEqual(self.sent_from(DATA), 1 << 20)

    def test_a_receiver_that_dies(self):
        receiver, address = self.receiver()
        sender = self.start("send", "--name", "a", "-", address)
        sender.stdin.write(DATA[:1 << 16])
        part = f"{self.inbox}/a.part"
        while not os.path.exists(part) or os.path.getsize(part) < 1 << 16:
            self.assertIsNone(sender.poll())
        receiver.kill()
        code, _, err = self.finish(sender)
        self.assertEqual(code, 4)
        self.assertIn("send it again", err)
        self.assertEqual(self.sent_from(DATA), 1 << 16)

    def test_interrupt(self):
        receiver, address = self.receiver()
        sender = self.start("send", "--name", "a", "-", address)
        sender.stdin.write(b"x" * 65536)
        part = f"{self.inbox}/a.part"
        while not os.path.exists(part) or os.path.getsize(part) < 65536:
            self.assertIsNone(sender.poll())
        sender.send_signal(signal.SIGINT)
        self.assertEqual(sender.wait(cli.PATIENCE), 128 + signal.SIGINT)
        code, out, err = self.finish(receiver)
        self.assertEqual((code, b'"failed"' in out), (1, True), (out, err))


class Hostile(Files):
    """A stranger that speaks the protocol by hand, through p2p connect."""

    def say(self, address, data):
        """What the receiver answers, and the exit code of connect."""
        code, out, _ = self.finish(self.start("connect", "-q", address, "/p2p/file/1.0.0"), data)
        return code, out

    def test_the_stranger_can_speak_at_all(self):
        _, address = self.receiver("--keep")
        code, out = self.say(address, whole(b"a", b"data", size=4))
        self.assertEqual((code, out), (0, framed(field(1, 0) + field(2, 0)) + framed(field(1, 0))))
        self.assertEqual(self.got("a"), b"data")

    def test_names_that_lead_elsewhere(self):
        _, address = self.receiver("--keep")
        for name in (b"../a", b"/etc/a", b"a/b", b"..", b".", b"a\nb", b"a\x1b[2Jb", b"..\\a", b"\x7f", b"a/", b"/"):
            code, out = self.say(address, whole(name, b"data"))
            self.assertEqual(code, 0, name)
            self.assertIn(b"the name ", out, name)
        self.assertEqual(os.listdir(self.inbox), [])
        self.assertEqual(os.listdir(self.folder), ["inbox"])

    def test_names_that_hide(self):
        _, address = self.receiver("--keep")
        self.say(address, whole(b".bashrc", b"data"))
        self.say(address, whole(b"...x", b"data"))
        self.assertEqual(sorted(os.listdir(self.inbox)), ["___x", "_bashrc"])

    def test_names_that_disguise_a_line(self):
        name = "a\u202egpj\u2066\x9b.exe".encode()
        for begin in (lambda: self.receiver("--keep", "--force"), self.json_receiver):
            receiver, address = begin()
            self.say(address, whole(name, b"data"))
            receiver.send_signal(signal.SIGTERM)
            out = self.finish(receiver)[1]
            self.assertIn(b".exe", out)
            for hidden in ("\u202e", "\u2066", "\x9b"):
                self.assertNotIn(hidden.encode(), out)
        self.assertEqual(json.loads(out.splitlines()[-1])["file"].encode(), name)

    def json_receiver(self):
        process = self.start("recv", "--json", "--keep", "--force", "--listen", "/ip4/127.0.0.1/tcp/0", self.inbox)
        return process, json.loads(self.line_of(process.stdout))["address"]

    def test_a_part_is_nobody_elses_name(self):
        """Else a stranger's whole file takes the place of what another sender sends."""
        _, address = self.receiver("--keep", "--force")
        honest = self.start("send", "--name", "a", "-", address)
        honest.stdin.write(b"honest")
        honest.stdin.flush()
        while not os.path.exists(f"{self.inbox}/a.part"):
            self.assertIsNone(honest.poll())
        for name in (b"a.part", b"a.PART", b".part"):
            self.assertIn(b"the name ", self.say(address, whole(name, b"evil"))[1], name)
        self.assertEqual(self.finish(honest)[0], 0)
        self.assertEqual(self.got("a"), b"honest")

    def test_links_are_not_followed(self):
        outside = self.put("outside", b"precious")
        os.symlink(outside, f"{self.inbox}/a.part")
        os.symlink(outside, f"{self.inbox}/b")
        os.mkfifo(f"{self.inbox}/c.part")
        _, address = self.receiver("--keep")
        for name in (b"a", b"b", b"c"):
            out = self.say(address, whole(name, b"data"))[1]
            self.assertTrue(out and out[1:3] == b"\x08\x01", (name, out))
        with open(outside, "rb") as file:
            self.assertEqual(file.read(), b"precious")

    def test_a_wrong_checksum_leaves_nothing(self):
        _, address = self.receiver("--keep")
        _, out = self.say(address, offer(b"a", 4) + start() + chunk(b"data") + trailer(b"Data"))
        self.assertIn(b"the checksum is wrong", out)
        self.assertEqual(os.listdir(self.inbox), [])

    def test_more_or_less_than_announced(self):
        _, address = self.receiver("--keep")
        self.assertIn(b"more of it than", self.say(address, whole(b"a", b"data", size=3))[1])
        self.assertIn(b"less of it than", self.say(address, whole(b"b", b"data", size=5))[1])
        self.assertFalse({"a", "b"} & set(os.listdir(self.inbox)))

    def test_more_than_fits_anywhere(self):
        _, address = self.receiver("--keep")
        for size in (1 << 62, (1 << 63) - 1):
            _, out = self.say(address, offer(b"a", size))
            self.assertEqual(out[1:3], b"\x08\x01", size)

    def test_permissions_are_permissions(self):
        _, address = self.receiver("--keep")
        self.say(address, whole(b"a", b"data", mode=0o7777))
        self.assertEqual(stat.S_IMODE(os.stat(f"{self.inbox}/a").st_mode) & 0o7022, 0)

    def test_what_is_no_protocol(self):
        receiver, address = self.receiver("--keep")
        broken = (b"\xff" * 64,                                      # a length without end
                  b"\x80\x00",                                       # a length longer than it need be
                  varint(4097),                                      # a message longer than allowed
                  framed(b""),                                       # an offer without a name
                  framed(field(1, b"")),                             # an empty one
                  framed(field(1, b"a\0b")),                         # a zero inside
                  framed(field(1, b"a" * 300)),                      # too long
                  framed(field(1, 5)),                               # a number in place of a name
                  framed(b"\x0a\x7fa"),                              # shorter than it says
                  framed(b"\x00\x01"),                               # field number 0
                  framed(b"\x0b"),                                   # a group
                  offer(b"n1") + start(5),                           # a start nobody offered
                  offer(b"n2") + start() + varint((1 << 20) + 1),    # a chunk that is too long
                  offer(b"n3") + start() + chunk(b"x") + b"\0" + framed(field(2, 1)))  # no checksum
        for data in broken:
            code, _ = self.say(address, data)
            self.assertEqual(code, 3, data)
        self.assertIsNone(receiver.poll())
        self.assertEqual(self.send(self.put("good", b"data"), address)[0], 0)

    def test_unknown_fields_are_passed_over(self):
        _, address = self.receiver("--keep")
        more = field(1, b"a") + field(100, b"?") + field(101, 7) + varint(102 << 3 | 1) + bytes(8) + varint(103 << 3 | 5) + bytes(4)
        self.say(address, framed(more) + start() + chunk(b"data") + trailer(b"data"))
        self.assertEqual(self.got("a"), b"data")

    def test_an_end_in_the_middle(self):
        receiver, address = self.receiver("--keep")
        data = whole(b"a", b"data", size=4)
        for cut in range(len(data)):
            self.assertNotEqual(self.say(address, data[:cut])[0], 0, cut)
        self.assertIsNone(receiver.poll())
        self.assertNotIn("a", os.listdir(self.inbox))

    def test_two_senders_of_one_name(self):
        _, address = self.receiver("--keep")
        first = self.start("send", "--name", "a", "-", address)
        first.stdin.write(b"first")
        while not os.path.exists(f"{self.inbox}/a.part"):
            self.assertIsNone(first.poll())
        code, _, err = self.send("--name", "a", "-", address, data=b"second")
        self.assertEqual(code, 3)
        self.assertIn("being received already", err)
        self.assertEqual(self.finish(first)[0], 0)
        self.assertEqual(self.got("a"), b"first")

    def test_who_is_silent_is_let_go(self):
        receiver, address = self.receiver("--keep", "--timeout", "0.2")
        client = self.start("connect", "-q", address, "/p2p/file/1.0.0")
        client.stdin.write(offer(b"a", 4))
        self.assertEqual(client.wait(cli.PATIENCE), 3)
        receiver.send_signal(signal.SIGTERM)
        self.assertIn("nothing came for too long", self.finish(receiver)[2])

    def test_receivers_that_mean_ill(self):
        """What a sender is answered, by hand."""
        path = self.put("a", b"data")
        answers = ((b"\xff" * 64, 1, "broke the protocol"),
                   (framed(field(1, 0)) + framed(field(1, 0)), 1, "broke the protocol"),  # done before it was sent
                   (framed(field(1, 1) + field(4, b"no\x1b[2J")), 3, "refuses it: no"),
                   (framed(field(1, 0) + field(2, 1 << 40) + field(3, bytes(32))) + framed(field(1, 1)), 3, "it failed"),
                   (b"", 4, "ended before the file did"))
        for said, code, words in answers:
            server, address = self.listener("/p2p/file/1.0.0", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            server.stdin.write(said)
            server.stdin.close()
            server.stdin = None
            done = self.send(path, address)
            self.assertEqual(done[0], code, done)
            self.assertIn(words, done[2])
            self.assertNotIn("\x1b", done[2])


if __name__ == "__main__":
    cli.main()
