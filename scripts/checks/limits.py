"""Every limit is complete (name, unit, default, min, max, reason), has a test, and stands in docs/security.md."""

import ast
import re

import named
from common import blank, line_of

FILE = "src/base/limits.def"
TESTS = "tests/limits.txt"  # limit and the tests that hold it to its bound
PAGE = "docs/security.md"
BEGIN, END = "<!-- limits: written by scripts/checks/run.py --fix limits -->", "<!-- end of limits -->"
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


def lines_of(tree):
    """(position, arguments) of every line."""
    text = tree.text(FILE)
    blanked = re.sub(r"^[ \t]*#.*$", lambda m: " " * len(m.group()), blank(text), flags=re.M)
    for match in CALL.finditer(blanked):
        yield match.start(), arguments(text, blanked, match.end())


# ---- the test of each ----

def tests_of(tree):
    """{limit: its tests, or "open: why there is none yet"} of TESTS."""
    found = {}
    for raw in tree.text(TESTS).splitlines():
        name, _, rest = raw.split("#", 1)[0].strip().partition(" ")
        if name:
            found[name] = rest.strip()
    return found


def answer_problems(tree, answer):
    if answer.startswith("open: "):
        return [] if len(answer.split()) > 3 else ["the reason says too little"]
    if not answer:
        return ["has no test that holds it to its bound"]
    return filter(None, (named.problem(tree, test) for test in answer.split()))


def test_problems(tree, names):
    if not (tree.root / TESTS).exists():
        return [f"{TESTS} is missing"]
    tests = tests_of(tree)
    problems = [f"{TESTS}: {name} {problem}" for name in sorted(names)
                for problem in answer_problems(tree, tests.get(name, ""))]
    return problems + [f"{TESTS}: there is no limit {name}" for name in tests if name not in names]


# ---- the table of the docs ----

def readable(number, unit):
    """A value as a person would write it."""
    if unit == "ns":
        return f"{number / 1e9:g} s" if number >= 10**9 or not number else f"{number / 1e6:g} ms"
    if unit == "bytes":
        for scale, word in ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
            if number >= scale and number % scale == 0:
                return f"{number // scale} {word}"
    return f"{number:,}" + ("" if unit in ("ns", "switch") else f" {unit}")


def table(tree):
    tests = tests_of(tree)
    rows = ["| limit | default | from | to | reason | held by |", "|---|---|---|---|---|---|"]
    for _, (name, unit, *numbers, reason) in lines_of(tree):
        bare = unit.strip('"')
        cells = [readable(value(number), bare) for number in numbers]
        why = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', reason)).replace("|", "\\|")
        answer = tests.get(name, "")
        held = answer if answer.startswith("open: ") else ", ".join(f"`{test}`" for test in answer.split())
        rows.append(f"| {name} | {' | '.join(cells)} | {why} | {held} |")
    return "\n".join(rows)


def page(tree):
    """PAGE as it is and as it must be; None without the two marks."""
    text = tree.text(PAGE)
    if BEGIN not in text or END not in text:
        return text, None
    head, rest = text.split(BEGIN, 1)
    return text, f"{head}{BEGIN}\n{table(tree)}\n{END}{rest.split(END, 1)[1]}"


def page_problems(tree):
    if not (tree.root / PAGE).exists():
        return [f"{PAGE} is missing"]
    have, want = page(tree)
    if want is None:
        return [f"{PAGE}: has no table of limits: put in its two marks"]
    return [] if have == want else [f"{PAGE}: its table is not that of {FILE}: scripts/checks/run.py --fix limits"]


def fix(tree):
    _, want = page(tree)
    (tree.root / PAGE).write_text(want, encoding="utf-8")
    return 0


def check(tree):
    if not (tree.root / FILE).exists():
        return [f"{FILE} is missing"], ""
    text, seen, problems = tree.text(FILE), set(), []
    for position, args in lines_of(tree):
        problem = line_problem(args, seen)
        if problem:
            problems.append(f"{FILE}:{line_of(text, position)}: {problem}")
    if not seen and not problems:
        problems.append(f"{FILE}: no limit found")
    if not problems:
        problems = test_problems(tree, seen) or page_problems(tree)
    gaps = 0 if problems else sum(answer.startswith("open: ") for answer in tests_of(tree).values())
    return problems, f"{len(seen)} limits" + (f", {gaps} without a test yet" if gaps else "")
