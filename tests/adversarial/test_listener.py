"""Every row that attacks one who listens, against `p2p node`."""

import subprocess

import evil  # first: it knows where cli.py is
import cli

HAS_NOT = {"QC-21.unasked"}  # it takes datagrams


class Listener(cli.Case):
    def survives(self, quic):
        node, address = self.node_on("/ip4/127.0.0.1/udp/0/quic-v1" if quic else "/ip4/127.0.0.1/tcp/0")
        evil.drain(node)
        report = f"{self.folder}/report.md"
        done = subprocess.run(
            [evil.EVIL, "--pid", str(node.process.pid), "--answer", str(evil.ANSWER), "--patience", str(evil.PATIENCE),
             "--scale", "2000", "--report", report, "all", address],
            capture_output=True, text=True, timeout=300, check=False)
        failed = [line for line in done.stdout.splitlines() if " survived " not in line and " n/a " not in line]
        self.assertEqual(done.returncode, 0, f"{failed}\n{done.stderr}{node.errors()}")
        rows = {row: layer for row, layer in evil.rows("dial").items() if evil.is_quic(layer) == quic}
        with open(report, encoding="utf-8") as file:
            told = [[cell.strip() for cell in line.split("|")] for line in file if line.startswith("| ")][1:]
        self.assertEqual([row for _, row, *_ in told], list(rows))
        # What finds nothing to attack attacked nothing; no row may become one of these unseen.
        self.assertEqual({row for _, row, _, _, _, verdict, *_ in told if verdict == "n/a"},
                         {row for row, layer in rows.items() if row in HAS_NOT or layer in self.layers_without()})
        print(done.stdout.splitlines()[-1])
        self.assertIsNone(node.process.poll())
        node.signal()
        self.assertEqual(node.wait(), 0, node.errors())

    @staticmethod
    def layers_without():
        """Of which `p2p node` has nothing: it offers no mplex, and is in no private network here."""
        return {"mplex", "pnet"} | (set() if evil.speaks_tls() else {"tls"})

    def node_on(self, listen):
        node = self.child("node", "--json", "--listen", listen, "--key", f"{self.folder}/key", *evil.limits())
        return node, node.json_with("event", "listening")["address"]

    def test_node_survives_every_row(self):
        self.survives(quic=False)

    def test_node_survives_every_row_over_quic(self):
        if not evil.speaks_quic():
            self.skipTest("this build has no QUIC")
        self.survives(quic=True)


class Mplex(cli.Case):
    def test_server_survives_every_row(self):
        """`p2p node` does not offer mplex, so that the rows above found nothing to attack."""
        server, address = self.server("--muxer", "mplex")
        done = subprocess.run([evil.EVIL, "--pid", str(server.process.pid), "--answer", str(evil.ANSWER), "--patience",
                               str(evil.PATIENCE), "--scale", "2000", "--layer", "mplex", "all", address],
                              capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("n/a", done.stdout)


class Pnet(cli.Case):
    def test_node_of_a_private_network_survives_every_row_and_tells_no_key(self):
        network, key = evil.network(self)
        self.assertRegex(key, r"\A[0-9a-f]{64}\Z")
        node, address = self.node(*evil.limits(), *network, "--log-level", "trace")
        reader, events = evil.drain(node)
        done = subprocess.run([evil.EVIL, *network, "--answer", str(evil.ANSWER), "--patience", str(evil.PATIENCE),
                               "--layer", "pnet", "all", address], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("n/a", done.stdout)
        node.signal()
        self.assertEqual(node.wait(), 0)
        reader.join()
        told = b"".join(events).decode() + node.errors()
        self.assertIn('"event":"connected"', told)
        self.assertNotIn(key, told.lower())


class Limits(cli.Case):
    def test_streams_in_negotiation_are_few(self):
        """The row passes at its deadline, too: here there is none in sight."""
        _, address = self.node("--limit", "negotiating_per_conn=16", "--limit", "negotiate_timeout=300s")
        done = subprocess.run([evil.EVIL, "--answer", str(evil.ANSWER), "--patience", str(evil.PATIENCE), "run",
                               "MS-01.many", address], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Refusals(cli.Case):
    """A verdict that nothing can miss is none: evilpeer sees it when its victim does badly."""

    def evil(self, row, address, *options):
        return subprocess.run([evil.EVIL, "--answer", "3", "--patience", "3", *options, "run", row, address],
                              capture_output=True, text=True, timeout=60, check=False)

    def test_deadline_missed(self):
        _, address = self.node()  # its deadlines are 10 s
        done = self.evil("HS-04.silent", address)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"\AHS-04\.silent +bytes +late ")

    def test_deadline_missed_over_quic(self):
        if not evil.speaks_quic():
            self.skipTest("this build has no QUIC")
        node = self.child("node", "--json", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--key", f"{self.folder}/key")
        done = self.evil("HS-04.quic.flight", node.json_with("event", "listening")["address"])  # its deadlines are 10 s
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"\AHS-04\.quic\.flight +quic +late ")

    def test_nobody_there(self):
        node, address = self.node()
        node.signal()
        node.wait()
        done = self.evil("HS-02.garbage", address)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r" died ")

    def test_no_such_row(self):
        done = self.evil("XX-01", "/ip4/127.0.0.1/tcp/1")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))


if __name__ == "__main__":
    evil.main()
