"""id, addr, cid: one line for each word, exact JSON, the place of an error."""

import os
import tempfile

import cli

ED = "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"
ED_KEY = "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"
HASHED = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"


class Explain(cli.Case):
    def fed(self, text, *argv):
        with tempfile.TemporaryFile() as stdin:
            stdin.write(text.encode())
            stdin.seek(0)
            return cli.run(*argv, stdin=stdin)

    def test_id_says_every_form(self):
        told = cli.run("id", "--json", ED, HASHED).json()
        self.assertEqual(told[0], {"peer": ED, "cid": told[0]["cid"], "multihash": "0024" + ED_KEY,
                                   "key_type": "Ed25519", "public_key": ED_KEY})
        self.assertEqual(told[1], {
            "peer": HASHED, "cid": "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
            "multihash": "12209dff3b17d74cf4d38a50d8b6383e92d181a10395a5e73a726dcccbd21bf6f0b9",
            "key_type": None, "public_key": None})

    def test_id_takes_every_form(self):
        told = cli.run("id", "--json", ED).json()[0]
        for form in ("peer", "cid", "multihash"):
            self.assertEqual(cli.run("id", "--json", told[form]).json(), [told])
        self.assertEqual(self.fed(f"{ED}\n\n  {told['cid']}  \n".replace("  b", "b"), "id", "--json").json(), [told, told])

    def test_id_takes_a_key_file(self):
        path = os.path.join(self.folder, "key")
        for kind, name, hashed in (("secp256k1", "Secp256k1", False), ("rsa", "RSA", True)):
            made = cli.run("key", "new", "--force", "--type", kind, "--json", path).json()[0]
            told = cli.run("id", "--json", path).json()[0]
            self.assertEqual((told["peer"], told["key_type"]), (made["peer"], name))
            self.assertEqual(told["multihash"].startswith("1220"), hashed)
            self.assertTrue(told["public_key"])

    def test_id_names_the_wrong_place(self):
        self.assert_fails(cli.run("id", ED[:20] + "0" + ED[21:]), 1, "offset 20")
        self.assert_fails(cli.run("id", "no such thing"), 1, "not a peer id", "no file")
        done = cli.run("id", "--json", "nothing", ED)
        self.assertEqual((done.code, len(done.json())), (1, 1))  # the others are told all the same

    def test_addr_says_every_part(self):
        told = cli.run("addr", "--json", "/ip4/1.2.3.4/tcp/4001/ipfs/" + ED).json()
        self.assertEqual(told, [{
            "text": "/ip4/1.2.3.4/tcp/4001/p2p/" + ED,
            "bytes": "0401020304060fa1a5032600 24".replace(" ", "") + ED_KEY,
            "parts": [{"protocol": "ip4", "code": 4, "value": "1.2.3.4"},
                      {"protocol": "tcp", "code": 6, "value": "4001"},
                      {"protocol": "p2p", "code": 421, "value": ED}],
            "class": "public", "transport": "tcp"}])

    def test_addr_says_class_and_transport(self):
        for text, kind, transport in (("/ip4/127.0.0.1/tcp/1", "loopback", "tcp"),
                                      ("/ip6/::ffff:10.0.0.1/tcp/1", "private", "tcp"),
                                      ("/dns4/example.org/tcp/1", "name", "tcp"),
                                      ("/memory/1", "local", "memory"),
                                      ("/ip4/9.9.9.9/udp/1/quic-v1", "public", "quic-v1"),
                                      ("/ip4/9.9.9.9/udp/1/quic", "public", None),
                                      ("/ip4/9.9.9.9/tcp/1/http", "public", None)):
            told = cli.run("addr", "--json", text).json()[0]
            self.assertEqual((told["class"], told["transport"]), (kind, transport), text)

    def test_addr_has_null_for_a_protocol_without_a_value(self):
        told = cli.run("addr", "--json", "/ip4/9.9.9.9/udp/1/quic-v1").json()[0]
        self.assertEqual(told["parts"][2], {"protocol": "quic-v1", "code": 461, "value": None})

    def test_addr_names_the_wrong_place(self):
        self.assert_fails(cli.run("addr", "/ip4/1.2.3/tcp/1"), 1, "offset 5", "1.2.3")
        self.assert_fails(cli.run("addr", "/ip4/1.2.3.4/tcp"), 1, "offset 16", "missing")
        self.assert_fails(self.fed("/nothing/1\n", "addr", "--json"), 1, "nothing")

    def test_cid_says_what_it_is(self):
        told = cli.run("cid", "--json", HASHED).json()[0]
        self.assertEqual((told["version"], told["codec"], told["hash"]), (0, "dag-pb", "sha2-256"))
        self.assertEqual(told["v0"], HASHED)
        other = cli.run("cid", "--json", told["v1"]).json()[0]
        self.assertEqual((other["version"], other["v0"], other["digest"]), (1, HASHED, told["digest"]))
        self.assert_fails(cli.run("cid", "zzz"), 1, "not a CID")

    def test_words_of_people_are_told_in_text(self):
        for argv, words in ((("id", ED), ("peer id", "multihash", "Ed25519")),
                            (("addr", "/ip4/1.2.3.4/tcp/1"), ("1.2.3.4", "public", "transport  tcp")),
                            (("cid", HASHED), ("dag-pb", "sha2-256"))):
            done = cli.run(*argv)
            self.assertEqual(done.code, 0, done.err)
            for word in words:
                self.assertIn(word, done.out)

    def test_help_names_the_operands(self):
        for command in ("id", "addr", "cid"):
            done = cli.run(command, "--help")
            self.assertEqual(done.code, 0)
            self.assertIn(f"usage: p2p {command} [OPTION]...", done.out)


if __name__ == "__main__":
    cli.main()
