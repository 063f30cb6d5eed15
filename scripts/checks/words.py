"""Nothing tracked, and no commit message, says where or how one person works."""

import re
import subprocess

from common import HERE, NOT_OURS

SPLIT = re.compile(r"\s{3,}")


def patterns():
    for line in (HERE / "words.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            regex, why = SPLIT.split(line.strip(), maxsplit=1)
            yield re.compile(regex), why


def git(tree, *arguments):
    done = subprocess.run(["git", "-C", tree.root, *arguments], capture_output=True, text=True,
                          errors="replace", check=False)
    return done.stdout if done.returncode == 0 else None


def tracked(tree):
    """What git tracks; in a tree that git does not know, every file that nobody generated."""
    if (tree.root / ".git").exists():
        return [name for name in git(tree, "ls-files", "-z").split("\0") if name]
    paths = (path.relative_to(tree.root) for path in tree.root.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if not NOT_OURS & {*path.parts[:-1]})


def check(tree):
    rules, problems, files = list(patterns()), [], tracked(tree)
    for name in files:
        if not (tree.root / name).is_file():  # deleted, not yet committed
            continue
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            for rule, why in rules:
                match = rule.search(line)
                if match:
                    problems.append(f"{name}:{number}: '{match.group()}' is {why}")
    log = git(tree, "log", "--format=%h %B") if (tree.root / ".git").exists() else None
    for rule, why in rules:
        for match in rule.finditer(log or ""):
            problems.append(f"a commit message says '{match.group()}', {why}")
    return problems, f"{len(files)} files"
