/* Multiaddrs as bytes and as text. */
#include "unit/crypto/vectors.h"

#include "multiformats/multiaddr.h"
#include "multiformats/protocols.h"

#define QM "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"
#define QM_HEX "12209dff3b17d74cf4d38a50d8b6383e92d181a10395a5e73a726dcccbd21bf6f0b9"
#define D3 "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define HASH "uEiAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw"

static ptrdiff_t parse(const char *text, uint8_t *out, size_t *at) {
  return p2p_addr_parse(text, out, P2P_ADDR_MAX, at);
}

static const struct {
  const char *text, *hex;
} pairs[] = {
  /* multiformats/multiaddr, test/multiaddr.feature */
  { "/ip4/192.0.2.42/tcp/443", "04c000022a0601bb" },
  /* protocols.csv: one of each kind of value */
  { "/ip4/127.0.0.1/udp/1234", "047f000001910204d2" },
  { "/ip4/127.0.0.1/tcp/0", "047f000001060000" },
  { "/ip6/2001:8a0:7ac5:4201:3ac9:86ff:fe31:7095/tcp/8000/ws",
    "29200108a07ac542013ac986fffe317095061f40dd03" },
  { "/ip6zone/x/ip6/fe80::1", "2a017829fe800000000000000000000000000001" },
  { "/ip4/192.168.0.0/ipcidr/16", "04c0a800002b10" },
  { "/ip4/1.2.3.4/udp/4001/quic-v1/p2p-circuit", "040102030491020fa1cd03a202" },
  { "/ip4/1.2.3.4/udp/4001/quic", "040102030491020fa1cc03" },
  { "/ip4/1.2.3.4/udp/1/utp", "04010203049102"
                              "0001"
                              "ae02" },
  { "/ip4/1.2.3.4/sctp/1234", "0401020304"
                              "8401"
                              "04d2" },
  { "/ip4/1.2.3.4/dccp/1234", "0401020304"
                              "21"
                              "04d2" },
  { "/dns/example.com", "350b6578616d706c652e636f6d" },
  { "/dns4/a/tls/sni/b/ws", "360161"
                            "c003"
                            "c1030162"
                            "dd03" },
  { "/dns6/a/wss", "370161"
                   "de03" },
  { "/dnsaddr/a/https", "380161"
                        "bb03" },
  { "/dns/\xc3\xbc.example/http", "350a"
                                  "c3bc2e6578616d706c65"
                                  "e003" },
  { "/p2p/" QM, "a50322" QM_HEX },
  { "/unix/tmp/p2p.sock", "90030d2f746d702f7032702e736f636b" },
  { "/unix//a//b", "9003062f2f612f2f62" },
  { "/memory/1234", "890600000000000004d2" },
  { "/noise", "c603" },
  { "/webrtc-direct/certhash/" HASH,
    "9802d203221220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" },
  { "/webrtc", "9902" },
  { "/webtransport", "d103" },
};

static void multiaddr_text_and_bytes_mean_each_other(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(pairs); i++) {
    uint8_t out[P2P_ADDR_MAX];
    char text[P2P_ADDR_TEXT_MAX];
    ptrdiff_t len = parse(pairs[i].text, out, NULL);
    if (len < 0) print_error("%s\n", pairs[i].text);
    assert_true(len > 0);
    assert_hex(out, (size_t)len, pairs[i].hex);
    assert_int_equal(p2p_addr_check(p2p__bytes(out, (size_t)len)), 0);
    ptrdiff_t n = p2p_addr_print(p2p__bytes(out, (size_t)len), text, sizeof text);
    assert_int_equal(n, strlen(pairs[i].text));
    assert_string_equal(text, pairs[i].text);
  }
}

static void multiaddr_text_becomes_canonical(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } table[] = {
    { "/ipfs/" QM, "/p2p/" QM },
    { "/p2p/bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", "/p2p/" QM },
    { "/ip6/2001:DB8:0:0:0:0:0:1/tcp/1", "/ip6/2001:db8::1/tcp/1" },
    { "/ip4/1.2.3.4/tcp/80/", "/ip4/1.2.3.4/tcp/80" },
    { "/certhash/bciqaaaicamcakbqhbaequcymbuha6earcijrifiwc4mbsgq3dqor4hy", "/certhash/" HASH },
    { "/certhash/f1220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "/certhash/" HASH },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    uint8_t out[P2P_ADDR_MAX];
    char text[P2P_ADDR_TEXT_MAX];
    ptrdiff_t len = parse(table[i].in, out, NULL);
    if (len < 0) print_error("%s\n", table[i].in);
    assert_true(p2p_addr_print(p2p__bytes(out, (size_t)len), text, sizeof text) > 0);
    assert_string_equal(text, table[i].out);
  }
}

/* The offset points at the name or value at fault. */
static void multiaddr_text_that_is_wrong_is_refused_where_it_is(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t at;
  } wrong[] = {
    { "", 0 },
    { "/", 0 },
    { "//", 1 },
    { "ip4/1.2.3.4", 0 },
    { "/ip4", 4 },
    { "/ip4/", 5 },
    { "/ip4/1.2.3", 5 },
    { "/ip4/1.2.3.4//", 13 },
    { "/ip4/1.2.3.4//tcp/1", 13 },
    { "/ip4/::1", 5 },
    { "/ip6/1.2.3.4", 5 },
    { "/ip4/1.2.3.4/tcp", 16 },
    { "/ip4/1.2.3.4/tcp/", 17 },
    { "/ip4/1.2.3.4/tcp/65536", 17 },
    { "/ip4/1.2.3.4/tcp/-1", 17 },
    { "/ip4/1.2.3.4/tcp/080", 17 },
    { "/ip4/1.2.3.4/tcp/80/quicc", 20 },
    { "/ip4/1.2.3.4/TCP/80", 13 },
    { "/ip4/1.2.3.4/tcp/80 ", 17 },
    { "/ip4/1.2.3.4/ipcidr/256", 20 },
    { "/dns4/", 6 },
    { "/dns4//tcp/1", 6 },
    { "/dns4/a b", 6 },
    { "/dns4/a\x1b[2J", 6 },
    { "/p2p/", 5 },
    { "/p2p/Qm", 5 },
    { "/p2p/" QM "x", 5 },
    { "/p2p/z" QM, 5 },
    { "/p2p/bafybeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", 5 }, /* dag-pb */
    { "/memory/x", 8 },
    { "/memory/18446744073709551616", 8 },
    { "/certhash/uEiAAAQ", 10 },
    { "/certhash/" QM, 10 },
    { "/unix", 5 },
    { "/unix/", 5 },
    { "/noise/1", 7 },
  };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    uint8_t out[P2P_ADDR_MAX];
    size_t at = 99;
    ptrdiff_t got = parse(wrong[i].text, out, &at);
    if (got != P2P_EADDR || at != wrong[i].at)
      print_error("%s: %td at %zu\n", wrong[i].text, got, at);
    assert_int_equal(got, P2P_EADDR);
    assert_int_equal(at, wrong[i].at);
  }
}

/* FR-04: exact copies, so that the sanitizer sees an overread. A prefix is refused, or ends where a
 * component does and means exactly those. */
static void multiaddr_cut_anywhere_is_refused_or_ends_at_a_component(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(pairs); i++) {
    uint8_t whole[P2P_ADDR_MAX], again[P2P_ADDR_MAX];
    char text[P2P_ADDR_TEXT_MAX];
    size_t len = unhex(pairs[i].hex, whole, sizeof whole), valid = 0, parts = 0;
    p2p__rd r = p2p__rd_of(p2p__bytes(whole, len));
    p2p__ma_part part;
    while (p2p__ma_next(&r, &part) == 1) parts++;
    for (size_t cut = 0; cut <= len; cut++) {
      p2p__span copy = exact(p2p__bytes(whole, cut));
      if (p2p_addr_check(p2p__span_bytes(copy)) == 0) {
        valid++;
        assert_true(p2p_addr_print(p2p__span_bytes(copy), text, sizeof text) > 0);
        assert_int_equal(parse(text, again, NULL), cut);
        assert_memory_equal(again, whole, cut);
      } else {
        assert_int_equal(p2p_addr_print(p2p__span_bytes(copy), text, sizeof text), P2P_EADDR);
      }
      exact_free(copy);
    }
    assert_int_equal(valid, parts);
  }
}

static void multiaddr_text_cut_anywhere_is_not_overread(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(pairs); i++) {
    size_t len = strlen(pairs[i].text);
    for (size_t cut = 0; cut <= len; cut++) {
      char *copy = malloc(cut + 1);
      uint8_t out[P2P_ADDR_MAX];
      size_t at = 0;
      memcpy(copy, pairs[i].text, cut);
      copy[cut] = 0;
      ptrdiff_t got = parse(copy, out, &at);
      assert_true(got > 0 || (got == P2P_EADDR && at <= cut));
      free(copy);
    }
  }
}

/* FR-02, FR-04, IP-07. */
static void multiaddr_bytes_that_lie_are_refused(void **state) {
  (void)state;
  static const char *const lies[] = {
    "",
    "00", /* no such code */
    "ff7f",
    "8400047f000001",         /* a code that is not minimal */
    "ffffffffffffffffff01",   /* ten bytes */
    "8480808010",             /* 2^32 + 4: not ip4 */
    "35ffffffffffffffff7f61", /* length 2^63 - 1 */
    "3580808080808080808001",
    "35820061"
    "61",         /* a length that is not minimal */
    "3500",       /* a name of nothing */
    "35026100",   /* a zero in a name */
    "3503612f62", /* a slash in a name: it would read as another address */
    "35011b",     /* an escape for somebody's terminal */
    "9003"
    "0161", /* a path that is not absolute */
    "9003"
    "012f", /* the root */
    "a5030212"
    "20",         /* a digest that is not there */
    "a503020000", /* identity of nothing */
    "d203021200",
    "047f00000106", /* cut */
  };
  for (size_t i = 0; i < P2P_COUNT(lies); i++) {
    uint8_t in[64];
    p2p__span copy = exact(p2p__bytes(in, unhex(lies[i], in, sizeof in)));
    if (p2p_addr_check(p2p__span_bytes(copy)) != P2P_EADDR) print_error("%s\n", lies[i]);
    assert_int_equal(p2p_addr_check(p2p__span_bytes(copy)), P2P_EADDR);
    exact_free(copy);
  }
}

static void multiaddr_has_at_most_512_bytes(void **state) {
  (void)state;
  uint8_t in[P2P_ADDR_MAX + 2], out[P2P_ADDR_MAX + 2];
  static char text[6000];
  for (size_t i = 0; i < sizeof in; i += 2) {
    in[i] = 0xc6; /* /noise */
    in[i + 1] = 0x03;
  }
  assert_int_equal(p2p_addr_check(p2p__bytes(in, P2P_ADDR_MAX)), 0);
  assert_int_equal(p2p_addr_check(p2p__bytes(in, sizeof in)), P2P_EADDR);
  ptrdiff_t n = p2p_addr_print(p2p__bytes(in, P2P_ADDR_MAX), text, sizeof text);
  assert_int_equal(n, 6 * P2P_ADDR_MAX / 2);
  assert_int_equal(p2p_addr_print(p2p__bytes(in, P2P_ADDR_MAX), text, (size_t)n), P2P_ELIMIT);
  assert_int_equal(p2p_addr_parse(text, out, sizeof out, NULL), P2P_ADDR_MAX);
  memcpy(text + n, "/noise", 7);
  assert_int_equal(p2p_addr_parse(text, out, sizeof out, NULL), P2P_ELIMIT);
}

static void multiaddr_without_room_says_so(void **state) {
  (void)state;
  uint8_t out[8];
  for (size_t cap = 0; cap < 8; cap++) {
    p2p__span room = exact(p2p__bytes(out, cap));
    assert_int_equal(p2p_addr_parse("/ip4/192.0.2.42/tcp/443", room.p, cap, NULL), P2P_ELIMIT);
    exact_free(room);
  }
  assert_int_equal(p2p_addr_parse(NULL, out, 8, NULL), P2P_EINVAL);
}

/* ---- the cursor ---- */

static void multiaddr_add_appends_whole_components_only(void **state) {
  (void)state;
  uint8_t out[9];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__ma_add(&w, P2P__MA_IP4, p2p__bytes("\1\2\3\4", 4));
  p2p__ma_add(&w, P2P__MA_DNS, p2p__cstr("abc"));
  assert_int_equal(w.err, P2P_ELIMIT);
  assert_int_equal(w.len, 5);
  w.err = 0;
  p2p__ma_add(&w, P2P__MA_TCP, p2p__bytes("\1", 1));
  assert_int_equal(w.err, P2P_EINVAL);
  assert_int_equal(w.len, 5);
}

static void endpoint_is_written_and_read(void **state) {
  (void)state;
  p2p_endpoint eps[2] = { { .family = 4, .port = 4001, .ip = { 1, 2, 3, 4 } },
                          { .family = 6, .port = 65535, .ip = { 0xfe, 0x80, [15] = 9 } } };
  static const uint32_t codes[] = { P2P__MA_TCP, P2P__MA_UDP };
  for (size_t i = 0; i < 2; i++) {
    uint8_t out[64];
    p2p_endpoint got = { 0 };
    p2p__wr w = p2p__wr_of(out, sizeof out);
    p2p__ma_add_endpoint(&w, &eps[i], codes[i]);
    p2p__rd r = p2p__rd_of(p2p__wr_bytes(&w));
    assert_int_equal(p2p__ma_endpoint(&r, &got, codes[1 - i]), P2P_EADDR);
    assert_int_equal(r.p - out, 0); /* untouched */
    assert_int_equal(p2p__ma_endpoint(&r, &got, codes[i]), 0);
    assert_true(p2p__endpoint_eq(&got, &eps[i]));
    assert_true(p2p__rd_done(&r));
  }
}

static int endpoint_of(const char *text, p2p_endpoint *ep) {
  uint8_t out[P2P_ADDR_MAX];
  ptrdiff_t len = parse(text, out, NULL);
  assert_true(len > 0);
  p2p__rd r = p2p__rd_of(p2p__bytes(out, (size_t)len));
  return p2p__ma_endpoint(&r, ep, P2P__MA_TCP);
}

static void endpoint_has_the_zone_when_it_is_a_number(void **state) {
  (void)state;
  p2p_endpoint ep;
  assert_int_equal(endpoint_of("/ip6zone/7/ip6/fe80::1/tcp/80", &ep), 0);
  assert_int_equal(ep.scope, 7);
  assert_int_equal(ep.family, 6);
  assert_int_equal(endpoint_of("/ip6zone/eth0/ip6/fe80::1/tcp/80", &ep), P2P_EADDR);
  assert_int_equal(endpoint_of("/ip6zone/7/ip4/1.2.3.4/tcp/80", &ep), P2P_EADDR);
  assert_int_equal(endpoint_of("/dns4/a/tcp/80", &ep), P2P_EADDR);
  assert_int_equal(endpoint_of("/ip4/1.2.3.4", &ep), P2P_EADDR);
  assert_int_equal(endpoint_of("/ip4/1.2.3.4/ip4/1.2.3.4", &ep), P2P_EADDR);
}

static void peer_is_split_from_the_end(void **state) {
  (void)state;
  static const struct {
    const char *whole, *base;
    size_t peer_len;
  } table[] = {
    { "/ip4/1.2.3.4/tcp/1/p2p/" D3, "/ip4/1.2.3.4/tcp/1", 38 },
    { "/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/1", 0 },
    { "/p2p/" D3 "/p2p-circuit/p2p/" QM, "/p2p/" D3 "/p2p-circuit", 34 },
    { "/p2p/" D3 "/p2p-circuit", "/p2p/" D3 "/p2p-circuit", 0 },
    { "/p2p/" QM, "", 34 },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    uint8_t out[P2P_ADDR_MAX], want[P2P_ADDR_MAX];
    p2p_bytes base;
    p2p_peer_id peer = { .len = 3 };
    p2p_bytes whole = p2p__bytes(out, (size_t)parse(table[i].whole, out, NULL));
    ptrdiff_t len = *table[i].base ? parse(table[i].base, want, NULL) : 0;
    assert_int_equal(p2p__ma_split_peer(whole, &base, &peer), 0);
    assert_int_equal(base.len, len);
    assert_memory_equal(base.p, want, base.len);
    assert_int_equal(peer.len, table[i].peer_len);
    assert_int_equal(p2p__ma_split_peer(whole, &base, NULL), 0);
    assert_int_equal(p2p__ma_split_peer(p2p__bytes(out, whole.len - 1), &base, &peer), P2P_EADDR);
  }
  p2p_bytes base;
  assert_int_equal(p2p__ma_split_peer(p2p__bytes(NULL, 0), &base, NULL), P2P_EADDR);
}

/* A line without codec would crash on the first such address. */
static void protocols_with_a_value_have_a_codec(void **state) {
  (void)state;
  for (size_t i = 0; p2p__ma_protocol_at(i); i++) {
    const p2p__ma_protocol *p = p2p__ma_protocol_at(i);
    assert_int_equal(p->codec != NULL, p->size != 0);
    assert_ptr_equal(p2p__ma_by_name(p2p__cstr(p->name)), p);
    assert_int_equal(p2p__ma_by_code(p->code)->size, p->size);
  }
  assert_null(p2p__ma_by_code(UINT64_C(0x100000004)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(multiaddr_text_and_bytes_mean_each_other),
    cmocka_unit_test(multiaddr_text_becomes_canonical),
    cmocka_unit_test(multiaddr_text_that_is_wrong_is_refused_where_it_is),
    cmocka_unit_test(multiaddr_cut_anywhere_is_refused_or_ends_at_a_component),
    cmocka_unit_test(multiaddr_text_cut_anywhere_is_not_overread),
    cmocka_unit_test(multiaddr_bytes_that_lie_are_refused),
    cmocka_unit_test(multiaddr_has_at_most_512_bytes),
    cmocka_unit_test(multiaddr_without_room_says_so),
    cmocka_unit_test(multiaddr_add_appends_whole_components_only),
    cmocka_unit_test(endpoint_is_written_and_read),
    cmocka_unit_test(endpoint_has_the_zone_when_it_is_a_number),
    cmocka_unit_test(peer_is_split_from_the_end),
    cmocka_unit_test(protocols_with_a_value_have_a_codec),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
