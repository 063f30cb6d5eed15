"""A node, and the tools toward it: two processes on loopback."""

import os
import re
import signal
import socket
import stat

import cli


class Node(cli.Case):
    def test_second_run_has_the_same_peer_id(self):
        peers = []
        for _ in range(2):
            node, address = self.node()
            peers.append(address.rpartition("/p2p/")[2])
            node.signal()
            self.assertEqual(node.wait(), 0, node.errors())
        self.assertEqual(peers[0], peers[1])
        self.assertEqual(stat.S_IMODE(os.stat(f"{self.folder}/key").st_mode), 0o600)

    def test_both_signals_end_it_well(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            node, _ = self.node()
            node.signal(number)
            self.assertEqual(node.wait(), 0, node.errors())

    def test_lines_for_people(self):
        node = self.child("node", "--listen", "/ip4/127.0.0.1/tcp/0", "--key", f"{self.folder}/key")
        peer = node.line()
        self.assertRegex(peer, r"\Apeer id +12D3Koo")
        self.assertRegex(node.line(), rf"\Alistening +/ip4/127\.0\.0\.1/tcp/\d+/p2p/{peer.split()[2]}\Z")

    def test_listens_on_several_addresses(self):
        node, first = self.node("--listen", "/ip4/127.0.0.1/tcp/0")
        second = node.json_with("event", "listening")["address"]
        self.assertNotEqual(first, second)
        for address in (first, second):
            self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)

    def test_listens_on_a_unix_socket_of_its_own(self):
        path = f"{self.folder}/node.sock"
        node = self.child("node", "--listen", f"/unix{path}", "--key", f"{self.folder}/key", "--json")
        address = node.json_with("event", "listening")["address"]
        self.assertTrue(address.startswith(f"/unix{path}/p2p/12D3Koo"), address)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)
        self.assertEqual(node.json_with("event", "connected")["address"].rpartition("/p2p/")[0], f"/unix{path}")
        other = address[:-1] + ("a" if address[-1] != "a" else "b")
        self.assertNotEqual(cli.run("ping", other, "--count", 1).code, 0)
        node.signal()
        self.assertEqual(node.wait(), 0, node.errors())
        self.assertFalse(os.path.exists(path))

    def test_strangers_do_not_get_into_a_private_network(self):
        psk = f"{self.folder}/swarm.key"
        self.assertEqual(cli.run("psk", "new", psk).code, 0)
        node = self.child("node", "--listen", "/ip4/127.0.0.1/tcp/0", "--key", f"{self.folder}/key", "--json",
                          "--psk", psk)
        address = node.json_with("event", "listening")["address"]
        self.assertNotEqual(cli.run("ping", address, "--count", 1).code, 0)
        member = cli.run("bench", "run", "echo", "--addr", address, "--psk", psk)
        self.assertEqual(member.code, 0, member.err)

    def test_tells_who_comes_and_goes(self):
        node, address = self.node()
        self.assertEqual(cli.run("ping", address, "--count", 1).code, 0)
        up = node.json_with("event", "connected")
        down = node.json_with("event", "disconnected")
        self.assertEqual(up["peer"], down["peer"])
        self.assertEqual(up["direction"], "inbound")
        self.assertTrue(up["address"].startswith("/ip4/127.0.0.1/tcp/"), up)

    def test_an_address_in_use_is_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listen = f"/ip4/127.0.0.1/tcp/{taken.getsockname()[1]}"
            done = cli.run("node", "--listen", listen, "--key", f"{self.folder}/key")
        self.assert_fails(done, 1, listen, "address already in use", "another port")

    def test_limits_by_name(self):
        _, address = self.node("--limit", "handshake_timeout=200ms", "--limit", "multistream_line=64")
        host, port = address.split("/")[2], int(address.split("/")[4])
        with socket.create_connection((host, port), timeout=cli.PATIENCE) as silent:
            self.assertEqual(silent.recv(1), b"")

    def test_a_goodbye_is_heard(self):
        node, address = self.node()
        ping = self.child("ping", address, "--json", "--interval", "0.01")
        ping.json_with("event", "ping")
        node.signal()
        self.assertEqual(node.wait(), 0, node.errors())
        self.assertEqual(ping.json_with("event", "summary")["peer"], address.rpartition("/p2p/")[2])
        self.assertEqual(ping.wait(), 0, ping.errors())
        self.assertIn("the connection was lost", ping.errors())


class Ping(cli.Case):
    def test_summary(self):
        _, address = self.node()
        done = cli.run("ping", address, "--count", 3, "--interval", 0)
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(len(re.findall(r"^32 bytes from 12D3Koo\w+: seq=[123] time=\d+\.\d+ ms$", done.out, re.M)), 3)
        self.assertIn("3 sent, 3 received, 0% lost", done.out)
        self.assertRegex(done.out, r"rtt min/avg/max/mdev = [\d./]+ ms")

    def test_json_figures_agree(self):
        _, address = self.node()
        *answers, summary = cli.run("ping", address, "--count", 5, "--interval", 0, "--json").json()
        trips = [answer["rtt_ms"] for answer in answers]
        self.assertEqual([answer["seq"] for answer in answers], [1, 2, 3, 4, 5])
        self.assertEqual((summary["sent"], summary["received"]), (5, 5))
        self.assertAlmostEqual(summary["min_ms"], min(trips))
        self.assertAlmostEqual(summary["max_ms"], max(trips))
        self.assertAlmostEqual(summary["avg_ms"], sum(trips) / 5)
        mean = sum(trips) / 5
        deviation = max(0, sum(t * t for t in trips) / 5 - mean * mean) ** 0.5
        self.assertAlmostEqual(summary["mdev_ms"], deviation, places=6)

    def test_interrupt_prints_the_summary(self):
        _, address = self.node()
        ping = self.child("ping", address, "--json", "--interval", 3600)
        ping.json_with("event", "ping")
        ping.signal(signal.SIGINT)
        self.assertEqual(ping.json_with("event", "summary")["received"], 1)
        self.assertEqual(ping.wait(), 0)

    def test_nobody_listens(self):
        with socket.socket() as bound:  # a port that is ours, and closed
            bound.bind(("127.0.0.1", 0))
            address = f"/ip4/127.0.0.1/tcp/{bound.getsockname()[1]}"
            done = cli.run("ping", address)
        self.assert_fails(done, 1, f"cannot connect to {address}: connect: connection refused", "is the peer running")

    def test_another_peer_than_asked_for(self):
        _, address = self.node()
        other = cli.run("key", "new", f"{self.folder}/other", "--json").json()[0]["peer"]
        wrong = address.rpartition("/p2p/")[0] + "/p2p/" + other
        self.assert_fails(cli.run("ping", wrong), 1, "identity: another peer answered", "/p2p/")

    def test_any_peer_when_none_is_named(self):
        _, address = self.node()
        self.assertEqual(cli.run("ping", address.rpartition("/p2p/")[0], "--count", 1).code, 0)

    def test_a_stranger_that_is_no_peer(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            ping = self.child("ping", f"/ip4/127.0.0.1/tcp/{server.getsockname()[1]}")
            stranger, _ = server.accept()
            with stranger:
                stranger.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                stranger.shutdown(socket.SHUT_WR)
                self.assertEqual(ping.wait(), 1)
        self.assertRegex(ping.errors(), r"\Ap2p ping: cannot connect to .*: security: .*libp2p peer")

    def test_a_silent_stranger_times_out(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            done = cli.run("ping", f"/ip4/127.0.0.1/tcp/{server.getsockname()[1]}", "--timeout", "0.2")
        self.assert_fails(done, 1, "security: timed out", "--timeout")

    def test_a_transport_that_is_not_there(self):
        done = cli.run("ping", "/ip4/127.0.0.1/udp/1/quic")
        self.assertEqual(done.code, 1)
        self.assertIn("address: not supported; this version dials /ip4/.../tcp/PORT and", done.err)
        self.assertIn("not the draft /quic", done.err)


class Identify(cli.Case):
    def test_tells_what_the_node_is(self):
        _, address = self.node()
        done = cli.run("identify", address, "--json")
        self.assertEqual(done.code, 0, done.err)
        said = done.json()[0]
        listened, _, peer = address.rpartition("/p2p/")
        self.assertEqual(said["peer"], peer)
        self.assertTrue(said["agent_version"].startswith("libp2p-c/"), said)
        for protocol in ("/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/echo/1.0.0", "/perf/1.0.0"):
            self.assertIn(protocol, said["protocols"])
        self.assertIn(listened, said["listen_addrs"])
        self.assertTrue(said["observed_addr"].startswith("/ip4/127.0.0.1/tcp/"), said)
        self.assertTrue(said["signed_record"])

    def test_for_people(self):
        _, address = self.node()
        done = cli.run("identify", address)
        self.assertEqual(done.code, 0, done.err)
        self.assertRegex(done.out, rf"\Apeer id +{address.rpartition('/p2p/')[2]}\nagent +libp2p-c/")


class Perf(cli.Case):
    def test_both_ways(self):
        _, address = self.node()
        done = cli.run("perf", address, "--upload", "3M", "--download", "2MiB", "--streams", 3, "--json")
        self.assertEqual(done.code, 0, done.err)
        said = done.json()[0]
        self.assertEqual(said["upload"]["bytes"], 3000000)
        self.assertEqual(said["download"]["bytes"], 2 << 20)
        for way in ("upload", "download"):
            figure = said[way]
            self.assertAlmostEqual(figure["gbit_s"], figure["bytes"] * 8e-9 / figure["seconds"])

    def test_for_people(self):
        _, address = self.node()
        done = cli.run("perf", address, "--download", "1k")
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertRegex(done.out, r"\Adownload +1 kB in \d+\.\d+ s: \d+\.\d+ Gbit/s\n\Z")


if __name__ == "__main__":
    cli.main()
