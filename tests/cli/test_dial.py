"""p2p dial: what became of each address, for people and as JSON, and the exit code."""

import socket

import cli

STRANGER = "12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5"


def closed_port():
    """A port of loopback where nobody listens: it was ours a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Dial(cli.Case):
    def test_connects_and_says_to_whom(self):
        _, address = self.node()
        done = cli.run("dial", address)
        self.assertEqual((done.code, done.err), (0, ""))
        base, _, peer = address.rpartition("/p2p/")
        first, last = done.out.splitlines()
        self.assertRegex(first, rf"\A{base}: connected after \d+\.\d{{3}} ms\Z")
        self.assertEqual(last, f"connected to {address} by /noise and /yamux/1.0.0")
        report, connected = cli.run("dial", address, "--json").json()
        self.assertEqual((report["address"], report["stage"], report["ok"]), (base, "up", True))
        self.assertEqual((connected["event"], connected["peer"], connected["address"]), ("connected", peer, address))

    def test_the_address_that_answers_wins(self):
        _, address = self.node()
        dead = f"/ip4/127.0.0.1/tcp/{closed_port()}/p2p/" + address.rpartition("/p2p/")[2]
        refused, up, _ = cli.run("dial", dead, address, "--json").json()
        self.assertEqual((refused["error"], refused["side"], refused["stage"]), ("P2P_EREFUSED", "remote", "connect"))
        self.assertTrue(up["ok"])

    def test_refused(self):
        address = f"/ip4/127.0.0.1/tcp/{closed_port()}"
        done = cli.run("dial", address)
        self.assertEqual(done.code, 1)
        self.assertRegex(done.out, rf"\A{address}: connection refused: nothing listens there \(connect after \d+\.\d+ "
                         r"ms, remote\); is the peer running, and is the port right\?\n\Z")
        self.assert_fails(done, 1, "not connected", "connect", "refused")

    def test_another_peer(self):
        _, address = self.node()
        report, = cli.run("dial", address.rpartition("/p2p/")[0] + "/p2p/" + STRANGER, "--json").json()
        self.assertEqual((report["ok"], report["stage"], report["error"]), (False, "identity", "P2P_EPEER"))

    def test_silence_is_waited_for_no_longer_than_asked(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            done = cli.run("dial", f"/ip4/127.0.0.1/tcp/{silent.getsockname()[1]}", "--timeout", "0.3", "--json")
        report, = done.json()
        self.assertEqual((done.code, report["stage"], report["error"]), (1, "security", "P2P_ETIMEOUT"))
        self.assertGreaterEqual(report["elapsed_ms"], 300)

    def test_no_libp2p_there(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            child = self.child("dial", f"/ip4/127.0.0.1/tcp/{server.getsockname()[1]}", "--json")
            conn, _ = server.accept()
            with conn:
                conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                report = child.json_with("address")
        self.assertEqual((report["ok"], report["stage"], report["side"]), (False, "security", "remote"))
        self.assertEqual(child.wait(), 1)

    def test_name_of_this_machine(self):
        _, address = self.node()
        port, peer = address.split("/")[4], address.rpartition("/p2p/")[2]
        named, *_, up, _ = cli.run("dial", f"/dns4/localhost/tcp/{port}/p2p/{peer}", "--json").json()
        self.assertEqual((named["stage"], named["ok"]), ("resolve", True))
        self.assertGreaterEqual(named["found"], 1)
        self.assertTrue(up["ok"])

    def test_dnsaddr_is_refused_by_name(self):
        address = f"/ip4/127.0.0.1/tcp/{closed_port()}"
        first, _ = cli.run("dial", "/dnsaddr/example.org", address).out.splitlines()
        self.assertIn("/dnsaddr comes with the discovery of addresses", first)

    def test_bad_addresses(self):
        self.assert_fails(cli.run("dial", "nonsense"), 2, "not a valid multiaddr")
        self.assert_fails(cli.run("dial"), 2, "ADDR... is missing")
        self.assert_fails(cli.run("dial", "/ip4/127.0.0.1/udp/1/utp"), 1, "not supported")
        a, b = f"/ip4/127.0.0.1/tcp/1/p2p/{STRANGER}", "/ip4/127.0.0.1/tcp/1"
        self.assert_fails(cli.run("dial", a, b), 1, "invalid argument")


if __name__ == "__main__":
    cli.main()
