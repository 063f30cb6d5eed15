"""No banned function is called or named; comments, strings, members and fields do not count."""

import re

from common import ALL, OURS, blank, data_lines, line_of


ALLOCATORS = {"malloc", "calloc", "realloc", "free"}


def table():
    everywhere, ours, exceptions = {}, {}, {}
    for line in data_lines("banned.txt"):
        kind, first, *rest = line.split()
        if kind == "except":
            exceptions[first] = set(rest)
        elif kind == "ban" and first in ("all", "ours") and len(rest) > 1:
            (everywhere if first == "all" else ours)[rest[0]] = " ".join(rest[1:])
        else:
            raise ValueError(f"banned.txt: unknown statement: {line}")
    return everywhere, {**everywhere, **ours}, exceptions


def pattern(names):
    """A call `name(`, which no member is; allocators also when passed on, as in `use(free);`."""
    call = r"(?<![\w.])(?<!->)(" + "|".join(names) + r")\s*\("
    value = r"(?<![\w.*])(?<!->)(" + "|".join(ALLOCATORS & set(names)) + r")\s*[,;)]"
    return re.compile(f"{call}|{value}" if ALLOCATORS & set(names) else call)


def check(tree):
    everywhere, ours, exceptions = table()
    patterns = {True: pattern(ours), False: pattern(everywhere)}
    problems, count = [], 0
    for path in tree.c_files(ALL):
        count += 1
        code = re.sub(r"^[ \t]*#[ \t]*include.*$", "", blank(tree.text(path)), flags=re.MULTILINE)
        for match in patterns[path.split("/")[0] in OURS].finditer(code):
            name = match.group().rstrip(" \t\n(,;)")
            if name not in exceptions.get(path, ()):
                where = line_of(code, match.start())
                problems.append(f"{path}:{where}: {name} is banned; use {ours[name]}")
    return problems, f"{count} files, {len(ours)} names"
