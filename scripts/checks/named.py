"""Tests by name, as tables speak of them: unit.muxer.yamux_frame:function, evilpeer:ROW, interop:CELL."""

import re

from vectors import path_of

ROW = re.compile(r'^\s*\{ "([A-Z]+-\d+[\w.-]*)",', re.M)


def rows(tree):
    """The rows of evilpeer."""
    files = sorted((tree.root / "tests/adversarial").glob("rows_*.c"))
    return [row for path in files for row in ROW.findall(path.read_text())]


def function_problem(tree, name, function):
    path = path_of(name)
    if name.startswith("adversarial."):
        path = f"tests/adversarial/test_{name.split('.', 1)[1]}.py"
    if not path:
        return f"'{name}' is no test's name"
    if not (tree.root / path).exists():
        return f"there is no test {name} ({path})"
    if not re.search(rf"^(static void|    def) {re.escape(function)}\(", tree.text(path), re.M):
        return f"{path} has no {function}"
    return None


def problem(tree, reference):
    """None when there is such a test, else what is wrong."""
    name, _, part = reference.partition(":")
    if not part:
        return f"'{reference}' names no function, row or cell: say unit.folder.name:function"
    if name == "evilpeer":
        return None if part in rows(tree) else f"evilpeer has no row {part}"
    if name == "interop":
        cells = tree.root / "tests/interop/driver/cells.py"
        known = cells.exists() and f'"{part}":' in cells.read_text()
        return None if known else f"the interop tests have no cell {part}"
    return function_problem(tree, name, part)
