"""What a figure was measured on: without it a figure says nothing."""

import os
import platform
import ssl
from datetime import datetime, timezone
from pathlib import Path

TELLING_FLAGS = ("aes", "vaes", "avx2", "avx512f", "sha_ni")  # what decides a cipher's speed


def _cpuinfo():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        yield key.strip(), value.strip()


def describe():
    info = dict(_cpuinfo())
    flags = set(info.get("flags", "").split())
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": f"{info.get('model name', platform.machine())} "
        f"(family {info.get('cpu family', '?')}, model {info.get('model', '?')})",
        "cores": os.cpu_count(),
        "flags": [flag for flag in TELLING_FLAGS if flag in flags],
        "kernel": platform.release(),
        "crypto": ssl.OPENSSL_VERSION,
        "load": os.getloadavg()[0],
    }


class Steal:
    """The share of the machine's time that its neighbours took, between two looks."""

    def __init__(self):
        self._first = self._look()

    @staticmethod
    def _look():
        fields = [int(f) for f in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        return fields[7], sum(fields[:8])

    def percent(self):
        stolen, total = (b - a for a, b in zip(self._first, self._look()))
        return 100.0 * stolen / total if total else 0.0
