/* Receive windows follow the bandwidth-delay product: a link of some rate and round trip in
 * virtual time, the writer with more to write than it can send. */
#include "side.h"
#include "yamux_check.h"
#include <stdlib.h>

enum { PACKETS = 1 << 15, RECORD = 65519 };

typedef struct packet {
  p2p_time at; /* arrives */
  size_t len;
  uint8_t *bytes;
} packet;

typedef struct path { /* one direction */
  packet q[PACKETS];
  size_t head, tail;
  uint64_t rate;  /* bytes per second */
  size_t record;  /* bytes of one: what a millisecond carries, as a link chooses it */
  p2p_time delay; /* one way */
  p2p_time free;  /* the line is idle from then on */
} path;

typedef struct net {
  side writer, reader;
  path down, up;
  size_t streams;
  uint64_t got;
  uint64_t unread[8];
  p2p_time sleep; /* of the reader when it has read all; 0: it never sleeps */
  p2p_time read_at;
  size_t largest; /* window seen */
} net;

/* A line takes what is on its way for the next 5 ms, as a socket with a small unsent mark does. */
static void path_fill(path *p, side *from) {
  p2p_bytes v[40];
  while (p->free < from->now + 5 * P2P_MS && p->tail - p->head < PACKETS) {
    size_t n = from->m->ops->pull(from->m, p->record, v, 40, from->now), len = 0;
    if (!n) return;
    uint8_t *bytes = malloc(RECORD);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; len += v[i++].len) memcpy(bytes + len, v[i].p, v[i].len);
    from->m->ops->sent(from->m);
    if (p->free < from->now) p->free = from->now;
    p->free += len * P2P_SECOND / p->rate;
    p->q[p->tail++ % PACKETS] = (packet){ p->free + p->delay, len, bytes };
  }
}

static void on_data(net *w, const p2p__mux_event *ev) {
  w->got += ev->data.len;
  w->unread[ev->sid / 2 % 8] += ev->data.len;
}

static void path_empty(net *w, path *p, side *to) {
  while (p->head != p->tail && p->q[p->head % PACKETS].at <= to->now) {
    packet *k = &p->q[p->head++ % PACKETS];
    p2p__span in = p2p__span_of(k->bytes, k->len);
    p2p__mux_event ev;
    while (to->m->ops->recv(to->m, &in, &ev, to->now) == 1) {
      if (ev.kind == P2P__MUX_DATA) on_data(w, &ev);
    }
    assert_int_equal(in.len, 0);
    free(k->bytes);
  }
}

/* A reader that sleeps reads 64 KiB a step once it is awake. */
static void read_all(net *w) {
  if (w->reader.now < w->read_at) return;
  uint64_t left = 0;
  for (size_t i = 0; i < w->streams; i++) {
    uint64_t n = w->sleep ? p2p__min(w->unread[i], 65536) : w->unread[i];
    w->reader.m->ops->consumed(w->reader.m, 2 * i + 1, n, w->reader.now);
    w->unread[i] -= n;
    left += w->unread[i];
  }
  if (!left) w->read_at = w->reader.now + w->sleep;
}

static void write_all(net *w) {
  for (size_t i = 0; i < w->streams; i++) {
    p2p__queue *q = w->writer.m->ops->sendq(w->writer.m, 2 * i + 1);
    if (q->len < 262144) side_write(&w->writer, 2 * i + 1, 262144);
  }
}

static void run_until(net *w, p2p_time until) {
  while (w->reader.now < until) {
    w->reader.now += P2P_MS / 4;
    w->writer.now = w->reader.now;
    write_all(w);
    path_fill(&w->down, &w->writer);
    path_empty(w, &w->down, &w->reader);
    if (w->streams) read_all(w);
    path_fill(&w->up, &w->reader);
    path_empty(w, &w->up, &w->writer);
    p2p__mux_stats stats;
    w->reader.m->ops->stats(w->reader.m, &stats);
    if (stats.window > w->largest) w->largest = stats.window;
  }
  const char *wrong = yamux_check(w->reader.m);
  if (wrong) fail_msg("%s", wrong);
}

static net *net_new(uint64_t mbit, unsigned rtt_ms) {
  net *w = calloc(1, sizeof *w);
  assert_non_null(w);
  side_init(&w->writer);
  side_init(&w->reader);
  w->down = (path){ .rate = mbit * 125000, .delay = rtt_ms * P2P_MS / 2 };
  w->down.record = p2p__max(1400, p2p__min(RECORD, w->down.rate / 1000));
  w->up = w->down;
  return w;
}

static void net_start(net *w, size_t streams) {
  side_start(&w->writer, true);
  side_start(&w->reader, false);
  w->streams = streams;
  for (size_t i = 0; i < streams; i++) {
    assert_int_equal(w->writer.m->ops->open(w->writer.m, 2 * i + 1, w->writer.now), 0);
  }
}

static void net_free(net *w) {
  path *both[] = { &w->down, &w->up };
  for (int i = 0; i < 2; i++) {
    for (path *p = both[i]; p->head != p->tail; p->head++) free(p->q[p->head % PACKETS].bytes);
  }
  side_fini(&w->writer);
  side_fini(&w->reader);
  free(w);
}

typedef struct link {
  uint64_t mbit;
  unsigned rtt_ms;
} link;

static const link links[] = { { 100, 200 }, { 10, 40 },   { 1000, 20 }, { 50, 150 },
                              { 20, 300 },  { 300, 100 }, { 1, 30 } };

static void yamux_window_reaches_the_full_rate_and_stays_below_four_bdp(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(links); i++) {
    net *w = net_new(links[i].mbit, links[i].rtt_ms);
    net_start(w, 1);
    uint64_t rate = w->down.rate, bdp = rate * links[i].rtt_ms / 1000;
    p2p_time begin = w->reader.now;
    run_until(w, begin + 4 * P2P_SECOND);
    uint64_t ramp = w->got;
    run_until(w, begin + 5 * P2P_SECOND);
    uint64_t fifth = w->got - ramp;
    run_until(w, begin + 7 * P2P_SECOND);
    uint64_t rest = w->got - ramp - fifth;
    if (ramp < rate * 4 * 75 / 100) fail_msg("link %zu: %zu in 4 s", i, (size_t)ramp);
    if (fifth < rate * 90 / 100) fail_msg("link %zu: %zu in the 5th s", i, (size_t)fifth);
    if (rest < rate * 2 * 98 / 100) fail_msg("link %zu: %zu in 2 s", i, (size_t)rest);
    uint64_t bound = p2p__max(4 * bdp, P2P__YAMUX_INITIAL);
    if (w->largest > bound) fail_msg("link %zu: window %zu, bdp %zu", i, w->largest, (size_t)bdp);
    net_free(w);
  }
}

/* It reads a full buffer every five round trips: slow, however fast it drains that buffer. */
static void yamux_window_does_not_grow_for_a_reader_that_sleeps(void **state) {
  (void)state;
  net *w = net_new(1000, 20);
  net_start(w, 1);
  w->sleep = 100 * P2P_MS;
  run_until(w, w->reader.now + 20 * P2P_SECOND);
  assert_int_equal(w->largest, P2P__YAMUX_INITIAL);
  net_free(w);
}

static void yamux_window_does_not_grow_before_the_round_trip_is_known(void **state) {
  (void)state;
  net *w = net_new(1000, 20);
  w->up.delay = 3 * P2P_SECOND; /* no pong can be there */
  net_start(w, 1);
  run_until(w, w->reader.now + 2 * P2P_SECOND);
  assert_int_equal(w->largest, P2P__YAMUX_INITIAL);
  net_free(w);
}

static void yamux_windows_of_a_connection_have_a_sum(void **state) {
  (void)state;
  net *w = net_new(1000, 100); /* a BDP of 12.5 MB for each of four streams */
  w->reader.limits.yamux_window_conn = 3300000;
  net_start(w, 4);
  run_until(w, w->reader.now + 5 * P2P_SECOND);
  uint64_t sum = 0;
  for (uint32_t sid = 1; sid < 8; sid += 2) {
    sum += p2p__yamux_find(p2p__yamux_of(w->reader.m), sid)->window - P2P__YAMUX_INITIAL;
  }
  assert_int_equal(sum, 3300000);
  net_free(w);
}

static void yamux_window_stops_at_its_maximum(void **state) {
  (void)state;
  net *w = net_new(1000, 200);
  w->reader.limits.yamux_window_max = 3000000;
  net_start(w, 1);
  run_until(w, w->reader.now + 5 * P2P_SECOND);
  assert_int_equal(w->largest, 3000000);
  net_free(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(yamux_window_reaches_the_full_rate_and_stays_below_four_bdp),
    cmocka_unit_test(yamux_window_does_not_grow_for_a_reader_that_sleeps),
    cmocka_unit_test(yamux_window_does_not_grow_before_the_round_trip_is_known),
    cmocka_unit_test(yamux_windows_of_a_connection_have_a_sum),
    cmocka_unit_test(yamux_window_stops_at_its_maximum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
