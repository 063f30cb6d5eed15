"""Builds each peer into build/interop; a build where nothing changed takes a moment."""

import json
import os
import platform
import shutil
import subprocess

from peers import BUILT, INTEROP


class BuildError(Exception):
    """What is missing or went wrong, with the remedy."""


def _tool(name, remedy):
    if shutil.which(name) is None:
        raise BuildError(f"no '{name}' on PATH; {remedy}")


def _run(argv, cwd, **environment):
    said = subprocess.run(argv, cwd=cwd, env={**os.environ, **environment})
    if said.returncode != 0:
        raise BuildError(f"'{' '.join(map(str, argv))}' failed in {cwd} (exit {said.returncode})")


def go():
    _tool("go", "install Go 1.26 or later")
    out = BUILT / "go" / "peer"
    # readonly: the committed go.mod and go.sum decide, or the build fails.
    _run(["go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o", str(out), "."], INTEROP / "go")


def rust():
    _tool("cargo", "install Rust 1.88 or later, for instance with rustup")
    _run(["cargo", "build", "--release"], INTEROP / "rust", CARGO_TARGET_DIR=str(BUILT / "rust"))


def js():
    _tool("npm", "install Node.js with npm (any version; the peer brings its own Node.js)")
    source, out = INTEROP / "js", BUILT / "js"
    out.mkdir(parents=True, exist_ok=True)
    manifest = (source / "package.json").read_text()
    stamp = out / "installed"
    if not stamp.exists() or stamp.read_text() != manifest:
        stamp.unlink(missing_ok=True)
        _install_js(source, out, json.loads(manifest))
        stamp.write_text(manifest)
    for file in [*source.glob("*.js"), source / "peer"]:
        shutil.copy(file, out)


def _install_js(source, out, manifest):
    npm = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    home = out / "node"
    home.mkdir(exist_ok=True)
    (home / "package.json").write_text('{"private": true}\n')
    # The package `node` only picks one of these, in an install script, which newer npms refuse to run.
    package = _node_package()
    _run([*npm, f"{package}@{manifest['engines']['node']}"], home)
    program = home / "node_modules" / package / "bin" / "node"
    link = out / "node-bin"
    link.mkdir(exist_ok=True)
    (link / "node").unlink(missing_ok=True)
    (link / "node").symlink_to(program)
    # First on PATH: npm chooses by the version of the Node.js that runs it.
    shutil.copy(source / "package.json", out)
    _run(npm, out, PATH=f"{link}{os.pathsep}{os.environ['PATH']}")


def _node_package():
    arch = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine())
    if platform.system() != "Linux" or arch is None:
        raise BuildError(f"no Node.js package known for {platform.system()} on {platform.machine()}; add it here")
    return f"node-linux-{arch}"


BUILDERS = {"go": go, "rust": rust, "js": js}
