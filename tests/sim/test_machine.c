/* What the simulator does to machines: plugs, power, sleep, clocks; and the fault it plants. */
#include "sim/raw.h"
#include "unit/base/test.h"

enum { PORT = 4000, BYTES = 200000 };

static scenario_run r;
static p2p_io *io[2];
static raw_app app[2];

static int start(void **state) {
  (void)state;
  r = (scenario_run){ .sim = p2p_sim_new(9), .seed = 9 };
  for (uint8_t i = 0; i < 2; i++) {
    io[i] = raw_node(&r, (uint8_t)(i + 1));
    raw_app_init(&app[i], io[i]);
  }
  return 0;
}

static int end(void **state) {
  (void)state;
  p2p_sim_free(r.sim);
  return 0;
}

static void lossy(void) {
  p2p_sim_path path = { .latency = 10 * P2P_MS,
                        .bits_per_second = 8000000,
                        .tcp = P2P_SIM_NEWRENO };
  p2p_sim_default(r.sim, &path);
}

/* A transfer from the second to the first; it has begun. */
static raw_flow *transfer(raw_flow **to) {
  raw_listen(&app[0], 1, PORT);
  *to = raw_expect(&app[0], 0, 7);
  (*to)->stays = true;
  raw_flow *f = raw_dial(&app[1], 1, PORT, BYTES, 7);
  assert_int_equal(p2p_sim_run(r.sim, 50 * P2P_MS, NULL, NULL), 0);
  assert_true(f->sent > 0);
  return f;
}

static void run_for(p2p_time so_long) {
  assert_int_equal(p2p_sim_run(r.sim, p2p_sim_now(r.sim) + so_long, NULL, NULL), 0);
}

static void unplugged_node_hears_nothing_until_it_is_plugged_in(void **state) {
  (void)state;
  raw_flow *to;
  lossy();
  raw_flow *f = transfer(&to);
  p2p_sim_unplug(io[0], true);
  run_for(P2P_SECOND);
  uint64_t had = to->received;
  run_for(P2P_SECOND);
  assert_int_equal(to->received, had);
  p2p_sim_unplug(io[0], false);
  run_for(20 * P2P_SECOND);
  assert_int_equal(to->received, BYTES);
  assert_false(to->corrupt || f->error);
}

static void crash_says_nothing_and_the_peer_learns_when_it_speaks(void **state) {
  (void)state;
  raw_flow *to;
  lossy();
  raw_flow *f = transfer(&to);
  p2p_sim_crash(io[0]);
  assert_int_equal(p2p_sim_sockets(io[0]), 0);
  run_for(5 * P2P_SECOND);
  assert_int_equal(f->error, P2P_ERESET); /* of what it sent again: nobody there knows it */
}

static void suspended_machine_goes_on_where_it_was(void **state) {
  (void)state;
  const p2p_time hour = 3600 * P2P_SECOND;
  raw_flow *to;
  lossy();
  raw_flow *f = transfer(&to);
  for (int stood = 0; stood < 2; stood++) {
    p2p_time mine = io[1]->ops->now(io[1]), world = p2p_sim_now(r.sim);
    int64_t wall = io[1]->ops->unix_ns(io[1]);
    p2p_sim_sleep(io[1], P2P_SIM_SUSPENDED);
    run_for(hour);
    p2p_sim_wake(io[1], stood);
    assert_int_equal(io[1]->ops->now(io[1]) - mine, stood ? 0 : hour);
    assert_int_equal(p2p_sim_now(r.sim) - world, hour);
    assert_int_equal(io[1]->ops->unix_ns(io[1]) - wall, hour);
  }
  run_for(20 * P2P_SECOND);
  assert_int_equal(to->received, BYTES);
  assert_int_equal(f->error, 0); /* the hours were none for its TCP */
}

static void stopped_process_does_nothing_while_its_system_goes_on(void **state) {
  (void)state;
  raw_flow *to;
  lossy();
  (void)transfer(&to);
  uint64_t had = to->received;
  p2p_sim_sleep(io[0], P2P_SIM_STOPPED);
  run_for(10 * P2P_SECOND);
  assert_int_equal(to->received, had);
  p2p_sim_wake(io[0], false);
  run_for(P2P_MS); /* its system took everything meanwhile */
  assert_int_equal(to->received, BYTES);
}

static void wall_clock_is_set_and_the_other_is_not(void **state) {
  (void)state;
  int64_t wall = io[0]->ops->unix_ns(io[0]), day = 86400 * (int64_t)P2P_SECOND;
  p2p_time now = io[0]->ops->now(io[0]);
  p2p_sim_set_wall(io[0], -day);
  assert_int_equal(io[0]->ops->unix_ns(io[0]), wall - day);
  p2p_sim_set_wall(io[0], 2 * day);
  assert_int_equal(io[0]->ops->unix_ns(io[0]), wall + day);
  assert_int_equal(io[0]->ops->now(io[0]), now);
}

static void fault_changes_one_byte_of_all(void **state) {
  static const p2p_sim_fault_kind kinds[] = { P2P_SIM_DROP, P2P_SIM_DOUBLE, P2P_SIM_FLIP };
  static const int more[] = { -1, 1, 0 };
  (void)end(state);
  for (size_t i = 0; i < P2P_COUNT(kinds); i++) {
    raw_flow *to;
    (void)start(state);
    p2p_sim_fault(r.sim, kinds[i], BYTES / 2);
    (void)transfer(&to);
    run_for(20 * P2P_SECOND);
    assert_int_equal(to->received, BYTES + more[i]);
    assert_true(to->corrupt);
    if (i + 1 < P2P_COUNT(kinds)) (void)end(state);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(unplugged_node_hears_nothing_until_it_is_plugged_in),
    TEST(crash_says_nothing_and_the_peer_learns_when_it_speaks),
    TEST(suspended_machine_goes_on_where_it_was),
    TEST(stopped_process_does_nothing_while_its_system_goes_on),
    TEST(wall_clock_is_set_and_the_other_is_not),
    TEST(fault_changes_one_byte_of_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
