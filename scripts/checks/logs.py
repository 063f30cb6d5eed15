"""A log line begins with its module: --log-level goes by it."""

import re

from common import line_of

CALL = re.compile(r'\bp2p__logf\s*\([^;"]*"([^"]*)')
BEGINNING = re.compile(r"[a-z][a-z0-9_]* ")


def check(tree):
    problems, count = [], 0
    for path in tree.c_files(("src",)):
        text = tree.text(path)
        for match in CALL.finditer(text):
            count += 1
            if not BEGINNING.match(match[1]):
                problems.append(f'{path}:{line_of(text, match.start())}: "{match[1]}" does not begin with a module')
    return problems, f"{count} lines"
