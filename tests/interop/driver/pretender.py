"""A peer of the self-test: says what its script tells it to, and nothing true.

pretender.py SCRIPT serve … | run …, where SCRIPT is a file of JSON: the listener's lines by the event that
brings them ("start", "mem"), the dialer's lines by test, a trace to write, an exit code."""

import json
import sys
from pathlib import Path


def say(lines):
    for line in lines:
        print(json.dumps(line), flush=True)


def main():
    script = json.loads(Path(sys.argv[1]).read_text())
    verb, rest = sys.argv[2], sys.argv[3:]
    if "trace" in script and "--trace" in rest:
        Path(rest[rest.index("--trace") + 1]).write_text(script["trace"])
    if verb == "run":
        say(script.get(rest[0], []))
        return script.get("exit", 0)
    say(script["start"])
    for word in map(str.strip, sys.stdin):
        if word == "quit":
            break
        say(script.get(word, []))
    return script.get("serve_exit", 0)


if __name__ == "__main__":
    sys.exit(main())
