"""Every public function, type and member of the headers says what it is, and how it may fail."""

import re
from pathlib import Path

from common import api, line_of

SELF_EVIDENT = re.compile(r"size|(\w+_)?user")
SAYS_HOW_IT_FAILS = re.compile(r"P2P_E[A-Z]|\b[Ee]rrors as\b|\bas p2p_\w+|an error\b")


headers = api("headers")


def unsaid(part):
    """What a declaration leaves unsaid, one phrase each."""
    said = f"{part.comment} {part.trailing}".strip()
    members = list(part.members())
    named = part.name or "an enum without a name"
    if not said and not (members and part.kind == "enum" and all(what for _, what in members)):
        yield f"{named} has no comment"
    if part.kind == "function" and "P2P_MUST_USE" in part.text and not SAYS_HOW_IT_FAILS.search(said):
        yield f"{named} does not say with which P2P_E… it fails"
    if part.kind == "struct":
        for name, what in members:
            if not what and not SELF_EVIDENT.fullmatch(name) and not re.search(rf"\b{name}\b", said):
                yield f"{named}.{name} has no comment, nor does the struct's speak of it"


def check(tree):
    problems, count = [], 0
    for path in tree.files(("include",), (".h",)):
        text = tree.text(path)
        header = headers.parse(Path(path).stem, text)
        if not header.about:
            problems.append(f"{path}: opens without saying what it is")
        for part in header.declarations():
            if part.kind == "macro" and path.endswith(("attr.h", "version.h")):
                continue
            count += 1
            line = line_of(text, text.index(part.text))
            problems += [f"{path}:{line}: {phrase}" for phrase in unsaid(part)]
    return problems, f"{count} declarations"

