/* The measured tests on one connection: throughput, streams, ping. */
#include <string.h>

#include "bench.h"
#include "echo_run.h"
#include "mem.h"
#include "perf_run.h"

enum { SMALL = 32 }; /* bytes of an echo and of a ping */

/* ---- throughput ---- */

int bench_throughput(bench *b) {
  const bench_options *o = b->o;
  bool up = strcmp(o->dir, "up") == 0;
  perf_run r;
  int err = perf_run_start(&r, b->session.host, b->session.conn, (size_t)o->streams,
                           up ? o->bytes : 0, up ? 0 : o->bytes);
  if (err >= 0) err = session_wait(&b->session, &r.done, P2P_NEVER);
  if (err >= 0) err = r.err;
  stopwatch_stop(&b->watch);
  if (err < 0) session_close(&b->session);
  perf_run_fini(&r);
  if (err < 0) return err;
  json_text(&b->out, "dir", o->dir);
  json_count(&b->out, "bytes", up ? r.up : r.down);
  json_count(&b->out, "streams", o->streams);
  json_real(&b->out, "gbit_s", (double)o->bytes * 8e-9 / b->watch.seconds);
  return 0;
}

/* ---- streams ---- */

typedef struct stream_load {
  bench *b;
  echo_run *slots;
  uint64_t started, finished;
  bool done;
  int err;
} stream_load;

static void stop_load(stream_load *l, int err) {
  if (!l->err) l->err = err;
  l->done = true;
}

static void next_stream(echo_run *e, void *user);

static void start_stream(stream_load *l, echo_run *e) {
  *e = (echo_run){
    .total = SMALL, .salt = l->started * SMALL, .on_change = next_stream, .user = l
  };
  int err = echo_run_start(e, l->b->session.host, l->b->session.conn);
  if (err < 0)
    stop_load(l, err);
  else
    l->started++;
}

static void next_stream(echo_run *e, void *user) {
  stream_load *l = user;
  if (!e->closed || l->done) return;
  if (e->err < 0)
    stop_load(l, e->err);
  else if (++l->finished == l->b->o->count)
    l->done = true;
  else if (l->started < l->b->o->count)
    start_stream(l, e);
}

static int run_streams(stream_load *l) {
  const bench_options *o = l->b->o;
  l->slots = mem_zeroed((size_t)o->concurrency, sizeof *l->slots);
  if (!l->slots) return P2P_ENOMEM;
  for (uint64_t i = 0; i < o->concurrency && i < o->count && !l->done; i++)
    start_stream(l, &l->slots[i]);
  int err = session_wait(&l->b->session, &l->done, P2P_NEVER);
  return err < 0 ? err : l->err;
}

int bench_streams(bench *b) {
  stream_load l = { .b = b };
  int err = run_streams(&l);
  stopwatch_stop(&b->watch);
  if (err < 0) session_close(&b->session);
  mem_free(l.slots);
  if (err < 0) return err;
  json_count(&b->out, "count", l.finished);
  json_count(&b->out, "concurrency", b->o->concurrency);
  json_real(&b->out, "per_s", (double)l.finished / b->watch.seconds);
  return 0;
}

/* ---- ping ---- */

typedef struct ping_load {
  p2p_host *host;
  p2p_stream stream;
  p2p_time *trips;
  uint64_t n, count;
  p2p_time begun;
  uint8_t sent[SMALL], got[SMALL];
  size_t have;
  bool done;
  int err;
} ping_load;

static void stop_ping(ping_load *p, int err) {
  if (!p->err) p->err = err;
  p->done = true;
}

static void send_ping(ping_load *p) {
  p2p_io *io = p2p_host_io(p->host);
  p->have = 0;
  int err = io->ops->random(io, p->sent, SMALL);
  if (err < 0) {
    stop_ping(p, err);
    return;
  }
  p->begun = clock_now();
  ptrdiff_t n = p2p_write(p->host, p->stream, p->sent, SMALL);
  if (n != SMALL) stop_ping(p, n < 0 ? (int)n : P2P_ELIMIT); /* a queue of ours was empty */
}

static void take_pong(ping_load *p) {
  p->trips[p->n++] = clock_now() - p->begun;
  if (memcmp(p->sent, p->got, SMALL) != 0)
    stop_ping(p, P2P_EPROTO);
  else if (p->n == p->count)
    stop_ping(p, 0);
  else
    send_ping(p);
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  ping_load *p = user;
  ptrdiff_t n = 0;
  while (!p->done && (n = p2p_read(h, s, p->got + p->have, SMALL - p->have)) > 0) {
    p->have += (size_t)n;
    if (p->have == SMALL) take_pong(p);
  }
  if (n < 0 && n != P2P_EAGAIN) stop_ping(p, (int)n);
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  (void)h;
  (void)s;
  (void)code;
  stop_ping(user, err < 0 ? err : P2P_ECLOSED);
}

/* Shell's sort, gaps after Knuth: samples are many, but nobody chooses them against us. */
static void sort(p2p_time *v, size_t n) {
  size_t gap = 1;
  while (gap < n / 3) gap = gap * 3 + 1;
  for (; gap > 0; gap /= 3)
    for (size_t i = gap; i < n; i++) {
      p2p_time x = v[i];
      size_t at = i;
      for (; at >= gap && v[at - gap] > x; at -= gap) v[at] = v[at - gap];
      v[at] = x;
    }
}

static double quantile_us(const ping_load *p, double q) {
  return (double)p->trips[(size_t)(q * (double)(p->n - 1))] * 1e-3;
}

static int run_pings(bench *b, ping_load *p) {
  static const char *const ids[] = { "/ipfs/ping/1.0.0" };
  const p2p_handler handler = {
    .size = sizeof handler, .on_readable = on_readable, .on_close = on_close, .user = p
  };
  p->trips = mem_zeroed((size_t)p->count, sizeof *p->trips);
  if (!p->trips) return P2P_ENOMEM;
  int err = p2p_stream_open_on(p->host, b->session.conn, ids, 1, &handler, &p->stream);
  if (err < 0) return err;
  send_ping(p);
  err = session_wait(&b->session, &p->done, P2P_NEVER);
  return err < 0 ? err : p->err;
}

int bench_ping(bench *b) {
  ping_load p = { .host = b->session.host, .count = b->o->count };
  int err = run_pings(b, &p);
  stopwatch_stop(&b->watch);
  session_close(&b->session); /* the stream points into p */
  if (err >= 0) {
    sort(p.trips, (size_t)p.n);
    json_count(&b->out, "count", p.n);
    json_real(&b->out, "p50_us", quantile_us(&p, 0.5));
    json_real(&b->out, "p90_us", quantile_us(&p, 0.9));
    json_real(&b->out, "p99_us", quantile_us(&p, 0.99));
  }
  mem_free(p.trips);
  return err;
}
