"""No mutable global and no function static anywhere in src/: a thousand hosts fit one process."""

from common import output

MUTABLE = (".data", ".bss", ".tdata", ".tbss", "*COM*")


def is_mutable(section):
    if section.startswith(".data.rel.ro"):  # constant tables of pointers, relocated at load
        return False
    return any(section == name or section.startswith(name + ".") for name in MUTABLE)


def check(tree):
    problems, count = [], 0
    for source, path in tree.objects(("p2p_core", "p2p_io_uv", "p2p_simulator")):
        count += 1
        for line in output("objdump", "-t", "-w", path).splitlines():
            words = line[25:].split()  # behind value and flags: section, size, name
            if len(words) > 2 and words[-1] != words[0] and is_mutable(words[0]):
                problems.append(f"{source}: {words[-1]} is mutable and global ({words[0]})")
    if not count:
        return ["no object found: build the release preset first"], ""
    return problems, f"{count} objects"
