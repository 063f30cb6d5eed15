#!/usr/bin/env python3
"""doxygen_filter.py FILE: a public header as Doxygen likes it, on standard output.

Our comments are plain C. Here they get the marks Doxygen looks for: a comment at the margin speaks
of every declaration of its paragraph, one behind a member of that member, lines "name: …" of a
parameter. The text stays, its special characters are escaped.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import headers  # noqa: E402


def names_of(folder):
    """The functions of all headers: where a comment names one, it links."""
    return {part.name for path in folder.glob("*.h") for part in headers.read(path).declarations()
            if part.kind == "function"}


ESCAPED = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;"}


class Filter:
    def __init__(self, functions):
        self.functions = functions

    def text(self, said, parameters=()):
        """A comment's text, a paragraph to a line: a line that opens with a star would lose it."""
        said = re.sub(r"[\\@<>&#%$\"]", lambda m: ESCAPED.get(m.group(), "\\" + m.group()), said)
        said = re.sub(r"\b(p2p_\w+)(?![\w(])",
                      lambda m: m.group() + ("()" if m.group() in self.functions else ""), said)
        lines = [""]
        for line in map(str.strip, said.split("\n")):
            named = re.match(r"(\w+): +(.*)", line)
            if named and named.group(1) in parameters:
                lines.append(f"@param {named.group(1)} {named.group(2)}")
            elif re.match(r"(Returns |\d+; )", line):
                lines.append("@return " + line.removeprefix("Returns "))
            elif line:
                lines[-1] = f"{lines[-1]} {line}".strip()
            else:
                lines.append("")
        return "\n\n".join(lines)

    def body(self, text):
        """A struct or an enum: its inner comments get their marks."""

        def mark(match):
            before, said = match.group(1), match.group(2)
            behind = bool(before.strip()) and not before.rstrip().endswith("{")
            if before.rstrip().endswith("{"):
                return match.group()
            return f"{before}{'/**<' if behind else '/**'} {self.text(headers.plain(said))} */"

        return re.sub(r"^([^\n]*?)/\*(.*?)\*/", mark, text, flags=re.MULTILINE | re.DOTALL)

    def declaration(self, part):
        said = "\n\n".join(filter(None, (part.comment, part.trailing)))
        text = self.body(part.text) if part.kind in ("struct", "enum") else part.text
        return f"/** {self.text(said, part.parameters)} */\n{text}\n" if said else text + "\n"

    def header(self, header):
        yield f"/** @file p2p/{header.name}.h\n\n{self.text(header.about)} */\n"
        section = False
        for kind, part in header.parts:
            if kind == "section":
                yield "/** @} */\n" if section else ""
                yield f"/** @name {part} */\n/** @{{ */\n"
                section = True
            elif kind == "decl":
                yield self.declaration(part) + "\n"
        yield "/** @} */\n" if section else ""


def main():
    path = Path(sys.argv[1])
    if path.suffix != ".h":
        sys.stdout.write(path.read_text(encoding="utf-8"))
        return
    sys.stdout.writelines(Filter(names_of(path.parent)).header(headers.read(path)))


if __name__ == "__main__":
    main()
