/* /echo/1.0.0, the asking side. */
#include "echo_run.h"

#include "echo_serve.h"

enum { BLOCK = 16 << 10 };

/* The byte that belongs at an offset: no short period, so that a moved block shows. */
static uint8_t pattern_at(uint64_t n) { return (uint8_t)(n ^ n >> 7 ^ n >> 15); }

static void changed(echo_run *e) {
  if (e->on_change) e->on_change(e, e->user);
}

static void fail(echo_run *e, int err) {
  if (!e->err) e->err = err;
}

/* The next block of the pattern, as much as the stream takes: true while it takes all. */
static bool send_block(echo_run *e) {
  uint8_t block[BLOCK];
  size_t len = e->total - e->sent < BLOCK ? (size_t)(e->total - e->sent) : BLOCK;
  for (size_t i = 0; i < len; i++) block[i] = pattern_at(e->salt + e->sent + i);
  ptrdiff_t n = p2p_write(e->host, e->stream, block, len);
  if (n < 0) {
    if (n != P2P_EAGAIN) fail(e, (int)n);
    return false;
  }
  e->sent += (uint64_t)n;
  return (size_t)n == len;
}

void echo_run_finish(echo_run *e) {
  if (e->finished || e->closed) return;
  e->finished = true;
  p2p_finish(e->host, e->stream);
}

static void send_more(echo_run *e) {
  while (e->sent < e->total && send_block(e)) continue;
  if (e->sent == e->total && !e->keep_open) echo_run_finish(e);
}

static void on_open(p2p_host *h, p2p_stream s, void *user) {
  echo_run *e = user;
  (void)h;
  (void)s;
  e->opened = true;
  changed(e);
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  echo_run *e = user;
  (void)h;
  (void)s;
  send_more(e);
  changed(e);
}

static bool matches(const echo_run *e, p2p_bytes in) {
  if (in.len > e->total - e->got) return false;
  for (size_t i = 0; i < in.len; i++)
    if (in.p[i] != pattern_at(e->salt + e->got + i)) return false;
  return true;
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  echo_run *e = user;
  p2p_bytes in;
  int err;
  while ((err = p2p_peek(h, s, &in)) >= 0 && in.len > 0) {
    if (!matches(e, in)) {
      fail(e, P2P_EPROTO);
      p2p_reset(h, s, 0);
      return;
    }
    e->got += in.len;
    p2p_consume(h, s, in.len);
  }
  if (err == P2P_EEOF) e->ended = true;
  changed(e);
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  echo_run *e = user;
  (void)h;
  (void)s;
  e->closed = true;
  e->code = code;
  if (err < 0) fail(e, err);
  if (e->got != e->total) fail(e, P2P_ESHORT);
  changed(e);
}

int echo_run_start(echo_run *e, p2p_host *h, p2p_conn c) {
  static const char *const ids[] = { ECHO_ID };
  const p2p_handler handler = { .size = sizeof handler,
                                .on_open = on_open,
                                .on_readable = on_readable,
                                .on_writable = on_writable,
                                .on_close = on_close,
                                .user = e };
  e->host = h;
  int err = p2p_stream_open_on(h, c, ids, 1, &handler, &e->stream);
  if (err < 0) return err;
  send_more(e);
  return 0;
}
