"""Every container of src/ (map, table, slab, queue, array that grows) has a line in containers.txt: what bounds it."""

import re

from common import blank, data_lines, line_of

# These own what is put into them. Lists are left out: their nodes lie inside objects that a table, a slab
# or a counted allocation holds, so that a list grows by nothing that is not bounded there.
TYPES = "map|u64map|slab|handles|queue|dgrams"
MEMBER = re.compile(rf"^\s+p2p__({TYPES})\s+([a-z_][\w, ]*);", re.M)
ARRAY = re.compile(r"^\s+(?:size_t|uint32_t) (?:\w+, )*(cap);", re.M)  # of an array that is made larger
NOT_THESE = ("src/base/",)  # they are what containers are made of


def containers(tree):
    """(file, line, member) of each."""
    for path in tree.files(("src",), (".c", ".h")):
        if path.startswith(NOT_THESE):
            continue
        code = tree.text(path)
        for match in MEMBER.finditer(blank(code)):
            for name in map(str.strip, match.group(2).split(",")):
                yield path, line_of(code, match.start(2)), name
        for match in ARRAY.finditer(blank(code)):
            yield path, line_of(code, match.start(1)), match.group(1)


def bounds(tree):
    """{(file, member): bound} of the table; a sample brings its own."""
    own = tree.root / "containers.txt"
    lines = own.read_text().splitlines() if own.exists() else data_lines("containers.txt")
    found = {}
    for line in lines:
        path, member, bound = line.split(maxsplit=2)
        found[path, member] = bound
    return found


def limits(tree):
    return set(re.findall(r"P2P_LIMIT\(\s*(\w+)", tree.text("src/base/limits.def")))


def bound_problem(bound, known):
    """None, or what is wrong: limits by name, or "own: why nobody outside makes it grow"."""
    if bound.startswith("own: "):
        return None if len(bound.split()) > 3 else "the reason says too little"
    unknown = [word for word in bound.split() if word not in known]
    return f"'{unknown[0]}' is no limit of limits.def" if unknown else None


def check(tree):
    table, known, problems, seen = bounds(tree), limits(tree), [], set()
    for path, line, name in containers(tree):
        seen.add((path, name))
        if (path, name) not in table:
            problems.append(f"{path}:{line}: {name}: what bounds it? Add a line to containers.txt")
        elif bound_problem(table[path, name], known):
            problems.append(f"{path}:{line}: {name}: {bound_problem(table[path, name], known)}")
    problems += [f"containers.txt: there is no {name} in {path}" for path, name in sorted(set(table) - seen)]
    return problems, f"{len(seen)} containers"
