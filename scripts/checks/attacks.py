"""Every row of docs/internals/attacks.md names a test that exists or says why not; evilpeer has no other rows."""

import re

import named

PAGE = "docs/internals/attacks.md"
LINE = re.compile(r"^\| ([A-Z]{2}-\d+) \| (.*) \| (.*) \|$", re.M)
OPEN = re.compile(r"open: \S+( \S+){2,}")


def answer_problem(tree, answer):
    if OPEN.fullmatch(answer):
        return None
    tests = re.findall(r"`([^`]+)`", answer)
    if not tests:
        return "names no test and no gap (open: why)"
    return next(filter(None, (named.problem(tree, test) for test in tests)), None)


def check(tree):
    if not (tree.root / PAGE).exists():
        return [f"{PAGE} is missing"], ""
    problems, seen = [], {}
    for row, attack, answer in LINE.findall(tree.text(PAGE)):
        found = "it stands twice" if row in seen else answer_problem(tree, answer)
        seen[row] = attack
        if found:
            problems.append(f"{PAGE}: {row}: {found}")
    problems += [f"{PAGE}: evilpeer's row {row} belongs to no attack of it" for row in named.rows(tree)
                 if row.split(".")[0] not in seen]
    if not seen:
        problems.append(f"{PAGE}: no row found")
    return problems, f"{len(seen)} attacks"
