/* The Noise handshake as a step: two sides over a pipe at every split, and what must not pass. */
#include "party.h"
#include "security/noise_payload.h"
#include "security/noise_record.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const muxers[] = { "/yamux/1.0.0", "/mplex/6.7.0" };

typedef struct duo {
  party party[2];
  p2p__noise_config config[2];
} duo;

static duo *duo_new(void) {
  duo *d = calloc(1, sizeof *d);
  assert_non_null(d);
  for (int i = 0; i < 2; i++) {
    party_init(&d->party[i], (uint8_t)(0x11 + 0x80 * i));
    d->config[i] = party_config(&d->party[i], i == 0);
    d->config[i].muxers = muxers;
    d->config[i].n_muxers = 2;
  }
  return d;
}

static void duo_free(duo *d) {
  for (int i = 0; i < 2; i++) party_fini(&d->party[i]);
  free(d);
}

static step_pair *duo_pair(duo *d) {
  return step_pair_new(party_noise(&d->party[0], &d->config[0]),
                       party_noise(&d->party[1], &d->config[1]));
}

/* Runs a handshake; the sides' ends are left in result[]. */
static void duo_run(duo *d, int result[2]) {
  step_pair *p = duo_pair(d);
  step_pair_run(p);
  memcpy(result, p->result, sizeof p->result);
  step_pair_free(p);
}

static void assert_ends(duo *d, int initiator, int responder) {
  int result[2];
  duo_run(d, result);
  assert_int_equal(result[0], initiator);
  assert_int_equal(result[1], responder);
}

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
  assert_ends(d, 1, 1);
  duo_free(d);
}

static void another_peer_is_refused_by_the_initiator(void **state) {
  (void)state;
  duo *d = duo_new();
  d->config[0].expected = d->party[0].identity.peer;
  assert_ends(d, P2P_EPEER, 0); /* and hears nothing of who we are */
  duo_free(d);
}

static void another_peer_is_refused_by_the_responder(void **state) {
  (void)state;
  duo *d = duo_new();
  d->config[1].expected = d->party[1].identity.peer;
  assert_ends(d, 1, P2P_EPEER);
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
    assert_ends(d, liar ? P2P_EAUTH : 1, liar ? 0 : P2P_EAUTH);
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
  assert_ends(d, P2P_EAUTH, 0);
  duo_free(d);
}

static void unusable_key_is_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  d->party[1].identity.pubkey_len -= 1; /* 31 bytes where 32 were announced */
  assert_ends(d, P2P_EAUTH, 0);
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
  assert_ends(d, 1, 1);
  d->config[1].prologue = p2p__cstr("webrtx");
  assert_ends(d, P2P_EAUTH, 0);
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
  assert_ends(d, 1, 1); /* without any it is asked, too: a server that hides them is refused */
  assert_int_equal(h.calls, 1);
  assert_int_equal(h.n, 0);
  d->config[1].certhashes = v;
  d->config[1].n_certhashes = P2P_COUNT(v);
  assert_ends(d, 1, 1);
  assert_int_equal(h.n, 2);
  assert_string_equal(h.text, "one,two");
  h.answer = P2P_EAUTH;
  assert_ends(d, P2P_EAUTH, 0);
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
  assert_ends(d, P2P_EAUTH, 0);
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
  assert_ends(d, 1, 1);
  d->config[1].n_certhashes++;
  assert_ends(d, P2P_ELIMIT, 0);
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
  const p2p__noise_config config = { .muxers = muxers, .n_muxers = 2 };
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
  const p2p__noise_config config = { .muxers = muxers, .n_muxers = 2 };
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

/* ---- attacks on the wire ---- */

/* Runs a handshake in which byte `at` of what `side` sends is flipped. 0: no such byte. */
static bool run_flipped(duo *d, int side, size_t at, uint8_t mask) {
  step_pair *p = duo_pair(d);
  bool flipped = false, moved = true;
  while (moved) {
    for (int i = 0; i < 2; i++) step_pair_send(p, i);
    if (!flipped && p->wire[side].len > at) {
      p->wire[side].bytes[at] ^= mask;
      flipped = true;
    }
    moved = step_pair_recv(p, 1);
    moved = step_pair_recv(p, 0) || moved;
  }
  if (flipped && p->result[0] == 1 && p->result[1] == 1)
    fail_msg("side %d: byte %zu flipped by %02x passed", side, at, mask);
  step_pair_free(p);
  return flipped;
}

static void any_flipped_bit_is_noticed(void **state) {
  (void)state;
  duo *d = duo_new();
  for (int side = 0; side < 2; side++) {
    size_t n = 0;
    while (run_flipped(d, side, n, (uint8_t)(1 << n % 8))) n++;
    assert_true(n > 200);
  }
  duo_free(d);
}

static int hear(p2p__step *s, const uint8_t *bytes, size_t n) {
  size_t used = SIZE_MAX;
  int r = s->ops->recv(s, p2p__bytes(bytes, n), &used, 0);
  assert_true(used <= n);
  return r;
}

static void half_open_handshake_waits_until_its_deadline(void **state) {
  (void)state;
  duo *d = duo_new();
  step_pair *p = duo_pair(d);
  step_pair_send(p, 0);
  size_t n = p->wire[0].len, used = SIZE_MAX;
  p2p__step *s = p->side[1];
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(s->ops->recv(s, p2p__bytes(p->wire[0].bytes, i), &used, 0), 0);
    assert_int_equal(used, 0);
  }
  assert_int_equal(s->ops->deadline(s), PARTY_DEADLINE);
  p2p_bytes all = p2p__bytes(p->wire[0].bytes, n);
  assert_int_equal(s->ops->recv(s, all, &used, PARTY_DEADLINE), P2P_ETIMEOUT);
  assert_int_equal(s->ops->recv(s, all, &used, 0), P2P_ETIMEOUT);
  step_pair_free(p);
  duo_free(d);
}

static void message_longer_than_the_limit_is_refused_by_its_length(void **state) {
  (void)state;
  duo *d = duo_new();
  d->party[1].world.limits.noise_handshake = 1024;
  step_pair *p = duo_pair(d);
  static const uint8_t over[] = { 0x04, 0x01 };
  assert_int_equal(hear(p->side[1], over, sizeof over), P2P_ELIMIT);
  step_pair_free(p);
  duo_free(d);
}

static void short_messages_are_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  uint8_t wire[2 + 96] = { 0 };
  for (uint8_t n = 0; n < P2P__NOISE_MESSAGE_1; n++) {
    step_pair *p = duo_pair(d);
    wire[1] = n;
    assert_int_equal(hear(p->side[1], wire, 2u + n), P2P_EPROTO);
    step_pair_free(p);
  }
  for (uint8_t n = 0; n < P2P__NOISE_MESSAGE_2; n++) {
    uint8_t said[64];
    step_pair *p = duo_pair(d);
    step_said(p->side[0], said, sizeof said);
    memset(wire + 2, 9, sizeof wire - 2);
    wire[1] = n;
    assert_true(hear(p->side[0], wire, 2u + n) < 0);
    step_pair_free(p);
  }
  duo_free(d);
}

/* Points of order 1, 2, 4 and 8, RFC 7748 section 6.1: the shared secret would be all zero. */
static const char *const low_order[] = {
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void low_order_points_are_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  for (size_t i = 0; i < P2P_COUNT(low_order); i++) {
    uint8_t wire[2 + 128] = { 0, 32 }, said[64];
    unhex(low_order[i], wire + 2, 32);
    step_pair *p = duo_pair(d);
    assert_int_equal(hear(p->side[1], wire, 2 + 32), P2P_EAUTH);
    wire[1] = 128;
    step_said(p->side[0], said, sizeof said);
    assert_int_equal(hear(p->side[0], wire, 2 + 128), P2P_EAUTH);
    step_pair_free(p);
  }
  duo_free(d);
}

static void garbage_is_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  for (unsigned seed = 0; seed < 64; seed++) {
    step_pair *p = duo_pair(d);
    uint8_t wire[2 + 300] = { 300 >> 8, 300 & 0xff };
    for (size_t i = 2; i < sizeof wire; i++) wire[i] = (uint8_t)((i + seed) * 2654435761u >> 13);
    step_pair_send(p, 0);
    assert_int_equal(hear(p->side[0], wire, sizeof wire), P2P_EAUTH);
    assert_int_equal(hear(p->side[1], wire, sizeof wire), 0); /* any 32 bytes are an e */
    step_pair_send(p, 1);
    assert_int_equal(hear(p->side[1], wire, sizeof wire), P2P_EAUTH);
    step_pair_free(p);
  }
  duo_free(d);
}

static void answer_before_the_question_is_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  step_pair *p = duo_pair(d);
  uint8_t wire[2 * (2 + 32)] = { 0, 32 };
  memset(wire + 2, 9, 32);
  memcpy(wire + 34, wire, 34);
  assert_int_equal(hear(p->side[0], wire, 34), P2P_EPROTO); /* message 1 has not left */
  assert_int_equal(hear(p->side[1], wire, 68), P2P_EPROTO); /* message 2 has not, either */
  step_pair_free(p);
  duo_free(d);
}

/* ---- shortages ---- */

static void send_waits_for_room(void **state) {
  (void)state;
  duo *d = duo_new();
  p2p__step *s = party_noise(&d->party[0], &d->config[0]);
  uint8_t out[64];
  p2p__wr w = p2p__wr_of(out, 33);
  s->ops->send(s, &w);
  assert_int_equal(w.err, P2P_ELIMIT);
  assert_int_equal(w.len, 0);
  assert_int_equal(step_said(s, out, sizeof out), 34);
  assert_int_equal(step_said(s, out, sizeof out), 0);
  p2p__step_free(s);
  duo_free(d);
}

/* Makes both steps and runs them; whatever fails, nothing leaks and nothing half-done passes. */
static bool run_short(duo *d) {
  p2p__step *s[2] = { NULL, NULL };
  bool done = false;
  int err[2];
  for (int i = 0; i < 2; i++)
    err[i] = p2p__noise_step(&d->party[i].world.env, &d->config[i], &s[i]);
  if (err[0] || err[1]) {
    for (int i = 0; i < 2; i++) {
      assert_true(err[i] == 0 || err[i] == P2P_ENOMEM || err[i] == P2P_EIO);
      assert_true(!s[i] == (err[i] != 0));
      p2p__step_free(s[i]);
    }
    return false;
  }
  step_pair *p = step_pair_new(s[0], s[1]);
  step_pair_run(p);
  done = p->result[0] == 1 && p->result[1] == 1;
  if (!done) assert_true(p->result[0] == P2P_ENOMEM || p->result[1] == P2P_ENOMEM);
  step_pair_free(p);
  return done;
}

static void handshake_survives_no_memory(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    uint64_t n = 0, failed;
    do {
      duo *d = duo_new();
      p2p__mem *m = &d->party[side].world.mem;
      m->fail_at = m->calls + ++n;
      bool done = run_short(d);
      failed = m->failed;
      assert_true(done == (failed == 0));
      duo_free(d);
    } while (failed);
    assert_true(n > 2); /* the step, what was heard, the record */
  }
}

static void handshake_survives_no_randomness(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    duo *d = duo_new();
    d->party[side].world.fail_at = d->party[side].world.draws + 1;
    assert_false(run_short(d));
    duo_free(d);
  }
}

static void half_open_responder_is_small(void **state) {
  (void)state;
  duo *d = duo_new();
  size_t before = p2p__mem_used(&d->party[1].world.mem);
  step_pair *p = duo_pair(d);
  step_pair_send(p, 0);
  assert_true(step_pair_recv(p, 1));
  assert_true(p2p__mem_used(&d->party[1].world.mem) - before <= 1200);
  step_pair_free(p);
  duo_free(d);
}

/* ---- secrets ---- */

/* Memory that is given back must not hold the ephemeral or the static secret any more. */
typedef struct snoop {
  const uint8_t *secret[2];
  size_t released;
} snoop;

static void *snoop_alloc(void *user, size_t size) {
  (void)user;
  return malloc(size);
}

static void snoop_release(void *user, void *p, size_t size) {
  snoop *s = user;
  s->released++;
  for (size_t k = 0; k < 2; k++)
    for (size_t i = 0; i + 32 <= size; i++)
      if (memcmp((const uint8_t *)p + i, s->secret[k], 32) == 0) fail_msg("secret %zu left", k);
  free(p);
}

static void secrets_are_gone_from_released_memory(void **state) {
  (void)state;
  for (int spoiled = 0; spoiled < 2; spoiled++) {
    duo *d = duo_new();
    step_world *w = &d->party[0].world;
    uint8_t ephemeral[32];
    for (size_t i = 0; i < 32; i++) ephemeral[i] = (uint8_t)(w->random + i);
    snoop s = { .secret = { ephemeral, d->party[0].noise.secret } };
    p2p__mem mem;
    const p2p_allocator allocator = { snoop_alloc, snoop_release, &s };
    p2p__mem_init(&mem, &allocator);
    w->env.mem = &mem;
    if (spoiled) d->config[0].expected = d->party[0].identity.peer;
    assert_ends(d, spoiled ? P2P_EPEER : 1, !spoiled);
    assert_true(s.released >= 2);
    assert_int_equal(p2p__mem_used(&mem), 0);
    w->env.mem = &w->mem;
    duo_free(d);
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
    cmocka_unit_test(any_flipped_bit_is_noticed),
    cmocka_unit_test(half_open_handshake_waits_until_its_deadline),
    cmocka_unit_test(message_longer_than_the_limit_is_refused_by_its_length),
    cmocka_unit_test(short_messages_are_refused),
    cmocka_unit_test(low_order_points_are_refused),
    cmocka_unit_test(garbage_is_refused),
    cmocka_unit_test(answer_before_the_question_is_refused),
    cmocka_unit_test(send_waits_for_room),
    cmocka_unit_test(handshake_survives_no_memory),
    cmocka_unit_test(handshake_survives_no_randomness),
    cmocka_unit_test(half_open_responder_is_small),
    cmocka_unit_test(secrets_are_gone_from_released_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
