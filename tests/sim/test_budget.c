/* What all connections of one peer may hold together, reading and writing, and that those who wait
 * for it are served. */
#include "troupe.h"
#include "unit/base/test.h"

enum { CONNS = 3, STREAMS = 4, MANY = CONNS * STREAMS, SENT = 400000 };
#define PEER_BUFFERS 1048576u

static troupe t;

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 21);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static const p2p_setting tight[] = { { "peer_buffers", PEER_BUFFERS } };

static const p2p__budget *budget_of(const player *self, const player *peer) {
  const p2p__peer *p = p2p__peer_find(&self->host->swarm.peers, p2p_host_peer(peer->host));
  assert_non_null(p);
  return &p->budget;
}

/* ---- a writer that writes until all is taken ---- */

typedef struct writer {
  p2p_host *host;
  p2p_stream stream;
  size_t left;
  bool closed;
  int err;
} writer;

static void write_on(writer *w) {
  static const uint8_t bytes[65536];
  while (w->left > 0) {
    ptrdiff_t n = p2p_write(w->host, w->stream, bytes, p2p__min(w->left, sizeof bytes));
    if (n <= 0) return;
    w->left -= (size_t)n;
  }
  (void)p2p_finish(w->host, w->stream);
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  (void)h;
  (void)s;
  write_on(user);
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  (void)h;
  (void)s;
  (void)code;
  ((writer *)user)->closed = true;
  ((writer *)user)->err = err;
}

static void writer_begin(writer *w, player *p, p2p_conn c) {
  *w = (writer){ .host = p->host, .left = SENT };
  const p2p_handler handler = {
    .size = sizeof handler, .on_writable = on_writable, .on_close = on_close, .user = w
  };
  const char *ids[] = { "/sink" };
  assert_int_equal(p2p_stream_open_on(p->host, c, ids, 1, &handler, &w->stream), 0);
  write_on(w);
}

/* ---- a reader that reads when it is told to ---- */

typedef struct sink {
  bool paused;
  size_t got, resets, ended;
  p2p_stream streams[2 * MANY];
  size_t n;
} sink;

static sink reader;

static void sink_read(p2p_host *h, p2p_stream s, void *user) {
  static uint8_t buf[65536];
  sink *k = user;
  ptrdiff_t n;
  if (k->paused) return;
  while ((n = p2p_read(h, s, buf, sizeof buf)) > 0) k->got += (size_t)n;
  if (n == P2P_EEOF) (void)p2p_finish(h, s);
}

static void sink_open(p2p_host *h, p2p_stream s, void *user) {
  sink *k = user;
  (void)h;
  assert_true(k->n < P2P_COUNT(k->streams));
  k->streams[k->n++] = s;
}

static void sink_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  (void)h;
  (void)s;
  (void)code;
  reader.resets += err == P2P_ELIMIT;
  ((sink *)user)->ended += err == 0;
}

static void serve_sink(player *p) {
  reader = (sink){ .paused = true };
  const p2p_handler handler = { .size = sizeof handler,
                                .on_open = sink_open,
                                .on_readable = sink_read,
                                .on_close = sink_close,
                                .user = &reader };
  assert_int_equal(p2p_protocol_add(p->host, "/sink", &handler), 0);
}

static void resume(player *p) {
  reader.paused = false;
  for (size_t i = 0; i < reader.n; i++) sink_read(p->host, reader.streams[i], &reader);
  player_poke(p);
}

/* ---- tests ---- */

static p2p_conn conns[CONNS];

static void connect_all(void) {
  for (int i = 0; i < CONNS; i++) conns[i] = player_dial(&t.a, &t.b);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], CONNS);
}

static void one_peer_cannot_take_what_belongs_to_others(void **state) {
  (void)state;
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, tight, 1);
  troupe_join(&t, &t.c, NULL);
  serve_sink(&t.b);
  connect_all();
  writer greedy[MANY], modest;
  for (int i = 0; i < MANY; i++) writer_begin(&greedy[i], &t.a, conns[i % CONNS]);
  player_poke(&t.a);
  for (int i = 0; i < 100; i++) {
    troupe_wait(&t, 10 * P2P_MS);
    assert_true(budget_of(&t.b, &t.a)->used <= PEER_BUFFERS);
  }
  assert_true(budget_of(&t.b, &t.a)->used > PEER_BUFFERS / 2);
  assert_true(reader.resets > 0); /* what was too much */
  size_t resets = reader.resets, before = reader.n;
  p2p_conn c;
  assert_int_equal(host_node_dial(&t.c.node, &t.b.node, &c), 0);
  writer_begin(&modest, &t.c, c);
  player_poke(&t.c);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(reader.n, before + 1);
  resume(&t.b);
  troupe_wait(&t, 5 * P2P_SECOND);
  assert_true(modest.closed && modest.err == 0);
  assert_int_equal(reader.resets, resets);
  assert_true(reader.ended >= MANY - resets);
  assert_int_equal(budget_of(&t.b, &t.a)->used, 0);
}

static void writers_that_wait_for_the_peers_budget_are_all_served(void **state) {
  (void)state;
  troupe_join_limited(&t, &t.a, tight, 1);
  troupe_join(&t, &t.b, NULL);
  serve_sink(&t.b);
  connect_all();
  writer w[MANY];
  for (int i = 0; i < MANY; i++) writer_begin(&w[i], &t.a, conns[i % CONNS]);
  player_poke(&t.a);
  for (int i = 0; i < 100; i++) {
    troupe_wait(&t, 10 * P2P_MS);
    assert_true(budget_of(&t.a, &t.b)->used <= PEER_BUFFERS);
  }
  resume(&t.b);
  troupe_wait(&t, 10 * P2P_SECOND);
  for (int i = 0; i < MANY; i++) {
    assert_true(w[i].closed);
    assert_int_equal(w[i].err, 0);
  }
  assert_int_equal(reader.got, (size_t)MANY * SENT);
  assert_int_equal(budget_of(&t.a, &t.b)->used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(one_peer_cannot_take_what_belongs_to_others, start, end),
    cmocka_unit_test_setup_teardown(writers_that_wait_for_the_peers_budget_are_all_served, start,
                                    end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
