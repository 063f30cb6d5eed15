/* Signed envelopes and peer records. */
#include "unit/crypto/vectors.h"

#include "crypto/crypto.h"
#include "multiformats/protobuf.h"
#include "peer/peer_record.h"
#include "peer/pubkey.h"
#include <p2p/addr.h>

typedef struct fixture {
  p2p_identity id, other;
  uint8_t scratch[4096], sealed[4096];
  size_t len;
} fixture;

static const uint8_t addr_one[] = { 4, 127, 0, 0, 1, 6, 0x0f, 0xa1 };
static const uint8_t addr_two[] = { 0xc6, 0x03 };

static p2p__span scratch_of(fixture *f) { return p2p__span_of(f->scratch, sizeof f->scratch); }
static p2p_bytes sealed_of(const fixture *f) { return p2p__bytes(f->sealed, f->len); }

static int import(p2p_identity *id, uint8_t seed_byte) {
  uint8_t seed[32] = { seed_byte }, text[100];
  p2p__ed25519 key;
  if (p2p__ed25519_from_seed(&key, seed)) return -1;
  p2p__wr w = p2p__wr_of(text, sizeof text);
  uint8_t pair[64];
  memcpy(pair, key.seed, 32);
  memcpy(pair + 32, key.pub, 32);
  p2p__key_write(&w, P2P_KEY_ED25519, p2p__bytes(pair, 64));
  return p2p_identity_import(id, p2p__wr_bytes(&w));
}

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  *state = f;
  if (import(&f->id, 1) || import(&f->other, 2)) return -1;
  p2p_bytes addrs[] = { p2p__bytes(addr_one, sizeof addr_one),
                        p2p__bytes(addr_two, sizeof addr_two) };
  p2p__wr w = p2p__wr_of(f->sealed, sizeof f->sealed);
  int err = p2p__peer_record_seal(&f->id, 1234567890123, addrs, 2, scratch_of(f), &w);
  f->len = w.len;
  return err;
}

static int teardown(void **state) {
  fixture *f = *state;
  p2p_identity_fini(&f->id);
  p2p_identity_fini(&f->other);
  free(f);
  return 0;
}

/* An envelope of the caller's making, signed by id. */
typedef struct forgery {
  const p2p_identity *signer;
  const char *domain;
  p2p_bytes pubkey, type, payload;
} forgery;

static forgery honest(const fixture *f, p2p_bytes payload) {
  static const uint8_t type[] = { 3, 1 };
  return (forgery){ .signer = &f->id,
                    .domain = "libp2p-peer-record",
                    .pubkey = p2p__bytes(f->id.pubkey, f->id.pubkey_len),
                    .type = p2p__bytes(type, sizeof type),
                    .payload = payload };
}

static int open_forgery(fixture *f, const forgery *g, p2p__peer_record *out) {
  uint8_t text[2048], sig[P2P_SIGNATURE_MAX], made[2048];
  size_t sig_len = 0;
  p2p__wr t = p2p__wr_of(text, sizeof text), w = p2p__wr_of(made, sizeof made);
  p2p__wr_prefixed(&t, p2p__cstr(g->domain));
  p2p__wr_prefixed(&t, g->type);
  p2p__wr_prefixed(&t, g->payload);
  assert_int_equal(g->signer->sign(g->signer->ctx, p2p__wr_bytes(&t), sig, &sig_len), 0);
  p2p__pb_bytes(&w, 1, g->pubkey);
  p2p__pb_bytes(&w, 2, g->type);
  p2p__pb_bytes(&w, 3, g->payload);
  p2p__pb_bytes(&w, 5, p2p__bytes(sig, sig_len));
  p2p__span copy = exact(p2p__wr_bytes(&w));
  int err = p2p__peer_record_open(p2p__span_bytes(copy), scratch_of(f), out);
  exact_free(copy);
  return err;
}

static p2p_bytes payload_of(p2p__wr *w, const p2p_peer_id *peer, uint64_t seq) {
  p2p__pb_bytes(w, 1, p2p__bytes(peer->b, peer->len));
  if (seq) p2p__pb_uint(w, 2, seq);
  return p2p__wr_bytes(w);
}

/* ---- */

static void record_is_opened_as_it_was_sealed(void **state) {
  fixture *f = *state;
  p2p__peer_record got;
  p2p_bytes addr;
  assert_int_equal(p2p__peer_record_open(sealed_of(f), scratch_of(f), &got), 0);
  assert_true(p2p_peer_id_eq(&got.peer, &f->id.peer));
  assert_true(got.seq == 1234567890123);
  p2p__rd r = p2p__rd_of(got.record);
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 1);
  assert_true(p2p__bytes_eq(addr, p2p__bytes(addr_one, sizeof addr_one)));
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 1);
  assert_true(p2p__bytes_eq(addr, p2p__bytes(addr_two, sizeof addr_two)));
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 0);
}

/* RFC 0002 and 0003, field by field, in the order go-libp2p writes them. */
static void record_has_the_wire_format_of_the_specification(void **state) {
  fixture *f = *state;
  uint8_t want[512];
  p2p__wr w = p2p__wr_of(want, sizeof want);
  p2p__wr_bytes_in(&w, p2p__bytes("\x0a\x24", 2)); /* public_key */
  p2p__wr_bytes_in(&w, p2p__bytes(f->id.pubkey, 36));
  p2p__wr_bytes_in(&w, p2p__bytes("\x12\x02\x03\x01", 4)); /* payload_type */
  p2p__wr_bytes_in(&w, p2p__bytes("\x1a\x41", 2));         /* payload */
  p2p__wr_bytes_in(&w, p2p__bytes("\x0a\x26", 2));         /* peer_id */
  p2p__wr_bytes_in(&w, p2p__bytes(f->id.peer.b, 38));
  p2p__wr_bytes_in(&w, p2p__bytes("\x10\xcb\x89\xec\x8f\xf7\x23", 7)); /* seq */
  p2p__wr_bytes_in(&w, p2p__bytes("\x1a\x0a\x0a\x08", 4));             /* addresses */
  p2p__wr_bytes_in(&w, p2p__bytes(addr_one, 8));
  p2p__wr_bytes_in(&w, p2p__bytes("\x1a\x04\x0a\x02\xc6\x03", 6));
  p2p__wr_bytes_in(&w, p2p__bytes("\x2a\x40", 2)); /* signature */
  assert_int_equal(f->len, w.len + 64);
  assert_memory_equal(f->sealed, want, w.len);
}

/* FR-04, ID-01. */
static void record_cut_or_changed_anywhere_is_refused(void **state) {
  fixture *f = *state;
  p2p__peer_record got;
  for (size_t len = 0; len < f->len; len++) {
    p2p__span cut = exact(p2p__bytes(f->sealed, len));
    assert_true(p2p__peer_record_open(p2p__span_bytes(cut), scratch_of(f), &got) < 0);
    exact_free(cut);
  }
  for (size_t bit = 0; bit < f->len * 8; bit++) {
    f->sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_true(p2p__peer_record_open(sealed_of(f), scratch_of(f), &got) < 0);
    f->sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
}

/* ID-02: a good signature of a stranger over somebody's record. */
static void record_of_another_peer_than_the_signer_is_refused(void **state) {
  fixture *f = *state;
  uint8_t buf[256];
  p2p__wr w = p2p__wr_of(buf, sizeof buf);
  p2p__peer_record got;
  forgery g = honest(f, payload_of(&w, &f->id.peer, 7));
  assert_int_equal(open_forgery(f, &g, &got), 0);
  g.signer = &f->other;
  assert_int_equal(open_forgery(f, &g, &got), P2P_ESIG);
  g.pubkey = p2p__bytes(f->other.pubkey, f->other.pubkey_len);
  assert_int_equal(open_forgery(f, &g, &got), P2P_EPEER);
  w = p2p__wr_of(buf, sizeof buf); /* a record of nobody */
  p2p__pb_uint(&w, 2, 7);
  g = honest(f, p2p__wr_bytes(&w));
  assert_int_equal(open_forgery(f, &g, &got), P2P_EPEER);
}

static void record_signed_for_another_purpose_is_refused(void **state) {
  fixture *f = *state;
  uint8_t buf[256];
  p2p__wr w = p2p__wr_of(buf, sizeof buf);
  p2p__peer_record got;
  p2p_bytes payload = payload_of(&w, &f->id.peer, 7);
  forgery g = honest(f, payload);
  g.domain = "libp2p-routing-state";
  assert_int_equal(open_forgery(f, &g, &got), P2P_ESIG);
  g = honest(f, payload);
  g.type = p2p__cstr("\x03\x02");
  assert_int_equal(open_forgery(f, &g, &got), P2P_EPROTO);
  g = honest(f, payload);
  g.pubkey = p2p__bytes(f->id.pubkey, 35);
  assert_int_equal(open_forgery(f, &g, &got), P2P_EKEY);
}

/* A field that comes twice is read differently by different readers. */
static void record_that_says_a_thing_twice_is_refused(void **state) {
  fixture *f = *state;
  uint8_t buf[256];
  p2p__peer_record got;
  p2p__wr w = p2p__wr_of(buf, sizeof buf);
  payload_of(&w, &f->id.peer, 7);
  forgery g = honest(f, payload_of(&w, &f->id.peer, 0));
  assert_int_equal(open_forgery(f, &g, &got), P2P_EPROTO);
  w = p2p__wr_of(buf, sizeof buf);
  payload_of(&w, &f->id.peer, 7);
  p2p__pb_uint(&w, 2, 8);
  g = honest(f, p2p__wr_bytes(&w));
  assert_int_equal(open_forgery(f, &g, &got), P2P_EPROTO);
  p2p__wr again = { .p = f->sealed, .len = f->len, .cap = sizeof f->sealed };
  p2p__pb_bytes(&again, 5, p2p__cstr("signature"));
  assert_int_equal(p2p__peer_record_open(p2p__wr_bytes(&again), scratch_of(f), &got), P2P_EPROTO);
}

static void record_may_leave_out_a_sequence_of_zero_and_add_fields(void **state) {
  fixture *f = *state;
  uint8_t buf[256];
  p2p__wr w = p2p__wr_of(buf, sizeof buf);
  p2p__peer_record got = { .seq = 5 };
  payload_of(&w, &f->id.peer, 0);
  p2p__pb_uint(&w, 99, 1);
  forgery g = honest(f, p2p__wr_bytes(&w));
  assert_int_equal(open_forgery(f, &g, &got), 0);
  assert_true(got.seq == 0);
}

/* IP-07. */
static void record_addresses_that_are_empty_or_invalid_are_skipped(void **state) {
  (void)state;
  uint8_t buf[256];
  p2p__wr w = p2p__wr_of(buf, sizeof buf);
  p2p_bytes addr;
  p2p__pb_bytes(&w, 3, p2p__bytes(NULL, 0));                   /* no multiaddr */
  p2p__pb_bytes(&w, 3, p2p__bytes("\x0a\x00", 2));             /* an empty one */
  p2p__pb_bytes(&w, 3, p2p__bytes("\x0a\x02\xff\x7f", 4));     /* of no known protocol */
  p2p__pb_bytes(&w, 3, p2p__bytes("\x0a\x03\x04\x01\x02", 5)); /* cut */
  p2p__pb_uint(&w, 3, 4);                                      /* not bytes */
  p2p__pb_bytes(&w, 3, p2p__bytes("\x10\x05\x0a\x02\xc6\x03", 6));
  p2p__rd r = p2p__rd_of(p2p__wr_bytes(&w));
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 1);
  assert_true(p2p__bytes_eq(addr, p2p__bytes(addr_two, 2)));
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 0);
  w = p2p__wr_of(buf, sizeof buf);
  p2p__pb_bytes(&w, 3, p2p__bytes("\x0a\x09\xc6", 3)); /* protobuf that lies */
  r = p2p__rd_of(p2p__wr_bytes(&w));
  assert_int_equal(p2p__peer_record_addr(&r, &addr), P2P_EPROTO);
  assert_int_equal(p2p__peer_record_addr(&r, &addr), P2P_EPROTO);
}

static void record_without_room_says_so(void **state) {
  fixture *f = *state;
  p2p_bytes addr = p2p__bytes(addr_one, sizeof addr_one);
  uint8_t out[512];
  for (size_t cap = 0; cap < 300; cap++) {
    p2p__wr w = p2p__wr_of(out, sizeof out), small = p2p__wr_of(out, cap);
    int err = p2p__peer_record_seal(&f->id, 1, &addr, 1, p2p__span_of(f->scratch, cap), &w);
    assert_int_equal(err, cap < 22 + 1 + 40 + 2 + 12 ? P2P_ELIMIT : 0);
    err = p2p__peer_record_seal(&f->id, 1, &addr, 1, scratch_of(f), &small);
    assert_int_equal(err, cap < 38 + 4 + 56 + 66 ? P2P_ELIMIT : 0);
    assert_true(small.len <= cap);
  }
  p2p__peer_record got;
  assert_int_equal(p2p__peer_record_open(sealed_of(f), p2p__span_of(f->scratch, 20), &got),
                   P2P_ELIMIT);
}

static int sign_nothing(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  (void)ctx, (void)msg, (void)sig, (void)len;
  return P2P_EACCES;
}

static void record_is_not_sealed_when_the_module_does_not_sign(void **state) {
  fixture *f = *state;
  p2p_identity id = f->id;
  uint8_t out[512];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  id.sign = sign_nothing;
  assert_int_equal(p2p__peer_record_seal(&id, 1, NULL, 0, scratch_of(f), &w), P2P_EACCES);
  assert_int_equal(w.len, 0);
}

/* ---- the form of before 2021 ---- */

static forgery legacy(const fixture *f, p2p_bytes payload) {
  forgery g = honest(f, payload);
  g.domain = "libp2p-routing-state";
  g.type = p2p__cstr("/libp2p/routing-state-record");
  return g;
}

static int open_any_forgery(fixture *f, const forgery *g, p2p__peer_record *out) {
  uint8_t made[2048];
  p2p__envelope_form form = { g->domain, g->type };
  p2p__wr w = p2p__wr_of(made, sizeof made);
  assert_int_equal(p2p__envelope_seal(g->signer, &form, g->payload, scratch_of(f), &w), 0);
  return p2p__peer_record_open_any(p2p__wr_bytes(&w), scratch_of(f), out);
}

static void record_of_the_old_form_is_opened_where_it_is_asked_for(void **state) {
  fixture *f = *state;
  uint8_t buf[128];
  p2p__wr w = p2p__wr_of(buf, sizeof buf);
  p2p__peer_record got;
  forgery g = legacy(f, payload_of(&w, &f->id.peer, 77));
  assert_int_equal(open_forgery(f, &g, &got), P2P_EPROTO);
  assert_int_equal(open_any_forgery(f, &g, &got), 0);
  assert_true(p2p_peer_id_eq(&got.peer, &f->id.peer) && got.seq == 77);
  forgery ours = honest(f, g.payload);
  assert_int_equal(open_any_forgery(f, &ours, &got), 0);
}

static void record_of_the_old_form_is_judged_as_the_new_one_is(void **state) {
  fixture *f = *state;
  uint8_t buf[128], other[128];
  p2p__wr w = p2p__wr_of(buf, sizeof buf), o = p2p__wr_of(other, sizeof other);
  p2p__peer_record got;
  forgery g = legacy(f, payload_of(&w, &f->id.peer, 77)), h = g;
  g.domain = "libp2p-peer-record"; /* one form's domain, the other's type */
  assert_int_equal(open_any_forgery(f, &g, &got), P2P_ESIG);
  h.type = p2p__bytes("\x03\x01", 2);
  assert_int_equal(open_any_forgery(f, &h, &got), P2P_ESIG);
  forgery stolen = legacy(f, payload_of(&o, &f->other.peer, 77)); /* ID-02 */
  assert_int_equal(open_any_forgery(f, &stolen, &got), P2P_EPEER);
}

/* ---- envelopes of other things ---- */

static const p2p__envelope_form voucher = { "libp2p-relay-rsvp",
                                            { (const uint8_t *)"\x03\x02", 2 } };

static void envelope_says_who_sealed_what(void **state) {
  fixture *f = *state;
  uint8_t out[512];
  p2p__envelope got;
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p_bytes payload = p2p__cstr("a voucher");
  assert_int_equal(p2p__envelope_seal(&f->id, &voucher, payload, scratch_of(f), &w), 0);
  assert_int_equal(p2p__envelope_open(p2p__wr_bytes(&w), &voucher, 1, scratch_of(f), &got), 0);
  assert_true(p2p__bytes_eq(got.payload, payload) && got.form == &voucher);
  assert_true(p2p_peer_id_eq(&got.signer, &f->id.peer));
  assert_true(p2p__bytes_eq(got.pubkey, p2p__bytes(f->id.pubkey, f->id.pubkey_len)));
}

static void envelope_serves_no_other_purpose(void **state) {
  fixture *f = *state;
  uint8_t out[512];
  p2p__envelope got;
  p2p__peer_record rec;
  p2p__envelope_form other = voucher;
  p2p__wr w = p2p__wr_of(out, sizeof out);
  assert_int_equal(p2p__envelope_seal(&f->id, &voucher, p2p__cstr("x"), scratch_of(f), &w), 0);
  assert_int_equal(p2p__peer_record_open_any(p2p__wr_bytes(&w), scratch_of(f), &rec), P2P_EPROTO);
  other.domain = "libp2p-peer-record";
  assert_int_equal(p2p__envelope_open(p2p__wr_bytes(&w), &other, 1, scratch_of(f), &got), P2P_ESIG);
  assert_int_equal(p2p__envelope_open(p2p__wr_bytes(&w), &voucher, 0, scratch_of(f), &got),
                   P2P_EPROTO);
}

static void envelope_payload_may_lie_anywhere_in_scratch(void **state) {
  fixture *f = *state;
  uint8_t want[512], out[512];
  for (size_t at = 0; at < 64; at++) {
    p2p__wr w = p2p__wr_of(want, sizeof want), v = p2p__wr_of(out, sizeof out);
    p2p_bytes text = p2p__cstr("forty bytes of payload, give or take one");
    assert_int_equal(p2p__envelope_seal(&f->id, &voucher, text, scratch_of(f), &w), 0);
    memcpy(f->scratch + at, text.p, text.len);
    text.p = f->scratch + at;
    assert_int_equal(p2p__envelope_seal(&f->id, &voucher, text, scratch_of(f), &v), 0);
    assert_true(p2p__bytes_eq(p2p__wr_bytes(&w), p2p__wr_bytes(&v)));
  }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
    WITH(record_is_opened_as_it_was_sealed),
    WITH(record_has_the_wire_format_of_the_specification),
    WITH(record_cut_or_changed_anywhere_is_refused),
    WITH(record_of_another_peer_than_the_signer_is_refused),
    WITH(record_signed_for_another_purpose_is_refused),
    WITH(record_that_says_a_thing_twice_is_refused),
    WITH(record_may_leave_out_a_sequence_of_zero_and_add_fields),
    WITH(record_addresses_that_are_empty_or_invalid_are_skipped),
    WITH(record_without_room_says_so),
    WITH(record_of_the_old_form_is_opened_where_it_is_asked_for),
    WITH(record_of_the_old_form_is_judged_as_the_new_one_is),
    WITH(envelope_says_who_sealed_what),
    WITH(envelope_serves_no_other_purpose),
    WITH(envelope_payload_may_lie_anywhere_in_scratch),
    WITH(record_is_not_sealed_when_the_module_does_not_sign),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
