"""The table of docs/guide/limits.md, out of src/base/limits.def."""

import re

LINE = re.compile(r'^P2P_LIMIT\((\w+), "([^"]+)", (\d+), (\d+), (\d+), "((?:[^"\\]|\\.)*)"\)', re.MULTILINE)
GROUP = re.compile(r"^/\* ([^*\n]+) \*/$", re.MULTILINE)
PLACE = re.compile(r"(<!-- limits -->\n).*?(<!-- end -->)", re.DOTALL)
TIMES = ((60_000_000_000, "min"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))
SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def amount(number, unit):
    if number and unit in ("ns", "bytes"):
        for scale, name in TIMES if unit == "ns" else SIZES:
            if number % scale == 0 and (scale, number) != (60_000_000_000, 60_000_000_000):
                return f"{number // scale:,} {name}"
    return f"{number:,}" + (" bytes" if number and unit == "bytes" else "")


def rows(text):
    for match in re.finditer(f"{LINE.pattern}|{GROUP.pattern}", text, re.MULTILINE):
        name, unit, value, low, high, reason, group = match.groups()
        if group:
            yield f"| **{group}** | | | |"
        else:
            shown = [amount(int(number), unit) for number in (value, low, high)]
            unit = "" if unit in ("ns", "bytes") else f" {unit}"
            yield f"| `{name}` | {shown[0]}{unit} | {shown[1]} to {shown[2]} | {reason} |"


def updated(root):
    """docs/guide/limits.md with the table as it should be."""
    table = "\n".join(["| limit | default | range | why |", "|---|---|---|---|",
                       *rows((root / "src/base/limits.def").read_text(encoding="utf-8"))])
    text = (root / "docs/guide/limits.md").read_text(encoding="utf-8")
    return PLACE.sub(lambda match: f"{match.group(1)}{table}\n{match.group(2)}", text)
