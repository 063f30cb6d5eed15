"""The key: private, whole or absent, and the same peer id ever after."""

import os
import stat

import cli


class Key(cli.Case):
    def path(self):
        return os.path.join(self.folder, "key")

    def test_new_makes_a_private_file_that_show_reads(self):
        made = cli.run("key", "new", self.path(), "--json")
        self.assertEqual(made.code, 0, made.err)
        self.assertEqual(stat.S_IMODE(os.stat(self.path()).st_mode), 0o600)
        self.assertEqual(os.listdir(self.folder), ["key"])
        shown = cli.run("key", "show", self.path(), "--json")
        self.assertEqual(shown.json(), made.json())
        self.assertRegex(made.json()[0]["peer"], r"\A12D3Koo")
        self.assertEqual(made.json()[0]["type"], "Ed25519")

    def test_the_file_is_a_libp2p_private_key(self):
        cli.run("key", "new", self.path())
        with open(self.path(), "rb") as file:
            key = file.read()
        self.assertEqual(key[:4], b"\x08\x01\x12\x40")  # Type: Ed25519, Data: 64 bytes
        self.assertEqual(len(key), 68)

    def test_mode_does_not_depend_on_umask(self):
        before = os.umask(0)
        try:
            cli.run("key", "new", self.path())
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(os.stat(self.path()).st_mode), 0o600)

    def test_new_replaces_only_by_force(self):
        first = cli.run("key", "new", self.path(), "--json").json()
        self.assert_fails(cli.run("key", "new", self.path()), 1, "is there already", "--force")
        self.assertEqual(cli.run("key", "show", self.path(), "--json").json(), first)
        second = cli.run("key", "new", self.path(), "--force", "--json").json()
        self.assertNotEqual(first[0]["peer"], second[0]["peer"])
        self.assertEqual(os.listdir(self.folder), ["key"])

    def test_default_place_is_the_configuration_directory(self):
        for env, path in (({"XDG_CONFIG_HOME": self.folder}, "p2p/key"),
                          ({"XDG_CONFIG_HOME": "", "HOME": self.folder}, ".config/p2p/key")):
            made = cli.run("key", "new", "--json", env=env)
            self.assertEqual(made.code, 0, made.err)
            self.assertEqual(made.json()[0]["file"], os.path.join(self.folder, path))

    def test_wrong_keys_are_named(self):
        self.assert_fails(cli.run("key", "show", self.path()), 1, "No such file", "p2p key new")
        for content in (b"", b"no key", b"\x08\x01\x12\x40" + bytes(63), bytes(10000)):
            with open(self.path(), "wb") as file:
                file.write(content)
            os.chmod(self.path(), 0o600)
            self.assert_fails(cli.run("key", "show", self.path()), 1, self.path(), "not a usable key", "p2p key new")

    def test_a_key_that_others_may_read_gets_a_warning(self):
        cli.run("key", "new", self.path())
        os.chmod(self.path(), 0o644)
        done = cli.run("key", "show", self.path())
        self.assert_fails(done, 0, "warning", "chmod 600")

    def test_no_place_to_write(self):
        self.assert_fails(cli.run("key", "new", os.path.join(self.folder, "no", "key")), 1, "cannot write",
                          "No such file")


if __name__ == "__main__":
    cli.main()
