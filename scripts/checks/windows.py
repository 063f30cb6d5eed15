"""Headers and pure folders are portable: a compiler for Windows, which has no POSIX, reads them."""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import data_lines

COMPILER = "x86_64-w64-mingw32-gcc"
FLAGS = ["-std=c11", "-O0", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-attributes"]
LIBRARIES = ("openssl", "sodium", "sodium.h", "secp256k1.h", "gnutls", "ngtcp2", "intel-ipsec-mb.h")


def borrow(folder):
    """The headers of libraries alone: /usr/include itself would bring the system's along."""
    for top in (Path("/usr/include/x86_64-linux-gnu"), Path("/usr/include")):
        for name in LIBRARIES:
            for path in [top / name, *(top / name).glob("*")]:
                target = Path(folder) / path.relative_to(top)
                if path.is_file() and not target.exists():
                    target.parent.mkdir(exist_ok=True)
                    target.symlink_to(path)


def reads(tree, libraries, source):
    """None, or the compiler's first error."""
    command = [COMPILER, *FLAGS, "-x", "c", "-Iinclude", "-Isrc", "-isystem", libraries, source]
    done = subprocess.run(command, cwd=tree.root, text=True, capture_output=True, check=False,
                          env=dict(os.environ, LC_ALL="C"))
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    return (errors or [done.stderr.strip()])[0]


def missing():
    """What keeps this check from running here, None when nothing does."""
    return None if shutil.which(COMPILER) else f"no {COMPILER}: scripts/setup --with cross"


def check(tree):
    if missing():
        return [], f"SKIPPED, {missing()}"
    excused = tuple(data_lines("windows.txt"))
    sources = [name for name in tree.files(("include",), (".h",)) + tree.files(("src",), (".c",))
               if not name.startswith(excused)]
    with tempfile.TemporaryDirectory() as libraries:
        borrow(libraries)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            errors = list(pool.map(lambda name: reads(tree, libraries, name), sources))
    return [error for error in errors if error], f"{len(sources)} files"
