"""From samples to tables: medians with quartiles, and ratios taken round by round."""

import statistics


def spread(values):
    """median, first and third quartile"""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def short(value):
    """Three significant digits, with k and M from 10,000 on."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.2f}M"
    if abs(value) >= 1e4:
        return f"{value / 1e3:.0f}k" if abs(value) >= 1e5 else f"{value / 1e3:.1f}k"
    return f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"


def cell(values, form=short):
    if not values:
        return "void"
    middle, low, high = (form(v) for v in spread(values))
    return f"{middle} [{low} {high}]"


def ratio_form(value):
    return f"{value:.2f}"


class Samples:
    """Every figure of a run: figures[test][contender][round] is {metric: value}."""

    def __init__(self):
        self._figures = {}
        self.voids = []

    def add(self, test, contender, round_number, figures):
        self._figures.setdefault((test, contender), {})[round_number] = figures

    def add_void(self, test, contender, round_number, why):
        self.voids.append({"test": test, "contender": contender, "round": round_number, "why": why})

    def has(self, test, contender):
        void = any(v["test"] == test and v["contender"] == contender for v in self.voids)
        return void or (test, contender) in self._figures

    def values(self, test, contender, metric):
        return [f[metric] for f in self._figures.get((test, contender), {}).values()]

    def ratios(self, test, metric, above, below):
        """above / below, each from one round, so that a neighbour's noise hits both alike."""
        upper = self._figures.get((test, above), {})
        lower = self._figures.get((test, below), {})
        return [
            upper[n][metric] / lower[n][metric]
            for n in sorted(upper.keys() & lower.keys())
            if lower[n][metric]
        ]

    def as_json(self):
        return [
            {"test": test, "contender": contender, "round": n, "figures": figures}
            for (test, contender), rounds in self._figures.items()
            for n, figures in sorted(rounds.items())
        ]


def print_table(rows):
    """Columns as wide as they need to be; the first two to the left, figures to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [
            text.ljust(width) if i < 2 else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths))
        ]
        print("  ".join(cells).rstrip())
    print()


def rows_of(tests, columns, text_of):
    """One row for each test and metric; the test's name stands on the first of its rows."""
    rows = [["test", "", *(title for title, _ in columns)]]
    for test in tests:
        for i, metric in enumerate(test.metrics):
            name = metric.name + (" (less is better)" if metric.less_is_better else "")
            texts = [text_of(test, metric, key) for _, key in columns]
            rows.append([test.name if i == 0 else "", name, *texts])
    return rows


def print_figures(samples, tests, names):
    def text(test, metric, name):
        if not samples.has(test.name, name):
            return "-"
        return cell(samples.values(test.name, name, metric.name))

    print("median [first and third quartile] over the rounds")
    print_table(rows_of(tests, [(name, name) for name in names], text))


def print_ratios(samples, tests, names):
    others = [name for name in names if name != "ours"]
    if "ours" not in names or not others:
        return

    def text(test, metric, other):
        ratios = samples.ratios(test.name, metric.name, "ours", other)
        return cell(ratios, ratio_form) if ratios else "-"

    print("ours over theirs, round by round: median [quartiles]")
    print_table(rows_of(tests, [(f"ours/{other}", other) for other in others], text))


def print_voids(samples):
    for void in samples.voids:
        print("no figure: {test}, {contender}, round {round}: {why}".format(**void))


def summary(samples, tests, names):
    """The tables as data."""
    return [
        {
            "test": test.name,
            "metric": metric.name,
            "less_is_better": metric.less_is_better,
            "spread": {
                name: spread(values)
                for name in names
                if (values := samples.values(test.name, name, metric.name))
            },
            "ours_over": {
                name: spread(ratios)
                for name in names
                if name != "ours"
                and (ratios := samples.ratios(test.name, metric.name, "ours", name))
            },
        }
        for test in tests
        for metric in test.metrics
    ]
