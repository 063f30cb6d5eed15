"""libp2p's own transport tests: what a participant is told by its environment, and what its dialer must print."""

import hashlib
import json
import re

DIALECTS = ("test-plans", "unified")
STANDALONE = ("quic-v1",)  # transports that bring their own security and muxer


def environment(dialect, dials, name, transport, security, muxer, redis, seconds):
    """The environment of one participant of the test called name."""
    said = {"transport": transport, "is_dialer": "true" if dials else "false", "redis_addr": redis}
    if transport not in STANDALONE:
        said.update(security=security, muxer=muxer)
    if not dials:
        said["ip"] = "0.0.0.0"
    if dialect == "test-plans":
        return {**said, "test_timeout_seconds": str(seconds)}
    names = {"security": "SECURE_CHANNEL", "ip": "LISTENER_IP"}
    upper = {names.get(key, key.upper()): value for key, value in said.items()}
    return {**upper, "TEST_KEY": hashlib.sha256(name.encode()).hexdigest()[:8], "TEST_TIMEOUT_SECS": str(seconds)}


def judged(dialect, text):
    """Why the dialer's output is not what the contract says; "" when it is."""
    try:
        handshake, rtt = (_of_json if dialect == "test-plans" else _of_yaml)(text)
    except (ValueError, KeyError, TypeError) as error:
        return f"not a result: {text[:120]!r} ({error})"
    if not 0 < rtt < 60_000 or not 0 < handshake < 60_000:
        return f"no times in milliseconds: {handshake}, {rtt}"
    return "" if handshake > rtt / 100 else f"a handshake of {handshake} ms with a round trip of {rtt} ms"


def _of_json(text):
    said = json.loads(text)
    if set(said) != {"handshakePlusOneRTTMillis", "pingRTTMilllis"}:  # so they are spelled
        raise ValueError(f"members {sorted(said)}")
    return float(said["handshakePlusOneRTTMillis"]), float(said["pingRTTMilllis"])


def _of_yaml(text):
    number = r"(\d+(?:\.\d+)?(?:e-?\d+)?)"
    form = rf"latency:\n  handshake_plus_one_rtt: {number}\n  ping_rtt: {number}\n  unit: ms\n"
    match = re.fullmatch(form, text)
    if not match:
        raise ValueError("another form")
    return float(match[1]), float(match[2])
