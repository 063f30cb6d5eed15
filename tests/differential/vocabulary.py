#!/usr/bin/env python3
"""vocabulary.py PROGRAM [--count N] [--seed N] [--peer GO]: random keys, peer ids, signatures, addresses and records,
here and in go-libp2p, both ways.

PROGRAM (vocabulary.c) and the go peer of tests/interop answer the same questions. What one makes the other must read, and
both must say the same of it; what is tampered with both must refuse. The keys are each side's own random ones, the rest
comes from the seed. Exits 77 when the go peer cannot be had; with P2P_NEED_PACKAGES set it is built, or that is a failure.
"""

import argparse
import collections
import os
import random
import subprocess
import sys
from pathlib import Path

from multiformats import FAULTS, Addresses, text_hex, to_hex

ROOT = Path(__file__).resolve().parents[2]
GO = ROOT / "build/interop/go/peer"
SKIPPED = 77
RSA, ED25519, SECP256K1, ECDSA = range(4)
# Type, bits, share of the keys. go makes ECDSA keys on P-256 only; an RSA key takes a second.
KINDS = ((ED25519, 0, 40), (SECP256K1, 0, 40), (ECDSA, 0, 40), (RSA, 2048, 1))
OURS_ONLY = ((ECDSA, 384, 10), (ECDSA, 521, 10))
DETERMINISTIC = (RSA, ED25519, SECP256K1)  # PKCS #1 v1.5, RFC 8032, RFC 6979


class GoAddresses(Addresses):
    """Without what go-multiaddr 0.16 has not, or has other than the registry; with what only py has so."""

    def http_path(self):
        """go prints a blank as +, which protocols/http-path.md does not name."""
        return super().http_path().replace("%20", "") or "a"

    def part(self):
        while True:
            text = super().part()
            if text not in ("/p2p-webrtc-star", "/p2p-websocket-star"):
                return text

    def text(self):
        text = super().text()
        if self.rng.random() < 0.1:
            text += "/unix/" + "/".join(self.word() for _ in range(self.rng.randint(1, 4)))
        return text


class Side:
    """One of the two programs."""

    def __init__(self, name, argv):
        self.name, self.argv = name, argv

    def ask(self, questions):
        lines = "".join(question + "\n" for question in questions)
        done = subprocess.run(self.argv, input=lines, capture_output=True, text=True, check=False)
        answers = done.stdout.splitlines()
        if done.returncode != 0 or len(answers) != len(questions):
            sys.exit(f"{self.name}: exit {done.returncode}, {len(questions)} questions, {len(answers)} answers: "
                     f"{done.stderr[-2000:]}")
        return answers


class Comparison:
    def __init__(self, ours, go):
        self.sides, self.wrong, self.counts = (ours, go), [], collections.Counter()

    def both(self, questions):
        """Their one answer to each; where they differ that is noted, and the answer is None."""
        ours, go = (side.ask(questions) for side in self.sides)
        for question, one, other in zip(questions, ours, go):
            self.counts[question.split(" ", 1)[0]] += 1
            if one != other:
                self.wrong.append(f"{question}\n  go: {other}\n  we: {one}")
        return [one if one == other else None for one, other in zip(ours, go)]

    def expect(self, asked):
        """(question, answer) pairs: both say that."""
        answers = self.both([question for question, _ in asked])
        for (question, want), got in zip(asked, answers):
            if got is not None and got != want:
                self.wrong.append(f"{question}\n  both: {got}\n  must: {want}")


def wheel(kinds, count):
    """count kinds, by their shares."""
    total = sum(share for _, _, share in kinds)
    return [(kind, bits) for kind, bits, share in kinds for _ in range(max(1, count * share // total))]


def make_keys(sides, count):
    """(type, private key) of both sides, in hexadecimal."""
    keys = []
    for side, kinds in ((sides[0], KINDS + OURS_ONLY), (sides[1], KINDS)):
        wanted = wheel(kinds, count // 2)
        made = side.ask([f"make {kind} {bits}" for kind, bits in wanted])
        keys += [(kind, key) for (kind, _), key in zip(wanted, made)]
    return keys


def compare_keys(compare, keys):
    """Read and written again, public keys, ids. Returns the public keys."""
    compare.expect([(f"again {private}", private) for _, private in keys])
    publics = compare.both([f"public {private}" for _, private in keys])
    ids = compare.both([f"id {public}" for public in publics])
    texts = []
    for answer in ids:
        base58, cid, multihash, _ = answer.split()
        texts += [(f"id-of {text_hex(text)}", multihash) for text in (base58, cid)]
    compare.expect(texts)
    return publics


def flipped(rng, data):
    """One bit of hexadecimal changed."""
    raw = bytearray.fromhex(data)
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return raw.hex()


def compare_signatures(compare, rng, keys, publics):
    messages = [to_hex(rng.randbytes(rng.choice((0, 1, 32, 63, 64, rng.randrange(4000))))) for _ in keys]
    asked = [f"sign {private} {message}" for (_, private), message in zip(keys, messages)]
    same = [question for question, (kind, _) in zip(asked, keys) if kind in DETERMINISTIC]
    compare.both(same)
    verdicts = []
    for side in compare.sides:
        for public, message, signature in zip(publics, messages, side.ask(asked)):
            verdicts.append((f"verify {public} {message} {signature}", "yes"))
            other = to_hex(bytes.fromhex(message.replace(".", "")) + b"\0")
            verdicts.append((f"verify {public} {other} {signature}", "no"))
            verdicts.append((f"verify {public} {message} {flipped(rng, signature)}", "no"))
    compare.expect(verdicts)


def addresses_of(compare, rng, count):
    """Texts to bytes and back; wrong ones. Returns bytes of good ones."""
    maker = GoAddresses(rng)
    texts = [maker.text() for _ in range(count)]
    good = [packed for packed in compare.both([f"addr-bytes {text_hex(text)}" for text in texts])
            if packed not in (None, "-") and len(packed) <= 1024]
    compare.both([f"addr-text {packed}" for packed in good])
    wrong = [rng.choice(FAULTS)(rng, maker.part()) for _ in range(count // 4)]
    compare.expect([(f"addr-bytes {text_hex(text)}", "-") for text in wrong])
    cut = [(packed, rng.randrange(1, len(packed) // 2)) for packed in good[: count // 4] if len(packed) > 2]
    compare.both([f"addr-text {packed[:2 * at]}" for packed, at in cut])
    return good


def compare_records(compare, rng, keys, addresses):
    asked = []
    for kind, private in keys:
        some = ",".join(rng.sample(addresses, rng.randint(1, 5)))
        asked.append((kind, f"seal {private} {rng.getrandbits(63)} {some}"))
    compare.both([question for kind, question in asked if kind in DETERMINISTIC])
    for side in compare.sides:
        sealed = side.ask([question for _, question in asked])
        opened = compare.both([f"open {envelope}" for envelope in sealed])
        for (_, question), answer in zip(asked, opened):
            if answer and answer.split(" ", 2)[2] != question.split(" ", 2)[2]:
                compare.wrong.append(f"{question}\n  opened: {answer}")
        compare.expect([(f"open {flipped(rng, envelope)}", "-") for envelope in sealed])


def go_peer(path):
    """The go peer's argv; None and a message when there is none."""
    if os.environ.get("P2P_NEED_PACKAGES") and path == GO:
        subprocess.run([ROOT / "tests/interop/build", "go"], check=True)
    argv = [str(path), "vocabulary"]
    if not os.access(path, os.X_OK):
        print(f"differential: no go peer ({path}); tests/interop/build go makes it")
        return None
    known = subprocess.run(argv, input="", capture_output=True, text=True, check=False)
    if known.returncode != 0:
        print(f"differential: {path} is older than this test; tests/interop/build go makes it anew")
        return None
    return argv


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--peer", type=Path, default=GO)
    options = parser.parse_args()
    argv = go_peer(options.peer)
    if not argv:
        return SKIPPED
    rng = random.Random(options.seed)
    compare = Comparison(Side("ours", [options.program]), Side("go", argv))
    # A key is a case of five: itself, its id, its signature, its record, and an address.
    count = max(20, options.count // 5)
    keys = make_keys(compare.sides, count)
    publics = compare_keys(compare, keys)
    compare_signatures(compare, rng, keys, publics)
    addresses = addresses_of(compare, rng, count)
    compare_records(compare, rng, keys, addresses)
    for difference in compare.wrong[:10]:
        print(difference)
    asked = ", ".join(f"{count} {verb}" for verb, count in sorted(compare.counts.items()))
    print(f"differential: seed {options.seed}, {len(keys)} keys, {len(compare.wrong)} differ ({asked})")
    return 1 if compare.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
