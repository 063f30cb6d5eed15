"""The table: a row for each pair, a column for each cell, and below it why cells failed."""

WIDTH = 20


class Table:
    def __init__(self, names):
        self.names, self.outcomes = names, []
        self._widths = [max(len(name), 4) + 2 for name in names]
        head = "".join(f"{name:<{width}}" for name, width in zip(names, self._widths))
        print(f"{'dialer → listener':<{WIDTH}}{'link':<{WIDTH}}{head}".rstrip(), flush=True)

    def begin_row(self, dialer, listener, options):
        pair, link = f"{dialer.name} → {listener.name}", f"{options.transport} {options.security} {options.muxer}"
        print(f"{pair:<{WIDTH}}{link:<{WIDTH}}", end="", flush=True)

    def cell(self, outcome):
        self.outcomes.append(outcome)
        print(f"{outcome.verdict:<{self._widths[self.names.index(outcome.cell)]}}", end="", flush=True)

    def end_row(self):
        print(flush=True)

    def finish(self, seconds):
        return finish(self.outcomes, seconds)


class Lines:
    """A line for each cell: what a covering set needs, where no two neighbours are alike."""

    def __init__(self):
        self.outcomes = []

    def cell(self, outcome, key_type):
        self.outcomes.append(outcome)
        pair = f"{outcome.dialer} → {outcome.listener}"
        print(f"{outcome.verdict}  {pair:<14}{outcome.link:<28}{key_type:<11}{outcome.cell:<12}{outcome.seconds:5.1f} s",
              flush=True)

    def finish(self, seconds):
        return finish(self.outcomes, seconds)


def finish(outcomes, seconds):
    """Prints the reasons; true when every cell that could be tried passed, and one was."""
    failed = [o for o in outcomes if o.verdict == "FAIL"]
    passed = [o for o in outcomes if o.verdict == "PASS"]
    for o in outcomes:
        if o.impossible:
            print(f"\n-    {title(o)}: {o.impossible}")
    for o in failed:
        print(f"\nFAIL {title(o)}, {o.seconds:.1f} s: {o.reason}")
        for who, lines in o.last_words:
            for line in lines:
                print(f"     {who}: {line}")
    print(f"\ninterop: {len(passed)} of {len(passed) + len(failed)} cells passed in {seconds:.0f} s")
    return bool(passed) and not failed


def title(o):
    return f"{o.dialer} → {o.listener}, {o.link}, {o.cell}"
