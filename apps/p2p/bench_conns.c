/* The test whose subject is connections: handshakes. */
#include "bench.h"

typedef struct shaker {
  bench *b;
  uint64_t started, finished;
  bool done;
  int err;
  p2p_stage stage;
} shaker;

static void stop(shaker *k, int err, p2p_stage stage) {
  if (!k->err) {
    k->err = err;
    k->stage = stage;
  }
  k->done = true;
}

static void start_one(shaker *k) {
  p2p_conn c;
  int err = p2p_dial(k->b->session.host, k->b->o->addr, &c);
  if (err < 0)
    stop(k, err, P2P_STAGE_ADDRESS);
  else
    k->started++;
}

/* From here on it does not matter which side ends it. */
static void close_one(shaker *k, p2p_conn c) {
  p2p_host *h = k->b->session.host;
  p2p_conn_set_user(h, c, k);
  p2p_conn_close(h, c, 0);
}

static void finish_one(shaker *k, const p2p_event *e) {
  if (!e->user)
    stop(k, e->err < 0 ? e->err : P2P_ECLOSED, e->stage);
  else if (++k->finished == k->b->o->count)
    k->done = true;
  else if (k->started < k->b->o->count)
    start_one(k);
}

/* An error counts on a connection that is up and was not to be closed: a push may identify the peer
 * before its answer, which then has nowhere to come to. */
static void take_identified(shaker *k, const p2p_event *e) {
  p2p_host *h = k->b->session.host;
  p2p_conn_info info = { .size = sizeof info };
  if (p2p_conn_get(h, e->conn, &info) < 0 || !info.up || p2p_conn_user(h, e->conn)) return;
  if (e->err < 0)
    stop(k, e->err, P2P_STAGE_UP);
  else
    close_one(k, e->conn);
}

static void on_event(session *s, const p2p_event *e, void *user) {
  shaker *k = user;
  bool identify = k->b->o->identify;
  (void)s;
  if (k->done) return;
  if (e->kind == P2P_EV_CONN_OPEN && !identify) close_one(k, e->conn);
  if (e->kind == P2P_EV_IDENTIFIED && identify) take_identified(k, e);
  if (e->kind == P2P_EV_CONN_CLOSED) finish_one(k, e);
}

int bench_handshakes(bench *b) {
  shaker k = { .b = b };
  session_opts o = bench_session_opts(b);
  o.on_event = on_event;
  o.user = &k;
  if (session_start(&b->session, &o) != 0) return bench_fail(b, P2P_EIO, "no host");
  stopwatch_start(&b->watch);
  for (uint64_t i = 0; i < b->o->concurrency && i < b->o->count && !k.done; i++) start_one(&k);
  int err = session_wait(&b->session, &k.done, P2P_NEVER);
  if (err >= 0) err = k.err;
  stopwatch_stop(&b->watch);
  session_close(&b->session); /* its events come to k */
  if (err < 0)
    return bench_fail(b, err, "connection %llu: %s: %s", (unsigned long long)k.finished + 1,
                      p2p_stage_name(k.stage), p2p_strerror(err));
  json_count(&b->out, "count", k.finished);
  json_count(&b->out, "concurrency", b->o->concurrency);
  json_bool(&b->out, "identify", b->o->identify);
  json_real(&b->out, "per_s", (double)k.finished / b->watch.seconds);
  return 0;
}
