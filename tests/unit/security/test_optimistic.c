/* multistream-select and Noise one behind the other, as the initiator of a connection sends them:
 * the proposal and message 1 in one flight. */
#include "duo.h"
#include "multistream/multistream.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const noise[] = { "/noise", "/tls/1.0.0" };

/* What one side has said and the other has not eaten yet. */
typedef struct flight {
  uint8_t bytes[2048];
  size_t len;
} flight;

static void say(flight *f, p2p__step *s) {
  f->len += step_said(s, f->bytes + f->len, sizeof f->bytes - f->len);
}

static int hear(flight *f, p2p__step *s) {
  size_t used = SIZE_MAX;
  int r = s->ops->recv(s, p2p__bytes(f->bytes, f->len), &used, 0);
  assert_true(used <= f->len);
  memmove(f->bytes, f->bytes + used, f->len - used);
  f->len -= used;
  return r;
}

/* Side 0 dials, side 1 listens with `ids`. */
typedef struct upgrade {
  duo *d;
  p2p__step *select[2], *secure[2];
  flight from[2];
} upgrade;

static void upgrade_init(upgrade *u, const char *const *ids) {
  const p2p__multistream_offer dials = { .ids = noise, .n = 2 }, listens = { .ids = ids, .n = 1 };
  memset(u, 0, sizeof *u);
  u->d = duo_new();
  p2p__env *env[2] = { &u->d->party[0].world.env, &u->d->party[1].world.env };
  assert_int_equal(p2p__multistream_dial(env[0], &dials, true, PARTY_DEADLINE, &u->select[0]), 0);
  assert_int_equal(p2p__multistream_listen(env[1], &listens, PARTY_DEADLINE, &u->select[1]), 0);
  for (int i = 0; i < 2; i++) u->secure[i] = party_noise(&u->d->party[i], &u->d->config[i]);
}

static void upgrade_fini(upgrade *u) {
  for (int i = 0; i < 2; i++) {
    p2p__step_free(u->select[i]);
    p2p__step_free(u->secure[i]);
  }
  duo_free(u->d);
}

/* The proposal, and behind it message 1. */
static void first_flight(upgrade *u) {
  say(&u->from[0], u->select[0]);
  assert_true(u->select[0]->ops->early(u->select[0]));
  say(&u->from[0], u->secure[0]);
  p2p__multistream_committed(u->select[0]);
  assert_int_equal(u->from[0].len, 20 + 8 + 2 + 32);
}

static void connection_is_secure_after_three_flights(void **state) {
  (void)state;
  upgrade u;
  upgrade_init(&u, noise);
  first_flight(&u); /* -> header, /noise, e */
  assert_int_equal(hear(&u.from[0], u.select[1]), 1);
  assert_int_equal(hear(&u.from[0], u.secure[1]), 0);
  assert_int_equal(u.from[0].len, 0);
  say(&u.from[1], u.select[1]); /* <- header, /noise, e, ee, s, es */
  say(&u.from[1], u.secure[1]);
  assert_int_equal(hear(&u.from[1], u.select[0]), 1);
  assert_int_equal(hear(&u.from[1], u.secure[0]), 1);
  assert_int_equal(u.from[1].len, 0);
  say(&u.from[0], u.secure[0]); /* -> s, se */
  assert_int_equal(hear(&u.from[0], u.secure[1]), 1);
  assert_int_equal(u.from[0].len, 0);
  upgrade_fini(&u);
}

/* The responder reads message 1 as lines and gives up; its "na" tells the initiator why. */
static void refused_optimism_ends_the_connection(void **state) {
  (void)state;
  upgrade u;
  upgrade_init(&u, noise + 1);
  first_flight(&u);
  assert_int_equal(hear(&u.from[0], u.select[1]), P2P_EPROTO);
  say(&u.from[1], u.select[1]);
  assert_int_equal(hear(&u.from[1], u.select[0]), P2P_ENOPROTO);
  upgrade_fini(&u);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(connection_is_secure_after_three_flights),
    cmocka_unit_test(refused_optimism_ends_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
