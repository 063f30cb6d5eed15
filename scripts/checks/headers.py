"""Every header compiles alone; the public ones as C++ too, so that other languages can read them."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from common import LIBRARY

C = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
CPP = ["-x", "c++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def compiles(tree, command, header):
    """None, or the compiler's first error."""
    done = subprocess.run(
        [*command, "-fsyntax-only", "-Iinclude", "-Isrc", "-"], cwd=tree.root, text=True,
        capture_output=True, check=False, env=dict(os.environ, LC_ALL="C"),
        input=f'#include "{header}"\ntypedef int p2p_not_empty;\n',
    )
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    return (errors or [done.stderr.strip()])[0]


def check(tree):
    cpp = shutil.which("clang++-19") or shutil.which("clang++") or shutil.which("c++")
    if not cpp:
        return ["no C++ compiler to try the public headers with: make setup"], ""
    jobs = []
    for path in tree.files(LIBRARY, (".h",)):
        if path.startswith("src/io/"):
            continue  # needs the system's own extensions
        name = path.split("/", 1)[1]
        jobs.append((path, ["cc", "-x", "c", *C], name))
        if path.startswith("include/"):
            jobs.append((path + " as C++", [cpp, *CPP], name))
    with ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(lambda job: compiles(tree, *job[1:]), jobs))
    problems = [f"{job[0]}: {error}" for job, error in zip(jobs, errors) if error]
    return problems, f"{len(jobs)} compilations"
