"""Includes respect the layers of the design; layers.txt holds the table."""

import re

from common import LIBRARY, OURS, blank, data_lines, line_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
EXTENSION = re.compile(
    r"\b(__attribute__|__extension__|__builtin_\w+|__typeof__|typeof|__asm__|asm|_Pragma|__declspec)\b"
    r"|^[ \t]*#[ \t]*pragma\b",
    re.MULTILINE,
)


class Table:
    def __init__(self):
        self.level, self.leaf, self.apart, self.named_by = {}, {}, {}, {}
        self.system, self.extensions = [], []
        for line in data_lines("layers.txt"):
            kind, name, *rest = line.split()
            rest = [word for word in rest if word != "-"]
            if kind == "layer":
                self.level.update({folder: len(self.level) for folder in rest[:1]})
                self.level.update({folder: self.level[rest[0]] for folder in rest[1:]})
            elif kind == "leaf":
                self.leaf[name] = rest
            elif kind == "apart":
                self.apart[name] = rest
            elif kind == "named-by":
                self.named_by[name] = rest
            elif kind == "system":
                self.system.append((name, rest))
            elif kind == "extensions":
                self.extensions = [name, *rest]
            else:
                raise ValueError(f"layers.txt: unknown statement: {line}")


def under(path, place):
    return path == place or path.startswith(place + "/")


def unit_of(path):
    """noise for security/noise_xx.c, kad for protocol/kad/table.c."""
    return re.split(r"[_./]", path.split("/", 1)[1])[0]


def leaf_of(table, path):
    return next((place for place in table.leaf if under(path, place)), None)


def system_problem(table, path, header):
    """The rules of the longest place that covers the path, and of the pure folders above it."""
    leaf = leaf_of(table, path)
    for place, allowed in table.system:
        if not under(path, place) or (leaf and place == "src"):
            continue
        for pattern in allowed:
            if header == pattern or (pattern.endswith("*") and header.startswith(pattern[:-1])):
                return None
    return f"<{header}> has no place here"


def folder_problem(table, path, header):
    """header is written "folder/name.h"."""
    target = header.split("/", 1)[0]
    leaf = leaf_of(table, path)
    if leaf:
        own = leaf.rsplit("/", 1)[-1]
        return None if target == own or target in table.leaf[leaf] else f'"{header}" is not public'
    if path.startswith("include/"):
        return f'"{header}": public headers include only <p2p/…>'
    inner = path.removeprefix("src/")
    folder = inner.split("/", 1)[0]
    if folder not in table.level:
        return f"folder {folder} has no layer"
    if target not in table.level:
        return f'"{header}": folder {target} has no layer'
    if target != folder and table.level[target] == table.level[folder]:
        return f'"{header}": {folder} and {target} do not know each other'
    if table.level[target] > table.level[folder]:
        return f'"{header}": {folder} lies below {target}'
    return unit_problem(table, inner, header)


def is_apart(table, folder, unit):
    units = table.apart.get(folder, [])
    return (unit in units or "*" in units) and "-" + unit not in units


def unit_problem(table, inner, header):
    target, unit = header.split("/", 1)[0], unit_of(header)
    same_folder = inner.startswith(target + "/")
    if not is_apart(table, target, unit) or (same_folder and unit_of(inner) == unit):
        return None
    if same_folder:
        return f'"{header}": units of {target} do not include each other'
    namers = table.named_by.get(target, [])
    if namers and inner not in namers:
        return f'"{header}": only {", ".join(namers)} names concrete units of {target}'
    return None


def include_problem(table, tree, path, quote, header):
    if quote == "<":
        return None if header.startswith("p2p/") else system_problem(table, path, header)
    if path.startswith("apps/") and (tree.root / path).parent.joinpath(header).exists():
        return None
    if "/" not in header:
        return f'"{header}": write the folder too'
    return folder_problem(table, path, header)


def check(tree):
    table, problems, count = Table(), [], 0
    for path in tree.c_files(OURS):
        code = tree.text(path)
        for match in INCLUDE.finditer(code):
            count += 1
            problem = include_problem(table, tree, path, *match.groups())
            if problem:
                problems.append(f"{path}:{line_of(code, match.start())}: {problem}")
        if path not in table.extensions and path.split("/")[0] in LIBRARY:
            for match in EXTENSION.finditer(blank(code)):
                word = match.group().strip()
                where = line_of(code, match.start())
                problems.append(f"{path}:{where}: extension {word} outside {table.extensions[0]}")
    return problems, f"{count} includes"
