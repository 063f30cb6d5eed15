/* The exercise `migrate`: an echo whose connection changes its address half way, by our call or because the
 * interface it used is gone. */
#include <inttypes.h>
#include <string.h>

#include "bench.h"
#include "echo_run.h"

typedef struct journey {
  bench *b;
  echo_run echo;
  char from[P2P_ADDR_TEXT_MAX], to[P2P_ADDR_TEXT_MAX];
  uint64_t moves;
  bool asked; /* half way: we called, or said that somebody else may act */
  bool forbidden, done;
  int err;
} journey;

/* As much again as came back so far, and an end. */
static void finish_soon(journey *j) {
  if (j->echo.total == UINT64_MAX) j->echo.total = j->echo.sent + j->b->o->bytes / 2;
}

static void move_by_us(journey *j) {
  session *s = &j->b->session;
  int err = p2p_conn_migrate(s->host, s->conn, NULL);
  if (err == P2P_EAGAIN) return; /* the peer has not confirmed yet, or given no id to spare */
  j->asked = true;
  j->forbidden = err == P2P_ENOTSUP;
  if (err < 0 && !j->forbidden) j->err = err;
  if (err < 0) finish_soon(j);
}

static void move_by_system(journey *j) {
  json out;
  j->asked = true;
  json_begin(&out);
  json_text(&out, "event", "halfway");
  json_text(&out, "local", j->from);
  if (json_end(&out) < 0) j->err = P2P_EIO;
}

static void on_change(echo_run *e, void *user) {
  journey *j = user;
  if (e->closed) j->done = true;
  if (j->asked || e->got < j->b->o->bytes / 2) return;
  if (strcmp(j->b->o->by, "system") == 0)
    move_by_system(j);
  else
    move_by_us(j);
}

static void on_event(session *s, const p2p_event *e, void *user) {
  journey *j = user;
  if (e->kind != P2P_EV_CONN_ADDR || e->conn.id != s->conn.id) return;
  j->moves++;
  if (p2p_conn_local_addr(s->host, s->conn, j->to, sizeof j->to) < 0) j->to[0] = '\0';
  finish_soon(j);
}

static int judge(journey *j) {
  bench *b = j->b;
  if (j->err < 0) return j->err;
  if (j->echo.err < 0)
    return bench_fail(b, j->echo.err, "%s behind byte %" PRIu64, p2p_strerror(j->echo.err),
                      j->echo.got);
  if (j->moves != !j->forbidden)
    return bench_fail(b, P2P_EPROTO, "told of %" PRIu64 " changes of address", j->moves);
  if (j->moves && strcmp(j->from, j->to) == 0)
    return bench_fail(b, P2P_EPROTO, "the address is the same: %s", j->to);
  return 0;
}

static void tell(const journey *j, json *out) {
  json_count(out, "bytes", j->echo.got);
  json_count(out, "moves", j->moves);
  json_bool(out, "forbidden", j->forbidden);
  json_text(out, "from", j->from);
  if (j->moves) json_text(out, "to", j->to);
}

int bench_migrate(bench *b) {
  session *s = &b->session;
  journey j = { .b = b, .echo = { .total = UINT64_MAX, .on_change = on_change, .user = &j } };
  if (p2p_conn_local_addr(s->host, s->conn, j.from, sizeof j.from) < 0)
    return bench_fail(b, P2P_ENOTFOUND, "no address of our own is known");
  s->o.on_event = on_event;
  s->o.user = &j;
  int err = echo_run_start(&j.echo, s->host, s->conn);
  if (err >= 0) err = session_wait(s, &j.done, P2P_NEVER);
  if (err >= 0) err = judge(&j);
  if (err < 0)
    session_close(s);
  else
    tell(&j, &b->out);
  s->o.on_event = NULL;
  return err;
}
