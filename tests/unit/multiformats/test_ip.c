/* IP addresses: their class, their one form, their text. */
#include "unit/crypto/vectors.h"

#include "multiformats/multiaddr.h"
#include "multiformats/text.h"

static p2p_endpoint endpoint(const char *text) {
  p2p_endpoint ep = { .port = 1 };
  ep.family = strchr(text, ':') ? 6 : 4;
  bool ok = ep.family == 6 ? p2p__text_ip6(p2p__cstr(text), ep.ip)
                           : p2p__text_ip4(p2p__cstr(text), ep.ip);
  assert_true(ok);
  return ep;
}

/* The IANA special-purpose registries: first and last address of each block, and their neighbours. */
static void ip_class_follows_the_registries(void **state) {
  (void)state;
  static const struct {
    const char *ip;
    p2p__ip_class class;
  } table[] = {
    { "0.0.0.0", P2P__IP_UNSPECIFIED },
    { "0.0.0.1", P2P__IP_RESERVED },
    { "1.1.1.1", P2P__IP_PUBLIC },
    { "9.255.255.255", P2P__IP_PUBLIC },
    { "10.0.0.0", P2P__IP_PRIVATE },
    { "10.255.255.255", P2P__IP_PRIVATE },
    { "11.0.0.0", P2P__IP_PUBLIC },
    { "100.63.255.255", P2P__IP_PUBLIC },
    { "100.64.0.0", P2P__IP_PRIVATE },
    { "100.127.255.255", P2P__IP_PRIVATE },
    { "100.128.0.0", P2P__IP_PUBLIC },
    { "127.0.0.1", P2P__IP_LOOPBACK },
    { "127.255.255.255", P2P__IP_LOOPBACK },
    { "128.0.0.0", P2P__IP_PUBLIC },
    { "169.253.255.255", P2P__IP_PUBLIC },
    { "169.254.0.0", P2P__IP_LINK_LOCAL },
    { "169.255.0.0", P2P__IP_PUBLIC },
    { "172.15.255.255", P2P__IP_PUBLIC },
    { "172.16.0.0", P2P__IP_PRIVATE },
    { "172.31.255.255", P2P__IP_PRIVATE },
    { "172.32.0.0", P2P__IP_PUBLIC },
    { "192.0.0.8", P2P__IP_RESERVED },
    { "192.0.2.1", P2P__IP_RESERVED },
    { "192.0.3.0", P2P__IP_PUBLIC },
    { "192.168.0.0", P2P__IP_PRIVATE },
    { "192.169.0.0", P2P__IP_PUBLIC },
    { "198.17.255.255", P2P__IP_PUBLIC },
    { "198.18.0.0", P2P__IP_RESERVED },
    { "198.19.255.255", P2P__IP_RESERVED },
    { "198.20.0.0", P2P__IP_PUBLIC },
    { "198.51.100.7", P2P__IP_RESERVED },
    { "203.0.113.7", P2P__IP_RESERVED },
    { "223.255.255.255", P2P__IP_PUBLIC },
    { "224.0.0.251", P2P__IP_MULTICAST },
    { "239.255.255.255", P2P__IP_MULTICAST },
    { "240.0.0.0", P2P__IP_RESERVED },
    { "255.255.255.255", P2P__IP_RESERVED },
    { "::", P2P__IP_UNSPECIFIED },
    { "::1", P2P__IP_LOOPBACK },
    { "::2", P2P__IP_RESERVED },
    { "2606:4700::1111", P2P__IP_PUBLIC },
    { "2001:db8::1", P2P__IP_RESERVED },
    { "2001:db9::1", P2P__IP_PUBLIC },
    { "2001:0:1::", P2P__IP_RESERVED },
    { "2001:1ff::", P2P__IP_RESERVED },
    { "2001:200::", P2P__IP_PUBLIC },
    { "3fff:fff::", P2P__IP_RESERVED },
    { "3ffe::", P2P__IP_PUBLIC },
    { "fbff::", P2P__IP_RESERVED },
    { "fc00::", P2P__IP_PRIVATE },
    { "fdff::1", P2P__IP_PRIVATE },
    { "fe80::1", P2P__IP_LINK_LOCAL },
    { "febf::1", P2P__IP_LINK_LOCAL },
    { "fec0::1", P2P__IP_PRIVATE },
    { "ff02::fb", P2P__IP_MULTICAST },
    { "100::1", P2P__IP_RESERVED },
    { "64:ff9b:1::1", P2P__IP_PRIVATE },
    { "4000::", P2P__IP_RESERVED },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    p2p_endpoint ep = endpoint(table[i].ip);
    if (p2p__ip_classify(&ep) != table[i].class) print_error("%s\n", table[i].ip);
    assert_int_equal(p2p__ip_classify(&ep), table[i].class);
  }
  assert_int_equal(p2p__ip_classify(&(p2p_endpoint){ 0 }), P2P__IP_RESERVED);
}

/* IP-09. */
static void ip_inside_an_ip_is_judged_as_itself(void **state) {
  (void)state;
  static const char *const in[] = {
    "::ffff:127.0.0.1", "::ffff:7f00:1",      "64:ff9b::127.0.0.1", "2002:7f00:1::",
    "::ffff:10.1.2.3",  "::ffff:0.0.0.0",     "64:ff9b::10.1.2.3",  "2002:a01:203::1",
    "::ffff:224.0.0.1", "::ffff:169.254.1.1", "::ffff:8.8.8.8",     "2002:808:808::",
  };
  static const p2p__ip_class classes[] = {
    P2P__IP_LOOPBACK,  P2P__IP_LOOPBACK,    P2P__IP_LOOPBACK, P2P__IP_LOOPBACK,
    P2P__IP_PRIVATE,   P2P__IP_UNSPECIFIED, P2P__IP_PRIVATE,  P2P__IP_PRIVATE,
    P2P__IP_MULTICAST, P2P__IP_LINK_LOCAL,  P2P__IP_PUBLIC,   P2P__IP_PUBLIC,
  };
  for (size_t i = 0; i < P2P_COUNT(in); i++) {
    p2p_endpoint ep = endpoint(in[i]);
    assert_int_equal(p2p__ip_classify(&ep), classes[i]);
  }
}

/* IP-09. */
static void endpoint_has_one_canonical_form(void **state) {
  (void)state;
  p2p_endpoint mapped = endpoint("::ffff:1.2.3.4"), plain = endpoint("1.2.3.4");
  mapped.scope = 3;
  assert_true(p2p__endpoint_eq(&mapped, &plain));
  assert_true(p2p__endpoint_eq(&plain, &mapped));
  p2p__endpoint_canonical(&mapped);
  assert_memory_equal(&mapped.ip, &plain.ip, 16);
  assert_int_equal(mapped.family, 4);
  p2p_endpoint six = endpoint("::fffe:1.2.3.4"), before = six;
  p2p__endpoint_canonical(&six);
  assert_true(p2p__endpoint_eq(&six, &before));
  assert_int_equal(six.family, 6);
  six.scope = 1;
  assert_false(p2p__endpoint_eq(&six, &before));
  plain.port = 2;
  assert_false(p2p__endpoint_eq(&plain, &mapped));
}

/* RFC 5952, sections 1 to 5: what is read, what is written. */
static void ip6_text_is_that_of_rfc_5952(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } table[] = {
    { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
    { "2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
    { "2001:db8::1:0:0:1", "2001:db8::1:0:0:1" },
    { "2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1" },
    { "2001:0db8::1:0:0:1", "2001:db8::1:0:0:1" },
    { "2001:DB8:0:0:1::1", "2001:db8::1:0:0:1" },
    { "2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1" },
    { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* one group is not shortened */
    { "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
    { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" }, /* the longest run */
    { "::", "::" },
    { "0:0:0:0:0:0:0:0", "::" },
    { "::1", "::1" },
    { "1::", "1::" },
    { "0:1::", "0:1::" },
    { "::1:0:0:0:0:0:0", "0:1::" },
    { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
    { "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
    { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
    { "::ffff:c000:201", "::ffff:192.0.2.1" },
    { "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
    { "64:ff9b::1.2.3.4", "64:ff9b::102:304" },
    { "fe80::ABCD", "fe80::abcd" },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    uint8_t ip[16], out[64];
    p2p__span copy = exact(p2p__cstr(table[i].in));
    assert_true(p2p__text_ip6(p2p__span_bytes(copy), ip));
    exact_free(copy);
    p2p__wr w = p2p__wr_of(out, sizeof out);
    p2p__text_put_ip6(&w, ip);
    p2p__wr_u8(&w, 0);
    assert_string_equal((char *)out, table[i].out);
  }
}

static void ip_text_that_is_wrong_is_refused(void **state) {
  (void)state;
  static const char *const six[] = {
    "",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1::",
    "1::2::3",
    "12345::",
    "g::",
    ":1::",
    "1:::2",
    "1:2:3:4:5:6:7:",
    ":2:3:4:5:6:7:8",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.256",
    "1.2.3.4::",
    "1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1%eth0",
    "::1 ",
    " ::1",
    "::1.2.3.4:5",
    "::01.2.3.4",
    "fe80::1/64",
    "1:2:3:4::5:6:7:8:9",
  };
  static const char *const four[] = {
    "",         "1",         "1.2.3",     "1.2.3.4.5",        "1.2.3.",
    ".1.2.3",   "1..2.3",    "256.1.1.1", "01.1.1.1",         "1.1.1.1 ",
    "+1.1.1.1", "0x1.1.1.1", "1.1.1.00",  "1.1.1.4294967297", "-1.1.1.1"
  };
  uint8_t ip[16];
  for (size_t i = 0; i < P2P_COUNT(six); i++) {
    p2p__span copy = exact(p2p__cstr(six[i]));
    if (p2p__text_ip6(p2p__span_bytes(copy), ip)) print_error("%s\n", six[i]);
    assert_false(p2p__text_ip6(p2p__span_bytes(copy), ip));
    exact_free(copy);
  }
  for (size_t i = 0; i < P2P_COUNT(four); i++) assert_false(p2p__text_ip4(p2p__cstr(four[i]), ip));
}

static void numbers_are_read_up_to_their_maximum(void **state) {
  (void)state;
  uint64_t v = 0;
  assert_true(p2p__text_uint(p2p__cstr("65535"), 65535, &v));
  assert_true(v == 65535);
  assert_false(p2p__text_uint(p2p__cstr("65536"), 65535, &v));
  assert_false(p2p__text_uint(p2p__cstr("655350"), 65535, &v));
  assert_true(p2p__text_uint(p2p__cstr("18446744073709551615"), UINT64_MAX, &v));
  assert_true(v == UINT64_MAX);
  assert_false(p2p__text_uint(p2p__cstr("18446744073709551616"), UINT64_MAX, &v));
  assert_false(p2p__text_uint(p2p__cstr("99999999999999999999"), UINT64_MAX, &v));
  assert_true(p2p__text_uint(p2p__cstr("0"), 5, &v));
  assert_false(p2p__text_uint(p2p__cstr("7"), 5, &v));
  assert_false(p2p__text_uint(p2p__cstr("00"), 5, &v));
  assert_false(p2p__text_uint(p2p__cstr(""), 5, &v));
}

static void words_of_strangers_are_shown_in_ascii(void **state) {
  (void)state;
  static const struct {
    const char *words, *shown;
    size_t len, cap;
  } table[] = {
    { "", "", 0, 8 },
    { "bye", "bye", 3, 8 },
    { "a\x1b[31m\n", "a\\x1b[31m\\x0a", 7, 64 },
    { "a\\x41", "a\\x5cx41", 5, 64 },
    { "a\" err=0", "a\\x22 err=0", 8, 64 },
    { "\xc3\xa9\0", "\\xc3\\xa9\\x00", 3, 64 },
    { "abcdefgh", "abcd", 8, 8 }, /* room for an escape and the zero is kept */
    { "abc\n", "abc\\x0a", 4, 8 },
    { "abcd\n", "abcd", 5, 8 },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    char out[64];
    p2p__wr w = p2p__wr_of(out, table[i].cap);
    p2p__text_put_shown(&w, p2p__bytes(table[i].words, table[i].len));
    assert_string_equal(out, table[i].shown);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ip_class_follows_the_registries),
    cmocka_unit_test(words_of_strangers_are_shown_in_ascii),
    cmocka_unit_test(ip_inside_an_ip_is_judged_as_itself),
    cmocka_unit_test(endpoint_has_one_canonical_form),
    cmocka_unit_test(ip6_text_is_that_of_rfc_5952),
    cmocka_unit_test(ip_text_that_is_wrong_is_refused),
    cmocka_unit_test(numbers_are_read_up_to_their_maximum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
