/* The simulator as a p2p_io: the behaviours that every p2p_io has, and what only it can promise. */
#include "sim/sim.h"
#include "support/io_suite.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { R = P2P_IO_READABLE, W = P2P_IO_WRITABLE };

typedef struct sim_world {
  io_world w; /* first */
  p2p_sim *sim;
} sim_world;

static bool sim_idle(io_world *w) { return p2p_sim_step(((sim_world *)w)->sim); }

static void sim_settle(io_world *w) {
  p2p_sim *sim = ((sim_world *)w)->sim;
  p2p_sim_advance(sim, p2p_sim_now(sim) + P2P_SECOND);
}

static void world_open_with(sim_world *s, uint64_t seed, uint8_t family, const p2p_sim_path *path,
                            size_t recv_buffer) {
  memset(s, 0, sizeof *s);
  s->sim = p2p_sim_new(seed);
  if (path) p2p_sim_default(s->sim, path);
  p2p_sim_node_opts a = { .ip = { { .family = family, .ip = { 10, 0, 0, 1 } } }, .n_ip = 1 };
  p2p_sim_node_opts b = { .ip = { { .family = family, .ip = { 10, 0, 0, 2 } } },
                          .n_ip = 1,
                          .recv_buffer = recv_buffer,
                          .clock = 5 * P2P_SECOND };
  assert_int_equal(p2p_sim_node(s->sim, &a, &s->w.a), 0);
  assert_int_equal(p2p_sim_node(s->sim, &b, &s->w.b), 0);
  p2p_sim_name(s->sim, "b.example", &b.ip[0]);
  s->w.at_a = a.ip[0];
  s->w.at_b = b.ip[0];
  s->w.name = "b.example";
  s->w.path = "/run/b.sock";
  s->w.no_name = "c.example";
  s->w.idle = sim_idle;
  s->w.settle = sim_settle;
}

static void world_open(sim_world *s, uint64_t seed, uint8_t family, const p2p_sim_path *path) {
  world_open_with(s, seed, family, path, 0);
}

static void world_close(sim_world *s) { p2p_sim_free(s->sim); }

/* ---- the suite, over three kinds of network ---- */

static const p2p_sim_path lossy = { .latency = 10 * P2P_MS,
                                    .jitter = 2 * P2P_MS,
                                    .bits_per_second = 100000000,
                                    .queue = 20 * P2P_MS,
                                    .loss_ppm = 10000,
                                    .duplicate_ppm = 5000,
                                    .reorder_ppm = 5000,
                                    .reorder_by = 3 * P2P_MS,
                                    .tcp = P2P_SIM_NEWRENO };
static const p2p_sim_path newreno = { .latency = P2P_MS, .tcp = P2P_SIM_NEWRENO };

static void run(void (*test)(io_world *w), uint8_t family, const p2p_sim_path *path) {
  sim_world s;
  world_open(&s, 7, family, path);
  test(&s.w);
  world_close(&s);
}

#define SUITE_TESTS(name)                                                                          \
  static void ideal_##name(void **state) {                                                         \
    (void)state;                                                                                   \
    run(io_suite_##name, 4, NULL);                                                                 \
    run(io_suite_##name, 6, NULL);                                                                 \
  }                                                                                                \
  static void newreno_##name(void **state) {                                                       \
    (void)state;                                                                                   \
    run(io_suite_##name, 4, &newreno);                                                             \
  }
IO_SUITE(SUITE_TESTS)

typedef struct counts {
  int of[P2P_SIM_LOOKUP + 1];
  p2p_time last;
} counts;

static void count(void *user, p2p_time at, uint32_t node, p2p_sim_kind kind, p2p_bytes data) {
  counts *c = user;
  assert_true(at >= c->last && node < 2 && kind <= P2P_SIM_LOOKUP);
  assert_true(kind != P2P_SIM_DATA || data.len > 0);
  c->last = at;
  c->of[kind]++;
}

/* ---- streams over a path that loses, doubles, reorders: forty worlds each ---- */

static void run_lossy(void (*test)(io_world *w)) {
  for (uint64_t seed = 1; seed <= 40; seed++) {
    sim_world s;
    world_open(&s, seed, 4, &lossy);
    test(&s.w);
    world_close(&s);
  }
}

static void streams_survive_loss(void **state) {
  (void)state;
  run_lossy(io_suite_bytes_arrive_in_order_and_halves_close_apart);
  run_lossy(io_suite_connect_and_accept_tell_the_same_addresses);
  run_lossy(io_suite_port_of_a_closed_listener_is_free_again);
}

/* The update that says "room again" is lost now and then: without probes both would wait for ever. */
static void full_window_opens_again_although_updates_are_lost(void **state) {
  (void)state;
  p2p_sim_path path = { .latency = P2P_MS, .loss_ppm = 200000, .tcp = P2P_SIM_NEWRENO };
  for (uint64_t seed = 1; seed <= 40; seed++) {
    sim_world s;
    world_open_with(&s, seed, 4, &path, 4000);
    io_pair p = io_connect(&s.w);
    static uint8_t out[60000], in[60000];
    for (size_t sent = 0, got = 0; got < sizeof out;) {
      p2p_bytes v = { out + sent, sizeof out - sent };
      ptrdiff_t n = sent < sizeof out ? s.w.a->ops->send(s.w.a, p.a, &v, 1) : 0;
      if (n > 0) sent += (size_t)n;
      sim_settle(&s.w); /* the buffer fills to the brim */
      while ((n = s.w.b->ops->recv(s.w.b, p.b, in, sizeof in)) > 0) got += (size_t)n;
      assert_true(n == P2P_EAGAIN);
      assert_true(p2p_sim_now(s.sim) < 3600 * P2P_SECOND);
    }
    world_close(&s);
  }
}

/* The one who closed first lingers, to say once more that it knows of the other's end. */
static void lost_last_acknowledgement_is_said_again(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, &newreno);
  io_pair p = io_connect(&s.w);
  s.w.a->ops->close(s.w.a, p.a);
  uint8_t byte;
  assert_int_equal(io_recv(&s.w, s.w.b, p.b, 2, &byte, 1), 0);
  p2p_sim_path deaf = newreno;
  deaf.loss_ppm = 1000000;
  p2p_sim_link_one_way(s.sim, s.w.a, s.w.b, &deaf);
  assert_int_equal(s.w.b->ops->shutdown(s.w.b, p.b), 0);
  sim_settle(&s.w);
  p2p_sim_link_one_way(s.sim, s.w.a, s.w.b, &newreno);
  counts c = { 0 };
  p2p_sim_trace(s.sim, count, &c);
  for (int i = 0; i < 20; i++) sim_settle(&s.w);
  assert_int_equal(c.of[P2P_SIM_FIN], 1); /* once more, then it was heard */
  assert_int_equal(c.of[P2P_SIM_RST], 0);
  assert_int_equal(io_recv(&s.w, s.w.b, p.b, 2, &byte, 1), 0);
  p.a = -1;
  io_unconnect(&s.w, p);
  world_close(&s);
}

static void writer_is_woken_when_half_is_free(void **state) {
  (void)state;
  enum { BUFFER = 20000 };
  p2p_sim_path slow = { .latency = P2P_MS, .bits_per_second = 1000000 };
  sim_world s;
  world_open(&s, 1, 4, &slow);
  p2p_sim_split(s.sim, 0);
  io_pair p = io_connect(&s.w);
  assert_int_equal(s.w.a->ops->option(s.w.a, p.a, P2P_IO_NOTSENT_LOWAT, BUFFER), 0);
  static uint8_t out[BUFFER];
  p2p_bytes v = { out, BUFFER };
  ptrdiff_t n;
  while ((n = s.w.a->ops->send(s.w.a, p.a, &v, 1)) > 0) {}
  assert_int_equal(n, P2P_EAGAIN);
  assert_int_equal(s.w.a->ops->want(s.w.a, p.a, W), 0);
  assert_int_equal(s.w.b->ops->want(s.w.b, p.b, 0), 0);
  assert_int_equal(io_expect(&s.w, 1, W), 0);
  n = s.w.a->ops->send(s.w.a, p.a, &v, 1);
  assert_in_range(n, BUFFER / 2, BUFFER / 2 + 1500);
  world_close(&s);
}

static void connecting_over_a_cut_waits_for_it_to_heal(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  p2p_endpoint bound;
  int l = s.w.b->ops->tcp_listen(s.w.b, &s.w.at_b, 4, 3, &bound);
  p2p_sim_cut(s.sim, s.w.a, s.w.b, true);
  int a = s.w.a->ops->tcp_connect(s.w.a, NULL, &bound, 1);
  p2p_sim_advance(s.sim, 5 * P2P_SECOND);
  io_expect_silence(&s.w, 1);
  p2p_sim_cut(s.sim, s.w.a, s.w.b, false);
  assert_int_equal(io_expect(&s.w, 1, W), 0);
  assert_true(p2p_sim_now(s.sim) == 7 * P2P_SECOND + 2 * P2P_MS); /* attempts at 0, 1, 3, 7 s */
  assert_true(l >= 0 && a >= 0);
  world_close(&s);
}

static void full_backlog_makes_the_next_one_try_again(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  p2p_endpoint bound;
  int l = s.w.b->ops->tcp_listen(s.w.b, &s.w.at_b, 1, 3, &bound);
  for (uint64_t i = 10; i < 13; i++)
    assert_true(s.w.a->ops->tcp_connect(s.w.a, NULL, &bound, i) >= 0);
  assert_int_equal(io_expect(&s.w, 10, W), 0);
  assert_int_equal(io_expect(&s.w, 11, W), 0);
  io_expect_silence(&s.w, 12);
  io_expect(&s.w, 3, R);
  assert_true(s.w.b->ops->tcp_accept(s.w.b, l, 20, NULL, NULL) >= 0);
  assert_int_equal(io_expect(&s.w, 12, W), 0);
  assert_true(p2p_sim_now(s.sim) == P2P_SECOND + 2 * P2P_MS);
  world_close(&s);
}

static void every_node_has_its_own_loopback(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  p2p_endpoint lo = { .family = 4, .port = 4001, .ip = { 127, 0, 0, 1 } };
  assert_true(s.w.b->ops->tcp_listen(s.w.b, &lo, 4, 3, NULL) >= 0);
  assert_true(s.w.a->ops->tcp_connect(s.w.a, NULL, &lo, 1) >= 0);
  assert_int_equal(io_expect(&s.w, 1, W), P2P_EREFUSED); /* a has no listener there, only b */
  assert_true(s.w.b->ops->tcp_connect(s.w.b, NULL, &lo, 2) >= 0);
  assert_int_equal(io_expect(&s.w, 2, W), 0);
  world_close(&s);
}

static void freed_node_lets_its_peers_know(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  io_pair p = io_connect(&s.w);
  s.w.b->ops->free(s.w.b);
  uint8_t byte;
  assert_int_equal(io_recv(&s.w, s.w.a, p.a, 1, &byte, 1), 0);
  assert_int_equal(s.w.a->ops->tcp_connect(s.w.a, NULL, &s.w.at_b, 4), P2P_EINVAL); /* port 0 */
  world_close(&s);
}

/* ---- time ---- */

static void nodes_have_clocks_of_their_own(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  assert_true(s.w.a->ops->now(s.w.a) == 0);
  assert_true(s.w.b->ops->now(s.w.b) == 5 * P2P_SECOND);
  p2p_sim_advance(s.sim, 123);
  assert_true(s.w.a->ops->now(s.w.a) == 123);
  p2p_io_fact f;
  assert_int_equal(s.w.a->ops->wait(s.w.a, P2P_NEVER, &f, 1), 0); /* never blocks */
  assert_true(s.w.a->ops->now(s.w.a) == 123);
  world_close(&s);
}

static void lookups_take_the_time_they_are_given(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  p2p_sim_name_latency(s.sim, 70 * P2P_MS);
  assert_int_equal(s.w.a->ops->resolve(s.w.a, "b.example", 0, 5), 0);
  assert_int_equal(io_expect(&s.w, 5, P2P_IO_RESOLVED), 0);
  assert_true(p2p_sim_now(s.sim) == 70 * P2P_MS);
  world_close(&s);
}

static void own_way_out_is_shared_by_all_peers(void **state) {
  (void)state;
  p2p_sim *sim = p2p_sim_new(1);
  p2p_sim_split(sim, 0);
  p2p_sim_path up = { .bits_per_second = 8000000 };
  p2p_io *io[3];
  p2p_endpoint at[3] = { { .family = 4, .port = 9, .ip = { 10, 0, 0, 1 } },
                         { .family = 4, .port = 9, .ip = { 10, 0, 0, 2 } },
                         { .family = 4, .port = 9, .ip = { 10, 0, 0, 3 } } };
  int sock[3];
  for (int i = 0; i < 3; i++) {
    p2p_sim_node_opts opts = { .ip = { at[i] }, .n_ip = 1, .up = i ? NULL : &up };
    assert_int_equal(p2p_sim_node(sim, &opts, &io[i]), 0);
    sock[i] = io[i]->ops->udp_open(io[i], &at[i], 1, NULL);
    assert_true(sock[i] >= 0);
  }
  uint8_t data[972] = { 0 }; /* 1,000 bytes on the wire: a millisecond */
  for (int i = 0; i < 10; i++) {
    p2p_dgrams d = { .remote = at[1 + i % 2], .data = data, .len = sizeof data };
    assert_int_equal(io[0]->ops->udp_send(io[0], sock[0], &d, 1), 1);
  }
  while (p2p_sim_step(sim)) {}
  assert_true(p2p_sim_now(sim) == 11 * P2P_MS); /* ten of them, one after the other, and a way */
  p2p_sim_free(sim);
}

/* ---- driving ---- */

typedef struct sleeper {
  p2p_io *io;
  p2p_time next;
  int steps;
} sleeper;

static int sleeper_step(void *user) {
  sleeper *s = user;
  s->steps++;
  if (s->io->ops->now(s->io) >= s->next) s->next += P2P_SECOND;
  return 0;
}

static p2p_time sleeper_deadline(void *user) { return ((sleeper *)user)->next; }

static void actors_act_at_their_deadlines(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  sleeper b = { .io = s.w.b, .next = 6 * P2P_SECOND }; /* on b's clock: 1 s in the world */
  p2p_sim_attach(s.w.b, &(p2p_sim_actor){ sleeper_step, sleeper_deadline, &b });
  assert_int_equal(p2p_sim_run(s.sim, 10 * P2P_SECOND + 1, NULL, NULL), 0);
  assert_int_equal(b.steps, 1 + 10); /* once to begin with */
  assert_true(p2p_sim_now(s.sim) == 10 * P2P_SECOND + 1);
  world_close(&s);
}

static void actor_that_ignores_its_facts_is_noticed(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  io_pair p = io_connect(&s.w);
  io_send_all(&s.w, s.w.a, p.a, 1, "x", 1);
  sleeper b = { .io = s.w.b, .next = P2P_NEVER };
  p2p_sim_attach(s.w.b, &(p2p_sim_actor){ sleeper_step, sleeper_deadline, &b });
  assert_int_equal(p2p_sim_run(s.sim, P2P_SECOND, NULL, NULL), P2P_ELIMIT);
  world_close(&s);
}

/* ---- one seed decides everything ---- */

static uint64_t history(uint64_t seed, uint64_t *events) {
  sim_world s;
  world_open(&s, seed, 4, &lossy);
  io_suite_bytes_arrive_in_order_and_halves_close_apart(&s.w);
  uint64_t hash = p2p_sim_hash(s.sim);
  *events = p2p_sim_events(s.sim);
  world_close(&s);
  return hash;
}

static void same_seed_same_history(void **state) {
  (void)state;
  uint64_t events[3];
  uint64_t first = history(7, &events[0]), again = history(7, &events[1]);
  uint64_t other = history(8, &events[2]);
  assert_true(first == again && events[0] == events[1]);
  assert_true(first != other);
  assert_true(events[0] > 300);
}

static uint64_t hash_of_sending(const char *text) {
  sim_world s;
  world_open(&s, 1, 4, NULL);
  io_pair p = io_connect(&s.w);
  io_send_all(&s.w, s.w.a, p.a, 1, text, 9);
  io_expect(&s.w, 2, R);
  uint64_t hash = p2p_sim_hash(s.sim);
  world_close(&s);
  return hash;
}

static void every_byte_counts_in_the_hash(void **state) {
  (void)state;
  assert_true(hash_of_sending("123456789") == hash_of_sending("123456789"));
  assert_true(hash_of_sending("123456789") != hash_of_sending("023456789"));
  assert_true(hash_of_sending("123456789") != hash_of_sending("123456780"));
}

static void trace_tells_of_every_segment(void **state) {
  (void)state;
  sim_world s;
  world_open(&s, 1, 4, NULL);
  counts c = { 0 };
  p2p_sim_trace(s.sim, count, &c);
  io_pair p = io_connect(&s.w);
  io_send_all(&s.w, s.w.a, p.a, 1, "x", 1);
  io_expect(&s.w, 2, R);
  assert_int_equal(c.of[P2P_SIM_SYN], 2);
  assert_int_equal(c.of[P2P_SIM_DATA], 1);
  assert_int_equal(c.of[P2P_SIM_LOST], 0);
  io_unconnect(&s.w, p);
  world_close(&s);
}

int main(void) {
#define SUITE_ENTRY(name) cmocka_unit_test(ideal_##name), cmocka_unit_test(newreno_##name),
  const struct CMUnitTest tests[] = {
    IO_SUITE(SUITE_ENTRY) cmocka_unit_test(streams_survive_loss),
    cmocka_unit_test(full_window_opens_again_although_updates_are_lost),
    cmocka_unit_test(lost_last_acknowledgement_is_said_again),
    cmocka_unit_test(writer_is_woken_when_half_is_free),
    cmocka_unit_test(connecting_over_a_cut_waits_for_it_to_heal),
    cmocka_unit_test(full_backlog_makes_the_next_one_try_again),
    cmocka_unit_test(every_node_has_its_own_loopback),
    cmocka_unit_test(freed_node_lets_its_peers_know),
    cmocka_unit_test(nodes_have_clocks_of_their_own),
    cmocka_unit_test(lookups_take_the_time_they_are_given),
    cmocka_unit_test(own_way_out_is_shared_by_all_peers),
    cmocka_unit_test(actors_act_at_their_deadlines),
    cmocka_unit_test(actor_that_ignores_its_facts_is_noticed),
    cmocka_unit_test(same_seed_same_history),
    cmocka_unit_test(every_byte_counts_in_the_hash),
    cmocka_unit_test(trace_tells_of_every_segment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
