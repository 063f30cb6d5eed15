"""What is asked of each pair. A cell is a function of a Meeting; it raises Failure or passes."""

import re
from collections import Counter

from meeting import plain
from process import Failure

EXPECTED_PROTOCOLS = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/echo/1.0.0", "/perf/1.0.0"}
MUXERS = {"yamux": "/yamux/1.0.0", "mplex": "/mplex/6.7.0"}


def check(condition, reason):
    if not condition:
        raise Failure(reason)


def judged(meeting, test, *options):
    """Runs an exercise; its own verdict must be good."""
    result = meeting.run(test, *options)
    check(result.get("ok") is True, f"dialer: {result.get('error', result)}")
    return result


def ping(meeting):
    result = meeting.run("ping", "--count", "10")
    check(result.get("p50_us", 0) > 0, f"no round trip in {result}")
    return result


def identify(meeting):
    said = judged(meeting, "identify")
    address, _, peer = meeting.address.rpartition("/p2p/")
    check(said.get("peer") == peer, f"identified {said.get('peer')}, dialed {peer}")
    check(said.get("agent_version"), "no agent version")
    missing = EXPECTED_PROTOCOLS - set(said.get("protocols", []))
    check(not missing, f"protocols lack {sorted(missing)}: {said.get('protocols')}")
    listens = [plain(each) for each in said.get("listen_addrs", [])]
    check(address in listens, f"{address} is not in {listens}")
    # go, js and rust sign their addresses, rust in the form of before 2021; what we show is verified.
    check(said.get("signed_record", True), "the listener's signed record was not believed")
    observed = said.get("observed_addr") or ""
    if meeting.options.transport == "unix":  # who dials by a path has none
        check(observed == "", f"observed address {observed}")
    else:
        check(observed.startswith("/ip4/127.0.0.1/"), f"observed address {observed}")


def echo(meeting):
    result = judged(meeting, "echo", "--bytes", str(10 << 20))
    check(result.get("bytes") == 10 << 20, f"{result.get('bytes')} bytes came back")


def many(meeting):
    result = judged(meeting, "many", "--count", "1000", "--open", "200")
    check(result.get("bytes") == 32 * 1200, f"{result.get('bytes')} bytes came back")


def perf(meeting):
    for direction in ("up", "down"):
        result = meeting.run("throughput", "--dir", direction, "--bytes", str(10 << 20), "--streams", "2")
        check(result.get("bytes") == 10 << 20, f"{direction}: {result}")


def handshakes(meeting):
    result = meeting.run("handshakes", "--count", "20", "--concurrency", "4", "--identify")
    check(result.get("count") == 20, f"dialer: {result}")
    meeting.listener.tell("mem")
    accepted = meeting.listener.line_with("accepted")["accepted"]
    check(accepted == 20, f"listener accepted {accepted} of 20")


def datagrams(meeting):
    """Datagrams of many lengths, each echoed; what is lost is sent again."""
    result = judged(meeting, "datagrams", "--count", "500")
    wanted = sum(4 + number * 37 % 1097 for number in range(500))
    check(result.get("bytes") == wanted, f"{result.get('bytes')} of {wanted} bytes came back")


def migrate(meeting):
    """The dialer sends from another port of its own half way through an echo; nothing is lost."""
    result = judged(meeting, "migrate", "--bytes", str(10 << 20))
    forbids = meeting.listener_peer.name != "go"
    said = "was" if result.get("forbidden") else "was not"
    check(result.get("forbidden") is forbids, f"moving {said} forbidden: {result}")
    check(result.get("moves") == (0 if forbids else 1), f"moved {result.get('moves')} times")
    check(result.get("bytes", 0) >= 10 << 20, f"{result.get('bytes')} bytes came back")


def reset(meeting):
    """The dialer resets mid-way; the listener must have seen it, with the code where both know codes."""
    result = judged(meeting, "reset", "--after", str(1 << 20))
    check(result.get("bytes") == 1 << 20, f"reset after {result.get('bytes')} bytes")
    seen = meeting.listener.line_with("event")
    check(seen["event"] == "reset", f"listener: {seen}")
    check_code(meeting.dialer_peer, result.get("code"), meeting.listener_peer, seen.get("code"))


def check_code(sender, sent, receiver, seen):
    """sent: what the resetting side says it sent; seen: what the other side says it received."""
    if sender.knows_codes:
        check(sent, f"{sender.name} sent code {sent}")
        wanted = (sent,) if receiver.knows_codes else (None,)
    else:
        check(sent is None, f"{sender.name} says it sent code {sent}, but has no codes")
        # js: a window update of length 0, so code 0; rust: a data frame, so none.
        wanted = (None, 0) if receiver.knows_codes else (None,)
    check(seen in wanted, f"{receiver.name} saw code {seen}, wanted {' or '.join(map(str, wanted))}")


def reset_back(meeting):
    """The listener resets, asked to with a code; the dialer must see it."""
    result = judged(meeting, "reset", "--by", "remote")
    sent = 42 if meeting.listener_peer.knows_codes else None
    check_code(meeting.listener_peer, sent, meeting.dialer_peer, result.get("code"))


def early_muxer(meeting):
    """No multistream line for the muxer where the peer negotiates it inside the handshake, else one."""
    ping(meeting)
    meeting.close()
    lines = traced(meeting.trace.read_text())
    other = meeting.dialer_peer if meeting.listener_peer.name == "ours" else meeting.listener_peer
    muxer, security = MUXERS[meeting.options.muxer], f"/{meeting.options.security}"
    check(any(line.startswith(security) for line in lines), f"no {security} line in the trace: {sorted(lines)}")
    check("/ipfs/ping/1.0.0" in lines, f"the ping is not in the trace: {sorted(lines)}")
    if other.has_early_muxer and meeting.options.security != "plaintext":
        check(muxer not in lines, f"{muxer} was negotiated by multistream-select {lines[muxer]} times")
    else:
        check(muxer in lines, f"no {muxer} line in the trace: {sorted(lines)}")


def traced(text):
    """The lines of a trace, counted."""
    form = re.compile(r"conn=\d+ dir=(?:in|out) line=(\S+)")
    found = [(form.fullmatch(line), line) for line in text.splitlines()]
    wrong = [line for match, line in found if not match]
    check(not wrong, f"trace: not of the agreed form: {wrong[:1]}")
    return Counter(match[1] for match, _ in found)


REQUIRED = {
    "ping": ping, "identify": identify, "echo": echo, "many": many, "perf": perf, "handshakes": handshakes,
    "reset": reset,
}
TRACED = {"early-muxer": early_muxer}  # need a side that writes a trace: ours
OF_QUIC = {"datagrams": datagrams, "migrate": migrate}
EXTENSIONS = {"reset-back": reset_back}
ALL = {**REQUIRED, **TRACED, **OF_QUIC, **EXTENSIONS}


def impossible(name, dialer, listener, options):
    """Why this pair cannot be asked this: a fact about the other implementation, or None."""
    if options.key_type == "ecdsa" and "js" in (dialer.name, listener.name):
        return "js keeps ECDSA keys in a form of its own, not in PKIX as the specification says (js crypto 5.1)"
    if name == "early-muxer" and options.transport == "quic":
        return "QUIC has its own streams: no muxer is negotiated"
    if name in OF_QUIC and options.transport != "quic":
        return "only QUIC has datagrams, and moves"
    if name == "migrate" and dialer.name != "ours":
        return "neither go, rust nor js lets its user move a connection"
    if name == "datagrams" and {"rust", "js"} & {dialer.name, listener.name}:
        return "libp2p-quic 0.14.0, which js stands on too, gives no way to datagrams"
    if name in TRACED and "ours" not in (dialer.name, listener.name):
        return "neither side writes a trace"
    if options.transport == "unix" and {"go", "rust"} & {dialer.name, listener.name}:
        return "go-libp2p 0.51.0 and rust-libp2p 0.57.1 have no transport over Unix sockets"
    if options.transport == "quic" and options.psk:
        return "QUIC has no bytes below its packets that a pre-shared key could hide"
    if options.muxer == "mplex" and "go" in (dialer.name, listener.name):
        return "go-libp2p has no mplex any more (0.51.0)"
    if options.security == "plaintext" and options.key_type in ("rsa", "ecdsa") and "rust" in (dialer.name, listener.name):
        return "libp2p-plaintext 0.44.0 takes no message above 100 bytes: Ed25519 and secp256k1 only"
    if name == "reset-back" and listener.name == "rust" and options.transport == "quic":
        return "libp2p-quic 0.14.0 has no reset: a stream that is dropped is finished"
    if name == "reset-back" and dialer.name == "js" and options.transport == "quic":
        return "@chainsafe/libp2p-quic 2.1.1 shows a reset to its reader as a clean end"
    if name == "reset-back" and listener.name == "rust" and options.muxer == "mplex":
        return "libp2p-mplex 0.44.0 sends the reset of a dropped stream with the next frame, if there is one"
    return None
