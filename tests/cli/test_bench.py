"""bench serve and bench run: the contract of bench/README.md and tests/interop/README.md."""

import re

import cli


class Bench(cli.Case):
    def measured(self, address, test, *options):
        done = cli.run("bench", "run", test, "--addr", address, *options)
        self.assertEqual((done.code, done.err), (0, ""))
        (said,) = done.json()
        self.assertEqual(said["test"], test)
        self.assertGreater(said["seconds"], 0)
        self.assertGreaterEqual(said["cpu"], 0)
        return said

    def exercised(self, address, test, *options):
        done = cli.run("bench", "run", test, "--addr", address, *options)
        self.assertEqual((done.code, done.err), (0, ""))
        (said,) = done.json()
        self.assertEqual((said["test"], said["ok"]), (test, True))
        return said

    def test_throughput_on_one_and_on_many_streams(self):
        _, address = self.server()
        for way in ("up", "down"):
            for streams in (1, 100):
                said = self.measured(address, "throughput", "--dir", way, "--bytes", 4 << 20, "--streams", streams)
                self.assertEqual((said["bytes"], said["streams"], said["dir"]), (4 << 20, streams, way))
                self.assertAlmostEqual(said["gbit_s"], said["bytes"] * 8e-9 / said["seconds"])

    def test_quic_does_what_tcp_does(self):
        if "ngtcp2" not in cli.run("--version").out:
            self.skipTest("this build has no QUIC")
        server, address = self.server("--transport", "quic")
        self.assertRegex(address, r"\A/ip4/127\.0\.0\.1/udp/\d+/quic-v1/p2p/")
        for way in ("up", "down"):
            said = self.measured(address, "throughput", "--dir", way, "--bytes", 4 << 20, "--streams", 3)
            self.assertEqual((said["bytes"], said["dir"]), (4 << 20, way))
        self.assertEqual(self.measured(address, "ping", "--count", 20)["count"], 20)
        self.assertEqual(self.exercised(address, "echo", "--bytes", 3 << 20)["bytes"], 3 << 20)
        self.assertEqual(self.exercised(address, "many", "--count", 50, "--open", 200)["bytes"], 32 * 250)
        self.assertEqual(self.exercised(address, "reset", "--after", 1 << 20)["code"], 42)
        self.assertEqual(server.json_with("event")["code"], 42)
        self.assertEqual(self.exercised(address, "datagrams", "--count", 3)["bytes"], 4 + 41 + 78)

    def test_datagrams_are_refused_where_there_are_none(self):
        _, address = self.server()
        done = cli.run("bench", "run", "datagrams", "--addr", address, "--count", 1)
        self.assert_fails(done, 1, "datagrams of at most 0 bytes")
        self.assertEqual(done.json()[0]["ok"], False)

    def test_a_unix_socket_does_what_tcp_does(self):
        self.assert_fails(cli.run("bench", "serve", "--transport", "unix"), 2, "--listen /unix/PATH says where")
        path = f"/unix{self.folder}/socket"
        _, address = self.server("--transport", "unix", "--listen", path)
        self.assertEqual(address.partition("/p2p/")[0], path)
        self.assertEqual(self.exercised(address, "echo", "--bytes", 1 << 20)["bytes"], 1 << 20)
        said = self.exercised(address, "identify")
        self.assertEqual((said["listen_addrs"], said["observed_addr"]), ([path], ""))

    def test_streams(self):
        _, address = self.server()
        for concurrency in (1, 64):
            said = self.measured(address, "streams", "--count", 300, "--concurrency", concurrency)
            self.assertEqual(said["count"], 300)
            self.assertAlmostEqual(said["per_s"], 300 / said["seconds"], places=3)

    def test_ping_percentiles_are_in_order(self):
        _, address = self.server()
        said = self.measured(address, "ping", "--count", 100)
        self.assertEqual(said["count"], 100)
        self.assertTrue(0 < said["p50_us"] <= said["p90_us"] <= said["p99_us"], said)

    def test_the_server_accepts_as_many_as_the_client_counts(self):
        for identify in ([], ["--identify"]):
            server, address = self.server()
            said = self.measured(address, "handshakes", "--count", 40, "--concurrency", 8, *identify)
            self.assertEqual(said["count"], 40)
            server.tell("mem")
            self.assertEqual(server.json_with("accepted")["accepted"], 40)

    def test_mem_tells_by_what(self):
        server, _ = self.server()
        server.tell("mem")
        said = server.json_with("rss")
        self.assertGreater(said["rss"], 0)
        self.assertGreater(said["memory"], 0)
        if said["heap"]:  # sanitizers do not tell
            self.assertGreater(said["heap"], said["memory"])
        self.assertEqual((said["conns"], said["accepted"]), (0, 0))
        self.assertIn("link", said["by"])
        self.assertEqual(sum(said["by"].values()), said["memory"])

    def test_serve_ends_by_quit_and_at_the_end_of_input(self):
        for leave in (lambda server: server.tell("quit"), lambda server: server.end_input()):
            server, _ = self.server()
            leave(server)
            self.assertEqual(server.wait(), 0, server.errors())

    def test_serve_names_unknown_commands(self):
        server, _ = self.server()
        server.tell("dance")
        server.tell("quit")
        self.assertEqual(server.wait(), 0)
        self.assertIn("dance: no such command", server.errors())

    def test_idle_holds_connections_of_as_many_identities(self):
        server, address = self.server()
        idle = self.child("bench", "run", "idle", "--addr", address, "--conns", 12)
        self.assertEqual(idle.json_with("test"), {"test": "idle", "conns": 12})
        server.tell("mem")
        self.assertEqual(server.json_with("conns")["conns"], 12)
        idle.end_input()
        self.assertEqual(idle.wait(), 0, idle.errors())

    def test_idle_fails_when_nobody_is_there(self):
        server, address = self.server()
        server.tell("quit")
        self.assertEqual(server.wait(), 0)
        self.assert_fails(cli.run("bench", "run", "idle", "--addr", address), 1, "connection refused")

    def test_echo(self):
        _, address = self.server()
        self.assertEqual(self.exercised(address, "echo", "--bytes", 3000001)["bytes"], 3000001)
        self.assertEqual(self.exercised(address, "echo", "--bytes", 0)["bytes"], 0)

    def test_many(self):
        _, address = self.server()
        said = self.exercised(address, "many", "--count", 50, "--open", 200)
        self.assertEqual(said["bytes"], 32 * 250)

    def test_reset_is_seen_with_its_code(self):
        server, address = self.server()
        said = self.exercised(address, "reset", "--after", 1 << 20)
        self.assertEqual((said["bytes"], said["code"]), (1 << 20, 42))
        self.assertEqual(server.json_with("event"), {"event": "reset", "code": 42})

    def test_reset_by_the_listener_is_seen_with_its_code(self):
        _, address = self.server()
        self.assertEqual(self.exercised(address, "reset", "--by", "remote")["code"], 42)

    def test_identify(self):
        _, address = self.server()
        said = self.exercised(address, "identify")
        self.assertEqual(said["peer"], address.rpartition("/p2p/")[2])
        self.assertIn("/echo/1.0.0", said["protocols"])

    def test_trace_has_no_line_for_the_muxer(self):
        traces = [f"{self.folder}/serve", f"{self.folder}/run"]
        server, address = self.server("--trace", traces[0])
        self.measured(address, "ping", "--count", 1, "--trace", traces[1])
        server.tell("quit")
        self.assertEqual(server.wait(), 0, server.errors())
        for path in traces:
            with open(path) as file:
                lines = file.read().splitlines()
            for line in lines:
                self.assertRegex(line, r"\Aconn=\d+ dir=(in|out) line=\S+\Z")
            said = {re.search(r"line=(\S+)", line)[1] for line in lines}
            self.assertIn("/noise", said)
            self.assertIn("/ipfs/ping/1.0.0", said)
            self.assertNotIn("/yamux/1.0.0", said, path)


if __name__ == "__main__":
    cli.main()
