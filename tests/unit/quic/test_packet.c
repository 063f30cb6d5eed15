/* Packets without a connection: the first byte, headers, tokens, and the answers that cost no state. */
#include "pair.h"
#include <string.h>

static pair p;
static const p2p_time now = 50 * P2P_SECOND;

static int start(void **state) {
  (void)state;
  pair_begin(&p);
  return 0;
}

static int end(void **state) {
  (void)state;
  pair_end_all(&p);
  return 0;
}

/* RFC 9443, section 3. */
static void first_bytes_tell_protocols_apart(void **state) {
  (void)state;
  for (unsigned b = 0; b < 256; b++) {
    uint8_t byte = (uint8_t)b;
    p2p__quic_first want = b < 4                              ? P2P__QUIC_IS_STUN
                           : b >= 20 && b < 64                ? P2P__QUIC_IS_DTLS
                           : (b >= 64 && b < 128) || b >= 192 ? P2P__QUIC_IS_QUIC
                                                              : P2P__QUIC_IS_OTHER;
    assert_int_equal(p2p__quic_first_byte(p2p__bytes(&byte, 1)), want);
  }
  assert_int_equal(p2p__quic_first_byte((p2p_bytes){ 0 }), P2P__QUIC_IS_OTHER);
}

static void headers_are_read_or_refused(void **state) {
  (void)state;
  p2p__quic_header h;
  static const uint8_t known[] = { 0xc0, 0, 0, 0, 1, 2, 5, 6, 3, 7, 8, 9, 0, 0, 0 };
  assert_int_equal(p2p__quic_header_read(p2p__bytes(known, sizeof known), &h), 0);
  assert_true(h.is_long && h.is_known && h.dcid.len == 2 && h.scid.len == 3 && h.scid.b[2] == 9);
  static const uint8_t draft[1200] = { 0xc0, 0xff, 0, 0, 29, 1, 5, 1, 7 };
  assert_int_equal(p2p__quic_header_read(p2p__bytes(draft, sizeof draft - 1), &h), P2P_EPROTO);
  assert_int_equal(p2p__quic_header_read(p2p__bytes(draft, sizeof draft), &h), 0);
  assert_true(h.is_long && !h.is_known);
  static const uint8_t negotiation[] = { 0xc0, 0, 0, 0, 0, 1, 5, 1, 7, 0, 0, 0, 1 };
  assert_int_equal(p2p__quic_header_read(p2p__bytes(negotiation, sizeof negotiation), &h), 0);
  assert_true(h.is_negotiation && !h.is_known);
  static const uint8_t brief[] = { 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 0 };
  assert_int_equal(p2p__quic_header_read(p2p__bytes(brief, sizeof brief), &h), 0);
  assert_true(!h.is_long && h.is_known && h.dcid.len == 8 && h.dcid.b[7] == 8);
  for (size_t len = 0; len < 9; len++)
    assert_int_equal(p2p__quic_header_read(p2p__bytes(brief, len), &h), P2P_EPROTO);
  uint8_t huge[64] = { 0xc0, 1, 2, 3, 4, 21 };
  assert_int_equal(p2p__quic_header_read(p2p__bytes(huge, sizeof huge), &h), P2P_EPROTO);
}

/* ---- Retry ---- */
static p2p__quic_initial first_initial(void) {
  p2p__quic_initial i = { .dcid = { .len = 8 }, .scid = { .len = 5 } };
  memset(i.dcid.b, 0x11, 8);
  memset(i.scid.b, 0x22, 5);
  return i;
}

/* The token and the id of a Retry of the server's. */
static p2p_bytes retry_token(const p2p_endpoint *to, uint8_t *space, size_t cap,
                             p2p__quic_cid *id) {
  p2p__quic_initial i = first_initial();
  p2p__wr w = p2p__wr_of(space, cap);
  p2p__quic_write_retry(p.server.shared, &i, to, now, &w);
  p2p__rd r = p2p__rd_of(p2p__wr_bytes(&w));
  assert_int_equal(p2p__rd_u8(&r) & 0xf0, 0xf0);
  assert_int_equal(p2p__rd_be32(&r), 1);
  p2p_bytes dcid = p2p__rd_bytes(&r, p2p__rd_u8(&r)), scid = p2p__rd_bytes(&r, p2p__rd_u8(&r));
  assert_int_equal(dcid.len, 5);
  *id = (p2p__quic_cid){ .len = (uint8_t)scid.len };
  memcpy(id->b, scid.p, scid.len);
  return p2p__bytes(r.p, p2p__rd_left(&r) - P2P__AEAD_TAG);
}

/* An Initial with a token, as long as it must be; only its header is ever looked at here. */
static size_t initial_with(uint8_t *out, const p2p__quic_cid *dcid, p2p_bytes token) {
  p2p__wr w = p2p__wr_of(out, 1200);
  p2p__wr_u8(&w, 0xc3);
  p2p__wr_be32(&w, 1);
  p2p__wr_u8(&w, dcid->len);
  p2p__wr_bytes_in(&w, p2p__bytes(dcid->b, dcid->len));
  p2p__wr_u8(&w, 0);
  p2p__wr_be16(&w, (uint16_t)(0x4000 | token.len));
  p2p__wr_bytes_in(&w, token);
  p2p__wr_be16(&w, (uint16_t)(0x4000 | (1200 - w.len - 2)));
  memset(out + w.len, 0, 1200 - w.len);
  return 1200;
}

static bool is_validated(p2p_bytes token, const p2p__quic_cid *id, const p2p_endpoint *from,
                         p2p_time at) {
  uint8_t datagram[1200];
  p2p__quic_initial i;
  size_t len = initial_with(datagram, id, token);
  assert_int_equal(p2p__quic_initial_read(p.server.shared, p2p__bytes(datagram, len), from, at, &i),
                   0);
  if (i.validated) {
    p2p__quic_initial first = first_initial();
    assert_memory_equal(&i.original, &first.dcid, sizeof first.dcid);
  }
  return i.validated;
}

static void a_token_is_good_for_one_address_one_id_and_a_while(void **state) {
  (void)state;
  uint8_t space[256];
  p2p__quic_cid id, other;
  p2p_endpoint elsewhere = p.client.at;
  p2p_bytes token = retry_token(&p.client.at, space, sizeof space, &id);
  p2p_time age = p.server.world.limits.quic_retry_age;
  assert_true(is_validated(token, &id, &p.client.at, now));
  assert_true(is_validated(token, &id, &p.client.at, now + age));
  assert_false(is_validated(token, &id, &p.client.at, now + age + 1));
  assert_false(is_validated(token, &id, &p.client.at, now - 1));
  elsewhere.port++;
  assert_false(is_validated(token, &id, &elsewhere, now));
  other = id;
  other.b[3] ^= 1;
  assert_false(is_validated(token, &other, &p.client.at, now));
}

static void a_token_that_was_changed_is_none(void **state) {
  (void)state;
  uint8_t space[256], copy[256];
  p2p__quic_cid id;
  p2p_bytes token = retry_token(&p.client.at, space, sizeof space, &id);
  for (size_t i = 0; i < token.len; i++) {
    memcpy(copy, token.p, token.len);
    copy[i] ^= 0x01;
    assert_false(is_validated(p2p__bytes(copy, token.len), &id, &p.client.at, now));
  }
  assert_false(is_validated(p2p__bytes(token.p, token.len - 1), &id, &p.client.at, now));
  assert_false(is_validated((p2p_bytes){ 0 }, &id, &p.client.at, now));
}

static void what_is_no_first_initial_begins_nothing(void **state) {
  (void)state;
  uint8_t d[1200];
  p2p__quic_initial i;
  p2p__quic_cid id = { .len = 8 };
  size_t len = initial_with(d, &id, (p2p_bytes){ 0 });
  p2p_bytes whole = p2p__bytes(d, len);
  p2p__quic_shared *s = p.server.shared;
  assert_int_equal(p2p__quic_initial_read(s, whole, &p.client.at, now, &i), 0);
  assert_int_equal(p2p__quic_initial_read(s, p2p__bytes(d, 1199), &p.client.at, now, &i),
                   P2P_EPROTO); /* RFC 9000, section 14.1 */
  d[0] = 0xe3;                  /* Handshake */
  assert_int_equal(p2p__quic_initial_read(s, whole, &p.client.at, now, &i), P2P_EPROTO);
  d[0] = 0xc3;
  p2p__put_be32(d + 1, 0x6b3343cf); /* version 2: the library knows it, we do not offer it */
  assert_int_equal(p2p__quic_initial_read(s, whole, &p.client.at, now, &i), P2P_EPROTO);
  id.len = 7;                                   /* RFC 9000, section 7.2: at least 8 */
  static const uint8_t foreign[] = { 1, 2, 3 }; /* a token says nothing of who chose the id */
  for (size_t n = 0; n <= sizeof foreign; n += sizeof foreign) {
    len = initial_with(d, &id, p2p__bytes(foreign, n));
    assert_int_equal(p2p__quic_initial_read(s, p2p__bytes(d, len), &p.client.at, now, &i),
                     P2P_EPROTO);
  }
}

/* ---- resets ---- */
static void a_reset_is_shorter_than_what_caused_it(void **state) {
  (void)state;
  p2p__quic_header h = { .is_known = true, .dcid = { .len = 8, .b = { 1 } } };
  uint8_t space[256];
  size_t len = 1452;
  int answers = 0;
  for (;; answers++) {
    p2p__wr w = p2p__wr_of(space, sizeof space);
    p2p__quic_write_reset(p.server.shared, &h, len, &w);
    if (!w.len) break;
    assert_true(w.len < len && w.len <= 42 && w.len >= 21);
    assert_int_equal(space[0] & 0xc0, 0x40);
    len = w.len;
  }
  assert_in_range(answers, 1, 22); /* two who answer each other come to an end */
  assert_int_equal(len, 21);
}

static void a_reset_token_belongs_to_its_id_and_survives_a_restart(void **state) {
  (void)state;
  uint8_t a[P2P__QUIC_RESET], b[P2P__QUIC_RESET], secret[32];
  static const uint8_t id[8] = { 1, 2, 3 }, other[8] = { 1, 2, 4 };
  p2p__quic_shared *again;
  memset(secret, 2, sizeof secret);
  assert_int_equal(p2p__quic_shared_new(&p.server.world.env, secret, p.server.tls, &again), 0);
  p2p__quic_reset_token(p.server.shared, id, sizeof id, a);
  p2p__quic_reset_token(again, id, sizeof id, b);
  assert_memory_equal(a, b, sizeof a);
  p2p__quic_reset_token(again, other, sizeof other, b);
  assert_memory_not_equal(a, b, sizeof a);
  p2p__quic_reset_token(p.client.shared, id, sizeof id, b);
  assert_memory_not_equal(a, b, sizeof a);
  p2p__quic_shared_free(again);
}

static void another_version_is_told_ours(void **state) {
  (void)state;
  p2p__quic_header h = { .is_long = true, .dcid = { 2, { 5, 6 } }, .scid = { 1, { 9 } } };
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__quic_write_versions(p.server.shared, &h, &w);
  static const uint8_t want[] = { 0, 0, 0, 0, 1, 9, 2, 5, 6, 0, 0, 0, 1 };
  assert_int_equal(w.len, 1 + sizeof want);
  assert_true(space[0] & 0x80);
  assert_memory_equal(space + 1, want, sizeof want);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(first_bytes_tell_protocols_apart),
    T(headers_are_read_or_refused),
    T(a_token_is_good_for_one_address_one_id_and_a_while),
    T(a_token_that_was_changed_is_none),
    T(what_is_no_first_initial_begins_nothing),
    T(a_reset_is_shorter_than_what_caused_it),
    T(a_reset_token_belongs_to_its_id_and_survives_a_restart),
    T(another_version_is_told_ours),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
