/* Operations on whole addresses, and the patterns they are matched against. */
#include "unit/crypto/vectors.h"

#include "multiformats/multiaddr.h"
#include "multiformats/pattern.h"

#define QM "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ"

typedef struct address {
  uint8_t b[P2P_ADDR_MAX];
  p2p_bytes bytes;
} address;

static p2p_bytes addr(address *a, const char *text) {
  ptrdiff_t n = *text ? p2p_addr_parse(text, a->b, sizeof a->b, NULL) : 0;
  if (n < 0) fail_msg("%s", text);
  a->bytes = p2p__bytes(a->b, (size_t)n);
  return a->bytes;
}

/* ---- iterate ---- */

static void addr_is_taken_apart(void **state) {
  (void)state;
  static const struct {
    uint32_t code;
    const char *name, *text;
  } want[] = {
    { 42, "ip6zone", "x" }, { 41, "ip6", "fe80::1" }, { 273, "udp", "4001" },
    { 461, "quic-v1", "" }, { 421, "p2p", QM },       { 290, "p2p-circuit", "" },
  };
  address a;
  char text[P2P_ADDR_TEXT_MAX];
  p2p_addr_part part;
  p2p_bytes rest = addr(&a, "/ip6zone/x/ip6/fe80::1/udp/4001/quic-v1/ipfs/" QM "/p2p-circuit");
  for (size_t i = 0; i < P2P_COUNT(want); i++) {
    assert_int_equal(p2p_addr_next(&rest, &part), 1);
    assert_int_equal(part.code, want[i].code);
    assert_string_equal(part.name, want[i].name);
    assert_int_equal(p2p_addr_part_print(&part, text, sizeof text), strlen(want[i].text));
    assert_string_equal(text, want[i].text);
    assert_int_equal(p2p_addr_part_print(&part, text, strlen(want[i].text)), P2P_ELIMIT);
  }
  assert_int_equal(p2p_addr_next(&rest, &part), 0);
  rest = p2p__bytes("\x04\x01", 2);
  assert_int_equal(p2p_addr_next(&rest, &part), P2P_EADDR);
  assert_int_equal(rest.len, 2);
  part = (p2p_addr_part){ .code = 4, .value = p2p__bytes("abc", 3) };
  assert_int_equal(p2p_addr_part_print(&part, text, sizeof text), P2P_EADDR);
  part = (p2p_addr_part){ .code = 5 };
  assert_int_equal(p2p_addr_part_print(&part, text, sizeof text), P2P_EADDR);
  part = (p2p_addr_part){ .code = 421, .value = p2p__bytes("abc", 3) };
  assert_int_equal(p2p_addr_part_print(&part, text, sizeof text), P2P_EADDR);
}

/* ---- encapsulate, decapsulate ---- */

static void addr_encapsulates(void **state) {
  (void)state;
  address a, b, want;
  uint8_t out[P2P_ADDR_MAX];
  p2p_bytes outer = addr(&a, "/ip4/1.2.3.4/tcp/80"), inner = addr(&b, "/tls/ws");
  p2p_bytes both = addr(&want, "/ip4/1.2.3.4/tcp/80/tls/ws");
  assert_int_equal(p2p_addr_encapsulate(outer, inner, out, sizeof out), both.len);
  assert_memory_equal(out, both.p, both.len);
  assert_int_equal(p2p_addr_encapsulate(outer, inner, out, both.len - 1), P2P_ELIMIT);
  assert_int_equal(p2p_addr_encapsulate(outer, p2p__bytes(NULL, 0), out, 9), P2P_EADDR);
  assert_int_equal(p2p_addr_encapsulate(p2p__bytes("\x04", 1), inner, out, 9), P2P_EADDR);
}

/* go-multiaddr, multiaddr_test.go, TestEncapsulate. */
static void addr_decapsulates_from_the_last_whole_component(void **state) {
  (void)state;
  static const struct {
    const char *addr, *inner, *want; /* NULL: it stands nowhere */
  } table[] = {
    { "/ip4/127.0.0.1/udp/1234/udp/5678", "/udp/5678", "/ip4/127.0.0.1/udp/1234" },
    { "/ip4/127.0.0.1/udp/1234/udp/5678", "/udp/1234", "/ip4/127.0.0.1" },
    { "/ip4/127.0.0.1/udp/1234", "/ip4/127.0.0.1", "" },
    { "/ip4/1.2.3.4/tcp/1/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4", "/ip4/1.2.3.4/tcp/1" },
    { "/ip4/1.2.3.4/tcp/1/ws", "/ip4/1.2.3.4/tcp/1/ws", "" },
    { "/ip4/1.2.3.4/tcp/80", "/tcp/81", NULL },
    { "/ip4/1.2.3.4/tcp/80", "/tcp/80/ws", NULL },
    { "/ip4/6.0.80.1", "/tcp/80", NULL }, /* its bytes are there, but no component begins */
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    address a, b, c;
    p2p_bytes got = { 0 };
    int err = p2p_addr_decapsulate(addr(&a, table[i].addr), addr(&b, table[i].inner), &got);
    assert_int_equal(err, table[i].want ? 0 : P2P_ENOTFOUND);
    if (table[i].want) assert_true(p2p__bytes_eq(got, addr(&c, table[i].want)));
  }
  p2p_bytes got;
  address a;
  assert_int_equal(p2p_addr_decapsulate(addr(&a, "/ws"), p2p__bytes(NULL, 0), &got), P2P_EADDR);
}

/* ---- classes ---- */

/* multiformats/go-multiaddr, net/private_test.go among them. IP-09. */
static void addr_has_a_class(void **state) {
  (void)state;
  static const struct {
    const char *text, *class;
  } table[] = {
    { "/ip4/192.168.1.1/tcp/80", "private" },
    { "/ip4/1.1.1.1/tcp/80", "public" },
    { "/tcp/80/ip4/1.1.1.1", "none" },
    { "/dns/node.libp2p.io/udp/1/quic-v1", "name" },
    { "/dnsaddr/node.libp2p.io/udp/1/quic-v1", "name" },
    { "/dns/localhost/udp/1/quic-v1", "loopback" },
    { "/dns/a.localhost/tcp/1", "loopback" },
    { "/dns/localhost./tcp/1", "loopback" },
    { "/dns/notlocalhost/tcp/1", "name" },
    { "/dns/.localhost/tcp/1", "name" },
    { "/ip6/2400::1/tcp/10", "public" },
    { "/ip6/2001:db8::42/tcp/10", "documentation" },
    { "/ip6/64:ff9b::1.1.1.1/tcp/10", "public" },
    { "/ip6/64:ff9b:1::1/tcp/10", "nat64" },
    { "/ip4/100.64.0.1/udp/1", "cgn" },
    { "/ip6/fd00::1/udp/1", "ula" },
    { "/ip6/::ffff:127.0.0.1/tcp/1", "loopback" },
    { "/ip6/::ffff:10.0.0.1/tcp/1", "private" },
    { "/ip6/2002:a00:1::/tcp/1", "private" },
    { "/ip4/203.0.113.9", "documentation" },
    { "/ip4/198.18.0.1", "reserved" },
    { "/ip4/0.0.0.0/tcp/0", "unspecified" },
    { "/ip6/::/tcp/0", "unspecified" },
    { "/ip4/169.254.1.1", "link-local" },
    { "/ip6zone/eth0/ip6/fe80::1/tcp/1", "link-local" },
    { "/ip6/ff02::1", "multicast" },
    { "/ip4/1.1.1.1/tcp/1/p2p/" QM "/p2p-circuit", "relayed" },
    { "/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234", "overlay" },
    { "/unix/tmp/x", "local" },
    { "/memory/1", "local" },
    { "/p2p/" QM, "none" },
    { "/ip6zone/eth0", "none" },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    address a;
    const char *got = p2p_addr_class(addr(&a, table[i].text));
    if (!got || strcmp(got, table[i].class) != 0) fail_msg("%s is %s", table[i].text, got);
  }
  assert_null(p2p_addr_class(p2p__bytes("\x04\x01", 2)));
  assert_null(p2p_addr_class(p2p__bytes(NULL, 0)));
}

/* ---- patterns ---- */

static const p2p__ma_step ip[] = { P2P__MA_STEPS_IP };
static const p2p__ma_step tcp[] = { P2P__MA_STEPS_IP, { P2P__MA_ONE, { P2P__MA_TCP } } };
static const p2p__ma_step utp[] = { P2P__MA_STEPS_IP,
                                    { P2P__MA_ONE, { P2P__MA_UDP } },
                                    { P2P__MA_ONE, { 302 } } };
static const p2p__ma_step quic[] = { P2P__MA_STEPS_HOST,
                                     { P2P__MA_ONE, { P2P__MA_UDP } },
                                     { P2P__MA_ONE, { P2P__MA_QUIC_V1 } } };
static const p2p__ma_step http[] = { P2P__MA_STEPS_HOST,
                                     { P2P__MA_MAYBE, { P2P__MA_TCP } },
                                     { P2P__MA_ONE, { P2P__MA_HTTP } } };
static const p2p__ma_step ws[] = { P2P__MA_STEPS_HOST,
                                   { P2P__MA_ONE, { P2P__MA_TCP } },
                                   { P2P__MA_MAYBE, { P2P__MA_TLS } },
                                   { P2P__MA_MAYBE, { P2P__MA_SNI } },
                                   { P2P__MA_ONE, { P2P__MA_WS, P2P__MA_WSS } } };
static const p2p__ma_step webtransport[] = { P2P__MA_STEPS_HOST,
                                             { P2P__MA_ONE, { P2P__MA_UDP } },
                                             { P2P__MA_ONE, { P2P__MA_QUIC_V1 } },
                                             { P2P__MA_ONE, { P2P__MA_WEBTRANSPORT } },
                                             { P2P__MA_MANY, { P2P__MA_CERTHASH } } };
#define HASH "/certhash/uEiAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw"
#define PATTERN(steps) { steps, P2P_COUNT(steps) }

/* nim-libp2p, test_multiaddress.nim, PatternVectors, and our own. */
static void pattern_knows_its_addresses(void **state) {
  (void)state;
  static const struct {
    p2p__ma_pattern pattern;
    const char *good[6], *bad[8];
  } table[] = {
    { PATTERN(ip),
      { "/ip4/0.0.0.0", "/ip6/fc00::", "/ip6zone/x/ip6/fe80::1" },
      { "/ip4/0.0.0.0/tcp/555", "/udp/789/ip6/fc00::", "/ip6zone/x", "/dns/a" } },
    { PATTERN(tcp),
      { "/ip4/0.0.7.6/tcp/1234", "/ip6/::/tcp/0", "/ip4/1.2.3.4/tcp/1/p2p/" QM },
      { "/tcp/12345", "/ip6/fc00::/udp/5523/tcp/9543", "/ip4/1.2.3.4/tcp/1/ws",
        "/ip4/1.2.3.4/tcp/1/p2p/" QM "/p2p-circuit", "/dns4/a/tcp/1" } },
    { PATTERN(utp),
      { "/ip4/1.2.3.4/udp/3456/utp", "/ip6/::/udp/0/utp" },
      { "/ip4/0.0.0.0/tcp/12345/utp", "/ip6/fc00::/ip4/0.0.0.0/udp/1234/utp", "/utp" } },
    { PATTERN(quic),
      { "/ip4/1.2.3.4/udp/1234/quic-v1", "/ip6/::/udp/1234/quic-v1", "/dns6/a/udp/1/quic-v1" },
      { "/ip4/0.0.0.0/tcp/12345/quic-v1", "/ip6/fc00::/ip4/0.0.0.0/udp/1234/quic-v1", "/quic-v1",
        "/ip4/1.2.3.4/udp/1/quic", "/ip4/1.2.3.4/udp/1/quic-v1/webtransport" } },
    { PATTERN(http),
      { "/ip4/1.2.3.4/http", "/dns4/example.io/http", "/dns6/::/tcp/7011/http",
        "/dnsaddr/example.io/http", "/ip6/fc00::/http" },
      { "/ip4/1.2.3.4/https", "/ip4/0.0.0.0/tcp/12345/quic", "/ip6/fc00::/tcp/5523" } },
    { PATTERN(ws),
      { "/dns4/a/tcp/443/tls/ws", "/dns4/a/tcp/443/wss", "/ip4/1.2.3.4/tcp/80/ws",
        "/ip4/1.2.3.4/tcp/80/tls/sni/a/ws/p2p/" QM },
      { "/ip4/1.2.3.4/tcp/80/tls", "/ip4/1.2.3.4/udp/80/ws", "/ip4/1.2.3.4/tcp/80/ws/ws" } },
    { PATTERN(webtransport),
      { "/ip4/1.2.3.4/udp/1/quic-v1/webtransport", "/ip4/1.2.3.4/udp/1/quic-v1/webtransport" HASH,
        "/ip4/1.2.3.4/udp/1/quic-v1/webtransport" HASH HASH "/p2p/" QM },
      { "/ip4/1.2.3.4/udp/1/quic-v1", "/ip4/1.2.3.4/udp/1/quic-v1" HASH,
        "/ip4/1.2.3.4/udp/1/quic-v1/webtransport/p2p/" QM HASH } },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    address a;
    for (const char *const *text = table[i].good; *text; text++) {
      if (!p2p__ma_is(&table[i].pattern, addr(&a, *text))) fail_msg("%s", *text);
    }
    for (const char *const *text = table[i].bad; *text; text++) {
      if (p2p__ma_is(&table[i].pattern, addr(&a, *text))) fail_msg("%s", *text);
    }
  }
}

static void pattern_gives_what_stands_behind_it(void **state) {
  (void)state;
  static const p2p__ma_pattern pattern = PATTERN(tcp);
  address a, b;
  p2p_bytes rest = { 0 };
  assert_true(p2p__ma_match(&pattern, addr(&a, "/ip4/1.2.3.4/tcp/1/tls/ws"), &rest));
  assert_true(p2p__bytes_eq(rest, addr(&b, "/tls/ws")));
  assert_true(p2p__ma_match(&pattern, addr(&a, "/ip4/1.2.3.4/tcp/1"), NULL));
  assert_false(p2p__ma_match(&pattern, addr(&a, "/ip4/1.2.3.4"), &rest));
  assert_false(p2p__ma_match(&pattern, p2p__bytes(NULL, 0), &rest));
  assert_false(p2p__ma_match(&pattern, p2p__bytes("\x04\x01", 2), &rest));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(addr_is_taken_apart),
    cmocka_unit_test(addr_encapsulates),
    cmocka_unit_test(addr_decapsulates_from_the_last_whole_component),
    cmocka_unit_test(addr_has_a_class),
    cmocka_unit_test(pattern_knows_its_addresses),
    cmocka_unit_test(pattern_gives_what_stands_behind_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
