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
    reason: str = ""  # empty: passed
    seconds: float = 0.0
    last_words: list = field(default_factory=list)  # (who, lines of stderr)

    @property
    def passed(self):
        return not self.reason


def applicable(names, dialer, listener):
    """Without ours in the pair nobody writes a trace."""
    traces = "ours" in (dialer.name, listener.name)
    return [name for name in names if traces or name not in cells.TRACED]


def attempt(dialer, listener, options, cell):
    outcome = Outcome(dialer.name, listener.name, f"{options.transport} {options.security} {options.muxer}", cell)
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
