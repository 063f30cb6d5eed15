/* Every allocation of the dialer fails once, over a dial of several addresses: a name with two
 * answers, one of nobody and one of the peer, an address that refuses, and one in this process.
 * Nobody crashes, nothing leaks, every dial ends with CLOSED or is up. */
#include "sim/host_node.h"
#include "unit/base/test.h"
#include <p2p/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_MAX = 5000 };

typedef struct scarce {
  uint64_t calls, fail_at;
  size_t live;
  bool failed;
} scarce;

static void *scarce_alloc(void *user, size_t size) {
  scarce *s = user;
  bool fails = ++s->calls == s->fail_at;
  s->failed |= fails;
  void *p = fails ? NULL : malloc(size);
  if (p) s->live += size;
  return p;
}

static void scarce_release(void *user, void *p, size_t size) {
  ((scarce *)user)->live -= size;
  free(p);
}

static p2p_host_opts opts_of(scarce *s, p2p_memory *hub, const char *const *listen) {
  static p2p_allocator allocator;
  allocator = (p2p_allocator){ .alloc = scarce_alloc, .release = scarce_release, .user = s };
  return (p2p_host_opts){ .size = sizeof(p2p_host_opts),
                          .allocator = &allocator,
                          .memory = hub,
                          .listen = listen,
                          .n_listen = 1 };
}

static void dial_all(host_node *a, const host_node *b, bool near) {
  static const char *const far[] = { "/dns4/b.example/tcp/4001", "/ip4/10.0.0.2/tcp/9",
                                     "/ip4/10.0.0.2/tcp/4001" };
  static const char *const here[] = { "/memory/8", "/memory/7", "/dns/none.example/tcp/1" };
  char text[3][P2P_ADDR_TEXT_MAX];
  const char *addrs[3];
  for (int i = 0; i < 3; i++) {
    int len = snprintf(text[i], sizeof text[i], "%s/p2p/", near ? here[i] : far[i]);
    size_t room = sizeof text[i] - (size_t)len;
    assert_true(p2p_peer_id_print(p2p_host_peer(b->host), text[i] + len, room) > 0);
    addrs[i] = text[i];
  }
  p2p_conn c;
  int err = p2p_dial_addrs(a->host, addrs, 3, &c);
  if (err < 0) assert_int_equal(err, P2P_ENOMEM);
  host_node_poke(a);
  p2p_sim_run(a->sim, p2p_sim_now(a->sim) + 30 * P2P_SECOND, NULL, NULL);
  if (err >= 0) assert_int_equal(a->conns_opened + a->conns_closed > 0, 1);
}

/* How many allocations the dialer made; *failed: one did. */
static void tell(uint64_t fail_at, bool near, bool *failed, bool *up) {
  static const char *const nowhere[] = { "/memory/9" }, *const listen[] = { "/memory/7" };
  p2p_sim *sim = p2p_sim_new(4);
  p2p_memory *hub;
  scarce ours = { .fail_at = fail_at }, theirs = { 0 };
  host_node a, b;
  assert_int_equal(p2p_memory_new(&hub), 0);
  p2p_host_opts o = opts_of(&theirs, hub, near ? listen : NULL);
  assert_int_equal(host_node_init(&b, sim, 2, &o), 0);
  const p2p_endpoint nobody = host_node_ip(99), peer = host_node_ip(2);
  p2p_sim_name(sim, "b.example", &nobody);
  p2p_sim_name(sim, "b.example", &peer);
  o = opts_of(&ours, hub, nowhere);
  int err = host_node_init(&a, sim, 1, &o);
  if (err >= 0)
    dial_all(&a, &b, near);
  else
    assert_int_equal(err, P2P_ENOMEM);
  *up = err >= 0 && a.conns_opened > 0;
  host_node_fini(&a);
  host_node_fini(&b);
  p2p_memory_free(hub);
  p2p_sim_free(sim);
  assert_int_equal(ours.live + theirs.live, 0);
  *failed = ours.failed;
}

static void torture(bool near) {
  uint64_t points = 0;
  bool up = false;
  for (bool failed = true; failed; points += failed) {
    assert_true(points < POINTS_MAX);
    tell(points + 1, near, &failed, &up);
  }
  printf("torture: %s addresses: %llu failure points\n", near ? "near" : "far",
         (unsigned long long)points);
  assert_true(points > 50 && up);
}

static void dial_of_names_and_addresses_lives_without_the_nth_allocation(void **state) {
  (void)state;
  torture(false);
}

static void dial_in_this_process_lives_without_the_nth_allocation(void **state) {
  (void)state;
  torture(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(dial_of_names_and_addresses_lives_without_the_nth_allocation),
    cmocka_unit_test(dial_in_this_process_lives_without_the_nth_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
