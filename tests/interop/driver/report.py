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

    def cell(self, name, outcome):
        """outcome is None where the cell does not apply."""
        word = "-" if outcome is None else "PASS" if outcome.passed else "FAIL"
        if outcome is not None:
            self.outcomes.append(outcome)
        print(f"{word:<{self._widths[self.names.index(name)]}}", end="", flush=True)

    def end_row(self):
        print(flush=True)

    def finish(self, seconds):
        """Prints the reasons; true when every cell passed."""
        failed = [outcome for outcome in self.outcomes if not outcome.passed]
        for o in failed:
            print(f"\nFAIL {o.dialer} → {o.listener}, {o.link}, {o.cell}, {o.seconds:.1f} s: {o.reason}")
            for who, lines in o.last_words:
                for line in lines:
                    print(f"     {who}: {line}")
        passed = len(self.outcomes) - len(failed)
        print(f"\ninterop: {passed} of {len(self.outcomes)} cells passed in {seconds:.0f} s")
        return bool(self.outcomes) and not failed
