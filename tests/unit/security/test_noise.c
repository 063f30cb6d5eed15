/* The Noise handshake as a step: two sides over a pipe at every split, and what must not pass. */
#include "duo.h"
#include "security/noise_payload.h"
#include "security/noise_record.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a good handshake ---- */

static void pass_record(p2p__record *from, p2p__record *to, const char *text) {
  uint8_t wire[256];
  size_t len, used;
  p2p_bytes v = p2p__cstr(text);
  p2p__span plain;
  assert_int_equal(from->ops->seal(from, &v, 1, wire, &len), 0);
  assert_int_equal(to->ops->open(to, p2p__span_of(wire, len), &used, &plain), 1);
  assert_int_equal(used, len);
  assert_true(p2p__bytes_eq(v, p2p__span_bytes(plain)));
}

static void assert_secured(duo *d, step_pair *p) {
  p2p__step_result r[2];
  for (int i = 0; i < 2; i++) {
    assert_int_equal(p->result[i], 1);
    assert_int_equal(p->wire[i].eaten, p->wire[i].len);
    r[i] = party_take(p->side[i]);
    const p2p_identity *other = &d->party[1 - i].identity;
    assert_true(p2p_peer_id_eq(&r[i].peer, &other->peer));
    assert_int_equal(r[i].pubkey_len, other->pubkey_len);
    assert_memory_equal(r[i].pubkey, other->pubkey, other->pubkey_len);
    assert_int_equal(r[i].muxer, 0);
    assert_int_equal(r[i].protocol, -1);
  }
  pass_record(r[0].record, r[1].record, "ping");
  pass_record(r[1].record, r[0].record, "pong");
  for (int i = 0; i < 2; i++) p2p__record_free(r[i].record);
}

static void sides_know_each_other_afterwards(void **state) {
  (void)state;
  duo *d = duo_new();
  step_pair *p = duo_pair(d);
  step_pair_run(p);
  assert_secured(d, p);
  step_pair_free(p);
  duo_free(d);
}

static void handshake_works_at_every_cut(void **state) {
  (void)state;
  duo *d = duo_new();
  for (int side = 0; side < 2; side++) {
    for (size_t cut = 1, total = 2; cut < total; cut++) {
      step_pair *p = duo_pair(d);
      p->wire[side].cut = cut;
      step_pair_run(p);
      assert_secured(d, p);
      total = p->wire[side].len;
      step_pair_free(p);
    }
  }
  duo_free(d);
}

static void handshake_works_byte_by_byte(void **state) {
  (void)state;
  duo *d = duo_new();
  for (size_t chunk = 1; chunk < 64; chunk++) {
    step_pair *p = duo_pair(d);
    p->chunk = chunk;
    step_pair_run(p);
    assert_secured(d, p);
    step_pair_free(p);
  }
  duo_free(d);
}

/* The same randomness gives the same bytes: what the simulator stands on. */
static void transcript_is_pinned(void **state) {
  (void)state;
  duo *d = duo_new();
  step_pair *p = duo_pair(d);
  step_pair_run(p);
  size_t payload = p2p__noise_payload_len(&d->config[0]);
  assert_int_equal(payload, 2 + 36 + 2 + 64 + 2 + 2 * 14);
  assert_int_equal(p->wire[0].len, 2 + 32 + 2 + 48 + payload + 16);
  assert_int_equal(p->wire[1].len, 2 + 32 + 48 + payload + 16);
  const p2p_bytes v[] = { p2p__bytes(p->wire[0].bytes, p->wire[0].len),
                          p2p__bytes(p->wire[1].bytes, p->wire[1].len) };
  uint8_t hash[32], expected[32];
  p2p__sha256(v, 2, hash);
  unhex("82aa924dfef3e9ee52b13dfd56fce5500a0e496d7243e2f2a088f2d0c92819f5", expected, 32);
  assert_memory_equal(hash, expected, 32);
  step_pair_free(p);
  duo_free(d);
}

static void records_behind_the_handshake_are_left(void **state) {
  (void)state;
  duo *d = duo_new();
  step_pair *p = duo_pair(d);
  step_pair_send(p, 0);
  assert_true(step_pair_recv(p, 1));
  step_pair_send(p, 1);
  assert_true(step_pair_recv(p, 0));
  assert_int_equal(p->result[0], 1);
  step_pair_send(p, 0); /* message 3, and the first record in the same segment */
  p2p__step_result r = party_take(p->side[0]);
  step_wire *w = &p->wire[0];
  size_t len, behind = w->len;
  p2p_bytes v = p2p__cstr("early bird");
  assert_int_equal(r.record->ops->seal(r.record, &v, 1, w->bytes + w->len, &len), 0);
  w->len += len;
  assert_true(step_pair_recv(p, 1));
  assert_int_equal(p->result[1], 1);
  assert_int_equal(w->eaten, behind);
  p2p__record_free(r.record);
  step_pair_free(p);
  duo_free(d);
}

static void last_message_leaves_after_take(void **state) {
  (void)state;
  duo *d = duo_new();
  step_pair *p = duo_pair(d);
  step_pair_send(p, 0);
  assert_true(step_pair_recv(p, 1));
  step_pair_send(p, 1);
  assert_true(step_pair_recv(p, 0));
  p2p__step_result r = party_take(p->side[0]);
  step_pair_send(p, 0);
  assert_true(step_pair_recv(p, 1));
  assert_int_equal(p->result[1], 1);
  p2p__record_free(r.record);
  step_pair_free(p);
  duo_free(d);
}

/* ---- identity ---- */

static void expected_peer_is_accepted(void **state) {
  (void)state;
  duo *d = duo_new();
  for (int i = 0; i < 2; i++) d->config[i].expected = d->party[1 - i].identity.peer;
  duo_ends(d, 1, 1);
  duo_free(d);
}

static void another_peer_is_refused_by_the_initiator(void **state) {
  (void)state;
  duo *d = duo_new();
  d->config[0].expected = d->party[0].identity.peer;
  duo_ends(d, P2P_EPEER, 0); /* and hears nothing of who we are */
  duo_free(d);
}

static void another_peer_is_refused_by_the_responder(void **state) {
  (void)state;
  duo *d = duo_new();
  d->config[1].expected = d->party[1].identity.peer;
  duo_ends(d, 1, P2P_EPEER);
  duo_free(d);
}

static void sign_again(party *p) {
  assert_int_equal(p2p__noise_static_init(&p->noise, &p->world.env, &p->identity), 0);
}

static void bad_signature_is_refused(void **state) {
  (void)state;
  for (int liar = 0; liar < 2; liar++) {
    duo *d = duo_new();
    d->party[liar].lies = true;
    sign_again(&d->party[liar]);
    duo_ends(d, liar ? P2P_EAUTH : 1, liar ? 0 : P2P_EAUTH);
    duo_free(d);
  }
}

/* The signature of another session's static key, or by another identity, proves nothing. */
static void stolen_signature_is_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  party *thief = &d->party[1];
  uint8_t secret[32];
  memset(secret, 9, sizeof secret);
  memcpy(thief->noise.secret, secret, 32);
  p2p__x25519_public(secret, thief->noise.pub); /* signature and identity stay the old ones */
  duo_ends(d, P2P_EAUTH, 0);
  duo_free(d);
}

static void unusable_key_is_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  d->party[1].identity.pubkey_len -= 1; /* 31 bytes where 32 were announced */
  duo_ends(d, P2P_EAUTH, 0);
  duo_free(d);
}

static void broken_signer_makes_no_static_key(void **state) {
  (void)state;
  party p;
  p2p__noise_static k;
  const uint8_t zero[32] = { 0 };
  party_init(&p, 1);
  p.world.fail_at = p.world.draws + 1;
  assert_int_equal(p2p__noise_static_init(&k, &p.world.env, &p.identity), P2P_EIO);
  assert_memory_equal(k.secret, zero, 32);
  p2p__noise_static_fini(NULL);
  party_fini(&p);
}

/* ---- the muxer ---- */

typedef struct choice {
  const char *what;
  const char *initiator[3], *responder[3];
  int index[2]; /* expected, in each side's own list */
} choice;

static const choice choices[] = {
  { "the initiator's order decides", { "y", "m" }, { "m", "y" }, { 0, 1 } },
  { "the same, turned round", { "m", "y" }, { "y", "m" }, { 0, 1 } },
  { "first common one", { "x", "y", "m" }, { "m", "y" }, { 1, 1 } },
  { "one each", { "y" }, { "y" }, { 0, 0 } },
  { "nothing in common", { "y" }, { "m" }, { -1, -1 } },
  { "the responder has no extension", { "y" }, { NULL }, { -1, -1 } },
  { "the initiator has no extension", { NULL }, { "y" }, { -1, -1 } },
  { "no prefix matches", { "yy", "y" }, { "yyy", "y" }, { 1, 1 } },
};

static size_t count(const char *const ids[3]) {
  size_t n = 0;
  while (n < 3 && ids[n]) n++;
  return n;
}

static void both_sides_choose_the_same_muxer(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(choices); i++) {
    const choice *c = &choices[i];
    duo *d = duo_new();
    d->config[0].muxers = c->initiator;
    d->config[0].n_muxers = count(c->initiator);
    d->config[1].muxers = c->responder;
    d->config[1].n_muxers = count(c->responder);
    step_pair *p = duo_pair(d);
    step_pair_run(p);
    for (int side = 0; side < 2; side++) {
      p2p__step_result r = party_take(p->side[side]);
      if (r.muxer != c->index[side]) fail_msg("%s: side %d took %d", c->what, side, r.muxer);
      p2p__record_free(r.record);
    }
    step_pair_free(p);
    duo_free(d);
  }
}

/* ---- prologue, certhashes ---- */

static void another_prologue_is_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  d->config[0].prologue = d->config[1].prologue = p2p__cstr("webrtc");
  duo_ends(d, 1, 1);
  d->config[1].prologue = p2p__cstr("webrtx");
  duo_ends(d, P2P_EAUTH, 0);
  duo_free(d);
}

typedef struct hashes {
  size_t n, calls;
  char text[64];
  int answer;
} hashes;

static int on_hashes(void *ctx, const p2p_bytes *v, size_t n) {
  hashes *h = ctx;
  size_t at = 0;
  h->n = n;
  h->calls++;
  for (size_t i = 0; i < n; i++) {
    memcpy(h->text + at, v[i].p, v[i].len);
    at += v[i].len;
  }
  return h->answer;
}

static void certhashes_reach_the_initiator(void **state) {
  (void)state;
  duo *d = duo_new();
  hashes h = { 0 };
  const p2p_bytes v[] = { p2p__cstr("one,"), p2p__cstr("two") };
  d->config[0].on_certhashes = on_hashes;
  d->config[0].ctx = &h;
  duo_ends(d, 1, 1); /* without any it is asked, too: a server that hides them is refused */
  assert_int_equal(h.calls, 1);
  assert_int_equal(h.n, 0);
  d->config[1].certhashes = v;
  d->config[1].n_certhashes = P2P_COUNT(v);
  duo_ends(d, 1, 1);
  assert_int_equal(h.n, 2);
  assert_string_equal(h.text, "one,two");
  h.answer = P2P_EAUTH;
  duo_ends(d, P2P_EAUTH, 0);
  duo_free(d);
}

static void certhashes_of_a_liar_are_not_told(void **state) {
  (void)state;
  duo *d = duo_new();
  hashes h = { 0 };
  d->config[0].on_certhashes = on_hashes;
  d->config[0].ctx = &h;
  d->party[1].lies = true;
  sign_again(&d->party[1]);
  duo_ends(d, P2P_EAUTH, 0);
  assert_int_equal(h.calls, 0);
  duo_free(d);
}

static void certhashes_are_bounded(void **state) {
  (void)state;
  duo *d = duo_new();
  p2p_bytes v[P2P__NOISE_CERTHASHES + 1];
  for (size_t i = 0; i < P2P_COUNT(v); i++) v[i] = p2p__cstr("hash");
  d->config[1].certhashes = v;
  d->config[1].n_certhashes = P2P__NOISE_CERTHASHES;
  duo_ends(d, 1, 1);
  d->config[1].n_certhashes++;
  duo_ends(d, P2P_ELIMIT, 0);
  duo_free(d);
}

/* ---- payloads taken apart ---- */

typedef struct sample {
  const char *what, *hex;
  int err;
} sample;

static const sample samples[] = {
  { "empty", "", P2P_EPROTO },
  { "no key", "120101", P2P_EPROTO },
  { "empty key", "0a00120101", P2P_EPROTO },
  { "key alone", "0a0101", 0 },
  { "unknown fields", "0a01011a0201022807350102030439010203040506070812012a", 0 },
  { "key as a number", "0801", P2P_EPROTO },
  { "truncated field", "0a0501", P2P_EPROTO },
  { "truncated tag", "0a010180", P2P_EPROTO },
  { "a group", "0a0101131b", P2P_EPROTO },
  { "broken extensions", "0a01012202ffff", P2P_EPROTO },
  { "extensions as a number", "0a01012001", 0 },
  { "field number 0", "0a01010201", P2P_EPROTO },
};

static void payloads_are_parsed_as_protobuf_says(void **state) {
  (void)state;
  const p2p__noise_config config = { .muxers = duo_muxers, .n_muxers = 2 };
  for (size_t i = 0; i < P2P_COUNT(samples); i++) {
    uint8_t bytes[64];
    p2p__noise_payload p;
    size_t n = unhex(samples[i].hex, bytes, sizeof bytes);
    int err = p2p__noise_payload_read(p2p__bytes(bytes, n), &config, &p);
    if (err != samples[i].err) fail_msg("%s: %d", samples[i].what, err);
  }
}

static void repeated_fields_follow_protobuf(void **state) {
  (void)state;
  const p2p__noise_config config = { .muxers = duo_muxers, .n_muxers = 2 };
  static const uint8_t bytes[] = "\x0a\x01"
                                 "a"
                                 "\x0a\x01"
                                 "b"
                                 "\x22\x0e\x12\x0c/mplex/6.7.0"
                                 "\x22\x0e\x12\x0c/yamux/1.0.0";
  p2p__noise_payload p;
  assert_int_equal(p2p__noise_payload_read(p2p__bytes(bytes, sizeof bytes - 1), &config, &p), 0);
  assert_int_equal(p.key.p[0], 'b'); /* the last one counts */
  assert_int_equal(p.muxer, 1);      /* lists add up: as responder we take the first */
}

static void long_keys_are_refused(void **state) {
  (void)state;
  const p2p__noise_config config = { 0 };
  static const uint8_t key[P2P__PUBKEY_MAX + 1];
  uint8_t bytes[2048];
  p2p__noise_payload p;
  for (size_t n = P2P__PUBKEY_MAX; n <= sizeof key; n++) {
    p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
    p2p__wr_u8(&w, 0x0a);
    p2p__wr_prefixed(&w, p2p__bytes(key, n));
    int err = p2p__noise_payload_read(p2p__wr_bytes(&w), &config, &p);
    assert_int_equal(err, n > P2P__PUBKEY_MAX ? P2P_ELIMIT : 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sides_know_each_other_afterwards),
    cmocka_unit_test(handshake_works_at_every_cut),
    cmocka_unit_test(handshake_works_byte_by_byte),
    cmocka_unit_test(transcript_is_pinned),
    cmocka_unit_test(records_behind_the_handshake_are_left),
    cmocka_unit_test(last_message_leaves_after_take),
    cmocka_unit_test(expected_peer_is_accepted),
    cmocka_unit_test(another_peer_is_refused_by_the_initiator),
    cmocka_unit_test(another_peer_is_refused_by_the_responder),
    cmocka_unit_test(bad_signature_is_refused),
    cmocka_unit_test(stolen_signature_is_refused),
    cmocka_unit_test(unusable_key_is_refused),
    cmocka_unit_test(broken_signer_makes_no_static_key),
    cmocka_unit_test(both_sides_choose_the_same_muxer),
    cmocka_unit_test(another_prologue_is_refused),
    cmocka_unit_test(certhashes_reach_the_initiator),
    cmocka_unit_test(certhashes_of_a_liar_are_not_told),
    cmocka_unit_test(certhashes_are_bounded),
    cmocka_unit_test(payloads_are_parsed_as_protobuf_says),
    cmocka_unit_test(repeated_fields_follow_protobuf),
    cmocka_unit_test(long_keys_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
