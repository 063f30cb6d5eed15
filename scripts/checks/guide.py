"""Every piece of C in the guide and in the README compiles against the public headers."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from common import line_of

BLOCK = re.compile(r"^```c\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WHOLE = re.compile(r"^#include|^\w[\w *]* \**\w+\([^;]*\) \{", re.MULTILINE)  # definitions, not statements
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused",
         "-Wno-shadow", "-Iinclude", "-x", "c", "-"]
# What statements may speak of without declaring it: what the page's text has made.
BEFORE = """#include <p2p/p2p.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
"""
AROUND = """int milliseconds(const p2p_host *h);
void snippet(p2p_host *h, p2p_conn conn, p2p_stream stream, const char *addr, p2p_handler handler,
             const uint8_t *bytes, size_t len);
void snippet(p2p_host *h, p2p_conn conn, p2p_stream stream, const char *addr, p2p_handler handler,
             const uint8_t *bytes, size_t len) {{ {{
#line 1
{}}} }}
"""


def program(block):
    if WHOLE.search(block):
        return f"{BEFORE}#line 1\n{block}"
    return BEFORE + AROUND.format(block)


def compiles(tree, place, block):
    done = subprocess.run(["cc", *FLAGS], cwd=tree.root, text=True, capture_output=True, check=False,
                          env=dict(os.environ, LC_ALL="C"), input=program(block))
    if done.returncode == 0:
        return None
    errors = re.findall(r"^<stdin>:(\d+):.*?error: (.*)", done.stderr, re.MULTILINE)
    line, what = errors[0] if errors else (0, done.stderr.strip())
    return f"{place[0]}:{place[1] + int(line)}: {what}"


def check(tree):
    blocks = []
    for path in tree.files(("docs/guide",), (".md",)) + (["README.md"] if (tree.root / "README.md").exists() else []):
        text = tree.text(path)
        blocks += [((path, line_of(text, match.start())), match.group(1)) for match in BLOCK.finditer(text)]
    with ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(lambda block: compiles(tree, *block), blocks))
    return [error for error in errors if error], f"{len(blocks)} pieces"
