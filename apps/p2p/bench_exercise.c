/* The exercises of the interop tests: echo, reset, many, identify. */
#include <string.h>

#include "bench.h"
#include "echo_run.h"
#include "mem.h"
#include "peerinfo.h"
#include "reset_serve.h"

enum { SMALL = 32, RESET_CODE = 42 }; /* a code that is not zero, so that a lost one shows */

/* Whether the echo is over; how to tell another state is up to the test. */
static void note_closed(echo_run *e, void *user) {
  bool *done = user;
  if (e->closed) *done = true;
}

static int explain(bench *b, const echo_run *e, int err) {
  if (err == P2P_EPROTO && e->err == P2P_EPROTO)
    return bench_fail(b, err, "echo differs behind byte %llu", (unsigned long long)e->got);
  if (err == P2P_ESHORT)
    return bench_fail(b, err, "sent %llu bytes, %llu came back", (unsigned long long)e->sent,
                      (unsigned long long)e->got);
  return err;
}

static int echo_bytes(bench *b, uint64_t bytes) {
  bool done = false;
  echo_run e = { .total = bytes, .on_change = note_closed, .user = &done };
  int err = echo_run_start(&e, b->session.host, b->session.conn);
  if (err >= 0) err = session_wait(&b->session, &done, P2P_NEVER);
  if (err >= 0) err = e.err;
  if (err < 0) session_close(&b->session);
  return err < 0 ? explain(b, &e, err) : 0;
}

int bench_echo(bench *b) {
  int err = echo_bytes(b, b->o->bytes);
  json_count(&b->out, "bytes", err < 0 ? 0 : b->o->bytes);
  return err;
}

/* ---- reset ---- */

/* Mid-way: the remote serves the stream and has taken what was to be sent. */
static void reset_midway(echo_run *e, void *user) {
  if (e->opened && e->sent == e->total && !e->closed) p2p_reset(e->host, e->stream, RESET_CODE);
  note_closed(e, user);
}

static int reset_by_us(bench *b) {
  bool done = false;
  echo_run e = {
    .total = b->o->after, .keep_open = true, .on_change = reset_midway, .user = &done
  };
  int err = echo_run_start(&e, b->session.host, b->session.conn);
  if (err >= 0) err = session_wait(&b->session, &done, P2P_NEVER);
  if (err >= 0 && e.sent != b->o->after)
    err = bench_fail(b, P2P_ESHORT, "the stream ended by itself: %s", p2p_strerror(e.err));
  if (err < 0) {
    session_close(&b->session);
    return err;
  }
  json_count(&b->out, "bytes", e.sent);
  json_count(&b->out, "code", RESET_CODE);
  return echo_bytes(b, SMALL); /* the connection has survived */
}

typedef struct asked {
  bool done;
  int err;
  uint32_t code;
} asked;

static void on_asked_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  asked *a = user;
  (void)h;
  (void)s;
  a->done = true;
  a->err = err;
  a->code = code;
}

static int reset_by_remote(bench *b) {
  static const char *const ids[] = { RESET_ID };
  static const uint8_t code[RESET_CODE_LEN] = { 0, 0, 0, RESET_CODE };
  asked a = { .done = false };
  const p2p_handler handler = { .size = sizeof handler, .on_close = on_asked_close, .user = &a };
  p2p_stream s;
  int err = p2p_stream_open_on(b->session.host, b->session.conn, ids, 1, &handler, &s);
  if (err >= 0 && p2p_write(b->session.host, s, code, sizeof code) != sizeof code) err = P2P_EIO;
  if (err >= 0) err = session_wait(&b->session, &a.done, P2P_NEVER);
  if (err >= 0 && a.err != P2P_ERESET)
    err = bench_fail(b, P2P_EPROTO, "wanted a reset, saw: %s", p2p_strerror(a.err));
  if (err < 0) {
    session_close(&b->session);
    return err;
  }
  json_count(&b->out, "bytes", sizeof code);
  json_count(&b->out, "code", a.code);
  return 0;
}

int bench_reset(bench *b) {
  return strcmp(b->o->by, "remote") == 0 ? reset_by_remote(b) : reset_by_us(b);
}

/* ---- many ---- */

typedef struct crowd {
  echo_run *runs;
  uint64_t n, echoed, closed;
  bool done;
  int err;
} crowd;

/* Every stream stays open until the echoes of all are back. */
static void crowd_change(echo_run *e, void *user) {
  crowd *c = user;
  if (e->closed && e->err < 0) {
    if (!c->err) c->err = e->err;
    c->done = true;
  } else if (e->closed) {
    c->done = c->done || ++c->closed == c->n;
  } else if (e->got == e->total && e->keep_open) {
    e->keep_open = false; /* counted once */
    if (++c->echoed < c->n) return;
    for (uint64_t i = 0; i < c->n; i++) echo_run_finish(&c->runs[i]);
  }
}

static int open_crowd(bench *b, crowd *c) {
  c->runs = mem_zeroed((size_t)c->n, sizeof *c->runs);
  if (!c->runs) return P2P_ENOMEM;
  for (uint64_t i = 0; i < c->n; i++) {
    c->runs[i] = (echo_run){
      .total = SMALL, .salt = i * SMALL, .keep_open = true, .on_change = crowd_change, .user = c
    };
    int err = echo_run_start(&c->runs[i], b->session.host, b->session.conn);
    if (err < 0) return err;
  }
  int err = session_wait(&b->session, &c->done, P2P_NEVER);
  return err < 0 ? err : c->err;
}

static int echo_crowd(bench *b) {
  crowd c = { .n = b->o->open };
  int err = c.n ? open_crowd(b, &c) : 0;
  if (err < 0) session_close(&b->session);
  mem_free(c.runs);
  return err;
}

int bench_many(bench *b) {
  int err = 0;
  for (uint64_t i = 0; i < b->o->count && err >= 0; i++) {
    err = echo_bytes(b, SMALL);
    if (err < 0 && !*b->why)
      bench_fail(b, err, "stream %llu: %s", (unsigned long long)i + 1, p2p_strerror(err));
  }
  if (err >= 0) err = echo_crowd(b);
  if (err >= 0) json_count(&b->out, "bytes", SMALL * (b->o->count + b->o->open));
  return err;
}

/* ---- identify ---- */

int bench_identify(bench *b) {
  int err = peerinfo_wait(&b->session);
  if (err >= 0) err = peerinfo_json(&b->session, &b->out);
  json_count(&b->out, "bytes", 0);
  return err;
}
