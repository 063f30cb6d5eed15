"""The public headers as data: comments, declarations, and which comment speaks of which declaration.

A comment at the margin speaks of the declarations under it up to the next empty line; a comment
behind a declaration, or behind a member, speaks of that one. The check `docs`, the manual pages and
the filter for Doxygen read headers through this file.
"""

import re
from dataclasses import dataclass, field

COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
SECTION = re.compile(r"\A\s*-{4}\s*(.*?)\s*-{4}\s*\Z", re.DOTALL)
WORDS = re.compile(r"\b(P2P_API|P2P_MUST_USE|P2P_NORETURN)\s*")


@dataclass
class Declaration:
    text: str  # as it stands, without what is behind the semicolon
    comment: str = ""  # of the paragraph
    trailing: str = ""  # behind it, on its line
    first: bool = True  # the first one under its comment

    @property
    def code(self):
        return COMMENT.sub(" ", self.text)

    @property
    def kind(self):
        code = self.code.lstrip()
        if code.startswith("#"):
            return "macro"
        if "P2P_API" in code:
            return "function"
        if re.match(r"typedef[^{;]*\(\s*\*", code):
            return "callback"
        if re.match(r"(typedef\s+)?enum\b", code):
            return "enum"
        if re.match(r"(typedef\s+)?(struct|union)\b", code):
            return "struct" if "{" in code else "opaque"
        return "typedef"

    @property
    def name(self):
        code = self.code if self.kind == "macro" else WORDS.sub("", self.code)
        for pattern in (
            r"#\s*define\s+(\w+)" if self.kind == "macro" else None,
            r"(\w+)\s*\(" if self.kind == "function" else None,
            r"\(\s*\*\s*(\w+)\s*\)" if self.kind == "callback" else None,
            r"\}\s*(\w+)\s*;" if self.kind in ("struct", "enum") else None,
            r"\b(?:struct|union|enum)\s+(\w+)" if self.kind in ("struct", "enum", "opaque") else None,
            r"(\w+)\s*;" if self.kind in ("typedef", "opaque") else None,
        ):
            match = pattern and re.search(pattern, code)
            if match:
                return match.group(1)
        return ""

    @property
    def parameters(self):
        """Names of a function's or callback's parameters."""
        match = re.search(r"\((?!\s*\*)(.*)\)\s*;", WORDS.sub("", self.code), re.DOTALL)
        return re.findall(r"(\w+)\s*(?:\[[^\]]*\]\s*)?(?:,|$)", match.group(1)) if match else []

    def members(self):
        """(name, what is said of it) for each member of a struct, each enumerator."""
        body = re.search(r"\{(.*)\}", self.text, re.DOTALL)
        if not body or self.kind not in ("struct", "enum"):
            return
        ends = re.compile(r";" if self.kind == "struct" else r",(?![^()]*\))")
        said, text, position = "", body.group(1), 0
        while position < len(text):
            rest = text[position:]
            blank, comment = re.match(r"[ \t]*\n[ \t]*\n", rest), re.match(r"\s*" + COMMENT.pattern, rest, re.S)
            if blank:
                said, position = "", position + blank.end() - 1
            elif comment:
                said, position = comment.group(1), position + comment.end()
            elif not rest.strip():
                return
            else:
                code = COMMENT.sub(lambda m: " " * len(m.group()), rest)
                if code.lstrip().startswith("#"):
                    position += len(rest.split("\n", 1)[0]) + 1
                    continue
                end = ends.search(code)
                stop = end.end() if end else len(code)
                behind = re.match(r"[ \t]*" + COMMENT.pattern, rest[stop:], re.S)
                inside = COMMENT.search(rest[:stop])
                what = behind.group(1) if behind else (inside.group(1) if inside else said)
                for name in self._names(code[:stop]):
                    yield name, what
                position += stop + (behind.end() if behind else 0)

    def _names(self, code):
        if self.kind == "enum":
            match = re.match(r"\s*(\w+)", code)
            return [match.group(1)] if match else []
        pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", code)
        if pointer:
            return [pointer.group(1)]
        return re.findall(r"(\w+)\s*(?:\[[^\]]*\]\s*)?(?=[,;])", code)


@dataclass
class Header:
    name: str  # "host"
    about: str = ""  # the comment it opens with
    parts: list = field(default_factory=list)  # ("section", str) | ("text", str) | ("decl", Declaration)

    def declarations(self):
        return [part for kind, part in self.parts if kind == "decl"]


def plain(comment):
    """A comment's text without its stars, line by line."""
    lines = [re.sub(r"^\s*\*( |$)", "", line) for line in comment.split("\n")]
    lines[0] = lines[0].strip()
    return "\n".join(line.rstrip() for line in lines).strip()


def _declaration_end(text, start):
    """Behind the semicolon that ends the declaration at start."""
    level, code = 0, COMMENT.sub(lambda m: " " * len(m.group()), text[start:])
    for offset, sign in enumerate(code):
        level += (sign in "{(") - (sign in "})")
        if sign == ";" and level == 0:
            return start + offset + 1
    raise ValueError(f"no end of: {text[start:start + 60]}")


def parse(name, text):
    header, position, comment, first = Header(name), 0, "", True

    def flush():
        nonlocal comment, first
        if comment and first:
            header.parts.append(("text", comment))
        comment, first = "", True

    while position < len(text):
        rest = text[position:]
        if rest.startswith("\n"):
            flush()
            position += 1
            continue
        if rest.startswith("/*"):
            match = COMMENT.match(rest)
            flush()
            section = SECTION.match(match.group(1))
            if section:
                header.parts.append(("section", section.group(1)))
            elif not text[:position].strip():
                header.about = plain(match.group(1))
            else:
                comment = plain(match.group(1))
            position += match.end()
        elif rest.startswith("#"):
            line = re.match(r"(?:[^\n]*\\\n)*[^\n]*", rest).group()
            macro = re.match(r"#\s*define\s+(P2P_\w+)(.*)", line)
            if macro and macro.group(2).strip() and not macro.group(1).endswith("_H"):
                behind = COMMENT.search(line)
                header.parts.append(("decl", Declaration(line if not behind else line[:behind.start()].rstrip(), comment,
                                                         plain(behind.group(1)) if behind else "", first)))
                first = False
            position += len(line)
        elif re.match(r"P2P_(BEGIN|END)\b", rest):
            position += len(rest.split("\n", 1)[0])
        else:
            end = _declaration_end(text, position)
            behind = re.match(r"[ \t]*" + COMMENT.pattern, text[end:], re.DOTALL)
            header.parts.append(("decl", Declaration(text[position:end], comment,
                                                     plain(behind.group(1)) if behind else "", first)))
            first = False
            position = end + (behind.end() if behind else 0)
        if text[position : position + 1] == "\n":
            position += 1
    flush()
    return header


def read(path):
    return parse(path.stem, path.read_text(encoding="utf-8"))
