/* The report of a dial: a line for each address and name. While the dial runs its attempts are the
 * lines; afterwards what is kept of them, in one piece, until the connection is gone. */
#include "swarm/dial.h"

typedef struct line {
  p2p_time began, elapsed;
  int err;
  uint32_t at; /* of the address, in the bytes behind the lines; then the reason with its zero */
  uint16_t len;
  uint16_t found;
  uint8_t stage;
  bool remote;
} line;

struct p2p__report {
  size_t size; /* of the whole */
  size_t n;
  line lines[]; /* … and the addresses */
};

static uint8_t *report_bytes(p2p__report *r) { return (uint8_t *)(r->lines + r->n); }

static const char *reason_of(const p2p__attempt *a) { return a->reason ? a->reason : ""; }

static size_t put_reason(uint8_t *to, const char *reason) {
  size_t size = strlen(reason) + 1;
  memcpy(to, reason, size);
  return size;
}

void p2p__report_keep(const p2p__dial *d) {
  p2p__sconn *c = d->conn;
  size_t size = sizeof(p2p__report) + d->n * sizeof(line), at = 0;
  for (size_t i = 0; i < d->n; i++)
    size += d->attempts[i]->len + strlen(reason_of(d->attempts[i])) + 1;
  p2p__report *r = p2p__alloc(c->swarm->loop->mem, P2P__MEM_CONN, size);
  if (!r) return;
  r->size = size;
  r->n = d->n;
  for (size_t i = 0; i < d->n; i++) {
    const p2p__attempt *a = d->attempts[i];
    r->lines[i] = (line){ .began = a->began - d->began,
                          .elapsed = a->ended - a->began,
                          .err = a->err,
                          .at = (uint32_t)at,
                          .len = a->len,
                          .found = a->found,
                          .stage = a->stage,
                          .remote = a->remote };
    memcpy(report_bytes(r) + at, a->addr, a->len);
    at += a->len;
    at += put_reason(report_bytes(r) + at, reason_of(a));
  }
  c->report = r;
}

void p2p__report_amend(p2p__sconn *c, const p2p__up_down *down) {
  for (size_t i = 0; c->report && i < c->report->n; i++) {
    line *l = &c->report->lines[i];
    if (l->err < 0 || l->stage != P2P_STAGE_UP) continue;
    l->err = down->err;
    l->stage = (uint8_t)down->stage;
    l->remote = down->remote;
  }
}

void p2p__report_free(p2p__sconn *c) {
  if (c->report) p2p__release(c->swarm->loop->mem, P2P__MEM_CONN, c->report, c->report->size);
  c->report = NULL;
}

static void running_line(const p2p__dial *d, const p2p__attempt *a, p2p__report_line *out) {
  bool over = a->state == ATTEMPT_OVER, waits = a->state == ATTEMPT_WAITING;
  p2p_time now = p2p__swarm_now(p2p__dial_swarm(d));
  uint8_t stage = waits ? P2P_STAGE_NONE : over ? a->stage : P2P_STAGE_CONNECT;
  if (a->state == ATTEMPT_LOOKUP) stage = P2P_STAGE_RESOLVE;
  *out = (p2p__report_line){ .addr = p2p__attempt_addr(a),
                             .stage = (p2p_stage)stage,
                             .err = over ? a->err : P2P_EAGAIN,
                             .remote = a->remote,
                             .reason = a->reason,
                             .began = a->began - d->began,
                             .elapsed = waits ? 0 : (over ? a->ended : now) - a->began,
                             .found = a->found };
}

bool p2p__report_get(p2p__sconn *c, size_t i, p2p__report_line *out) {
  if (c->dial) {
    if (i >= c->dial->n) return false;
    running_line(c->dial, c->dial->attempts[i], out);
    return true;
  }
  if (!c->report || i >= c->report->n) return false;
  const line *l = &c->report->lines[i];
  const char *reason = (const char *)report_bytes(c->report) + l->at + l->len;
  *out = (p2p__report_line){ .addr = p2p__bytes(report_bytes(c->report) + l->at, l->len),
                             .stage = (p2p_stage)l->stage,
                             .err = l->err,
                             .remote = l->remote,
                             .reason = *reason ? reason : NULL,
                             .began = l->began,
                             .elapsed = l->elapsed,
                             .found = l->found };
  return true;
}
