/* Every allocation of an exchange fails once, and from one on all of them, on either side: the exchange may
 * fail, with an error; nothing breaks, and all memory comes back. */
#include "pair.h"

enum { BYTES = 20000, MOST = 5000 };

static pair p;

static void ask_and_answer(pair *x, pair_end *e, const p2p__quic_event *ev) {
  (void)x;
  if (!e->server && ev->kind == P2P__QUIC_SECURED && p2p__quic_open(e->q, 0) == 0) {
    static uint8_t bytes[BYTES];
    p2p__queue *q = p2p__quic_sendq(e->q, 0);
    if (q) (void)p2p__queue_put(q, p2p__bytes(bytes, sizeof bytes));
    p2p__quic_ready(e->q, 0);
    p2p__quic_finish(e->q, 0);
  }
  if (e->server && ev->kind == P2P__QUIC_FIN) p2p__quic_finish(e->q, ev->sid);
}

static bool is_through(pair *x) { return pair_stream_of(&x->client, 0)->fin || pair_is_over(x); }

/* True when the failure came before the end. */
static bool exchange(bool server, uint64_t nth, bool on) {
  pair_begin(&p);
  p.tolerant = true;
  p.told = ask_and_answer;
  p2p__mem *mem = server ? &p.server.world.mem : &p.client.world.mem;
  mem->fail_at = mem->calls + nth;
  mem->fail_on = on;
  mem->failed = 0;
  pair_dial(&p, NULL);
  bool through = pair_run(&p, 5 * P2P_SECOND, is_through);
  bool failed = mem->failed > 0;
  mem->fail_at = 0;
  if (!failed) {
    assert_true(through);
    assert_true(pair_stream_of(&p.client, 0)->fin);
    assert_int_equal(pair_stream_of(&p.server, 0)->got, BYTES);
  }
  const pair_end *e = server ? &p.server : &p.client;
  if (failed && e->ended && !e->end.remote) assert_int_equal(e->end.err, P2P_ENOMEM);
  pair_end_all(&p);
  return failed;
}

static void every_allocation(bool server, bool on) {
  uint64_t n = 1;
  while (exchange(server, n, on)) assert_true(++n < MOST);
  assert_true(n > 50); /* else it tested nothing */
}

static void a_client_bears_one_failure(void **state) {
  (void)state;
  every_allocation(false, false);
}
static void a_client_bears_them_all(void **state) {
  (void)state;
  every_allocation(false, true);
}
static void a_server_bears_one_failure(void **state) {
  (void)state;
  every_allocation(true, false);
}
static void a_server_bears_them_all(void **state) {
  (void)state;
  every_allocation(true, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_client_bears_one_failure),
    cmocka_unit_test(a_client_bears_them_all),
    cmocka_unit_test(a_server_bears_one_failure),
    cmocka_unit_test(a_server_bears_them_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
