"""Which pairs meet for which cells, and what came of each."""

import time
from dataclasses import dataclass, field

import cells
from meeting import Meeting
from process import Failure


@dataclass
class Outcome:
    dialer: str
    listener: str
    link: str
    cell: str
    reason: str = ""  # why it failed; empty: it did not
    impossible: str = ""  # why it was not tried
    seconds: float = 0.0
    last_words: list = field(default_factory=list)  # (who, lines of stderr)

    @property
    def verdict(self):
        return "-" if self.impossible else "FAIL" if self.reason else "PASS"


def link_of(options):
    return " ".join([options.transport, options.security, options.muxer, *(["private"] if options.psk else [])])


def attempt(dialer, listener, options, cell):
    outcome = Outcome(dialer.name, listener.name, link_of(options), cell)
    outcome.impossible = cells.impossible(cell, dialer, listener, options)
    if outcome.impossible:
        return outcome
    lacking = [reason for reason in (dialer.missing(), listener.missing()) if reason]
    if lacking:
        outcome.reason = lacking[0]
        return outcome
    begun = time.monotonic()
    with Meeting(dialer, listener, options) as meeting:
        try:
            meeting.start(tracing=cell in cells.TRACED)
            cells.ALL[cell](meeting)
            meeting.close()
        except Failure as failure:
            outcome.reason = str(failure)
            outcome.last_words = [(child.title, child.last_words()) for child in meeting.children]
    outcome.seconds = time.monotonic() - begun
    return outcome


def pairs_with_ours(ours, others):
    return [pair for other in others for pair in ((ours, other), (other, ours))]


def pairs_of_all(peers):
    return [(dialer, listener) for dialer in peers for listener in peers]
