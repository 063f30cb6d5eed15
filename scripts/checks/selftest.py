#!/usr/bin/env python3
"""selftest.py: every check accepts its good sample and refuses each violating one.

tests/checks/<check>/good and tests/checks/<check>/bad-* are small source trees. A sample is copied
to a temporary directory ("{}" vanishes from *.in files, so that a sample may hold what no tracked
file may), compiled when the check reads objects, and given to the check as it is given the
repository. The first line of EXPECT in a bad sample must occur in what the check says, so that it
is refused for the right reason.
"""

import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import HERE, Tree  # noqa: E402
from run import CHECKS  # noqa: E402

SAMPLES = HERE.parent.parent / "tests" / "checks"
COMPILED = ("symbols", "globals", "exports")
FLAGS = ["-std=c11", "-O2", "-fPIC", "-fvisibility=hidden", "-Iinclude", "-Isrc"]


def unpack(sample, target):
    shutil.copytree(sample, target)
    for path in target.rglob("*.in"):
        path.with_suffix("").write_text(path.read_text().replace("{}", ""))
        path.unlink()


def compile_tree(root):
    """Objects and libp2p.so where the release build has them."""
    objects = []
    for source in sorted((root / "src").rglob("*.c")):
        name = source.relative_to(root)
        target = root / "build/release/CMakeFiles/p2p_core.dir" / f"{name}.o"
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", *FLAGS, "-c", name, "-o", target], cwd=root, check=True)
        objects.append(target)
    symbols = root / "libp2p.map"
    script = [f"-Wl,--version-script={symbols}"] if symbols.exists() else []
    subprocess.run(["cc", "-shared", "-o", root / "build/libp2p.so", *objects, *script], check=True)


def verdict(check, sample):
    """None when the sample is treated as it must be, else what went wrong."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "tree"
        unpack(sample, root)
        expected = root / "EXPECT"
        want = expected.read_text().strip() if expected.exists() else None
        expected.unlink(missing_ok=True)
        if check in COMPILED:
            compile_tree(root)
        problems, _ = importlib.import_module(check).check(Tree(root))
    if sample.name == "good":
        return f"was refused: {problems}" if problems else None
    if not want:
        return "has no EXPECT"
    if not any(want in problem for problem in problems):
        return f"should have been refused with '{want}', the check said: {problems}"
    return None


def main():
    failed = 0
    for check in CHECKS:
        missing = getattr(importlib.import_module(check), "missing", lambda: None)()
        if missing:
            print(f"skip {check:8} {missing}")
            continue
        samples = sorted(path for path in (SAMPLES / check).glob("*") if path.is_dir())
        names = [path.name for path in samples]
        wrong = [(path.name, verdict(check, path)) for path in samples]
        wrong = [(name, why) for name, why in wrong if why]
        if "good" not in names or not any(name.startswith("bad-") for name in names):
            wrong.append(("tests/checks/" + check, "needs a good and a bad sample"))
        bad = sum(name.startswith("bad-") for name in names)
        print(f"{'FAIL' if wrong else 'ok':4} {check:8} refuses {bad} violating samples", flush=True)
        for name, why in wrong:
            print(f"       {name} {why}")
        failed += bool(wrong)
    print(f"check-checks: {len(CHECKS) - failed} of {len(CHECKS)} checks refuse what they must")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
