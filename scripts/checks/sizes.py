"""Functions end at 120 lines, files at 900; at most one function in a hundred passes 100."""

import re

from common import ALL, OURS, blank, line_of

FUNCTION_STOP, FUNCTION_LONG, FILE_STOP, LONG_SHARE = 120, 100, 900, 0.01


def without_directives(code):
    """Preprocessor lines and their continuations blanked: their braces need not balance."""
    directive = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
    return directive.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), code)


def functions(code):
    """(name, first line, lines) of every function body: a brace at file level behind a ')'."""
    text = without_directives(blank(code))
    depth, begin, start = 0, 0, None
    for match in re.finditer(r"[{};]", text):
        sign, position = match.group(), match.start()
        if sign == "{":
            head = text[begin:position].strip()
            if depth == 0 and head == 'extern "C"'.replace("C", " "):
                begin = position + 1  # its closing brace ends no function
                continue
            if depth == 0 and head.endswith(")"):
                start = (name_of(head), position - len(text[begin:position].lstrip()))
            depth += 1
        elif sign == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                if start:
                    first = line_of(text, start[1])
                    yield start[0], first, line_of(text, position) - first + 1
                start, begin = None, position + 1
        elif depth == 0:
            begin = position + 1


def name_of(head):
    """The identifier before the argument list that closes the head."""
    level = 0
    for position in range(len(head) - 1, -1, -1):
        level += (head[position] == ")") - (head[position] == "(")
        if level == 0:
            found = re.search(r"(\w+)\s*$", head[:position])
            return found.group(1) if found else "?"
    return "?"


def quantile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def check(tree):
    problems, ours, lengths = [], [], []
    for path in tree.c_files(ALL):
        code = tree.text(path)
        lines = code.count("\n")
        if lines > FILE_STOP:
            problems.append(f"{path}: {lines} lines, a file ends at {FILE_STOP}")
        for name, first, length in functions(code):
            lengths.append(length)
            if path.split("/")[0] in OURS:
                ours.append(length)
            if length > FUNCTION_STOP:
                problems.append(
                    f"{path}:{first}: {name} has {length} lines, a function ends at {FUNCTION_STOP}"
                )
    long = sum(length > FUNCTION_LONG for length in lengths)
    if long > LONG_SHARE * len(lengths) and long > 0:
        problems.append(f"{long} of {len(lengths)} functions have more than {FUNCTION_LONG} lines")
    ours.sort()
    if not ours:
        return problems, f"{len(lengths)} functions"
    under = 100 * sum(length < 60 for length in ours) / len(ours)
    return problems, (
        f"{len(lengths)} functions; of the {len(ours)} that are no tests: median "
        f"{quantile(ours, 0.5)} lines, p90 {quantile(ours, 0.9)}, {under:.1f} % under 60, "
        f"longest {ours[-1]}"
    )
