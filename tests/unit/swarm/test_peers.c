/* The peerstore: identity, references, bounds. */
#include "unit/base/test.h"

#include "unit/base/rng.h"
#include "unit/swarm/store.h"
#include <stdio.h>

static store st;

static int start(void **state) {
  (void)state;
  store_init(&st);
  return 0;
}

static int end(void **state) {
  (void)state;
  store_fini(&st);
  return 0;
}

static bool known(uint32_t number) {
  p2p_peer_id id = store_id(number);
  return p2p__peer_find(&st.peers, &id) != NULL;
}

static p2p__peer *forget_me_not(uint32_t number) {
  p2p__peer *peer = store_ref(&st, number);
  assert_non_null(peer);
  return peer;
}

/* Meets a peer and lets it go. */
static void meet(uint32_t number) { p2p__peer_unref(&st.peers, forget_me_not(number)); }

/* ---- identity and references ---- */

static void peer_is_interned_once_under_its_id_and_index(void **state) {
  (void)state;
  store_begin(&st);
  p2p__peer *a = forget_me_not(1), *b = forget_me_not(2);
  assert_ptr_equal(forget_me_not(1), a);
  assert_int_equal(a->refs, 2);
  assert_int_not_equal(a->index, b->index);
  assert_ptr_equal(p2p__peer_at(&st.peers, a->index), a);
  assert_ptr_equal(p2p__peer_at(&st.peers, b->index), b);
  assert_null(p2p__peer_at(&st.peers, 2));
  assert_null(p2p__peer_at(&st.peers, UINT32_MAX));
  p2p__peer_unref(&st.peers, NULL);
}

static void peers_without_reference_are_forgotten_oldest_first(void **state) {
  (void)state;
  st.limits.peers_max = 16;
  store_begin(&st);
  for (uint32_t i = 0; i < 16; i++) meet(i);
  meet(0); /* seen again: no longer the oldest */
  meet(16);
  assert_true(known(0) && known(16) && !known(1));
  assert_int_equal(st.peers.n_idle, 16);
}

static void peers_with_a_reference_are_never_forgotten(void **state) {
  (void)state;
  st.limits.peers_max = 16;
  store_begin(&st);
  p2p__peer *kept[40];
  for (uint32_t i = 0; i < 40; i++) kept[i] = forget_me_not(i);
  for (uint32_t i = 100; i < 200; i++) meet(i);
  for (uint32_t i = 0; i < 40; i++)
    assert_ptr_equal(p2p__peer_at(&st.peers, kept[i]->index), kept[i]);
  for (uint32_t i = 0; i < 40; i++) p2p__peer_unref(&st.peers, kept[i]);
  assert_int_equal(st.peers.n_idle, 16);
  assert_true(known(39) && known(24) && !known(23));
}

static void peers_reuse_the_indices_of_the_forgotten(void **state) {
  (void)state;
  st.limits.peers_max = 16;
  store_begin(&st);
  for (uint32_t i = 0; i < 5000; i++) meet(i);
  assert_true(st.peers.n <= 18);
}

static void peers_stay_consistent_under_random_use(void **state) {
  (void)state;
  enum { IDS = 60 };
  st.limits.peers_max = 16;
  store_begin(&st);
  rng r = { 3 };
  uint32_t refs[IDS] = { 0 };
  for (int step = 0; step < 20000; step++) {
    uint32_t i = (uint32_t)rng_below(&r, IDS);
    p2p_peer_id id = store_id(i);
    p2p__peer *peer = p2p__peer_find(&st.peers, &id);
    if (peer) {
      assert_int_equal(peer->refs, refs[i]);
      assert_ptr_equal(p2p__peer_at(&st.peers, peer->index), peer);
    } else {
      assert_int_equal(refs[i], 0);
    }
    if (refs[i] > 0 && rng_below(&r, 2)) {
      p2p__peer_unref(&st.peers, peer);
      refs[i]--;
    } else {
      peer = store_ref(&st, i);
      assert_ptr_equal(peer, p2p__peer_find(&st.peers, &id));
      refs[i]++;
    }
    assert_true(st.peers.n_idle <= 16);
  }
}

/* ---- addresses ---- */

static size_t addrs_of(const p2p__peer *peer, p2p_bytes *out) {
  size_t pos = 0, n = 0;
  while (p2p__peer_addr(peer, &pos, &out[n]) == 1) n++;
  assert_int_equal(n, peer->n_addrs);
  return n;
}

static void peer_keeps_sound_addresses_once_in_order(void **state) {
  (void)state;
  store_begin(&st);
  p2p__peer *peer = forget_me_not(1);
  uint8_t a[P2P_ADDR_MAX], b[P2P_ADDR_MAX];
  p2p_bytes tcp = store_addr("/ip4/1.2.3.4/tcp/4001", a), dns = store_addr("/dns4/x.org/tcp/1", b);
  p2p_bytes list[] = { tcp, { (const uint8_t *)"\4\1\2", 3 }, dns, { 0 }, tcp }, got[8];
  assert_int_equal(p2p__peer_set_addrs(&st.peers, peer, list, P2P_COUNT(list)), 0);
  assert_int_equal(addrs_of(peer, got), 2);
  assert_true(p2p__bytes_eq(got[0], tcp) && p2p__bytes_eq(got[1], dns));
  assert_int_equal(p2p__peer_add_addr(&st.peers, peer, dns), 0);
  assert_int_equal(addrs_of(peer, got), 2);
  assert_int_equal(p2p__peer_add_addr(&st.peers, peer, list[1]), P2P_EADDR);
  assert_int_equal(p2p__peer_set_addrs(&st.peers, peer, &dns, 1), 0); /* replaces */
  assert_int_equal(addrs_of(peer, got), 1);
  assert_int_equal(p2p__peer_add_addr(&st.peers, peer, tcp), 0);
  assert_int_equal(addrs_of(peer, got), 2);
  assert_true(p2p__bytes_eq(got[1], tcp));
  assert_int_equal(p2p__peer_set_addrs(&st.peers, peer, NULL, 0), 0);
  assert_int_equal(addrs_of(peer, got), 0);
}

/* IP-02: huge lists. */
static void peer_keeps_few_addresses(void **state) {
  (void)state;
  store_begin(&st);
  p2p__peer *peer = forget_me_not(1);
  static uint8_t bufs[200][P2P_ADDR_MAX];
  p2p_bytes list[200];
  for (uint32_t i = 0; i < 200; i++) list[i] = store_long_addr(i, bufs[i]);
  assert_int_equal(p2p__peer_set_addrs(&st.peers, peer, list, 200), 0);
  assert_int_equal(peer->n_addrs, st.limits.peer_addrs);
  assert_int_equal(p2p__peer_add_addr(&st.peers, peer, list[199]), 0);
  assert_int_equal(peer->n_addrs, st.limits.peer_addrs);
  st.limits.peer_addrs = 1000; /* even then the packed list stays below 64 KiB */
  for (uint32_t i = 0; i < 200; i++) {
    assert_int_equal(p2p__peer_add_addr(&st.peers, peer, list[i]), 0);
  }
  assert_in_range(peer->n_addrs, 100, 130);
  assert_int_equal(p2p__peer_set_addrs(&st.peers, peer, list, 200), 0);
  assert_in_range(peer->n_addrs, 100, 130);
}

/* IP-01: many hostile peers cannot fill the memory. */
static void peerstore_stays_below_its_memory(void **state) {
  (void)state;
  st.limits.peers_memory = 1 << 20;
  store_begin(&st);
  static uint8_t bufs[64][P2P_ADDR_MAX];
  p2p_bytes list[64];
  for (uint32_t i = 0; i < 64; i++) list[i] = store_long_addr(i, bufs[i]);
  for (uint32_t i = 0; i < 500; i++) {
    p2p__peer *peer = forget_me_not(i);
    assert_int_equal(p2p__peer_set_addrs(&st.peers, peer, list, 64), 0);
    p2p__peer_unref(&st.peers, peer);
    assert_true(st.mem.total <= st.limits.peers_memory);
  }
  assert_true(known(499) && !known(0));
}

/* ---- names ---- */

static void peer_keeps_protocols_once_and_skips_junk(void **state) {
  (void)state;
  store_begin(&st);
  p2p__peer *peer = forget_me_not(1);
  p2p_bytes ids[] = { p2p__cstr("/a"), p2p__cstr("/b"), p2p__cstr("/a"), p2p__cstr("\n"), { 0 } };
  assert_int_equal(p2p__peer_set_protocols(&st.peers, peer, ids, P2P_COUNT(ids)), 0);
  assert_int_equal(peer->n_protocols, 2);
  assert_true(p2p__peer_speaks(peer, "/a") && p2p__peer_speaks(peer, "/b"));
  assert_false(p2p__peer_speaks(peer, "/") || p2p__peer_speaks(peer, "/a/1"));
  assert_int_equal(p2p__peer_set_protocols(&st.peers, peer, ids + 1, 1), 0);
  assert_false(p2p__peer_speaks(peer, "/a"));
  assert_null(p2p__name_find(&st.peers.names, p2p__cstr("/a")));
}

/* IP-03: 10^5 protocols. */
static void peer_keeps_few_protocols(void **state) {
  (void)state;
  store_begin(&st);
  static char text[100000][8];
  static p2p_bytes ids[100000];
  for (size_t i = 0; i < P2P_COUNT(ids); i++) {
    int len = snprintf(text[i], sizeof text[i], "/%05zx", i);
    ids[i] = p2p__bytes(text[i], (size_t)len);
  }
  assert_int_equal(p2p__peer_set_protocols(&st.peers, forget_me_not(1), ids, P2P_COUNT(ids)), 0);
  assert_int_equal(p2p__peer_at(&st.peers, 0)->n_protocols, 128);
  assert_int_equal(st.peers.names.map.n, 128);
}

static void names_make_room_at_the_cost_of_the_longest_unused_peers(void **state) {
  (void)state;
  st.limits.protocol_names = 64;
  store_begin(&st);
  char text[8];
  for (uint32_t i = 0; i < 200; i++) {
    p2p__peer *peer = forget_me_not(i);
    int len = snprintf(text, sizeof text, "%u", i);
    assert_int_equal(p2p__peer_set_agent(&st.peers, peer, p2p__bytes(text, (size_t)len)), 0);
    assert_string_equal(peer->agent->text, text);
    p2p__peer_unref(&st.peers, peer);
  }
  assert_true(st.peers.names.map.n <= 64);
  assert_true(known(199) && !known(0));
}

static void peer_has_an_agent_and_a_version_until_told_otherwise(void **state) {
  (void)state;
  store_begin(&st);
  p2p__peer *peer = forget_me_not(1);
  assert_int_equal(p2p__peer_set_agent(&st.peers, peer, p2p__cstr("kubo/0.42.0")), 0);
  assert_int_equal(p2p__peer_set_version(&st.peers, peer, p2p__cstr("ipfs/0.1.0")), 0);
  assert_int_equal(p2p__peer_set_agent(&st.peers, peer, p2p__cstr("\x1b[0m")), P2P_EINVAL);
  assert_string_equal(peer->agent->text, "kubo/0.42.0");
  assert_string_equal(peer->version->text, "ipfs/0.1.0");
  assert_int_equal(p2p__peer_set_agent(&st.peers, peer, p2p__bytes(NULL, 0)), 0);
  assert_null(peer->agent);
}

/* ---- keys ---- */

static p2p_bytes ed25519_key(uint8_t fill, uint8_t buf[36]) {
  memcpy(buf, "\x08\x01\x12\x20", 4);
  memset(buf + 4, fill, 32);
  return p2p__bytes(buf, 36);
}

static void peer_takes_no_other_peers_key(void **state) {
  (void)state;
  store_begin(&st);
  uint8_t buf[36], other[36];
  p2p_bytes key = ed25519_key(1, buf);
  p2p_peer_id id;
  assert_int_equal(p2p_peer_id_from_pubkey(key, &id), 0);
  p2p__peer *peer = p2p__peer_ref(&st.peers, &id);
  assert_int_equal(p2p__peer_set_pubkey(&st.peers, peer, ed25519_key(2, other)), P2P_EPEER);
  assert_int_equal(p2p__peer_set_pubkey(&st.peers, peer, p2p__cstr("junk")), P2P_EKEY);
  assert_int_equal(p2p__peer_set_pubkey(&st.peers, peer, key), 0);
  assert_null(peer->pubkey); /* the id has it */
  p2p__peer *hashed = forget_me_not(1);
  assert_int_equal(p2p__peer_set_pubkey(&st.peers, hashed, key), P2P_EPEER);
}

static void peer_knows_where_it_sees_us(void **state) {
  (void)state;
  store_begin(&st);
  p2p__peer *peer = forget_me_not(1);
  uint8_t buf[P2P_ADDR_MAX];
  p2p_bytes addr = store_addr("/ip6/::1/tcp/9", buf);
  assert_int_equal(p2p__peer_set_observed(&st.peers, peer, addr), 0);
  assert_true(p2p__bytes_eq(p2p__bytes(peer->observed, peer->observed_len), addr));
  assert_int_equal(p2p__peer_set_observed(&st.peers, peer, p2p__cstr("?")), P2P_EADDR);
  assert_int_equal(peer->observed_len, addr.len);
}

/* ---- memory ---- */

static const char *const kubo_protocols[] = {
  "/ipfs/bitswap",
  "/ipfs/bitswap/1.0.0",
  "/ipfs/bitswap/1.1.0",
  "/ipfs/bitswap/1.2.0",
  "/ipfs/id/1.0.0",
  "/ipfs/id/push/1.0.0",
  "/ipfs/kad/1.0.0",
  "/ipfs/lan/kad/1.0.0",
  "/ipfs/ping/1.0.0",
  "/libp2p/autonat/1.0.0",
  "/libp2p/autonat/2/dial-back",
  "/libp2p/autonat/2/dial-request",
  "/libp2p/circuit/relay/0.2.0/hop",
  "/libp2p/circuit/relay/0.2.0/stop",
  "/libp2p/dcutr",
  "/x/",
};

static const char *const kubo_addrs[] = {
  "/ip4/127.0.0.1/tcp/4001",     "/ip4/127.0.0.1/udp/4001/quic-v1",
  "/ip4/192.168.1.5/tcp/4001",   "/ip4/192.168.1.5/udp/4001/quic-v1",
  "/ip6/::1/tcp/4001",           "/ip6/::1/udp/4001/quic-v1",
  "/ip4/93.184.216.34/tcp/4001", "/ip4/93.184.216.34/udp/4001/quic-v1",
};

/* What identify tells of a usual go peer. */
static int fill(p2p__peer *peer) {
  p2p_bytes ids[P2P_COUNT(kubo_protocols)], addrs[P2P_COUNT(kubo_addrs)];
  uint8_t bufs[P2P_COUNT(kubo_addrs)][P2P_ADDR_MAX];
  for (size_t i = 0; i < P2P_COUNT(ids); i++) ids[i] = p2p__cstr(kubo_protocols[i]);
  for (size_t i = 0; i < P2P_COUNT(addrs); i++) addrs[i] = store_addr(kubo_addrs[i], bufs[i]);
  int err = p2p__peer_set_protocols(&st.peers, peer, ids, P2P_COUNT(ids));
  if (err >= 0) err = p2p__peer_set_addrs(&st.peers, peer, addrs, P2P_COUNT(addrs));
  if (err >= 0) err = p2p__peer_set_agent(&st.peers, peer, p2p__cstr("kubo/0.42.0/desktop"));
  if (err >= 0) err = p2p__peer_set_version(&st.peers, peer, p2p__cstr("ipfs/0.1.0"));
  if (err >= 0) err = p2p__peer_set_observed(&st.peers, peer, addrs[6]);
  return err;
}

/* The budget of an idle connection has 1.2 KiB for this. */
static void peer_costs_few_bytes(void **state) {
  (void)state;
  enum { PEERS = 4096 };
  store_begin(&st);
  for (uint32_t i = 0; i < PEERS; i++) assert_int_equal(fill(forget_me_not(i)), 0);
  size_t each = st.mem.total / PEERS;
  print_message("a usual go peer costs %zu bytes, %zu of them its struct\n", each,
                sizeof(p2p__peer));
  assert_true(each <= 640);
}

static void peerstore_survives_every_failed_allocation(void **state) {
  (void)state;
  store_begin(&st);
  for (uint64_t n = 1;; n++) {
    p2p__peers_fini(&st.peers);
    p2p__mem_init(&st.mem, NULL);
    store_begin(&st);
    st.mem.fail_at = n;
    p2p__peer *peer = store_ref(&st, 1);
    int err = peer ? fill(peer) : P2P_ENOMEM;
    assert_int_equal(err, st.mem.failed ? P2P_ENOMEM : 0);
    if (!st.mem.failed) break;
    peer = store_ref(&st, 1); /* as it was, and of use */
    assert_int_equal(fill(peer), 0);
    assert_int_equal(peer->n_protocols, P2P_COUNT(kubo_protocols));
    assert_int_equal(peer->n_addrs, P2P_COUNT(kubo_addrs));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(peer_is_interned_once_under_its_id_and_index),
    TEST(peers_without_reference_are_forgotten_oldest_first),
    TEST(peers_with_a_reference_are_never_forgotten),
    TEST(peers_reuse_the_indices_of_the_forgotten),
    TEST(peers_stay_consistent_under_random_use),
    TEST(peer_keeps_sound_addresses_once_in_order),
    TEST(peer_keeps_few_addresses),
    TEST(peerstore_stays_below_its_memory),
    TEST(peer_keeps_protocols_once_and_skips_junk),
    TEST(peer_keeps_few_protocols),
    TEST(names_make_room_at_the_cost_of_the_longest_unused_peers),
    TEST(peer_has_an_agent_and_a_version_until_told_otherwise),
    TEST(peer_takes_no_other_peers_key),
    TEST(peer_knows_where_it_sees_us),
    TEST(peer_costs_few_bytes),
    TEST(peerstore_survives_every_failed_allocation),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
