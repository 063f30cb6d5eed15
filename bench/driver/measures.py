"""The tests: what a client is told, what makes a run void, and the figures taken from it."""

import time
from dataclasses import dataclass
from typing import Callable, Optional

from .process import Client, Failure, Server

SETTLE_SECONDS = 10  # for a server to have seen what its client has finished


@dataclass(frozen=True)
class Metric:
    name: str
    less_is_better: bool = False


@dataclass(frozen=True)
class Test:
    name: str
    what: str
    metrics: tuple
    measure: Callable  # (contender, settings) -> {metric name: value}
    ceiling: Optional[Callable] = None  # settings -> (program, arguments…)
    figures: Optional[Callable] = None  # (result, server's CPU seconds) -> {metric name: value}


# --- figures --------------------------------------------------------------------------------


def busier(result, server_cpu):
    """CPU seconds of the side that worked more: the one that bounds the pair on two free cores."""
    return max(result["cpu"], server_cpu)


def bulk_figures(result, server_cpu):
    gbit = result["bytes"] * 8e-9
    return {"Gbit/s": gbit / result["seconds"], "Gbit/CPU s": gbit / busier(result, server_cpu)}


def rate_figures(result, server_cpu):
    count = result["count"]
    return {"per s": count / result["seconds"], "per CPU s": count / busier(result, server_cpu)}


def ping_figures(result, server_cpu):
    return {
        "p50 µs": result["p50_us"],
        "p99 µs": result["p99_us"],
        "per CPU s": result["count"] / busier(result, server_cpu),
    }


BULK = (Metric("Gbit/s"), Metric("Gbit/CPU s"))
RATE = (Metric("per s"), Metric("per CPU s"))
PING = (Metric("p50 µs", True), Metric("p99 µs", True), Metric("per CPU s"))
IDLE = (Metric("heap B/conn", True), Metric("RSS B/conn", True))


# --- runs -----------------------------------------------------------------------------------


def require_same(result, field, wanted):
    if result.get(field, wanted) != wanted:
        raise Failure(f"void: the client did {field} {result[field]}, not {wanted}")


def timed(server, contender, options, settings):
    """One client from start to exit: its result, and the server's CPU seconds meanwhile."""
    before = server.cpu()
    with Client(contender, server.address, options, settings) as client:
        result = client.answer()
        spent = server.cpu() - before
        client.leave()
    return result, spent


def plain(options_of, subject, figures):
    """A test that is one client's run; subject: the field that must be what was asked for."""

    def measure(contender, settings):
        options, wanted = options_of(settings)
        with Server(contender, settings) as server:
            result, cpu = timed(server, contender, options, settings)
            server.leave()
        require_same(result, subject, wanted)
        return figures({**result, subject: wanted}, cpu)

    return measure


def wait_for(server, field, wanted):
    """Asks until the server counts as many as the client does; returns its last answer."""
    deadline = time.monotonic() + SETTLE_SECONDS
    mem = server.mem()
    while mem[field] < wanted and time.monotonic() < deadline:
        mem = server.mem()
    if mem[field] != wanted:
        raise Failure(f"void: the server's {field} is {mem[field]}, the client's count {wanted}")
    return mem


def handshakes(identify):
    """Void unless the server accepted as many connections as its client says it made."""
    extra = ["--identify"] if identify else []

    def measure(contender, settings):
        count = settings.connections
        options = ["handshakes", "--count", str(count), "--concurrency", "16", *extra]
        with Server(contender, settings) as server:
            before = server.mem()["accepted"]
            result, cpu = timed(server, contender, options, settings)
            require_same(result, "count", count)
            wait_for(server, "accepted", before + count)
            server.leave()
        return rate_figures({**result, "count": count}, cpu)

    return measure


def settled_heap(server, conns):
    """Memory once all connections are there and identify's dust has settled (within 1 %)."""
    deadline = time.monotonic() + SETTLE_SECONDS
    last, mem = wait_for(server, "conns", conns), server.mem()
    while abs(mem["heap"] - last["heap"]) * 100 > mem["heap"] and time.monotonic() < deadline:
        time.sleep(0.2)  # between two samples; the contract has no event for "settled"
        last, mem = mem, server.mem()
    return mem


def idle(contender, settings):
    conns = settings.idle
    options = ["idle", "--conns", str(conns)]
    with Server(contender, settings) as server:
        before = server.mem()
        with Client(contender, server.address, options, settings) as client:
            require_same(client.answer(), "conns", conns)
            after = settled_heap(server, before["conns"] + conns)
            client.leave()
        server.leave()
    return {
        "heap B/conn": (after["heap"] - before["heap"]) / conns,
        "RSS B/conn": (after["rss"] - before["rss"]) / conns,
    }


# --- ceilings -------------------------------------------------------------------------------


def bulk_ceiling(settings):
    if settings.transport == "quic":
        return ("quic", max(1, settings.bytes >> 20))
    return ("tls" if settings.security == "tls" else "bulk", settings.ceiling_ms)


def of_noise(*argv):
    """A ceiling that computes what Noise does over TCP; there is none for another security."""

    def of(settings):
        plain_noise = settings.security == "noise" and settings.transport == "tcp"
        return (argv[0], settings.ceiling_ms, *argv[1:]) if plain_noise else None

    return of


# --- the list -------------------------------------------------------------------------------


def throughput(direction, streams):
    def options(settings):
        n = settings.bytes
        flags = ["--dir", direction, "--bytes", str(n), "--streams", str(streams)]
        return ["throughput", *flags], n

    way = "to the server" if direction == "up" else "from the server"
    return Test(
        name=f"{direction}-{streams}",
        what=f"/perf, {streams} stream{'s' if streams > 1 else ''}, {way}",
        metrics=BULK,
        measure=plain(options, "bytes", bulk_figures),
        ceiling=bulk_ceiling,
        figures=bulk_figures,
    )


def streams(concurrency):
    def options(settings):
        count = settings.streams if concurrency > 1 else max(1, settings.streams // 4)
        flags = ["--count", str(count), "--concurrency", str(concurrency)]
        return ["streams", *flags], count

    return Test(
        name=f"streams-{concurrency}",
        what=f"/echo of 32 bytes on a stream of its own, {concurrency} in flight",
        metrics=RATE,
        measure=plain(options, "count", rate_figures),
        ceiling=of_noise("ping", concurrency),
        figures=rate_figures,
    )


def handshake_test(identify):
    return Test(
        name="handshakes-identify" if identify else "handshakes",
        what="connect, secure, multiplex, " + "identify, " * identify + "close; 16 at once",
        metrics=RATE,
        measure=handshakes(identify),
        ceiling=of_noise("handshake"),
        figures=rate_figures,
    )


def ping_options(settings):
    return ["ping", "--count", str(settings.pings)], settings.pings


TESTS = [
    *(throughput(d, n) for n in (1, 10, 100) for d in ("up", "down")),
    Test(
        name="ping",
        what="/ipfs/ping on one stream, one in flight",
        metrics=PING,
        measure=plain(ping_options, "count", ping_figures),
        ceiling=of_noise("ping"),
        figures=ping_figures,
    ),
    handshake_test(identify=False),
    handshake_test(identify=True),
    streams(64),
    streams(1),
    Test(
        name="idle",
        what="the server's memory for one idle connection",
        metrics=IDLE,
        measure=idle,
    ),
]
NOT_BY_DEFAULT = {"up-10", "down-10"}
