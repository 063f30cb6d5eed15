/* plaintext/2.0.0: the exchange over a pipe, lies, and the record that changes nothing. */
#include "party.h"
#include "security/plaintext.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct plain_duo {
  party party[2];
  p2p_peer_id expected[2];
} plain_duo;

static plain_duo *plain_new(void) {
  plain_duo *d = calloc(1, sizeof *d);
  assert_non_null(d);
  for (int i = 0; i < 2; i++) party_init(&d->party[i], (uint8_t)(0x11 + 0x80 * i));
  return d;
}

static void plain_free(plain_duo *d) {
  for (int i = 0; i < 2; i++) party_fini(&d->party[i]);
  free(d);
}

static int plain_step(plain_duo *d, int i, p2p__step **out) {
  party *p = &d->party[i];
  return p2p__plaintext_step(&p->world.env, &p->identity, &d->expected[i], PARTY_DEADLINE, out);
}

static step_pair *plain_pair(plain_duo *d) {
  p2p__step *s[2];
  for (int i = 0; i < 2; i++) assert_int_equal(plain_step(d, i, &s[i]), 0);
  return step_pair_new(s[0], s[1]);
}

static void assert_met(plain_duo *d, step_pair *p) {
  for (int i = 0; i < 2; i++) {
    assert_int_equal(p->result[i], 1);
    assert_int_equal(p->wire[i].eaten, p->wire[i].len);
    p2p__step_result r = party_take(p->side[i]);
    const p2p_identity *other = &d->party[1 - i].identity;
    assert_true(p2p_peer_id_eq(&r.peer, &other->peer));
    assert_int_equal(r.pubkey_len, other->pubkey_len);
    assert_memory_equal(r.pubkey, other->pubkey, other->pubkey_len);
    assert_int_equal(r.muxer, -1);
    p2p__record_free(r.record);
  }
}

static void sides_meet_at_every_split(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  for (size_t chunk = 0; chunk < 90; chunk++) {
    step_pair *p = plain_pair(d);
    p->chunk = chunk;
    step_pair_run(p);
    assert_met(d, p);
    step_pair_free(p);
  }
  for (size_t cut = 1; cut < 90; cut++) {
    step_pair *p = plain_pair(d);
    p->wire[0].cut = p->wire[1].cut = cut;
    step_pair_run(p);
    assert_met(d, p);
    step_pair_free(p);
  }
  plain_free(d);
}

/* varint length, field 1: id, field 2: key. */
static void exchange_is_the_specification_s(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  p2p__step *s;
  assert_int_equal(plain_step(d, 0, &s), 0);
  uint8_t said[128], expected[128];
  p2p__wr w = p2p__wr_of(expected, sizeof expected);
  const p2p_identity *id = &d->party[0].identity;
  assert_int_equal(id->peer.len, 38);
  p2p__wr_u8(&w, 2 + 38 + 2 + 36);
  p2p__wr_u8(&w, 0x0a);
  p2p__wr_prefixed(&w, p2p__bytes(id->peer.b, id->peer.len));
  p2p__wr_u8(&w, 0x12);
  p2p__wr_prefixed(&w, p2p__bytes(id->pubkey, id->pubkey_len));
  assert_int_equal(step_said(s, said, sizeof said), w.len);
  assert_memory_equal(said, expected, w.len);
  assert_int_equal(step_said(s, said, sizeof said), 0);
  p2p__step_free(s);
  plain_free(d);
}

static void assert_ends(plain_duo *d, int initiator, int responder) {
  step_pair *p = plain_pair(d);
  step_pair_run(p);
  assert_int_equal(p->result[0], initiator);
  assert_int_equal(p->result[1], responder);
  step_pair_free(p);
}

static void expected_peer_decides(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  d->expected[0] = d->party[1].identity.peer;
  assert_ends(d, 1, 1);
  d->expected[0] = d->party[0].identity.peer;
  assert_ends(d, P2P_EPEER, 1);
  plain_free(d);
}

static void id_of_another_key_is_refused(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  d->party[1].identity.peer = d->party[0].identity.peer;
  assert_ends(d, P2P_EAUTH, 1);
  plain_free(d);
}

static int hear_new(plain_duo *d, p2p_bytes in, size_t *used, p2p_time now) {
  p2p__step *s;
  assert_int_equal(plain_step(d, 0, &s), 0);
  *used = SIZE_MAX;
  int err = s->ops->recv(s, in, used, now);
  assert_true(*used <= in.len);
  if (err) assert_int_equal(s->ops->recv(s, in, used, now), err);
  p2p__step_free(s);
  return err;
}

typedef struct lie {
  const char *what, *hex;
  int err;
} lie;

static const lie lies[] = {
  { "empty exchange", "00", P2P_EAUTH },
  { "no key", "030a0101", P2P_EAUTH },
  { "not protobuf", "02ffff", P2P_EPROTO },
  { "field longer than the message", "020a05", P2P_EPROTO },
  { "64 KiB", "808004", P2P_ELIMIT },
  { "2^63 - 1", "ffffffffffffffff7f", P2P_ELIMIT },
  { "length not minimal", "8000", P2P_EPROTO },
  { "endless length", "80808080808080808080", P2P_EPROTO },
  { "half a length", "80", 0 },
};

static void lies_are_refused(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  for (size_t i = 0; i < P2P_COUNT(lies); i++) {
    uint8_t bytes[32];
    size_t used, n = unhex(lies[i].hex, bytes, sizeof bytes);
    int err = hear_new(d, p2p__bytes(bytes, n), &used, 0);
    if (err != lies[i].err) fail_msg("%s: %d", lies[i].what, err);
  }
  plain_free(d);
}

static void any_flipped_byte_is_noticed(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  step_pair *p = plain_pair(d);
  step_pair_send(p, 1);
  for (size_t i = 0; i < p->wire[1].len; i++) {
    size_t used;
    p->wire[1].bytes[i] ^= 1;
    assert_true(hear_new(d, p2p__bytes(p->wire[1].bytes, p->wire[1].len), &used, 0) != 1);
    p->wire[1].bytes[i] ^= 1;
  }
  step_pair_free(p);
  plain_free(d);
}

static void silence_ends_at_the_deadline(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  size_t used;
  static const uint8_t half[] = { 0x20 };
  p2p_bytes in = p2p__bytes(half, 1);
  assert_int_equal(hear_new(d, in, &used, PARTY_DEADLINE - 1), 0);
  assert_int_equal(hear_new(d, in, &used, PARTY_DEADLINE), P2P_ETIMEOUT);
  p2p__step *s;
  assert_int_equal(plain_step(d, 0, &s), 0);
  assert_int_equal(s->ops->deadline(s), PARTY_DEADLINE);
  p2p__step_free(s);
  plain_free(d);
}

static p2p__record *record_of(plain_duo *d) {
  step_pair *p = plain_pair(d);
  step_pair_run(p);
  p2p__record *r = party_take(p->side[0]).record;
  step_pair_free(p);
  return r;
}

static void record_passes_bytes_as_they_are(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  p2p__record *r = record_of(d);
  uint8_t wire[64];
  size_t len, used;
  p2p__span plain;
  const p2p_bytes v[] = { p2p__cstr("one"), p2p__cstr(""), p2p__cstr("two") };
  assert_int_equal(r->ops->seal(r, v, P2P_COUNT(v), wire, &len), 0);
  assert_int_equal(len, 6);
  assert_memory_equal(wire, "onetwo", 6);
  assert_int_equal(r->ops->open(r, p2p__span_of(wire, 4), &used, &plain), 1);
  assert_int_equal(used, 4); /* no framing: all there is */
  assert_int_equal(plain.len, 4);
  assert_ptr_equal(plain.p, wire);
  assert_int_equal(r->ops->open(r, p2p__span_of(wire, 0), &used, &plain), 0);
  p2p__record_free(r);
  plain_free(d);
}

static void record_refuses_more_than_its_maximum(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  p2p__record *r = record_of(d);
  uint8_t *text = calloc(2, (size_t)r->max + 1);
  assert_non_null(text);
  size_t len = 0;
  p2p_bytes v = p2p__bytes(text, r->max);
  assert_int_equal(r->ops->seal(r, &v, 1, text + r->max + 1, &len), 0);
  assert_int_equal(len, r->max);
  v.len++;
  assert_int_equal(r->ops->seal(r, &v, 1, text + r->max + 1, &len), P2P_EINVAL);
  free(text);
  p2p__record_free(r);
  plain_free(d);
}

static void steps_survive_no_memory(void **state) {
  (void)state;
  plain_duo *d = plain_new();
  p2p__mem *m = &d->party[0].world.mem;
  p2p__step *s;
  m->fail_at = m->calls + 1;
  assert_int_equal(plain_step(d, 0, &s), P2P_ENOMEM);
  assert_null(s);
  m->fail_at = m->calls + 2;
  assert_ends(d, P2P_ENOMEM, 1);
  plain_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sides_meet_at_every_split),
    cmocka_unit_test(exchange_is_the_specification_s),
    cmocka_unit_test(expected_peer_decides),
    cmocka_unit_test(id_of_another_key_is_refused),
    cmocka_unit_test(lies_are_refused),
    cmocka_unit_test(any_flipped_byte_is_noticed),
    cmocka_unit_test(silence_ends_at_the_deadline),
    cmocka_unit_test(record_passes_bytes_as_they_are),
    cmocka_unit_test(record_refuses_more_than_its_maximum),
    cmocka_unit_test(steps_survive_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
