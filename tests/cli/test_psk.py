"""The key of a private network: a private file that others read, and a node that keeps strangers out."""

import os
import stat

import cli

RUST = "/key/swarm/psk/1.0.0/\n/base16/\n6189c5cf0b87fb800c1a9feeda73c6ab5e998db48fb9e6a978575c770ceef683"


class Psk(cli.Case):
    def path(self, name="swarm.key"):
        return os.path.join(self.folder, name)

    def test_new_makes_a_private_file_that_show_reads(self):
        made = cli.run("psk", "new", self.path(), "--json")
        self.assertEqual(made.code, 0, made.err)
        self.assertEqual(stat.S_IMODE(os.stat(self.path()).st_mode), 0o600)
        with open(self.path(), encoding="ascii") as file:
            self.assertRegex(file.read(), r"\A/key/swarm/psk/1\.0\.0/\n/base16/\n[0-9a-f]{64}\n\Z")
        self.assertEqual(cli.run("psk", "show", self.path(), "--json").json(), made.json())
        self.assertNotIn(open(self.path(), encoding="ascii").read()[31:95], made.out)

    def test_new_keys_differ_and_replace_nothing(self):
        one = cli.run("psk", "new", self.path(), "--json")
        again = cli.run("psk", "new", self.path())
        self.assertEqual(again.code, 1)
        self.assertIn("--force", again.err)
        two = cli.run("psk", "new", self.path(), "--json", "--force")
        self.assertNotEqual(one.json()[0]["fingerprint"], two.json()[0]["fingerprint"])

    def test_fingerprint_is_that_of_go_and_rust(self):
        with open(self.path(), "w", encoding="ascii") as file:
            file.write(RUST)
        shown = cli.run("psk", "show", self.path(), "--json")
        self.assertEqual(shown.json()[0]["fingerprint"], "45fc986bbc9388a11d939df26f730f0c")

    def test_what_is_no_key_is_refused_by_name(self):
        with open(self.path(), "w", encoding="ascii") as file:
            file.write("secret")
        for command in (["psk", "show"], ["node", "--psk"]):
            said = cli.run(*command, self.path())
            self.assertEqual(said.code, 1)
            self.assertIn("/key/swarm/psk/1.0.0/", said.err)
            self.assertNotIn("secret", said.out + said.err.replace(self.path(), ""))
        self.assertIn("p2p psk new", cli.run("psk", "show", self.path("none")).err)


if __name__ == "__main__":
    cli.main()
