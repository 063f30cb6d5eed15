/* In which order addresses are dialed, and when each begins. */
#include "base/bytes.h"
#include "swarm/rank.h"
#include "unit/base/test.h"
#include <p2p/addr.h>

enum { MANY = 16 };

typedef struct expected {
  const char *addr;
  p2p_time start;
} expected;

static const p2p_time STAGGER = 250 * P2P_MS;

static p2p__rank rank_of(const char *text) {
  uint8_t bytes[P2P_ADDR_MAX];
  ptrdiff_t len = p2p_addr_parse(text, bytes, sizeof bytes, NULL);
  assert_true(len > 0);
  return p2p__rank_of(p2p__bytes(bytes, (size_t)len));
}

/* The addresses come in as given and must begin as expected. */
static void check(const char *const *given, const expected *want, size_t n) {
  p2p__ranked entries[MANY], *v[MANY];
  assert_true(n <= MANY);
  for (size_t i = 0; i < n; i++) {
    entries[i] = (p2p__ranked){ .rank = rank_of(given[i]), .start = P2P_NEVER };
    v[i] = &entries[i];
  }
  p2p__rank_sort(v, n, 30 * P2P_MS, STAGGER);
  for (size_t i = 0; i < n; i++) {
    const char *got = given[v[i] - entries];
    assert_string_equal(got, want[i].addr);
    assert_int_equal(v[i]->start, want[i].start);
  }
}

static void rank_knows_what_an_address_is(void **state) {
  (void)state;
  static const struct {
    const char *addr;
    p2p__rank rank;
  } lines[] = {
    { "/ip4/8.8.8.8/tcp/1", { P2P__RANK_PUBLIC, 4, false, false } },
    { "/ip4/8.8.8.8/udp/1/quic-v1", { P2P__RANK_PUBLIC, 4, true, false } },
    { "/ip6/2a00:1450:4001:81b::1/udp/1/quic-v1/webtransport",
      { P2P__RANK_PUBLIC, 6, true, false } },
    { "/ip4/10.1.2.3/tcp/1", { P2P__RANK_LOCAL, 4, false, false } },
    { "/ip6/fe80::1/tcp/1", { P2P__RANK_LOCAL, 6, false, false } },
    { "/ip4/127.0.0.1/tcp/1/ws", { P2P__RANK_LOCAL, 4, false, true } },
    { "/ip6/::ffff:127.0.0.1/tcp/1", { P2P__RANK_LOCAL, 4, false, true } },
    { "/memory/7", { P2P__RANK_LOCAL, 0, false, true } },
    { "/dns4/example.org/tcp/1", { P2P__RANK_PUBLIC, 0, false, false } },
    { "/ip4/8.8.8.8/tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit",
      { P2P__RANK_RELAYED, 4, false, false } },
  };
  for (size_t i = 0; i < P2P_COUNT(lines); i++) {
    p2p__rank got = rank_of(lines[i].addr);
    assert_int_equal(got.group, lines[i].rank.group);
    assert_int_equal(got.family, lines[i].rank.family);
    assert_int_equal(got.udp, lines[i].rank.udp);
    assert_int_equal(got.loopback, lines[i].rank.loopback);
  }
}

static void families_alternate_and_ipv6_is_first(void **state) {
  (void)state;
  const char *given[] = { "/ip4/1.1.1.1/tcp/1", "/ip4/1.1.1.2/tcp/1", "/ip6/2a00::1/tcp/1",
                          "/ip6/2a00::2/tcp/1", "/ip6/2a00::3/tcp/1" };
  const expected want[] = { { given[2], 0 },
                            { given[0], STAGGER },
                            { given[3], 2 * STAGGER },
                            { given[1], 3 * STAGGER },
                            { given[4], 4 * STAGGER } };
  check(given, want, P2P_COUNT(given));
}

static void tcp_follows_a_stagger_after_udp_however_many_those_are(void **state) {
  (void)state;
  const char *given[] = { "/ip4/1.1.1.1/tcp/1", "/ip4/1.1.1.1/udp/1/quic-v1",
                          "/ip4/1.1.1.2/udp/1/quic-v1", "/ip6/2a00::1/udp/1/quic-v1" };
  const expected want[] = {
    { given[3], 0 }, { given[1], STAGGER }, { given[0], STAGGER }, { given[2], 2 * STAGGER }
  };
  check(given, want, P2P_COUNT(given));
}

static void near_addresses_do_not_hold_public_ones_up(void **state) {
  (void)state;
  const char *given[] = { "/ip4/1.1.1.1/tcp/1", "/ip4/192.168.1.1/tcp/1", "/ip4/127.0.0.1/tcp/1",
                          "/ip4/1.1.1.2/tcp/1" };
  const expected want[] = {
    { given[2], 0 }, { given[0], 0 }, { given[1], 30 * P2P_MS }, { given[3], STAGGER }
  };
  check(given, want, P2P_COUNT(given));
}

static void a_relay_comes_after_all_that_is_direct(void **state) {
  (void)state;
  static const char relayed[] =
      "/ip4/8.8.8.8/tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit";
  const char *both[] = { relayed, "/ip4/1.1.1.1/tcp/1" };
  check(both, (expected[]){ { both[1], 0 }, { relayed, 2 * STAGGER } }, 2);
  check(both, (expected[]){ { relayed, 0 } }, 1);
}

static void equals_keep_the_order_they_were_given_in(void **state) {
  (void)state;
  const char *given[] = { "/ip4/1.1.1.9/tcp/1", "/ip4/1.1.1.1/tcp/1", "/ip4/1.1.1.5/tcp/1" };
  const expected want[] = { { given[0], 0 }, { given[1], STAGGER }, { given[2], 2 * STAGGER } };
  check(given, want, P2P_COUNT(given));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rank_knows_what_an_address_is),
    cmocka_unit_test(families_alternate_and_ipv6_is_first),
    cmocka_unit_test(tcp_follows_a_stagger_after_udp_however_many_those_are),
    cmocka_unit_test(near_addresses_do_not_hold_public_ones_up),
    cmocka_unit_test(a_relay_comes_after_all_that_is_direct),
    cmocka_unit_test(equals_keep_the_order_they_were_given_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
