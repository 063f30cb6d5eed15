"""Who takes part: our program, the thin peers of tests/interop, and whoever is named besides."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTEROP = ROOT / "tests" / "interop"

# Where a peer pins the libp2p it stands on: the file, and the expression that finds the version.
PINS = {
    "go": ("go.mod", r"github\.com/libp2p/go-libp2p (v[\d.]+)"),
    "rust": ("Cargo.toml", r'^libp2p *= *.*?"=?([\d.]+)"'),
    "js": ("package.json", r'"libp2p": *"([\d.]+)"'),
}


class Missing(Exception):
    """A contender that is not there, and what to do about it."""


@dataclass(frozen=True)
class Contender:
    name: str
    argv: tuple  # `serve …` and `run …` follow
    version: str


def ours(path):
    program = Path(path)
    if not os.access(program, os.X_OK):
        raise Missing(f"ours: {path} is not there; run `make` (or name it with --ours)")
    said = subprocess.run([program, "--version"], capture_output=True, text=True)
    version = said.stdout.strip().splitlines()[:1] or ["version unknown"]
    return Contender("ours", (str(program), "bench"), version[0])


def peer(name):
    remedy = f"run `tests/interop/build {name}`"
    sys.path.insert(0, str(INTEROP / "driver"))
    try:
        import peers
    except ImportError as error:
        raise Missing(f"{name}: tests/interop/driver has no peers module ({error})") from None
    finally:
        sys.path.pop(0)
    try:
        argv = tuple(peers.argv(name))
    except Exception as error:  # its own words, whatever kind of exception carries them
        raise Missing(f"{name}: {error}; {remedy}") from None
    if not os.access(argv[0], os.X_OK) and "/" in argv[0]:
        raise Missing(f"{name}: {argv[0]} is not there; {remedy}")
    return Contender(name, argv, _pinned_version(name))


def _pinned_version(name):
    file, expression = PINS.get(name, (None, None))
    if file is None or not (INTEROP / name / file).exists():
        return "version unknown"
    found = re.search(expression, (INTEROP / name / file).read_text(), re.MULTILINE)
    return f"{name}-libp2p {found[1]}" if found else "version unknown"


def named(text):
    """NAME=COMMAND: any program that speaks the contract, such as an older build of ours."""
    name, _, command = text.partition("=")
    argv = tuple(shlex.split(command))
    if not name or not argv:
        raise Missing(f"--also {text}: wanted NAME=COMMAND")
    return Contender(name, argv, command)


@dataclass(frozen=True)
class Ceilings:
    folder: Path

    def argv(self, name, *arguments):
        return [str(self.folder / name), *map(str, arguments)]

    def check(self, names):
        for name in sorted(names):
            if not os.access(self.folder / name, os.X_OK):
                raise Missing(f"ceiling: {self.folder / name} is not there; run `make`")
