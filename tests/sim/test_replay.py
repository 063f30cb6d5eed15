"""A seed that fails prints one line that repeats it. The fault is planted in the simulated network, so
that the test fails when the weather would not see it, too."""

import re
import shlex
import subprocess
import sys
import unittest

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/p2p-sim"
LINE = re.compile(r"^FAIL  (.*): (\S+ --scenario \S+ --seed \d+ --fault \S+)$")
PATIENCE = 250


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, check=False)


class Replay(unittest.TestCase):
    def test_a_planted_fault_is_found_and_its_line_repeats_it(self):
        for fault in ("drop@30000", "double@30000", "flip@30000"):
            done = run(PROGRAM, "--scenario", "weather-plain", "--seed", "5", "--seeds", "2", "--fault", fault)
            self.assertEqual(done.returncode, 1, done.stdout)
            for line in done.stdout.splitlines():
                claim, command = LINE.match(line).groups()
                again = run(*shlex.split(command))
                self.assertEqual(again.returncode, 1)
                self.assertIn(f"failed: {claim}\n", again.stdout)

    def test_without_the_fault_nothing_fails(self):
        done = run(PROGRAM, "--scenario", "weather-plain", "--seed", "5", "--seeds", "2")
        self.assertEqual((done.returncode, done.stdout),
                         (0, "ok    weather-plain: 1 scenario, 2 runs, seeds from 5\n"))

    def test_a_fault_that_is_not_understood_is_refused(self):
        self.assertEqual(run(PROGRAM, "--fault", "eat@1").returncode, 2)
        self.assertEqual(run(PROGRAM, "--fault", "drop").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
