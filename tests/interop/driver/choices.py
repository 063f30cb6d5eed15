"""What may meet with what: the factors of an interop run of ours against the peers, and which rows are possible."""

import argparse
import subprocess

import cells

CHANNELS = {
    "noise": ("tcp", "noise"), "tls": ("tcp", "tls"), "plaintext": ("tcp", "plaintext"), "unix": ("unix", "noise"),
    "quic": ("quic", "noise"),
}
KEY_TYPES = ["ed25519", "secp256k1", "ecdsa", "rsa"]


def lacks(ours, option, value):
    """Whether this build of ours refuses a value: it says so before it looks at anything else."""
    argv = [*ours.argv, "run", "ping", option, value]
    said = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30, check=False)
    return "not in this build" in said.stderr


def factors(ours, others, names, psk):
    """The choices. Channels and muxers that our build lacks are left out; they are said."""
    options = [("--transport" if name in ("quic", "unix") else "--security", name) for name in CHANNELS]
    options += [("--muxer", "yamux"), ("--muxer", "mplex")]
    lacking = [value for option, value in options if lacks(ours, option, value)]
    chosen = {
        "cell": names,
        "key_type": KEY_TYPES,
        "channel": [name for name in CHANNELS if name not in lacking],
        # one factor, so that each of them meets every other choice both ways
        "side": [(peer.name, dials) for peer in others for dials in (True, False)],
        "muxer": [name for name in ("yamux", "mplex") if name not in lacking],
        "network": ["public", "private"] if psk else ["public"],
    }
    return chosen, lacking


def meeting_of(row, ours, others, options, psk):
    """(dialer, listener, options) of a row."""
    name, dials = row["side"]
    other = next(peer for peer in others if peer.name == name)
    transport, security = CHANNELS[row["channel"]]
    own = argparse.Namespace(**{
        **vars(options), "transport": transport, "security": security, "muxer": row["muxer"],
        "key_type": row["key_type"], "psk": psk if row["network"] == "private" else None,
    })
    dialer, listener = (other, ours) if dials else (ours, other)
    return dialer, listener, own


def allowed(ours, others, options, psk):
    """A judge of rows."""
    def judge(row):
        if row["channel"] == "quic" and row["muxer"] != "yamux":
            return False  # QUIC brings its own
        dialer, listener, own = meeting_of(row, ours, others, options, psk)
        return cells.impossible(row["cell"], dialer, listener, own) is None
    return judge
