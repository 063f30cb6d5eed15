"""The peers by name: how each is started, and who can do what with the code of a reset."""

import os
from dataclasses import dataclass
from pathlib import Path

INTEROP = Path(__file__).resolve().parents[1]
BUILT = INTEROP.parents[1] / "build" / "interop"

PROGRAMS = {
    "go": BUILT / "go" / "peer",
    "rust": BUILT / "rust" / "release" / "peer",
    "js": BUILT / "js" / "peer",
}


def argv(name):
    """The command that `serve …` or `run …` follows."""
    if name not in PROGRAMS:
        raise ValueError(f"unknown peer {name!r}; there are {', '.join(PROGRAMS)}")
    return [str(PROGRAMS[name])]


@dataclass(frozen=True)
class Peer:
    name: str
    argv: tuple
    remedy: str

    # go and we send a reset as a window update whose length is the code. js sends one with length 0,
    # rust sends a data frame; neither tells its application a code that it received.
    @property
    def knows_codes(self):
        return self.name in ("ours", "go")

    # rust answers the muxer by multistream-select; the others inside the handshake.
    @property
    def has_early_muxer(self):
        return self.name != "rust"

    def key_type(self, wanted):
        """rust verifies RSA and makes no such keys: it keeps one of its own beside the other side's."""
        return "ed25519" if (self.name, wanted) == ("rust", "rsa") else wanted

    def missing(self):
        """None, or why it cannot run and what to do about it."""
        if os.access(self.argv[0], os.X_OK):
            return None
        return f"{self.argv[0]} is not there; run `{self.remedy}`"


def known(name):
    return Peer(name, tuple(argv(name)), f"tests/interop/build {name}")


def ours(command):
    return Peer("ours", tuple(command), "make")
