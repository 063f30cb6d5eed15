"""Command lines: help everywhere, and one line with cause and remedy for what is wrong."""

import cli

COMMANDS = [["node"], ["dial"], ["ping"], ["identify"], ["perf"], ["key"], ["key", "new"], ["key", "show"],
            ["bench"], ["bench", "serve"], ["bench", "run"]]
SOMEBODY = "/ip4/127.0.0.1/tcp/1"


class Usage(cli.Case):
    def test_every_command_has_help(self):
        for command in [[], *COMMANDS]:
            for option in ("--help", "-h"):
                done = cli.run(*command, option)
                self.assertEqual((done.code, done.err), (0, ""), command)
                self.assertTrue(done.out.startswith("usage: p2p" + "".join(f" {c}" for c in command)), done.out)

    def test_version_names_the_program_and_its_libraries(self):
        done = cli.run("--version")
        self.assertEqual(done.code, 0)
        self.assertRegex(done.out, r"\Ap2p \d+\.\d+\.\d+ \(libuv \d\S+, libcrypto \d.*\)\nspeaks noise .*yamux .*tcp .*memory\n\Z")
        self.assertEqual("ngtcp2" in done.out, " quic-v1 " in done.out, done.out)

    def test_no_command_is_a_usage_error(self):
        done = cli.run()
        self.assertEqual(done.code, 2)
        self.assertIn("usage: p2p", done.err)

    def test_unknown_command(self):
        self.assert_fails(cli.run("pong"), 2, "p2p: pong: no such command", "--help")
        self.assert_fails(cli.run("--pong"), 2, "p2p: --pong: no such option", "--help")
        self.assert_fails(cli.run("key", "old"), 2, "p2p key: old: no such command", "--help")

    def test_unknown_option(self):
        for command in [["node"], ["ping"], ["key", "new"], ["bench", "serve"]]:
            self.assert_fails(cli.run(*command, "--nonsense"), 2, "--nonsense: no such option", "--help")
        self.assert_fails(cli.run("ping", "-x", SOMEBODY), 2, "-x: no such option")

    def test_missing_value_and_operand(self):
        self.assert_fails(cli.run("ping", SOMEBODY, "--count"), 2, "--count: needs a value")
        self.assert_fails(cli.run("ping"), 2, "p2p ping: ADDR is missing")
        self.assert_fails(cli.run("ping", SOMEBODY, "more"), 2, "more: one too many")

    def test_numbers_are_whole_texts_in_range(self):
        for text, words in (("ten", "whole number"), ("1x", "whole number"), ("0", "at least 1"),
                            ("99999999999999999999", "whole number"), ("-1", "whole number")):
            self.assert_fails(cli.run("ping", SOMEBODY, f"--count={text}"), 2, "--count", words)
        self.assert_fails(cli.run("perf", SOMEBODY, "--upload", "3parsecs"), 2, "--upload 3parsecs", "100M")
        self.assert_fails(cli.run("ping", SOMEBODY, "--interval", "soon"), 2, "--interval soon", "seconds")

    def test_wrong_address_names_the_part(self):
        for command in (["ping"], ["identify"], ["perf", "--upload", "1"]):
            self.assert_fails(cli.run(*command, "/ip4/1.2.3/tcp/1"), 2, "/ip4/1.2.3/tcp/1: not a valid multiaddr",
                              "looks like /ip4/")
        self.assert_fails(cli.run("node", "--listen", "here"), 2, "here: not a valid multiaddr")

    def test_perf_wants_something_to_do(self):
        self.assert_fails(cli.run("perf", SOMEBODY), 2, "--upload")

    def test_what_this_build_has_not(self):
        for option, value, has in (("--transport", "ws", "tcp"), ("--security", "ssl", "noise"),
                                   ("--muxer", "spdystream", "yamux")):
            self.assert_fails(cli.run("bench", "serve", option, value), 2, f"{option} {value}: not in this build", has)
        self.assert_fails(cli.run("bench", "serve", "--key-type", "dsa"), 2, "dsa: no such type of key", "ed25519")
        self.assert_fails(cli.run("bench", "run", "juggle", "--addr", SOMEBODY), 2, "juggle: no such test")
        self.assert_fails(cli.run("bench", "run", "ping"), 2, "--addr is missing")


if __name__ == "__main__":
    cli.main()
