/* Every allocation fails once: over making hosts, listening, dialing, the handshake, streams that
 * echo, half-close and are reset, identify, ping, perf, and closing. The n-th allocation of one side
 * fails, or it and all after it, for every n until a whole story passes without one. Whatever fails:
 * nobody crashes, nothing leaks, nobody hangs, every handle ends with CLOSED. */
#include "sim/flow.h"
#include "unit/base/test.h"
#include <stdio.h>
#include <stdlib.h>

enum { SEED = 11, POINTS_MAX = 20000, ECHO = 3000, BULK = 40000, PERF = 30000 };
#define STORY (40 * P2P_SECOND) /* nothing takes longer */
#define GOODBYE (10 * P2P_SECOND)

/* ---- memory that fails ---- */

typedef struct scarce {
  uint64_t calls, fail_at; /* 0: never */
  bool from_then_on;
  size_t live;
  bool failed;
} scarce;

static void *scarce_alloc(void *user, size_t size) {
  scarce *s = user;
  s->calls++;
  bool fails = s->fail_at && (s->calls == s->fail_at || (s->from_then_on && s->calls > s->fail_at));
  s->failed |= fails;
  void *p = fails ? NULL : malloc(size);
  if (p) s->live += size;
  return p;
}

static void scarce_release(void *user, void *p, size_t size) {
  ((scarce *)user)->live -= size;
  free(p);
}

/* ---- the story ---- */

typedef struct story {
  p2p_sim *sim;
  host_node a, b;
  scarce memory[2];
  flow *flows[8];
  size_t n_flows;
  bool plaintext, mplex;
  size_t whole; /* flows of the dialer's that arrived whole */
} story;

static int begin_host(story *s, host_node *n, int which) {
  static const char *const plain[] = { "plaintext" }, *const mplex[] = { "mplex" };
  static const p2p_psk psk = { { 5 } };
  p2p_allocator allocator = { .alloc = scarce_alloc,
                              .release = scarce_release,
                              .user = &s->memory[which] };
  p2p_host_opts opts = { .size = sizeof opts, .allocator = &allocator, .serve_perf = true };
  if (s->plaintext) {
    opts.security = plain;
    opts.n_security = 1;
  }
  if (s->mplex) { /* and of a private network */
    opts.muxers = mplex;
    opts.n_muxers = 1;
    opts.psk = &psk;
  }
  int err = host_node_init(n, s->sim, (uint8_t)(which + 1), &opts);
  return err < 0 ? err : flow_serve(n);
}

static void open_one(story *s, const char *protocol, uint64_t bytes, uint8_t salt) {
  flow *f;
  if (flow_open(&s->a, p2p_host_peer(s->b.host), NULL, protocol, bytes, salt, &f) < 0) return;
  s->flows[s->n_flows++] = f;
}

static void go_on(story *s, p2p_time until) {
  int r = p2p_sim_run(s->sim, until, NULL, NULL);
  if (r < 0) fail_msg("somebody spins: %s", p2p_error_name(r));
}

static void middle(story *s) {
  const p2p_peer_id *b = p2p_host_peer(s->b.host);
  p2p_conn conn;
  uint64_t perf;
  (void)!host_node_dial(&s->a, &s->b, &conn);
  open_one(s, FLOW_ECHO, ECHO, 2);
  open_one(s, FLOW_SINK, BULK, 3);
  open_one(s, FLOW_ECHO, UINT64_MAX, 4);
  (void)!p2p_ping(s->a.host, b);
  host_node_poke(&s->a);
  go_on(s, P2P_SECOND);
  if (s->n_flows) p2p_reset(s->a.host, s->flows[s->n_flows - 1]->stream, 5);
  open_one(s, "/nobody/speaks/this", 10, 6);
  (void)!p2p_perf(s->a.host, b, PERF, PERF, &perf);
  host_node_poke(&s->a);
  go_on(s, STORY);
}

static void goodbye(host_node *n) {
  assert_int_equal(p2p_host_close(n->host, GOODBYE), 0);
  host_node_poke(n);
}

static void claim_ended(story *s, const host_node *n) {
  for (p2p__list *at = n->flows.next; at != &n->flows; at = at->next) {
    const flow *f = P2P_CONTAINER(at, flow, link);
    const char *broken = flow_broken_rule(f);
    if (broken)
      fail_msg("node %d, %s %s: %s (sent %d, got %d, counted %d, error %d)", n->number,
               f->inbound ? "inbound" : "our", f->echo ? "echo" : "sink", broken, (int)f->sent,
               (int)f->received, (int)f->counted, f->err);
    s->whole += !f->template && !f->inbound && flow_is_whole(f);
    if (!f->template && f->closed != 1) fail_msg("a stream was not told CLOSED");
  }
  assert_int_equal(p2p_host_step(n->host, 0), P2P_ECLOSED);
  assert_int_equal(n->late, 0);
}

/* Returns how many allocations side `which` made; *failed: whether one failed. */
static uint64_t tell(story *s, int which, bool *failed) {
  p2p_sim_path path = { .latency = 5 * P2P_MS, .bits_per_second = 4000000 };
  s->sim = p2p_sim_new(SEED);
  p2p_sim_default(s->sim, &path);
  int err = begin_host(s, &s->b, 1);
  if (err >= 0) err = begin_host(s, &s->a, 0);
  if (err >= 0) {
    middle(s);
    goodbye(&s->a);
    go_on(s, STORY + GOODBYE);
    goodbye(&s->b);
    go_on(s, STORY + 3 * GOODBYE);
    claim_ended(s, &s->a);
    claim_ended(s, &s->b);
  } else {
    assert_int_equal(err, P2P_ENOMEM);
  }
  host_node_fini(&s->a);
  host_node_fini(&s->b);
  p2p_sim_free(s->sim);
  for (int i = 0; i < 2; i++) assert_int_equal(s->memory[i].live, 0);
  *failed = s->memory[which].failed;
  return s->memory[which].calls;
}

/* ---- every point ---- */

static void torture(int which, bool from_then_on, bool plaintext, bool mplex) {
  uint64_t points = 0;
  for (bool failed = true; failed; points += failed) {
    assert_true(points < POINTS_MAX);
    story s = { .plaintext = plaintext, .mplex = mplex };
    s.memory[which].fail_at = points + 1;
    s.memory[which].from_then_on = from_then_on;
    tell(&s, which, &failed);
  }
  printf("torture: %s, %s, %s, %s: %llu failure points\n", which ? "listener" : "dialer",
         from_then_on ? "from the n-th on" : "the n-th", plaintext ? "plaintext" : "Noise",
         mplex ? "mplex, private" : "yamux", (unsigned long long)points);
  assert_true(points > 100);
}

static void story_passes_when_nothing_fails(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    story s = { .plaintext = i & 1, .mplex = i & 2 };
    bool failed;
    uint64_t calls = tell(&s, 0, &failed);
    assert_true(calls > 100 && !failed);
    assert_int_equal(s.n_flows, 4);
    assert_int_equal(s.whole, 2); /* of the others one is reset, one refused */
    assert_int_equal(s.a.pings, 1);
    assert_int_equal(s.a.ping_errors, 0);
    assert_true(s.a.identified && s.b.identified);
  }
}

static void dialer_lives_without_the_nth_allocation(void **state) {
  (void)state;
  torture(0, false, false, false);
  torture(0, false, true, false);
  torture(0, false, true, true);
}

static void dialer_lives_without_memory_from_the_nth_on(void **state) {
  (void)state;
  torture(0, true, false, false);
  torture(0, true, true, false);
  torture(0, true, true, true);
}

static void listener_lives_without_the_nth_allocation(void **state) {
  (void)state;
  torture(1, false, false, false);
  torture(1, false, true, false);
  torture(1, false, true, true);
}

static void listener_lives_without_memory_from_the_nth_on(void **state) {
  (void)state;
  torture(1, true, false, false);
  torture(1, true, true, false);
  torture(1, true, true, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(story_passes_when_nothing_fails),
    cmocka_unit_test(dialer_lives_without_the_nth_allocation),
    cmocka_unit_test(dialer_lives_without_memory_from_the_nth_on),
    cmocka_unit_test(listener_lives_without_the_nth_allocation),
    cmocka_unit_test(listener_lives_without_memory_from_the_nth_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
