"""Every source of test vectors in tests/vectors/INDEX names a test that exists, or says why not."""

import re

INDEX = "tests/vectors/INDEX"
# Where a test of each kind lives.
PLACES = {
    r"unit\.(\w+)\.(\w+)": "tests/unit/{0}/test_{1}.c",
    r"sim\.(\w+)": "tests/sim/test_{0}.c",
    r"sim\.torture\.(\w+)": "tests/sim/torture/test_{0}.c",
    r"net\.(\w+)": "tests/net/test_{0}.c",
    r"threads\.(\w+)": "tests/threads/test_{0}.c",
    r"cli\.(\w+)": "tests/cli/test_{0}.py",
    r"fuzz\.(\w+)": "fuzz/fuzz_{0}.c",
    r"interop\.(\w+)": "tests/interop/{0}",
    r"differential\.(\w+)": "tests/differential/{0}.py",
}
FILE = re.compile(r"^([\w.-]+\.\w+): ")
REASON = re.compile(r"none: \S+ \S+ .+")


def path_of(name):
    """The file of a test, None when the name is of no kind."""
    for pattern, place in PLACES.items():
        match = re.fullmatch(pattern, name)
        if match:
            return place.format(*match.groups())
    return None


def sources(text):
    """(line number, line) of each source: below the first paragraph, but no heading."""
    begun = False
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun or not line.strip()
        if begun and line.strip() and not line.endswith(":"):
            yield number, line


def line_problem(tree, line):
    if ";" not in line:
        return "names no test and no reason: SOURCE; unit.folder.name … or none: why"
    last = line.rsplit(";", 1)[1].strip()
    if REASON.fullmatch(last):
        return None
    for name in last.removeprefix("covered by ").split():
        path = path_of(name)
        if not path:
            return f"'{name}' is no test's name"
        if not (tree.root / path).exists():
            return f"there is no test {name} ({path})"
    return None if last else "names no test"


def check(tree):
    if not (tree.root / INDEX).exists():
        return [f"{INDEX} is missing"], ""
    problems, named, count = [], set(), 0
    for number, line in sources(tree.text(INDEX)):
        count += 1
        problem = line_problem(tree, line)
        if problem:
            problems.append(f"{INDEX}:{number}: {problem}")
        match = FILE.match(line)
        if match:
            named.add(match.group(1))
    folder = tree.root / "tests/vectors"
    files = {path.name for path in folder.iterdir() if path.is_file()} - {"INDEX"}
    problems += [f"tests/vectors/{name}: has no line in {INDEX}" for name in sorted(files - named)]
    problems += [f"{INDEX}: there is no file {name}" for name in sorted(named - files)]
    if not count:
        problems.append(f"{INDEX}: no source found")
    return problems, f"{count} sources"
