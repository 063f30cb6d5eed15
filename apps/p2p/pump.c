/* A stream joined to two descriptors. The descriptors may be anybody's (a terminal, a pipe that a
 * shell shares), so they stay in blocking mode: poll(2) says when a read or a small write returns. */
#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "report.h"

enum {
  BLOCK = 64 << 10, /* asked of the stream for one read */
  ROUNDS = 16,      /* writes to a pipe in one turn */
  EXIT_RESET = 3,
  EXIT_LOST = 4,
  EXIT_NO_PROTOCOL = 5,
  EXIT_NO_READER = 6
};

const char pump_exits[] =
    "3 the peer reset the stream or read no more, 4 the connection was lost,\n"
    "5 the peer does not speak the protocol, 6 standard output was closed,\n"
    "128 and more: ended by a signal.";

/* A write of so many bytes does not wait once poll has promised room: pipe(7) says PIPE_BUF; a
 * regular file never waits. */
static size_t write_max(int fd) {
  struct stat st;
  return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? BLOCK : PIPE_BUF;
}

void pump_init(pump *p, p2p_host *h, int in, int out) {
  *p = (pump){ .host = h, .in = in, .out = out, .write_max = write_max(out), .room = true };
}

static void end_descriptor(int *fd) {
  if (*fd > STDERR_FILENO) {
    close(*fd);
  } else if (*fd >= 0) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
      dup2(null, *fd);
      close(null);
    }
  }
  *fd = -1;
}

/* ---- news of the stream ---- */

static void on_open(p2p_host *h, p2p_stream s, void *user) {
  pump *p = user;
  (void)h;
  (void)s;
  p->opened = true;
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  pump *p = user;
  (void)h;
  (void)s;
  p->news = true;
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  pump *p = user;
  (void)h;
  (void)s;
  p->room = true;
}

/* A connection that ended leaves what was received and not read: it is kept, for the stream is gone
 * when the callback returns. A window's worth at most. */
static void keep_tail(pump *p) {
  p2p_stream_info info = { .size = sizeof info };
  p2p_bytes rest;
  if (p2p_stream_get(p->host, p->stream, &info) < 0) return;
  if (info.unread > 0) {
    p->tail = mem_zeroed(1, info.unread);
    ptrdiff_t n = p->tail ? p2p_read(p->host, p->stream, p->tail, info.unread) : 0;
    p->tail_len = n > 0 ? (size_t)n : 0;
    if (p->tail_len < info.unread) return;
  }
  p->tail_whole = p2p_peek(p->host, p->stream, &rest) == P2P_EEOF;
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  pump *p = user;
  (void)h;
  (void)s;
  p->closed = true;
  p->stopped = p->stopped || err == P2P_ESTOPPED;
  p->err = err;
  p->code = code;
  if (err < 0 && p->out >= 0) keep_tail(p);
  p->news = p->tail_len > 0 || p->tail_whole;
  end_descriptor(&p->in);
}

p2p_handler pump_handler(pump *p) {
  return (p2p_handler){ .size = sizeof(p2p_handler),
                        .on_open = on_open,
                        .on_readable = on_readable,
                        .on_writable = on_writable,
                        .on_close = on_close,
                        .user = p };
}

/* ---- out of the descriptor, into the stream ---- */

static void end_input(pump *p) {
  end_descriptor(&p->in);
  p->finished = true;
  p2p_finish(p->host, p->stream);
}

static void pull(pump *p) {
  void *to;
  size_t len;
  int err = p2p_reserve(p->host, p->stream, BLOCK, &to, &len);
  if (err < 0 && err != P2P_EAGAIN) { /* the remote reads no more, or the end comes by on_close */
    p->stopped = p->stopped || err == P2P_ESTOPPED;
    end_input(p);
    return;
  }
  p->room = len > 0;
  if (len == 0) return;
  ssize_t n = read(p->in, to, len);
  int failed = n < 0 ? errno : 0;
  p2p_commit(p->host, p->stream, n > 0 ? (size_t)n : 0);
  if (n > 0)
    p->sent += (uint64_t)n;
  else if (failed != EINTR && failed != EAGAIN)
    end_input(p); /* EIO of a terminal that went away is an end, too */
}

/* ---- out of the stream, into the descriptor ---- */

/* Nobody reads what arrives. */
static void refuse_output(pump *p, int failed) {
  p->out_failed = failed;
  end_descriptor(&p->out);
  if (!p->closed) p2p_stop(p->host, p->stream, 0);
  mem_free(p->tail);
  p->tail = NULL;
  p->tail_len = p->tail_at = 0;
}

/* The next bytes. False: none now, or the end, which is noted. */
static bool next_bytes(pump *p, p2p_bytes *b) {
  int err = 0;
  *b = (p2p_bytes){ p->tail ? p->tail + p->tail_at : NULL, p->tail_len - p->tail_at };
  if (!p->closed)
    err = p2p_peek(p->host, p->stream, b);
  else if (b->len == 0)
    err = p->tail_whole ? P2P_EEOF : P2P_ECLOSED;
  if (err >= 0 && b->len > 0) return true;
  p->news = false;
  if (err == P2P_EEOF) {
    p->ended = true;
    end_descriptor(&p->out);
  }
  return false;
}

static void took(pump *p, size_t n) {
  p->got += n;
  if (p->closed)
    p->tail_at += n;
  else
    p2p_consume(p->host, p->stream, n);
}

static bool has_room(int fd) {
  struct pollfd f = { .fd = fd, .events = POLLOUT };
  return poll(&f, 1, 0) == 1 && f.revents == POLLOUT;
}

static void push(pump *p) {
  p2p_bytes b;
  for (int i = 0; i < ROUNDS && next_bytes(p, &b); i++) {
    if (i > 0 && !has_room(p->out)) return;
    ssize_t n = write(p->out, b.p, b.len < p->write_max ? b.len : p->write_max);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n < 0) {
      refuse_output(p, errno);
      return;
    }
    took(p, (size_t)n);
  }
}

/* ---- the loop's side ---- */

void pump_watch(const pump *p, struct pollfd fds[2]) {
  fds[0] = (struct pollfd){ .fd = p->room && !p->closed ? p->in : -1, .events = POLLIN };
  fds[1] = (struct pollfd){ .fd = p->out, .events = p->news ? POLLOUT : 0 };
}

void pump_turn(pump *p, const struct pollfd fds[2]) {
  if (fds[0].revents && p->in >= 0 && !p->closed) pull(p);
  if (p->out < 0) return;
  if (fds[1].revents & POLLOUT && !(fds[1].revents & POLLERR))
    push(p);
  else if (fds[1].revents)
    refuse_output(p, EPIPE); /* seen although there is nothing to write: the reader went away */
}

bool pump_is_done(const pump *p) {
  return p->closed && (p->out < 0 || (p->tail_at == p->tail_len && !p->news));
}

void pump_fini(pump *p) {
  if (!p->host) return;
  if (!p->closed) {
    p2p_stream_set_handler(p->host, p->stream, NULL); /* its end is not for us any more */
    p2p_reset(p->host, p->stream, 0);
  }
  end_descriptor(&p->in);
  end_descriptor(&p->out);
  mem_free(p->tail);
  *p = (pump){ .in = -1, .out = -1 };
}

int pump_verdict(const pump *p, const char *command, const char *protocol, bool lost, bool quiet) {
  /* A peer that closes the connection behind the last byte of both ways has ended well. */
  bool well = p->finished && p->ended && !p->stopped;
  const char *what = NULL;
  int code = EXIT_SUCCESS;
  if (p->out_failed) {
    code = EXIT_NO_READER;
    what = strerror(p->out_failed);
  } else if (p->err == P2P_ENOPROTO) {
    code = EXIT_NO_PROTOCOL;
    what = "the peer does not speak it; \"p2p identify\" shows what it speaks";
  } else if (p->stopped) {
    code = EXIT_RESET;
    what = p2p_strerror(P2P_ESTOPPED);
  } else if (p->err < 0 && !well) {
    code = lost ? EXIT_LOST : EXIT_RESET;
    what = lost ? "the connection was lost before the end" : p2p_strerror(p->err);
  }
  if (what && !quiet) {
    if (p->err == P2P_ERESET && p->code)
      report(command, "%s: %s, code %u", protocol, what, (unsigned)p->code);
    else
      report(command, "%s: %s", p->out_failed ? "standard output" : protocol, what);
  }
  return code;
}
