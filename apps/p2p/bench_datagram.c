/* The exercise of datagrams: numbered ones go out a few at a time, the listener sends each back as it
 * is. What does not return is sent again, since any may be lost. */
#include <string.h>

#include "bench.h"
#include "clock.h"

enum {
  VOLLEY = 16,   /* under way at once */
  NUMBER = 4,    /* each begins with its number, big-endian */
  LONGEST = 1100 /* every connection that carries datagrams carries these */
};

static const p2p_time AGAIN = 250 * P2P_MS;

typedef struct volley {
  bench *b;
  uint64_t from, n; /* those under way: from, from + 1, … */
  bool back[VOLLEY];
  uint64_t n_back, bytes, again;
  bool done;
  int err;
} volley;

/* Lengths in no order: 4 to 1,100 bytes. */
static size_t write_one(uint64_t number, uint8_t out[LONGEST]) {
  size_t len = NUMBER + (size_t)(number * 37 % (LONGEST - NUMBER + 1));
  for (size_t i = 0; i < NUMBER; i++) out[i] = (uint8_t)(number >> (8 * (NUMBER - 1 - i)));
  for (size_t i = NUMBER; i < len; i++) out[i] = (uint8_t)(number + 7 * i);
  return len;
}

static int send_missing(volley *v) {
  uint8_t buf[LONGEST];
  for (uint64_t i = 0; i < v->n; i++) {
    if (v->back[i]) continue;
    p2p_bytes d = { buf, write_one(v->from + i, buf) };
    int err = p2p_datagram_send(v->b->session.host, v->b->session.conn, d);
    if (err == P2P_EAGAIN) return 0; /* the rest goes with those that are sent again */
    if (err < 0) return err;
  }
  return 0;
}

static void fail(volley *v, const char *what, uint64_t number) {
  v->err = bench_fail(v->b, P2P_EPROTO, "datagram %llu: %s", (unsigned long long)number, what);
  v->done = true;
}

static void take(volley *v, p2p_bytes d) {
  uint8_t buf[LONGEST];
  uint64_t number = 0;
  for (size_t i = 0; i < NUMBER && i < d.len; i++) number = number << 8 | d.p[i];
  size_t len = write_one(number, buf);
  if (d.len != len || memcmp(d.p, buf, len) != 0) {
    fail(v, "came back changed", number);
  } else if (number >= v->from + v->n) {
    fail(v, "was not sent yet", number);
  } else if (number >= v->from && !v->back[number - v->from]) { /* else it was sent twice */
    v->back[number - v->from] = true;
    v->bytes += len;
    v->done = ++v->n_back == v->n;
  }
}

static void on_event(session *s, const p2p_event *e, void *user) {
  if (e->kind == P2P_EV_DATAGRAM && e->conn.id == s->conn.id) take(user, e->datagram);
}

static int send_volley(volley *v) {
  memset(v->back, 0, sizeof v->back);
  v->n_back = 0;
  v->done = false;
  for (;;) {
    int err = send_missing(v);
    if (err >= 0) err = session_wait(&v->b->session, &v->done, clock_now() + AGAIN);
    if (err >= 0) return v->err;
    if (err != P2P_ETIMEOUT) return err;
    v->again += v->n - v->n_back;
  }
}

int bench_datagrams(bench *b) {
  volley v = { .b = b };
  p2p_conn_info info = { .size = sizeof info };
  int err = p2p_conn_get(b->session.host, b->session.conn, &info);
  if (err >= 0 && info.datagram_max < LONGEST)
    err = bench_fail(b, P2P_ENOTSUP, "datagrams of at most %zu bytes", info.datagram_max);
  b->session.o.on_event = on_event;
  b->session.o.user = &v;
  for (; err >= 0 && v.from < b->o->count; v.from += v.n) {
    v.n = b->o->count - v.from < VOLLEY ? b->o->count - v.from : VOLLEY;
    err = send_volley(&v);
  }
  b->session.o.on_event = NULL;
  if (err >= 0) json_count(&b->out, "bytes", v.bytes);
  if (err >= 0) json_count(&b->out, "again", v.again);
  return err;
}
