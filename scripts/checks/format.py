"""clang-format has nothing to change."""

import shutil
import subprocess

from common import ALL, HERE


def tool():
    """clang-format 19, under either name."""
    for name in ("clang-format-19", "clang-format"):
        path = shutil.which(name)
        if path and " 19." in subprocess.run([path, "--version"], capture_output=True, text=True,
                                             check=True).stdout:
            return path
    return None


def command(tree):
    path, files = tool(), tree.files(ALL, (".c", ".h"))
    style = HERE.parent.parent / ".clang-format"
    return path, files, [path, f"--style=file:{style}"]


def check(tree):
    path, files, start = command(tree)
    if not path:
        return ["clang-format 19 is missing: make setup"], ""
    if not files:
        return [], "no file"
    done = subprocess.run(start + ["--dry-run", "-Werror", *files], cwd=tree.root,
                          capture_output=True, text=True, check=False)
    wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
    if done.returncode and not wrong:
        return [done.stderr.strip()], ""
    return [f"{name}: not laid out; run make format" for name in wrong], f"{len(files)} files"


def fix(tree):
    path, files, start = command(tree)
    if not path:
        return 1
    return subprocess.run(start + ["-i", *files], cwd=tree.root, check=False).returncode
