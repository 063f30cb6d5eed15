"""Every line of limits.def is complete: name, unit, default, min, max, reason, all sensible."""

import ast
import re

from common import blank, line_of

FILE = "src/base/limits.def"
CALL = re.compile(r"\bP2P_LIMIT\s*\(")
# Units of the macros a value may be written with.
SCALE = {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "US": 10**3, "MS": 10**6,
         "SEC": 10**9, "SECOND": 10**9, "SECONDS": 10**9, "S": 10**9, "MIN": 60 * 10**9,
         "MINUTE": 60 * 10**9, "HOUR": 3600 * 10**9}


def arguments(text, blanked, start):
    """The top-level arguments of the call whose '(' ends at start."""
    level, begin, found = 1, start, []
    for position in range(start, len(text)):
        sign = blanked[position]
        if sign in "([{":
            level += 1
        elif sign in ")]}":
            level -= 1
        if level == 0 or (sign == "," and level == 1):
            found.append(text[begin:position].strip())
            begin = position + 1
        if level == 0:
            return found
    return found


def value(text):
    """A constant expression of C as a number; ValueError when it is none."""
    text = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b", r"\1", text)
    text = re.sub(r"\bP2P_(\w+)\b", lambda m: str(SCALE.get(m.group(1), m.group())), text)
    text = re.sub(r"\bU?INT(8|16|32|64)_MAX\b", lambda m: str((1 << int(m.group(1))) - 1), text)
    text = re.sub(r"\bU?INT(?:8|16|32|64)_C\b", "", text)
    tree = ast.parse(text.strip(), mode="eval")
    allowed = (ast.Expression, ast.BinOp, ast.Constant, ast.Add, ast.Sub, ast.Mult, ast.LShift,
               ast.UnaryOp, ast.USub, ast.FloorDiv)
    if not all(isinstance(node, allowed) for node in ast.walk(tree)):
        raise ValueError(text)
    return eval(compile(tree, "limits", "eval"))  # numbers and + - * << only, see above


def line_problem(args, seen):
    if len(args) != 6:
        return f"{len(args)} fields, 6 are needed: name, unit, default, min, max, reason"
    name, unit, *numbers, reason = args
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return f"'{name}' is no name"
    if name in seen:
        return f"{name} stands twice"
    seen.add(name)
    if not re.fullmatch(r'"?[A-Za-z][A-Za-z0-9_/ ]*"?', unit):
        return f"{name}: '{unit}' is no unit"
    try:
        default, low, high = map(value, numbers)
    except (ValueError, SyntaxError):
        return f"{name}: default, min and max must be constant numbers, not {numbers}"
    if not low <= default <= high:
        return f"{name}: default {default} is not within {low} and {high}"
    words = " ".join(re.findall(r'"((?:\\.|[^"\\])*)"', reason))
    if len(words.split()) < 3:
        return f"{name}: the reason says too little"
    return None


def check(tree):
    if not (tree.root / FILE).exists():
        return [f"{FILE} is missing"], ""
    text, seen, problems = tree.text(FILE), set(), []
    blanked = re.sub(r"^[ \t]*#.*$", lambda m: " " * len(m.group()), blank(text), flags=re.M)
    for match in CALL.finditer(blanked):
        problem = line_problem(arguments(text, blanked, match.end()), seen)
        if problem:
            problems.append(f"{FILE}:{line_of(text, match.start())}: {problem}")
    if not seen and not problems:
        problems.append(f"{FILE}: no limit found")
    return problems, f"{len(seen)} limits"
