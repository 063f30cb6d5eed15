"""What the checks share: which files there are, C without its comments, the objects of a build."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARY = ("src", "include")
OURS = LIBRARY + ("sim", "apps")
ALL = OURS + ("tests", "fuzz", "bench", "examples")
NOT_OURS = {"build", "node_modules", "target"}  # folders of generated or foreign files


class Tree:
    """A source tree (the repository, or a sample of tests/checks) and the directory it was built in."""

    def __init__(self, root, build=None):
        self.root = Path(root).resolve()
        self.build = Path(build).resolve() if build else self.root / "build"

    def files(self, folders, suffixes):
        """Paths relative to the root, sorted."""
        found = []
        for folder in folders:
            for path in (self.root / folder).rglob("*"):
                relative = path.relative_to(self.root)
                skip = relative.parts[:2] == ("tests", "checks") or NOT_OURS & {*relative.parts[:-1]}
                if path.suffix in suffixes and path.is_file() and not skip:
                    found.append(relative.as_posix())
        return sorted(found)

    def c_files(self, folders=OURS):
        return self.files(folders, (".c", ".h", ".def"))

    def text(self, relative):
        return (self.root / relative).read_text(encoding="utf-8", errors="replace")

    def objects(self, targets=("p2p_core",)):
        """(source, object) of the release build, for each object library named."""
        found = []
        for target in targets:
            top = self.build / "release" / "CMakeFiles" / f"{target}.dir"
            for path in sorted(top.rglob("*.c.o")):
                source = path.relative_to(top).as_posix()[: -len(".o")]
                if (self.root / source).exists():  # else left over from a deleted file
                    found.append((source, path))
        return found


_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)


def blank(code):
    """C with comments and the inside of literals replaced by spaces; positions and lines stay."""

    def space(match):
        text = match.group()
        if text[0] in "\"'":
            return text[0] + " " * (len(text) - 2) + text[-1]
        return re.sub(r"[^\n]", " ", text)

    return _TOKEN.sub(space, code)


def line_of(code, position):
    return code.count("\n", 0, position) + 1


def data_lines(name):
    """The lines of a data file beside this one, without comments and empty ones."""
    for raw in (HERE / name).read_text(encoding="utf-8").splitlines():
        line = raw.split("#", 1)[0].strip()
        if line:
            yield line


def output(*command):
    """Standard output of a command that must succeed."""
    environment = dict(os.environ, LC_ALL="C")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command[:2]))} …: {done.stderr.strip()}")
    return done.stdout


def api(name):
    """A module of scripts/api, whose names are not ours."""
    spec = importlib.util.spec_from_file_location(f"api_{name}", HERE.parent / "api" / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
