"""The key: private, whole or absent, and the same peer id ever after."""

import base64
import json
import os
import shutil
import stat
import subprocess

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

    def test_every_type_and_size_is_made(self):
        for options, kind in ((["--type", "ed25519"], "Ed25519"), (["-t", "secp256k1"], "Secp256k1"),
                              (["--type", "ECDSA"], "ECDSA"), (["--type", "ecdsa", "--bits", "521"], "ECDSA"),
                              (["--type", "rsa"], "RSA"), (["--type", "rsa", "-b", "3072"], "RSA")):
            made = cli.run("key", "new", "--force", "--json", *options, self.path())
            self.assertEqual(made.code, 0, made.err)
            self.assertEqual(made.json()[0]["type"], kind)
            self.assertEqual(cli.run("key", "show", self.path(), "--json").json(), made.json())

    def test_sizes_and_types_that_are_not(self):
        self.assert_fails(cli.run("key", "new", "--type", "dsa", self.path()), 2, "--type dsa: not among ed25519")
        self.assert_fails(cli.run("key", "new", "--type", "rsa", "--bits", "1024", self.path()), 1, "no such size")
        self.assertEqual(os.listdir(self.folder), [])

    def export(self, form, *options):
        done = cli.run("key", "export", "--format", form, *options, self.path())
        self.assertEqual(done.code, 0, done.err)
        return done.out

    def test_what_is_exported_is_imported(self):
        for kind in ("ed25519", "secp256k1", "ecdsa", "rsa"):
            made = cli.run("key", "new", "--force", "--type", kind, "--json", self.path()).json()[0]
            for form in ("protobuf", "base64", "pem", "kubo"):
                out, back = os.path.join(self.folder, form), os.path.join(self.folder, "back")
                self.export(form, "--force", "--out", out)
                self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
                taken = cli.run("key", "import", "--force", "--json", out, back)
                self.assertEqual(taken.code, 0, taken.err)
                self.assertEqual(taken.json()[0]["peer"], made["peer"])
                with open(self.path(), "rb") as one, open(back, "rb") as other:
                    self.assertEqual(one.read(), other.read())

    def test_formats_are_what_they_say(self):
        made = cli.run("key", "new", "--json", self.path()).json()[0]
        with open(self.path(), "rb") as file:
            protobuf = file.read()
        self.assertEqual(base64.b64decode(self.export("base64"), validate=False), protobuf)
        self.assertEqual(json.loads(self.export("kubo"))["Identity"]["PeerID"], made["peer"])
        self.assertEqual(base64.b64decode(json.loads(self.export("kubo"))["Identity"]["PrivKey"]), protobuf)
        self.assertRegex(self.export("pem"), r"\A-----BEGIN PRIVATE KEY-----\n")

    def test_openssl_reads_our_pem_and_we_read_its(self):
        openssl = shutil.which("openssl")
        if not openssl:
            self.skipTest("no openssl program here")
        for kind in ("ed25519", "secp256k1", "ecdsa", "rsa"):
            made = cli.run("key", "new", "--force", "--type", kind, "--json", self.path()).json()[0]
            again = subprocess.run([openssl, "pkey"], input=self.export("pem"), capture_output=True, text=True,
                                   check=True).stdout
            with open(os.path.join(self.folder, "pem"), "w", encoding="ascii") as file:
                file.write(again)
            os.chmod(file.name, 0o600)
            taken = cli.run("key", "show", "--json", file.name)
            self.assertEqual(taken.code, 0, taken.err)
            self.assertEqual(taken.json()[0]["peer"], made["peer"])

    def test_encrypted_keys_are_named(self):
        with open(self.path(), "w", encoding="ascii") as file:
            file.write("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
        os.chmod(self.path(), 0o600)
        self.assert_fails(cli.run("key", "show", self.path()), 1, "encrypted")

    def test_import_replaces_only_by_force(self):
        cli.run("key", "new", self.path())
        other = os.path.join(self.folder, "other")
        cli.run("key", "new", other)
        self.assert_fails(cli.run("key", "import", other, self.path()), 1, "is there already", "--force")
        self.assert_fails(cli.run("key", "import"), 2, "SOURCE")

    def test_no_place_to_write(self):
        self.assert_fails(cli.run("key", "new", os.path.join(self.folder, "no", "key")), 1, "cannot write",
                          "No such file")


if __name__ == "__main__":
    cli.main()
