"""libp2p.so exports what the public headers declare, all of it, versioned, and nothing else."""

import re

from common import blank, output

DECLARED = re.compile(r"\bP2P_API\b[^;{(]*?\b(\w+)\s*\(", re.DOTALL)
VERSION = re.compile(r'^#define P2P_VERSION "(0\.\d+|[1-9]\d*)', re.MULTILINE)


def exported_names(library):
    """{name: version node, "" for none}. The node itself is an absolute symbol and left out."""
    lines = output("nm", "-D", "-P", "--defined-only", library).splitlines()
    names = (line.split()[0] for line in lines if line.split()[1] != "A")
    return {name.split("@")[0]: name.rpartition("@")[2] if "@" in name else "" for name in names}


def check(tree):
    library = tree.build / "libp2p.so"
    if not library.exists():
        return ["no libp2p.so: build the release preset first"], ""
    exported, declared = exported_names(library), set()
    for path in tree.c_files(("include",)):
        text = re.sub(r"^[ \t]*#.*$", "", blank(tree.text(path)), flags=re.MULTILINE)
        declared.update(DECLARED.findall(text))
    version = VERSION.search(tree.text("include/p2p/version.h"))
    if not version:
        return ["include/p2p/version.h defines no P2P_VERSION"], ""
    node = "P2P_" + version.group(1)
    problems = []
    for name, of in sorted(exported.items()):
        if not re.fullmatch(r"p2p_[a-z0-9]\w*", name):
            problems.append(f"{name} is exported, but only p2p_* may be")
        elif name not in declared:
            problems.append(f"{name} is exported, but no header of include/p2p declares it")
        elif of != node:
            problems.append(f"{name} belongs to the version '{of}', not to {node}")
    for name in sorted(declared - exported.keys()):
        problems.append(f"{name} is declared P2P_API, but the library does not export it")
    return problems, f"{len(exported)} functions of {node}"
