/* The link port as a ring: host B keeps its connections on a thread of their own, host A on a third
 * thread is an ordinary one. What works here under ThreadSanitizer proves that a link and its owner
 * share nothing but values. See near.h, far.h, side.h. */
#include "threads/near.h"
#include "threads/side.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MIB = 1 << 20, SLOTS = 1024, FEW_SLOTS = 4 };
#define PATIENCE (100 * P2P_SECOND)

typedef struct pair {
  side a, b;
  p2p_io *io; /* of B: A wakes it */
  near *near;
  near_report report;
  size_t far_live;
  pthread_t thread; /* A's */
  p2p_time until;   /* a test that hangs fails */
} pair;

/* ---- the far loop's memory ---- */
static void *far_alloc(void *user, size_t size) {
  *(size_t *)user += size;
  return malloc(size);
}

static void far_release(void *user, void *p, size_t size) {
  *(size_t *)user -= size;
  free(p);
}

/* ---- A's thread ---- */
static void *a_main(void *arg) {
  side *a = arg;
  while (!a->closed) side_turn(a, P2P_NEVER);
  return NULL;
}

static void on_a(pair *p, void (*fn)(p2p_host *h, void *arg)) {
  assert_int_equal(p2p_host_post(p->a.host, fn, p), 0);
}

static void check_faults(pair *p) {
  const char *a = atomic_load(&p->a.fault), *b = atomic_load(&p->b.fault);
  if (a || b) fail_msg("A: %s; B: %s", a ? a : "well", b ? b : "well");
}

/* Turns B until the count is n. Counts of A wake B. */
static void until(pair *p, const atomic_uint *count, unsigned n) {
  while (atomic_load(count) < n) {
    check_faults(p);
    assert_true(p2p_host_now(p->b.host) < p->until);
    side_turn(&p->b, P2P_SECOND);
  }
}

/* ---- a pair ---- */
static pair *pair_new(size_t slots) {
  pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  assert_int_equal(p2p_io_uv_new(&p->io), 0);
  side_init(&p->b, NULL, p->io, NULL);
  side_init(&p->a, "/ip4/127.0.0.1/tcp/0", NULL, p->io);
  p2p_allocator allocator = { far_alloc, far_release, &p->far_live };
  assert_int_equal(near_install(p->b.host, slots, &allocator, &p->report, &p->near), 0);
  p2p_listener l;
  assert_int_equal(p2p_listen(p->b.host, "/ip4/127.0.0.1/tcp/0", &l), 0);
  p->until = p2p_host_now(p->b.host) + PATIENCE;
  return p;
}

static void pair_start(pair *p) {
  assert_int_equal(near_start(p->near), 0);
  p2p_listener l;
  assert_int_equal(p2p_listen(p->b.host, "/ip4/127.0.0.1/tcp/0", &l), P2P_ENOTSUP);
  assert_int_equal(pthread_create(&p->thread, NULL, a_main, &p->a), 0);
}

static void dial(p2p_host *from, p2p_host *to) {
  char addr[256];
  p2p_conn c;
  assert_true(p2p_host_addr(to, 0, addr, sizeof addr) > 0);
  assert_int_equal(p2p_dial(from, addr, &c), 0);
}

/* Connected: by B, through the ring; or by A, and accepted beyond the ring. */
static pair *pair_up(size_t slots, bool b_dials) {
  pair *p = pair_new(slots);
  if (b_dials)
    dial(p->b.host, p->a.host);
  else
    dial(p->a.host, p->b.host);
  pair_start(p);
  until(p, &p->a.up, 1);
  until(p, &p->b.up, 1);
  return p;
}

static void close_a(p2p_host *h, void *arg) {
  (void)arg;
  (void)p2p_host_close(h, 10 * P2P_SECOND);
}

/* All memory is back: each loop's account by itself but for blocks, and both in sum. */
static void check_memory(const pair *p) {
  for (size_t tag = 0; tag < P2P__MEM_TAGS; tag++)
    if (tag != P2P__MEM_BLOCK) assert_int_equal(p->report.far_used[tag], 0);
  assert_int_equal(p->report.far_total, p->report.far_used[P2P__MEM_BLOCK]);
  assert_int_equal(p->report.far_total, p->far_live);
  assert_int_equal((size_t)(p->b.live + p->far_live), 0);
  assert_int_equal(p->a.live, 0);
}

static near_report pair_end(pair *p) {
  on_a(p, close_a);
  pthread_join(p->thread, NULL);
  side_free(&p->a);
  side_free(&p->b);
  p->io->ops->free(p->io);
  check_faults(p);
  check_memory(p);
  near_report report = p->report;
  free(p);
  return report;
}

/* B says goodbye; both connections end in good order. */
static near_report pair_close(pair *p) {
  assert_int_equal(p2p_host_close(p->b.host, 10 * P2P_SECOND), 0);
  while (!p->b.closed) side_turn(&p->b, P2P_SECOND);
  assert_int_equal(atomic_load(&p->b.down), 1);
  while (atomic_load(&p->a.down) < 1) {
    p2p_io_fact fact;
    p2p_time now = p->io->ops->now(p->io);
    assert_true(now < p->until);
    (void)p->io->ops->wait(p->io, now + P2P_SECOND, &fact, 1);
  }
  return pair_end(p);
}

/* ---- ping ---- */
static void ping_a(p2p_host *h, void *arg) {
  pair *p = arg;
  if (p2p_ping(h, &p->a.peer) < 0) atomic_store(&p->a.fault, "refused");
}

static void ping_both(pair *p) {
  for (unsigned i = 1; i <= 20; i++) {
    assert_int_equal(p2p_ping(p->b.host, &p->b.peer), 0);
    on_a(p, ping_a);
    until(p, &p->a.pings, i);
    until(p, &p->b.pings, i);
  }
}

static void hosts_ping_each_other_over_a_dialed_ring(void **state) {
  (void)state;
  pair *p = pair_up(SLOTS, true);
  ping_both(p);
  (void)pair_close(p);
}

static void hosts_ping_each_other_over_an_accepted_ring(void **state) {
  (void)state;
  pair *p = pair_up(SLOTS, false);
  ping_both(p);
  (void)pair_close(p);
}

/* ---- bulk ---- */
static void perf_a(p2p_host *h, void *arg) {
  pair *p = arg;
  uint64_t id;
  if (p2p_perf(h, &p->a.peer, 16 * MIB, 16 * MIB, &id) < 0) atomic_store(&p->a.fault, "refused");
}

/* Its zeros are one block shared by everything that is under way, on two threads at once. */
static void perf_runs_both_ways_at_once(void **state) {
  (void)state;
  pair *p = pair_up(SLOTS, true);
  uint64_t id;
  assert_int_equal(p2p_perf(p->b.host, &p->b.peer, 16 * MIB, 16 * MIB, &id), 0);
  on_a(p, perf_a);
  until(p, &p->a.perfs, 1);
  until(p, &p->b.perfs, 1);
  (void)pair_close(p);
}

static void bulk_a(p2p_host *h, void *arg) {
  (void)h;
  side_bulk(&((pair *)arg)->a, 64 * MIB);
}

static void bytes_cross_whole_both_ways_with_half_close(void **state) {
  (void)state;
  pair *p = pair_up(SLOTS, false);
  side_bulk(&p->b, 64 * MIB);
  until(p, &p->b.sent, 1);
  until(p, &p->a.served, 1);
  on_a(p, bulk_a);
  until(p, &p->a.sent, 1);
  until(p, &p->b.served, 1);
  (void)pair_close(p);
}

static void hundred_a(p2p_host *h, void *arg) {
  (void)h;
  for (int i = 0; i < 100; i++) side_bulk(&((pair *)arg)->a, 100000);
}

static near_report hundred_streams(size_t slots) {
  pair *p = pair_up(slots, true);
  on_a(p, hundred_a);
  for (int i = 0; i < 100; i++) side_bulk(&p->b, 100000);
  until(p, &p->a.sent, 100);
  until(p, &p->b.sent, 100);
  until(p, &p->a.served, 100);
  until(p, &p->b.served, 100);
  return pair_close(p);
}

static void hundred_streams_share_a_ring(void **state) {
  (void)state;
  (void)hundred_streams(SLOTS);
}

static void hundred_streams_share_a_ring_of_four_slots(void **state) {
  (void)state;
  near_report report = hundred_streams(FEW_SLOTS);
  assert_true(report.spills_up > 0); /* both rings were full, and nobody waited */
  assert_true(report.spills_down > 0);
}

/* ---- ends ---- */
static void flood_a(p2p_host *h, void *arg) {
  (void)h;
  side_flood(&((pair *)arg)->a);
}

static void resets_cross_while_both_sides_write(void **state) {
  (void)state;
  pair *p = pair_up(SLOTS, true);
  side_flood(&p->b);
  on_a(p, flood_a);
  until(p, &p->b.resets, 1);
  until(p, &p->a.resets, 1);
  until(p, &p->a.was_reset, 1);
  until(p, &p->b.was_reset, 1);
  ping_both(p); /* the connection does not mind */
  (void)pair_close(p);
}

/* Links are freed beyond the ring while both sides write. */
static void host_freed_in_the_middle_leaves_nothing(void **state) {
  (void)state;
  pair *p = pair_new(SLOTS);
  p->a.loses = true;
  dial(p->b.host, p->a.host);
  pair_start(p);
  until(p, &p->b.up, 1);
  side_bulk(&p->b, 64 * MIB);
  side_flood(&p->b);
  until(p, &p->b.resets, 1);
  side_free(&p->b);
  (void)pair_end(p);
}

/* ---- connections that do not come to be ---- */
/* The owner of a cancelled dial is gone when the far side hears of it. */
static void cancelled_dial_ends_at_once(void **state) {
  (void)state;
  pair *p = pair_new(SLOTS);
  char addr[256];
  p2p_conn c;
  p->a.loses = p->b.loses = true;
  assert_true(p2p_host_addr(p->a.host, 0, addr, sizeof addr) > 0);
  pair_start(p);
  for (unsigned i = 1; i <= 8; i++) {
    assert_int_equal(p2p_dial(p->b.host, addr, &c), 0);
    if (i % 2) side_turn(&p->b, 0); /* some are under way already */
    assert_int_equal(p2p_conn_close(p->b.host, c, 0), 0);
    until(p, &p->b.down, i);
    assert_int_equal(p->b.err, P2P_ECANCELED);
  }
  (void)pair_end(p);
}

static void dial_to_nobody_fails_at_connect(void **state) {
  (void)state;
  pair *p = pair_new(SLOTS);
  p2p_conn c;
  p->b.loses = true;
  pair_start(p);
  assert_int_equal(p2p_dial(p->b.host, "/ip4/127.0.0.1/tcp/1", &c), 0);
  until(p, &p->b.down, 1);
  assert_int_equal(p->b.err, P2P_EREFUSED);
  assert_int_equal(p->b.stage, P2P_STAGE_CONNECT);
  (void)pair_end(p);
}

/* The answer to SECURED comes through the ring; nothing of the peer was handed up before. */
static void dialer_is_refused_by_the_gate_beyond_the_ring(void **state) {
  (void)state;
  pair *p = pair_new(SLOTS);
  p2p_host_stats stats = { .size = sizeof stats };
  p->a.loses = p->b.loses = true;
  p->b.refuses = true;
  dial(p->a.host, p->b.host);
  pair_start(p);
  until(p, &p->a.down, 1);
  assert_int_equal(atomic_load(&p->b.up), 0);
  assert_int_equal(atomic_load(&p->b.gated), 1);
  assert_int_equal(p2p_host_get(p->b.host, &stats), 0);
  assert_int_equal(stats.conns_in, 0);
  assert_int_equal(stats.streams, 0);
  (void)pair_end(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(hosts_ping_each_other_over_a_dialed_ring),
    cmocka_unit_test(hosts_ping_each_other_over_an_accepted_ring),
    cmocka_unit_test(perf_runs_both_ways_at_once),
    cmocka_unit_test(bytes_cross_whole_both_ways_with_half_close),
    cmocka_unit_test(hundred_streams_share_a_ring),
    cmocka_unit_test(hundred_streams_share_a_ring_of_four_slots),
    cmocka_unit_test(resets_cross_while_both_sides_write),
    cmocka_unit_test(host_freed_in_the_middle_leaves_nothing),
    cmocka_unit_test(cancelled_dial_ends_at_once),
    cmocka_unit_test(dial_to_nobody_fails_at_connect),
    cmocka_unit_test(dialer_is_refused_by_the_gate_beyond_the_ring),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
