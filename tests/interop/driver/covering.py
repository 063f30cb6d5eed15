"""A small set of meetings in which every two choices that can meet do meet: pairwise covering.

A choice is a value of a factor (who dials whom, channel, muxer, key type, network, cell). Faults of one
choice, and of two together, show in some meeting; the whole product is `--product`. The same input gives the same set."""

from itertools import combinations, product


def possible(factors, allowed):
    """Every allowed row of the product, in order. factors: name -> values."""
    names = list(factors)
    for values in product(*factors.values()):
        row = dict(zip(names, values))
        if allowed(row):
            yield row


def pairs_of(row):
    return set(combinations(row.items(), 2))


def covering(rows):
    """Some of the rows, such that every pair of values found in any row is in one of them: each time the row that
    adds most, the first of those."""
    rows = [(row, pairs_of(row)) for row in rows]
    missing = set().union(*(pairs for _, pairs in rows)) if rows else set()
    chosen = []
    while missing:
        row, pairs = max(rows, key=lambda entry: len(entry[1] & missing))  # max takes the first
        chosen.append(row)
        missing -= pairs
    return chosen
