/* /perf/1.0.0, the asking side. Spec: perf/perf.md. */
#include "perf_run.h"

#include "mem.h"

#define PERF_ID "/perf/1.0.0"

enum { HEADER = 8, BLOCK = 64 << 10 };

static const uint8_t zeros[BLOCK] = { 0 };

struct perf_stream {
  perf_run *run;
  uint64_t up, down;    /* still to send, still to come */
  uint8_t head[HEADER]; /* how much we want */
  size_t head_sent;
  bool finished;
};

static void fail(perf_stream *p, int err) {
  if (!p->run->err) p->run->err = err;
}

/* The next bytes to send; len 0: none are left. */
static p2p_bytes next_bytes(const perf_stream *p) {
  if (p->head_sent < HEADER) return (p2p_bytes){ p->head + p->head_sent, HEADER - p->head_sent };
  return (p2p_bytes){ zeros, p->up < BLOCK ? (size_t)p->up : BLOCK };
}

static void note_sent(perf_stream *p, size_t n) {
  if (p->head_sent < HEADER) {
    p->head_sent += n;
    return;
  }
  p->up -= n;
  p->run->up += n;
}

static void send_more(p2p_host *h, p2p_stream s, void *user) {
  perf_stream *p = user;
  p2p_bytes next;
  while (!p->finished && (next = next_bytes(p)).len > 0) {
    ptrdiff_t n = p2p_write(h, s, next.p, next.len);
    if (n < 0 && n != P2P_EAGAIN) fail(p, (int)n);
    if (n < 0) return;
    note_sent(p, (size_t)n);
  }
  if (p->finished) return;
  p->finished = true;
  p2p_finish(h, s);
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  perf_stream *p = user;
  p2p_bytes in;
  int err;
  while ((err = p2p_peek(h, s, &in)) >= 0 && in.len > 0) {
    if (in.len > p->down) fail(p, P2P_EPROTO); /* more than was asked for */
    p->down -= in.len > p->down ? p->down : in.len;
    p->run->down += in.len;
    p2p_consume(h, s, in.len);
  }
  if (err == P2P_EEOF && (p->down > 0 || p->up > 0)) fail(p, P2P_ESHORT);
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  perf_stream *p = user;
  (void)h;
  (void)s;
  (void)code;
  if (err < 0) fail(p, err);
  p->run->done = --p->run->n_open == 0;
}

/* The i-th of n shares; the first takes what does not divide. */
static uint64_t share(uint64_t all, size_t n, size_t i) { return all / n + (i == 0 ? all % n : 0); }

static int open_one(perf_run *r, p2p_host *h, p2p_conn c, perf_stream *p) {
  static const char *const ids[] = { PERF_ID };
  const p2p_handler handler = { .size = sizeof handler,
                                .on_open = send_more,
                                .on_readable = on_readable,
                                .on_writable = send_more,
                                .on_close = on_close,
                                .user = p };
  p2p_stream s;
  p->run = r;
  for (unsigned i = 0; i < HEADER; i++) p->head[i] = (uint8_t)(p->down >> (8 * (HEADER - 1 - i)));
  int err = p2p_stream_open_on(h, c, ids, 1, &handler, &s);
  if (err < 0) return err;
  r->n_open++; /* bulk waits for on_open: who does not serve perf is told so, not flooded */
  return 0;
}

int perf_run_start(perf_run *r, p2p_host *h, p2p_conn c, size_t n, uint64_t up, uint64_t down) {
  *r = (perf_run){ .n = n };
  if (n < 1 || n > PERF_STREAMS_MAX) return P2P_EINVAL;
  r->streams = mem_zeroed(n, sizeof *r->streams);
  if (!r->streams) return P2P_ENOMEM;
  for (size_t i = 0; i < n; i++) {
    r->streams[i].up = share(up, n, i);
    r->streams[i].down = share(down, n, i);
    int err = open_one(r, h, c, &r->streams[i]);
    if (err < 0) return err;
  }
  return 0;
}

void perf_run_fini(perf_run *r) { mem_free(r->streams); }
