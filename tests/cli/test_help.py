"""What comes out of the table of commands: --help, manual pages, completion."""

import os
import re
import shutil
import subprocess
import unittest

import cli


def names():
    return cli.run("help", "--list").out.splitlines()


def leaves():
    every = names()
    return [name for name in every if not any(other.startswith(name + " ") for other in every)]


class Help(cli.Case):
    def test_help_of_a_command_is_its_help(self):
        for name in names():
            words = name.split()[1:]
            self.assertEqual(cli.run("help", *words).out, cli.run(*words, "--help").out, name)

    def test_every_command_has_an_example(self):
        for name in leaves():
            self.assertIn("\nexamples:\n  ", cli.run("help", *name.split()[1:]).out, name)

    def test_exit_codes_are_told(self):
        for name in leaves():
            self.assertIn("\nexit codes: 0 success, 1 failure, 2 wrong usage", cli.run("help", *name.split()[1:]).out)
        self.assertIn("5 the peer does not speak the protocol", cli.run("help", "connect").out)

    def test_choices_and_defaults_are_told(self):
        self.assertIn("type of the key: ed25519, secp256k1, ecdsa or rsa (default ed25519)",
                      cli.run("help", "key", "new").out)

    def test_a_mistyped_command_is_guessed(self):
        self.assert_fails(cli.run("pign"), 2, "p2p: pign: no such command; did you mean ping?")
        self.assert_fails(cli.run("key", "shwo"), 2, "did you mean show?")
        self.assertNotIn("did you mean", cli.run("frobnicate").err)
        self.assert_fails(cli.run("help", "key", "old"), 2, "old: no such command")


class Man(cli.Case):
    def test_a_page_for_every_command(self):
        self.assertEqual(cli.run("help", "--man-dir", self.folder).code, 0)
        pages = {name.replace(" ", "-") + ".1" for name in names()}
        self.assertEqual(set(os.listdir(self.folder)), pages)
        for page in pages:
            with open(f"{self.folder}/{page}", encoding="utf-8") as file:
                text = file.read()
            self.assertTrue(text.startswith(f'.TH "{page[:-2]}"'.replace("-", "\\-")), text)
            for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS"):
                self.assertIn(f"\n.SH {section}\n", text, page)

    def test_a_page_has_every_option(self):
        for name in leaves():
            page = cli.run("help", "--man", *name.split()[1:]).out.replace("\\-", "-")
            for option in re.findall(r"^ {2}(?:-.,|   ) (--[a-z-]+)", cli.run("help", *name.split()[1:]).out, re.M):
                self.assertIn(option, page, name)

    @unittest.skipUnless(shutil.which("groff"), "no groff here")
    def test_groff_has_nothing_to_complain_about(self):
        cli.run("help", "--man-dir", self.folder)
        for page in os.listdir(self.folder):
            done = subprocess.run(["groff", "-man", "-ww", "-Tascii", f"{self.folder}/{page}"], capture_output=True,
                                  text=True, timeout=cli.PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)
            self.assertIn("EXIT STATUS", re.sub(".\x08", "", done.stdout))

    def test_a_folder_that_is_not_there(self):
        self.assert_fails(cli.run("help", "--man-dir", f"{self.folder}/none"), 1, "cannot write", "No such file")


@unittest.skipUnless(shutil.which("bash"), "no bash here")
class Bash(cli.Case):
    def complete(self, *words):
        """What bash would offer for the last of the words."""
        script = ('source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _p2p; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, cli.PROGRAM, "p2p", *words], capture_output=True, text=True,
                              timeout=cli.PATIENCE, cwd=self.folder, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_commands(self):
        self.assertEqual(set(self.complete("")), {name.split()[1] for name in names() if " " in name})
        self.assertEqual(self.complete("pin"), ["ping"])
        self.assertEqual(self.complete("key", ""), ["new", "show", "import", "export"])

    def test_options(self):
        self.assertEqual(self.complete("ping", "--co"), ["--count"])
        self.assertEqual(self.complete("key", "new", "--f"), ["--force"])
        self.assertIn("--version", self.complete("--"))

    def test_values(self):
        self.assertEqual(self.complete("key", "new", "--type", "e"), ["ed25519", "ecdsa"])
        self.assertEqual(self.complete("key", "new", "--type", "=", "r"), ["rsa"])
        self.assertEqual(self.complete("key", "new", "--type", "="), ["ed25519", "secp256k1", "ecdsa", "rsa"])
        self.assertEqual(self.complete("ping", "--count", ""), [])

    def test_files(self):
        open(f"{self.folder}/mine.key", "w", encoding="utf-8").close()
        self.assertEqual(self.complete("node", "--key", "m"), ["mine.key"])
        self.assertEqual(self.complete("key", "show", "mi"), ["mine.key"])
        self.assertEqual(self.complete("key", "show", "--j"), ["--json"])

    def test_a_shell_that_is_none_of_them(self):
        self.assert_fails(cli.run("completion", "csh"), 2, "csh", "bash and zsh")


@unittest.skipUnless(shutil.which("zsh"), "no zsh here")
class Zsh(cli.Case):
    def complete(self, *words):
        """What our function asks of zsh's own, a word a line."""
        script = ('compdef() { : }; _describe() { print -l -- ${(P)2} }; _arguments() { print -l -- "$@" }; '
                  'source <("$0" completion zsh); words=("$@"); CURRENT=$#; _p2p')
        done = subprocess.run(["zsh", "-f", "-c", script, cli.PROGRAM, "p2p", *words], capture_output=True, text=True,
                              timeout=cli.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_commands(self):
        self.assertEqual([line.split(":")[0] for line in self.complete("key", "")], ["new", "show", "import", "export"])
        self.assertIn("ping:measure round trips to a peer", self.complete(""))

    def test_options(self):
        offered = "\n".join(self.complete("key", "new", "-"))
        self.assertIn("--type=[type of the key]:TYPE:(ed25519 secp256k1 ecdsa rsa", offered)
        self.assertIn("--help", offered)


if __name__ == "__main__":
    cli.main()
