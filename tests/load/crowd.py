"""crowd.py HOST PORT COUNT RATE: holds COUNT half-open connections, each a few bytes into its first line; whatever is
closed by the other side is opened again, RATE of them a second (0: as fast as it goes). Says {"held":n,"reopened":k} for each line on stdin, ends with it."""

import errno
import json
import resource
import select
import socket
import sys
from time import monotonic

BEGUN = b"\x13/multi"
BURST = 64  # connecting at once: below any listener's backlog


class Crowd:
    def __init__(self, at, count, rate):
        self.at, self.count, self.rate = at, count, rate
        self.begun = monotonic()
        self.poll = select.epoll()
        self.connecting, self.held = {}, {}
        self.opened = 0

    def may_open(self):
        return not self.rate or self.opened < (monotonic() - self.begun) * self.rate

    def open_more(self):
        while self.may_open() and len(self.held) + len(self.connecting) < self.count and len(self.connecting) < BURST:
            one = socket.socket()
            one.setblocking(False)
            code = one.connect_ex(self.at)
            if code not in (0, errno.EINPROGRESS):
                one.close()
                return
            self.opened += 1
            self.connecting[one.fileno()] = one
            self.poll.register(one.fileno(), select.EPOLLOUT)

    def happened(self, number, what):
        if number in self.connecting and what == select.EPOLLOUT:
            one = self.connecting.pop(number)
            one.send(BEGUN)
            self.held[number] = one
            self.poll.modify(number, select.EPOLLIN)
        elif not self.alive(number):
            self.poll.unregister(number)
            (self.held.pop(number, None) or self.connecting.pop(number)).close()

    def alive(self, number):
        """It says its header before the end."""
        try:
            return number in self.held and self.held[number].recv(4096) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def run(self):
        stdin = sys.stdin.fileno()
        self.poll.register(stdin, select.EPOLLIN)
        while True:
            self.open_more()
            for number, what in self.poll.poll(0.01 if self.rate else 1):
                if number != stdin:
                    self.happened(number, what)
                elif sys.stdin.readline():
                    print(json.dumps({"held": len(self.held), "reopened": self.opened - len(self.held)}), flush=True)
                else:
                    return


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Crowd((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4])).run()


if __name__ == "__main__":
    main()
