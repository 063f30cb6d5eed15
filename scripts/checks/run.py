#!/usr/bin/env python3
"""run.py [--build DIR] [--fix format|limits] [CHECK…]: one line for each check, its violations below."""

import argparse
import importlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import HERE, Tree  # noqa: E402

CHECKS = (
    "layers", "headers", "symbols", "globals", "exports", "banned", "logs", "sizes", "limits", "containers", "attacks", "words",
    "vectors", "docs", "guide", "table", "format", "windows",
)
SHOWN = 20


def report(name, tree):
    begun = time.monotonic()
    module = importlib.import_module(name)
    problems, note = module.check(tree)
    word = "FAIL" if problems else "ok"
    seconds = time.monotonic() - begun
    print(f"{word:4} {name:8} {seconds:5.1f} s  {module.__doc__.strip().splitlines()[0]}"
          + (f" [{note}]" if note else ""), flush=True)
    for problem in problems[:SHOWN]:
        print(f"       {problem}")
    if len(problems) > SHOWN:
        print(f"       … and {len(problems) - SHOWN} more")
    return not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="build directory, default build/")
    parser.add_argument("--root", default=HERE.parent.parent)
    parser.add_argument("--fix", choices=["format", "limits", "table"])
    parser.add_argument("checks", nargs="*", metavar="CHECK")
    options = parser.parse_args()
    unknown = set(options.checks) - {*CHECKS}
    if unknown:
        parser.error(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    tree = Tree(options.root, options.build)
    if options.fix:
        return importlib.import_module(options.fix).fix(tree)
    results = [report(name, tree) for name in options.checks or CHECKS]
    print(f"checks: {sum(results)} of {len(results)} passed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
