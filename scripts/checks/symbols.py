"""Objects of the pure folders ask for nothing but what symbols.txt allows, and only downwards."""

from collections import defaultdict

from common import data_lines, output
from layers import Table as Layers

MAX_LIBC = 25


class Table:
    def __init__(self):
        self.libc, self.compiler = set(), set()
        self.only, self.prefix = defaultdict(set), defaultdict(list)
        self.problems = []
        for line in data_lines("symbols.txt"):
            kind, *words = line.split()
            if kind in ("libc", "compiler"):
                getattr(self, kind).add(words[0])
            elif kind == "only":
                self.only[words[0]].add(words[1])
            elif kind == "prefix":
                self.prefix[words[0]].append(words[1])
            else:
                raise ValueError(f"symbols.txt: unknown statement: {line}")
            if len(words) < (3 if kind in ("only", "prefix") else 2):
                self.problems.append(f"symbols.txt: no reason given: {line}")
        self.count = len(self.libc) + sum(map(len, self.only.values()))
        if self.count > MAX_LIBC:
            self.problems.append(f"symbols.txt: {self.count} libc symbols, {MAX_LIBC} are allowed")

    def allows(self, path, symbol):
        folder = path.split("/", 1)[0]
        return (
            symbol in self.libc
            or symbol in self.compiler
            or symbol in self.only[path]
            or any(symbol.startswith(prefix) for prefix in self.prefix[folder])
        )


def symbols_of(path):
    """(undefined, defined) names of an object."""
    undefined, defined = set(), set()
    for line in output("nm", "-P", path).splitlines():
        name, kind = line.split()[:2]
        if kind in "Uw":
            undefined.add(name)
        elif kind.isupper():
            defined.add(name)
    return undefined, defined


def check(tree):
    table, levels = Table(), Layers().level
    objects = [(source.removeprefix("src/"), *symbols_of(o)) for source, o in tree.objects()]
    if not objects:
        return ["no object of src/ found: build the release preset first"], ""
    home = {name: path for path, _, defined in objects for name in defined}
    problems = list(table.problems)
    for path, undefined, _ in objects:
        folder = path.split("/", 1)[0]
        for symbol in sorted(undefined):
            if symbol in home:
                owner = home[symbol].split("/", 1)[0]
                if levels.get(owner, 0) > levels.get(folder, 0):
                    problems.append(f"src/{path}: uses {symbol} of the higher folder {owner}")
            elif not table.allows(path, symbol):
                problems.append(f"src/{path}: uses {symbol}, which symbols.txt does not allow")
    return problems, f"{len(objects)} objects, {table.count} libc symbols allowed"
