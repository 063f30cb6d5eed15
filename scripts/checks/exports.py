"""libp2p.so exports what the public headers declare, all of it and nothing else."""

import re

from common import blank, output

DECLARED = re.compile(r"\bP2P_API\b[^;{(]*?\b(\w+)\s*\(", re.DOTALL)


def check(tree):
    library = tree.build / "libp2p.so"
    if not library.exists():
        return ["no libp2p.so: build the release preset first"], ""
    exported = {
        line.split()[0] for line in output("nm", "-D", "-P", "--defined-only", library).splitlines()
    }
    declared = set()
    for path in tree.c_files(("include",)):
        text = re.sub(r"^[ \t]*#.*$", "", blank(tree.text(path)), flags=re.MULTILINE)
        declared.update(DECLARED.findall(text))
    problems = []
    for name in sorted(exported):
        if not re.fullmatch(r"p2p_[a-z0-9]\w*", name):
            problems.append(f"{name} is exported, but only p2p_* may be")
        elif name not in declared:
            problems.append(f"{name} is exported, but no header of include/p2p declares it")
    for name in sorted(declared - exported):
        problems.append(f"{name} is declared P2P_API, but the library does not export it")
    return problems, f"{len(exported)} functions"
