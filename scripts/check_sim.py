#!/usr/bin/env python3
"""check_sim.py --gcc BUILD --clang BUILD: the simulator runs what ships, and runs it alike.

1. The link maps of p2p and p2p-sim name the same objects of src/ (all of it but io/), the files are
   older than both programs, and their checksums are printed as one.
2. sim/ includes nothing but the public headers, base/ and multiformats/: no protocol code.
3. For every scenario the builds of gcc and clang print the same trace hash, twice; for one whose TLS
   brings randomness of its own (--list marks it with *) the claims hold in both.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "checks"))
import layers  # noqa: E402
from common import Tree  # noqa: E402

LOADED = re.compile(r"^LOAD (\S*CMakeFiles/(p2p_\w+)\.dir/(\S+\.o))$", re.MULTILINE)
SEED = "7"


class Failure(Exception):
    pass


def linked(release, target):
    """{object library: {source object: path}} as the linker map of a target says."""
    path = release / f"{target}.map"
    if not path.exists():
        raise Failure(f"{path} is missing: was {target} built?")
    found = {}
    for file, library, source in LOADED.findall(path.read_text()):
        found.setdefault(library, {})[source] = release / file
    return found


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def same_objects(build):
    release = build / "release"
    app, sim = linked(release, "p2p_app"), linked(release, "p2p_sim")
    ours, theirs = app.get("p2p_core", {}), sim.get("p2p_core", {})
    if not ours or ours.keys() != theirs.keys():
        raise Failure(f"p2p and p2p-sim differ in {sorted(ours.keys() ^ theirs.keys())}")
    compiled = {source + ".o" for source, _ in Tree(ROOT, build).objects()}
    if compiled != ours.keys():
        raise Failure(f"compiled but not linked, or the reverse: {sorted(compiled ^ ours.keys())}")
    if "p2p_io_uv" in sim:
        raise Failure(f"p2p-sim links io/: {sorted(sim['p2p_io_uv'])}")
    if "p2p_io_uv" not in app:
        raise Failure("p2p does not link io/")
    oldest = min((build / name).stat().st_mtime for name in ("p2p", "p2p-sim"))
    total = hashlib.sha256()
    for source in sorted(ours):
        if digest(ours[source]) != digest(theirs[source]):
            raise Failure(f"{source} is another file in p2p-sim")
        if ours[source].stat().st_mtime > oldest:
            raise Failure(f"{source} is newer than a program: build again")
        total.update(f"{source} {digest(ours[source])}\n".encode())
    return f"{len(ours)} objects of src/ in both, sha256 of their list {total.hexdigest()[:16]}"


def no_protocol_code():
    table, tree, problems, count = layers.Table(), Tree(ROOT), [], 0
    for path in tree.c_files(("sim",)):
        for quote, header in layers.INCLUDE.findall(tree.text(path)):
            count += 1
            problem = layers.include_problem(table, tree, path, quote, header)
            if problem:
                problems.append(f"{path}: {problem}")
    if problems or not count:
        raise Failure("; ".join(problems) or "sim/ is empty")
    return f"{count} includes of sim/, none of an engine, the swarm or a protocol"


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Failure(f"{program} {' '.join(arguments)}: exit {done.returncode}: "
                      f"{(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout.strip()


def same_hashes(gcc, clang):
    programs = [gcc / "p2p-sim", clang / "p2p-sim"]
    lists = [run(program, "--list") for program in programs]
    if lists[0] != lists[1] or not lists[0]:
        raise Failure("the two builds list different scenarios, or none")
    for scenario, *mark in (line.split() for line in lists[0].splitlines() if line.strip()):
        arguments = ("--scenario", scenario, "--seed", SEED, "--hash")
        if mark:
            for program in programs:
                run(program, *arguments)
            yield f"{scenario:24} differs each time, and holds"
            continue
        first, second, again = [run(p, *arguments) for p in (*programs, programs[0])]
        if not first or first != second or first != again:
            raise Failure(f"{scenario}: gcc says '{first}', then '{again}', clang says '{second}'")
        yield f"{scenario:24} {first}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gcc", type=Path, required=True)
    parser.add_argument("--clang", type=Path, required=True)
    options = parser.parse_args()
    try:
        print(f"ok   objects  {same_objects(options.gcc.resolve())}")
        print(f"ok   sources  {no_protocol_code()}")
        for line in same_hashes(options.gcc.resolve(), options.clang.resolve()):
            print(f"ok   hash     seed {SEED}, gcc = clang: {line}", flush=True)
    except Failure as failure:
        print(f"FAIL check-sim: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
