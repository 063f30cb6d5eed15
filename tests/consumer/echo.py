"""The same from Python, with nothing but ctypes: values, pointers and events cross the border."""

import ctypes as c
import select
import sys
import time

NAME, QUESTION = (c.c_char_p * 1)(b"/consumer/echo/1.0.0"), b"is anybody there?"
OPEN, READABLE, CLOSED = 3, 4, 6  # P2P_EV_STREAM_…
EOF, AGAIN = -23, -1


class Handle(c.Structure):
    _fields_ = [("id", c.c_uint64)]


class Event(c.Structure):  # the front of p2p_event
    _fields_ = [("kind", c.c_int), ("err", c.c_int), ("code", c.c_uint32), ("stage", c.c_int),
                ("direction", c.c_int), ("conn", Handle), ("stream", Handle)]


p2p = c.CDLL(sys.argv[1])
p2p.p2p_strerror.restype = c.c_char_p
p2p.p2p_next_event.restype = c.POINTER(Event)
for name in ("p2p_read", "p2p_write", "p2p_host_addr"):
    getattr(p2p, name).restype = c.c_ssize_t


def check(result):
    if result < 0 and result not in (EOF, AGAIN):
        raise SystemExit(p2p.p2p_strerror(result).decode())
    return result


def host():
    h = c.c_void_p()
    check(p2p.p2p_host_new(c.byref(h), None))
    return h


def address(h, text=c.create_string_buffer(1100)):
    for i in range(100):
        check(p2p.p2p_host_addr(h, c.c_size_t(i), text, c.c_size_t(1100)))
        if text.value.startswith(b"/ip4/127.0.0.1/"):
            return text.value


def events(h):
    check(p2p.p2p_host_step(h, c.c_uint64(0)))
    while e := p2p.p2p_next_event(h):
        yield e.contents.kind, e.contents.stream, e.contents.err


def read(h, stream, buf=c.create_string_buffer(64)):
    got = b""
    while (n := check(p2p.p2p_read(h, stream, buf, c.c_size_t(64)))) > 0:
        got += buf.raw[:n]
    return got, n == EOF


server, client, conn, stream = host(), host(), Handle(), Handle()
check(p2p.p2p_protocol_add(server, NAME[0], None))
check(p2p.p2p_dial(client, address(server), c.byref(conn)))
check(p2p.p2p_stream_open_on(client, conn, NAME, c.c_size_t(1), None, c.byref(stream)))
check(p2p.p2p_write(client, stream, QUESTION, c.c_size_t(len(QUESTION))))
check(p2p.p2p_finish(client, stream))

answer, closed, end = b"", None, time.monotonic() + 60
while closed is None and time.monotonic() < end:
    select.select([p2p.p2p_host_fd(server), p2p.p2p_host_fd(client)], [], [], 0.01)
    for kind, s, err in events(server):
        if kind in (OPEN, READABLE):
            got, over = read(server, s)
            check(p2p.p2p_write(server, s, got, c.c_size_t(len(got)))) if got else None
            check(p2p.p2p_finish(server, s)) if over else None
    for kind, s, err in events(client):
        answer += read(client, s)[0] if kind == READABLE else b""
        closed = err if kind == CLOSED else closed
check(-7 if closed is None else closed)
p2p.p2p_host_free(client)
p2p.p2p_host_free(server)
print(answer.decode())
sys.exit(answer != QUESTION)
