/* The Noise handshake against the wire's lies, shortages, and what stays in memory. */
#include "duo.h"
#include "security/noise_xx.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- the wire ---- */

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

/* Long enough to be messages 2 and 3: it is not their cipher that stops them. */
static void answer_before_the_question_is_refused(void **state) {
  (void)state;
  duo *d = duo_new();
  step_pair *p = duo_pair(d);
  uint8_t early[2 + 32 + 2 + 200] = { 0, 32 };
  memset(early + 2, 9, sizeof early - 2);
  p2p__put_be16(early + 34, 200);
  assert_int_equal(hear(p->side[0], early + 34, 202), P2P_EPROTO);     /* 1 has not left */
  assert_int_equal(hear(p->side[1], early, sizeof early), P2P_EPROTO); /* 2 has not left */
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

/* What connections hold; the loop's spare cipher contexts serve them all. */
static size_t held(const p2p__mem *m) { return p2p__mem_used(m) - m->used[P2P__MEM_LOOP]; }

static void half_open_responder_is_small(void **state) {
  (void)state;
  duo *d = duo_new();
  size_t before = held(&d->party[1].world.mem);
  step_pair *p = duo_pair(d);
  step_pair_send(p, 0);
  assert_true(step_pair_recv(p, 1));
  assert_true(held(&d->party[1].world.mem) - before <= 1200);
  step_pair_free(p);
  duo_free(d);
}

/* ---- secrets ---- */

/* An allocator that looks for two secrets in what is given back, and in what is still held. */
enum { SNOOP_LIVE = 8 };
typedef struct snoop {
  uint8_t ephemeral[32];
  const uint8_t *fixed;
  p2p__span live[SNOOP_LIVE];
} snoop;

static bool holds(const uint8_t *p, size_t size, const uint8_t *secret) {
  for (size_t i = 0; i + 32 <= size; i++)
    if (memcmp(p + i, secret, 32) == 0) return true;
  return false;
}

static bool snoop_finds(const snoop *s, const uint8_t *p, size_t size) {
  return holds(p, size, s->ephemeral) || holds(p, size, s->fixed);
}

static bool snoop_finds_live(const snoop *s) {
  for (size_t i = 0; i < SNOOP_LIVE; i++)
    if (s->live[i].p && snoop_finds(s, s->live[i].p, s->live[i].len)) return true;
  return false;
}

static p2p__span *snoop_slot(snoop *s, const void *p) {
  for (size_t i = 0; i < SNOOP_LIVE; i++)
    if (s->live[i].p == p) return &s->live[i];
  fail_msg("no slot");
  return NULL;
}

static void *snoop_alloc(void *user, size_t size) {
  p2p__span *slot = snoop_slot(user, NULL);
  *slot = p2p__span_of(calloc(1, size), size);
  return slot->p;
}

static void snoop_release(void *user, void *p, size_t size) {
  snoop *s = user;
  assert_false(snoop_finds(s, p, size));
  *snoop_slot(s, p) = p2p__span_of(NULL, 0);
  free(p);
}

/* Side 0 of the duo takes its memory here. */
typedef struct snooped {
  duo *d;
  snoop s;
  p2p__mem mem;
} snooped;

static void snooped_init(snooped *x) {
  memset(x, 0, sizeof *x);
  x->d = duo_new();
  step_world *w = &x->d->party[0].world;
  for (size_t i = 0; i < 32; i++) x->s.ephemeral[i] = (uint8_t)(w->random + i);
  x->s.fixed = x->d->party[0].noise.secret;
  const p2p_allocator allocator = { snoop_alloc, snoop_release, &x->s };
  p2p__mem_init(&x->mem, &allocator);
  w->env.mem = &x->mem;
}

static void snooped_fini(snooped *x) {
  assert_int_equal(p2p__mem_used(&x->mem), 0);
  x->d->party[0].world.env.mem = &x->d->party[0].world.mem;
  duo_free(x->d);
}

static void secrets_end_with_the_handshake(void **state) {
  (void)state;
  for (int spoiled = 0; spoiled < 2; spoiled++) {
    snooped x;
    snooped_init(&x);
    if (spoiled) x.d->config[0].expected = x.d->party[0].identity.peer;
    step_pair *p = duo_pair(x.d);
    assert_true(snoop_finds_live(&x.s)); /* the test can see them */
    step_pair_run(p);
    assert_int_equal(p->result[0], spoiled ? P2P_EPEER : 1);
    assert_false(snoop_finds_live(&x.s));
    step_pair_free(p);
    snooped_fini(&x);
  }
}

static void secrets_of_an_abandoned_handshake_are_wiped(void **state) {
  (void)state;
  snooped x;
  snooped_init(&x);
  step_pair *p = duo_pair(x.d);
  step_pair_send(p, 0);
  assert_true(snoop_finds_live(&x.s));
  step_pair_free(p); /* release looks */
  snooped_fini(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
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
    cmocka_unit_test(secrets_end_with_the_handshake),
    cmocka_unit_test(secrets_of_an_abandoned_handshake_are_wiped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
