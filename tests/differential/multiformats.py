#!/usr/bin/env python3
"""multiformats.py PROGRAM [--count N] [--seed N]: random addresses, bases, hashes and CIDs here and
in py-multiaddr, py-multibase, base58, py-multihash and py-cid.

Each of N cases asks PROGRAM (multiformats.c) several questions; every answer must be what the
others say. Where they differ from the specification they are not asked; each place says so.
"""

import argparse
import base64
import collections
import ipaddress
import random
import subprocess
import sys
import urllib.parse

import base58
import cid
import multiaddr
import multibase
import multihash

# py-multibase makes numbers of base2, base8 and base32z, so that leading bits and zeros get lost.
BASES = {
    "f": "base16", "F": "base16upper", "b": "base32", "B": "base32upper", "c": "base32pad",
    "C": "base32padupper", "v": "base32hex", "V": "base32hexupper", "t": "base32hexpad",
    "T": "base32hexpadupper", "z": "base58btc", "Z": "base58flickr", "m": "base64",
    "M": "base64pad", "u": "base64url", "U": "base64urlpad", "9": "base10", "k": "base36",
    "K": "base36upper",
}
NUMBERS = "zZ9kK"
BITCOIN = base58.BITCOIN_ALPHABET
FLICKR = BITCOIN[:9] + BITCOIN[33:] + BITCOIN[9:33]  # small letters first
# Code: bytes, name.
HASHES = {
    0x11: (20, "sha1"), 0x12: (32, "sha2-256"), 0x13: (64, "sha2-512"), 0x14: (64, "sha3-512"),
    0x15: (48, "sha3-384"), 0x16: (32, "sha3-256"), 0x17: (28, "sha3-224"),
    0x18: (32, "shake-128"), 0x19: (64, "shake-256"), 0x56: (32, "dbl-sha2-256"),
    0xB240: (64, "blake2b-512"), 0xB260: (32, "blake2s-256"), 0x20: (48, "sha2-384"),
}
CODECS = {0x55: "raw", 0x70: "dag-pb", 0x71: "dag-cbor", 0x72: "libp2p-key", 0x0129: "dag-json"}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def to_hex(data):
    return data.hex() or "."


def text_hex(text):
    return to_hex(text.encode())


class Questions:
    """What PROGRAM is asked and what it must answer."""

    def __init__(self):
        self.asked, self.counts = [], collections.Counter()

    def ask(self, question, answer):
        self.asked.append((question, answer))
        self.counts[question.split(" ", 1)[0]] += 1

    def compare(self, program):
        lines = "".join(question + "\n" for question, _ in self.asked)
        done = subprocess.run([program], input=lines, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{program} ended with {done.returncode}: {done.stderr[-2000:]}")
        answers = done.stdout.splitlines()
        if len(answers) != len(self.asked):
            sys.exit(f"{len(self.asked)} questions, {len(answers)} answers")
        return [(question, want, got) for (question, want), got in zip(self.asked, answers)
                if want != got]


# ---- addresses ----

class Addresses:
    def __init__(self, rng):
        self.rng = rng

    def word(self, most=12):
        return "".join(self.rng.choices(LETTERS, k=self.rng.randint(1, most)))

    def ip6(self):
        """Sparse, dense, mapped; in any of their forms."""
        kind = self.rng.randrange(4)
        if kind == 0:
            value = self.rng.getrandbits(128)
        elif kind == 1:
            groups = [self.rng.choice((0, 0, self.rng.getrandbits(16))) for _ in range(8)]
            value = sum(group << 16 * i for i, group in enumerate(groups))
        elif kind == 2:
            value = 0xFFFF << 32 | self.rng.getrandbits(32)
        else:
            value = self.rng.getrandbits(16)
        if 1 << 16 <= value < 1 << 32:  # py writes ::1.2.3.4, which RFC 5952 and go do not
            value |= 1 << 127
        address = ipaddress.IPv6Address(value)
        return self.rng.choice((str(address), address.exploded, str(address).upper()))

    def port(self):
        return str(self.rng.choice((0, 1, 80, 65535, self.rng.getrandbits(16))))

    def peer(self):
        """A sha2-256 or a short identity multihash; py keeps a CID as it is, so none of those."""
        if self.rng.random() < 0.5:
            return base58.b58encode(b"\x12\x20" + self.rng.randbytes(32)).decode()
        return base58.b58encode(b"\x00\x24\x08\x01\x12\x20" + self.rng.randbytes(32)).decode()

    def base32(self, size):
        return base64.b32encode(self.rng.randbytes(size)).decode().rstrip("=").lower()

    def http_path(self):
        """py demands UTF-8 and quotes all but the unreserved characters, as we do."""
        text = "".join(self.rng.choices("aZ09-._~/ %+&=:@é€🚀", k=self.rng.randint(1, 20)))
        return urllib.parse.quote(text, safe="")

    def part(self):
        rng, pick = self.rng, self.rng.choice
        makers = (
            lambda: f"/ip4/{'.'.join(str(rng.getrandbits(8)) for _ in range(4))}",
            lambda: f"/ip6/{self.ip6()}",
            lambda: f"/ip6zone/{self.word()}0",  # py takes a zone named as a protocol is for the next part
            lambda: f"/ipcidr/{rng.getrandbits(8)}",
            lambda: f"/{pick(('tcp', 'udp', 'dccp', 'sctp'))}/{self.port()}",
            lambda: f"/{pick(('dns', 'dns4', 'dns6', 'dnsaddr', 'sni'))}/{self.word()}.example",
            lambda: "/" + pick(("udt", "utp", "quic", "quic-v1", "webtransport", "webrtc", "tls",
                                "webrtc-direct", "p2p-circuit", "http", "https", "ws", "wss",
                                "noise", "p2p-websocket-star", "p2p-webrtc-star",
                                "p2p-webrtc-direct")),
            lambda: f"/{pick(('p2p', 'ipfs'))}/{self.peer()}",
            lambda: "/certhash/" + multibase.encode(
                "base64url", b"\x12\x20" + rng.randbytes(32)).decode(),
            lambda: f"/memory/{rng.getrandbits(64)}",
            lambda: f"/onion/{self.base32(10)}:{rng.randint(1, 65535)}",
            lambda: f"/onion3/{self.base32(35)}:{rng.randint(1, 65535)}",
            lambda: f"/garlic32/{self.base32(pick((32, 35, 40)))}",
            lambda: f"/http-path/{self.http_path()}",
        )
        return pick(makers)()

    def text(self):
        if self.rng.random() < 0.02:
            size = self.rng.randint(386, 450)
            return "/garlic64/" + base64.b64encode(self.rng.randbytes(size), b"-~").decode()
        # No unix: py drops the first slash of the path, which go and nim keep.
        return "".join(self.part() for _ in range(self.rng.randint(1, 5)))


def ask_address(rng, questions):
    """Text to bytes, and the bytes back to the one text."""
    text = Addresses(rng).text()
    theirs = multiaddr.Multiaddr(text.replace("/ipfs/", "/p2p/"))  # py has not the old name
    packed = theirs.to_bytes()
    if len(packed) > 512:  # P2P_ADDR_MAX
        return
    questions.ask(f"addr-bytes {text_hex(text)}", to_hex(packed))
    questions.ask(f"addr-text {to_hex(packed)}", text_hex(str(multiaddr.Multiaddr(packed))))


# Faults that no reader of addresses may overlook. (py takes one without its first slash.)
FAULTS = (
    lambda rng, text: text + "/nosuchprotocol",
    lambda rng, text: text + "/tcp",
    lambda rng, text: text + f"/tcp/{rng.randint(65536, 99999)}",
    lambda rng, text: text + "/ip4/1.2.3",
    lambda rng, text: text + f"/ip4/{rng.randint(256, 999)}.1.1.1",
    lambda rng, text: text + "/ip6/1::2::3",
    lambda rng, text: text + "/onion3/abc:1",
    lambda rng, text: text + "/certhash/uAA!!",
)


def ask_wrong_address(rng, questions):
    addresses = Addresses(rng)
    text = rng.choice(FAULTS)(rng, addresses.part())
    try:
        multiaddr.Multiaddr(text)
    except Exception:  # whatever kind: py-multiaddr lets its codecs' through
        questions.ask(f"addr-bytes {text_hex(text)}", "-")
        return
    sys.exit(f"py-multiaddr takes {text}")


# ---- bases, hashes, CIDs ----

def random_bytes(rng, most):
    """Often with leading zeros."""
    zeros = rng.choice((0, 0, 1, 2, rng.randrange(8)))
    return b"\0" * zeros + rng.randbytes(rng.randrange(most - zeros))


def ask_base(rng, questions):
    letter = rng.choice("".join(BASES))
    data = random_bytes(rng, 120 if letter in NUMBERS else 400)
    if letter in "9kK":  # py-multibase drops leading zeros, and makes a digit of nothing
        data = data.lstrip(b"\0") or b"\1"
    if letter in "zZ":  # and of base58 too: the package of that name does not
        text = letter + base58.b58encode(data, FLICKR if letter == "Z" else BITCOIN).decode()
    else:
        text = multibase.encode(BASES[letter], data).decode()
    questions.ask(f"base-text {ord(letter)} {to_hex(data)}", text_hex(text))
    questions.ask(f"base-bytes {text_hex(text)}", to_hex(data))


def ask_hash(rng, questions):
    code = rng.choice(list(HASHES))
    full, name = HASHES[code]
    data = rng.randbytes(rng.choice((0, 1, 63, 64, 65, rng.randrange(1000))))
    length = rng.choice((full, rng.randint(1, full)))
    theirs = multihash.sum(data, code, length=length).encode()
    questions.ask(f"sum {code} {length} {to_hex(data)}", to_hex(theirs))
    questions.ask(f"name {code}", name)
    questions.ask(f"verify {to_hex(theirs)} {to_hex(data)}", "yes" if length >= 20 else "no")
    questions.ask(f"verify {to_hex(theirs)} {to_hex(data + b'x')}", "no")


def ask_cid(rng, questions):
    codec = rng.choice(list(CODECS))
    code = rng.choice((0x12, 0x12, 0x13, 0x16, 0xB240))
    digest = rng.randbytes(HASHES[code][0])
    hashed = multihash.encode(digest, code)
    letter = rng.choice("zbBfFmMuUvVcC")
    theirs = cid.make_cid(1, CODECS[codec], hashed)
    text = theirs.encode(BASES[letter]).decode()
    questions.ask(f"cid-parts {text_hex(text)}", f"1 {codec} {hashed.hex()}")
    questions.ask(f"cid-text {ord(letter)} {theirs.buffer.hex()}", text_hex(text))
    if code == 0x12:
        old = cid.make_cid(0, "dag-pb", hashed)
        text = old.encode().decode()
        questions.ask(f"cid-parts {text_hex(text)}", f"0 {0x70} {hashed.hex()}")
        questions.ask(f"cid-text 0 {old.buffer.hex()}", text_hex(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    options = parser.parse_args()
    rng, questions = random.Random(options.seed), Questions()
    kinds = (ask_address, ask_address, ask_wrong_address, ask_base, ask_hash, ask_cid)
    for i in range(options.count):
        kinds[i % len(kinds)](rng, questions)
    wrong = questions.compare(options.program)
    for question, want, got in wrong[:10]:
        print(f"{question}\n  they: {want}\n  we:   {got}")
    asked = ", ".join(f"{count} {verb}" for verb, count in sorted(questions.counts.items()))
    print(f"differential: seed {options.seed}, {options.count} cases, {len(wrong)} differ ({asked})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
