#!/usr/bin/env python3
"""man.py INCLUDE OUT: section 3 of the manual, out of the public headers.

One page for each header, p2p_host(3) and so on, libp2p(3) above them, and for each function a page
that is that of its header.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import headers  # noqa: E402

OVERVIEW = Path(__file__).resolve().parent / "libp2p.3.in"
NOT_PAGES = ("p2p", "attr", "version")  # nothing of its own to say
ERROR = re.compile(r'X\((P2P_E\w+), (-\d+), "([^"]*)"\)')


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"[^\x00-\x7f]", lambda m: f"\\[u{ord(m.group()):04X}]", text)
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def code(text):
    return [".PP", ".nf", ".ft CW", escape(text.rstrip()), ".ft", ".fi"]


def prose(text):
    """A comment as paragraphs; a line that opens with "name:" or "0;" begins one of its own."""
    lines = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines.append(".PP")
        for line in paragraph.split("\n"):
            if re.match(r"\w+: |Returns? |\d+; ", line) and lines[-1] != ".PP":
                lines.append(".br")
            lines.append(escape(line.strip()))
    return lines


def sentence(about):
    """The first sentence of a header's comment, for NAME."""
    flat = " ".join(about.split())
    first = re.split(r"(?<=[a-z\])])[.:;]\s", flat + " ", maxsplit=1)[0].strip().rstrip(".")
    return first[0].lower() + first[1:]


def title(name, version):
    return [f'.TH {name} 3 "" "libp2p {version}" "Library Functions"', ".ad l"]


def declarations(header):
    """The parts of a header: what stands under one comment stands together."""
    lines, group, said = [], [], []

    def flush():
        nonlocal group, said
        if group:
            lines.extend(code("\n".join(group)))
            for text in said:
                lines.extend(prose(text))
        group, said = [], []

    for kind, part in header.parts:
        if kind == "decl":
            if part.first:
                flush()
            text = re.sub(r"\bP2P_(API|MUST_USE)\s*", "", part.text)
            text = re.sub(r"[ \t]*\\$", " \\\\", text, flags=re.MULTILINE)
            group.append(re.sub(r"\n {20,}", "\n" + " " * 8, text))
            for comment in (part.comment if part.first else "", part.trailing):
                if comment:
                    said.append(comment)
        else:
            flush()
            lines += [f".SS {part}"] if kind == "section" else prose(headers.plain(part))
    flush()
    return lines


def errors(header):
    text = "\n".join(part.text for part in header.declarations())
    lines = [".SH ERRORS"]
    for name, value, meaning in ERROR.findall(text):
        lines += [".TP", f".BR {name} \" ({escape(value)})\"", escape(meaning)]
    return lines if len(lines) > 1 else []


def header_page(header, version, names):
    others = ", ".join(f".BR p2p_{other} (3)" for other in names if other != header.name)
    see = [".SH SEE ALSO", ".BR libp2p (3),"] + [line + "," for line in others.split(", ")]
    see[-1] = see[-1].rstrip(",")
    parts = headers.Header(header.name, header.about,
                           [part for part in header.parts
                            if not (part[0] == "decl" and ERROR.search(part[1].text))])
    return "\n".join([
        *title(f"p2p_{header.name}", version), ".SH NAME",
        f"p2p_{header.name} \\- {escape(sentence(header.about))}", ".SH SYNOPSIS",
        f".B #include <p2p/{header.name}.h>", ".SH DESCRIPTION", *prose(header.about)[1:],
        *declarations(parts), *errors(header), *see]) + "\n"


def main():
    include, out = map(Path, sys.argv[1:3])
    version = re.search(r'P2P_VERSION "([^"]+)"', (include / "version.h").read_text()).group(1)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.3"):
        old.unlink()
    found = [headers.read(path) for path in sorted(include.glob("*.h")) if path.stem not in NOT_PAGES]
    names = [header.name for header in found]
    list_of = "\n".join(f".TP\n.BR p2p_{h.name} (3)\n{escape(sentence(h.about))}" for h in found)
    overview = OVERVIEW.read_text().replace("@VERSION@", version).replace("@PAGES@", list_of)
    (out / "libp2p.3").write_text(overview)
    for header in found:
        (out / f"p2p_{header.name}.3").write_text(header_page(header, version, names))
        for part in header.declarations():
            if part.kind == "function":
                link = out / f"{part.name}.3"
                if not link.exists():
                    link.write_text(f".so man3/p2p_{header.name}.3\n")


if __name__ == "__main__":
    main()
