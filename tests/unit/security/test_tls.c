/* The TLS handshake as a step: what comes of a good one, and how one ends. */
#include "security/tls_keys.h"
#include "tls_duo.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- good ones ---- */

static void sides_know_each_other_afterwards(void **state) {
  (void)state;
  tls_duo *d = tls_duo_new();
  step_pair *p = tls_duo_pair(d);
  assert_null(p->side[0]->ops->early);
  assert_int_equal(p->side[0]->ops->deadline(p->side[0]), PARTY_DEADLINE);
  step_pair_run(p);
  tls_duo_secured(d, p, 0);
  step_pair_free(p);
  tls_duo_free(d);
}

/* HS-05. */
static void handshake_works_at_every_split(void **state) {
  (void)state;
  for (size_t chunk = 1; chunk < 1200; chunk += chunk < 8 ? 1 : 97) {
    tls_duo *d = tls_duo_new();
    step_pair *p = tls_duo_pair(d);
    p->chunk = chunk;
    step_pair_run(p);
    tls_duo_secured(d, p, 0);
    step_pair_free(p);
    tls_duo_free(d);
  }
}

/* One flight is one segment's worth of records: hello, change_cipher_spec, all the rest in one. */
static void flights_are_few_records(void **state) {
  (void)state;
  static const uint8_t want[2][4] = { { 22, 20, 23, 0 }, { 22, 20, 23, 0 } };
  tls_duo *d = tls_duo_new();
  step_pair *p = tls_duo_pair(d);
  step_pair_run(p);
  for (int i = 0; i < 2; i++) {
    size_t at = 0, n = 0;
    while (at < p->wire[i].len) {
      assert_int_equal(p->wire[i].bytes[at], want[i][n++]);
      at += (size_t)p2p__tls_record_size(p2p__bytes(p->wire[i].bytes + at, p->wire[i].len - at));
    }
    assert_int_equal(want[i][n], 0);
    assert_int_equal(at, p->wire[i].len);
  }
  tls_duo_secured(d, p, 0);
  step_pair_free(p);
  tls_duo_free(d);
}

static void bytes_behind_the_handshake_are_left(void **state) {
  (void)state;
  tls_duo *d = tls_duo_new();
  step_pair *p = tls_duo_pair(d);
  step_pair_send(p, 0);
  step_pair_recv(p, 1);
  step_pair_send(p, 1);
  step_pair_recv(p, 0);
  step_pair_send(p, 0);
  step_wire *w = &p->wire[0];
  size_t end = w->len;
  memcpy(w->bytes + w->len, "\x17\x03\x03\x00\x13next layer's", 17);
  w->len += 17;
  assert_true(step_pair_recv(p, 1));
  assert_int_equal(p->result[1], 1);
  assert_int_equal(w->eaten, end);
  step_pair_free(p);
  tls_duo_free(d);
}

static void muxer_is_the_clients_first_that_the_server_has(void **state) {
  (void)state;
  static const char *const other[] = { "/other/1.0.0" };
  static const char *const swapped[] = { "/mplex/6.7.0", "/yamux/1.0.0" };
  static const struct {
    const char *const *muxers[2];
    size_t n[2];
    int want[2];
  } rows[] = {
    { { tls_duo_muxers, swapped }, { 2, 2 }, { 0, 1 } },
    { { swapped, tls_duo_muxers }, { 2, 2 }, { 0, 1 } },
    { { tls_duo_muxers, other }, { 2, 1 }, { -1, -1 } },
    { { tls_duo_muxers, other }, { 2, 0 }, { -1, -1 } },
    { { other, tls_duo_muxers }, { 0, 2 }, { -1, -1 } },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    tls_duo *d = tls_duo_new();
    for (int side = 0; side < 2; side++) {
      d->config[side].muxers = rows[i].muxers[side];
      d->config[side].n_muxers = rows[i].n[side];
    }
    step_pair *p = tls_duo_pair(d);
    step_pair_run(p);
    for (int side = 0; side < 2; side++) {
      assert_int_equal(p->result[side], 1);
      p2p__step_result r = party_take(p->side[side]);
      assert_int_equal(r.muxer, rows[i].want[side]);
      p2p__record_free(r.record);
    }
    step_pair_free(p);
    tls_duo_free(d);
  }
}

/* ---- bad ones ---- */

/* The type of the last record a side said. */
static uint8_t last_type(const step_wire *w) {
  size_t at = 0, last = 0;
  while (at < w->len) {
    last = at;
    at += (size_t)p2p__tls_record_size(p2p__bytes(w->bytes + at, w->len - at));
  }
  return w->bytes[last];
}

static void ends(tls_duo *d, int client, int server) {
  step_pair *p = tls_duo_pair(d);
  step_pair_run(p);
  assert_int_equal(p->result[0], client);
  assert_int_equal(p->result[1], server);
  step_pair_free(p);
}

/* The side that refuses says so under keys, and the other reads why. A server refuses what the client
 * thinks is done: it reads it as its first record. */
static void peers_that_are_not_who_they_should_be_are_refused(void **state) {
  (void)state;
  for (int who = 0; who < 2; who++) {
    tls_duo *d = tls_duo_new();
    d->config[who].expected = d->party[who].identity.peer; /* not the other's */
    step_pair *p = tls_duo_pair(d);
    step_pair_run(p);
    assert_int_equal(p->result[who], P2P_EPEER);
    assert_int_equal(last_type(&p->wire[who]), P2P__TLS_DATA);
    if (who == 0) {
      assert_int_equal(p->result[1], P2P_EAUTH);
    } else {
      size_t used;
      p2p__span plain;
      p2p__step_result r = party_take(p->side[0]);
      step_wire *w = &p->wire[1];
      p2p__span rest = p2p__span_of(w->bytes + w->eaten, w->len - w->eaten);
      assert_int_equal(r.record->ops->open(r.record, rest, &used, &plain), P2P_EAUTH);
      p2p__record_free(r.record);
    }
    step_pair_free(p);
    d->config[who].expected = d->party[!who].identity.peer;
    p = tls_duo_pair(d);
    step_pair_run(p);
    tls_duo_secured(d, p, 0);
    step_pair_free(p);
    tls_duo_free(d);
  }
}

static void certificates_out_of_date_are_refused(void **state) {
  (void)state;
  tls_duo *d = tls_duo_new();
  d->config[0].unix_s = -1; /* ours are valid from 1970 to 9999 */
  ends(d, P2P_EAUTH, P2P_EAUTH);
  d->config[0].unix_s = INT64_C(253402300800);
  ends(d, P2P_EAUTH, P2P_EAUTH);
  d->config[0].unix_s = TLS_DUO_TIME;
  d->config[1].unix_s = -1;
  ends(d, 1, P2P_EAUTH);
  tls_duo_free(d);
}

static void liars_are_refused(void **state) {
  (void)state;
  for (int who = 0; who < 2; who++) {
    tls_duo *d = tls_duo_new();
    party *p = &d->party[who];
    p2p__tls_context_free(d->context[who]);
    p->lies = true;
    assert_int_equal(p2p__tls_host_new(&p->world.env, &p->identity, &d->context[who]), 0);
    d->config[who].context = d->context[who];
    ends(d, who == 0 ? 1 : P2P_EAUTH, P2P_EAUTH);
    tls_duo_free(d);
  }
}

/* HS-04. */
static void handshake_ends_at_its_deadline(void **state) {
  (void)state;
  tls_duo *d = tls_duo_new();
  for (int who = 0; who < 2; who++) {
    step_pair *p = tls_duo_pair(d);
    size_t used;
    p->now = PARTY_DEADLINE - 1;
    assert_int_equal(p->side[who]->ops->recv(p->side[who], (p2p_bytes){ 0 }, &used, p->now), 0);
    p->now++;
    for (int i = 0; i < 2; i++)
      assert_int_equal(p->side[who]->ops->recv(p->side[who], (p2p_bytes){ 0 }, &used, p->now),
                       P2P_ETIMEOUT);
    step_pair_free(p);
  }
  tls_duo_free(d);
}

static void send_wants_room_for_a_whole_flight(void **state) {
  (void)state;
  tls_duo *d = tls_duo_new();
  p2p__step *s = tls_duo_step(d, 0);
  uint8_t room[1024];
  p2p__wr w = p2p__wr_of(room, 100);
  s->ops->send(s, &w);
  assert_int_equal(w.err, P2P_ELIMIT);
  assert_int_equal(w.len, 0);
  w = p2p__wr_of(room, sizeof room);
  s->ops->send(s, &w);
  assert_true(!w.err && w.len > 100);
  size_t len = w.len;
  s->ops->send(s, &w);
  assert_int_equal(w.len, len);
  p2p__step_free(s);
  tls_duo_free(d);
}

/* Every byte of every flight matters, but for the version of a record. */
static void handshake_notices_every_changed_byte(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    for (size_t at = 0, n = 1; at < n; at += 23) {
      tls_duo *d = tls_duo_new();
      step_pair *p = tls_duo_pair(d);
      step_wire *w = &p->wire[side];
      for (bool moved = true; moved;) {
        for (int i = 0; i < 2; i++) step_pair_send(p, i);
        if (w->shown <= at && at < w->len) w->bytes[at] ^= 0x40;
        moved = step_pair_recv(p, 1);
        moved = step_pair_recv(p, 0) || moved;
      }
      n = w->len > 600 ? w->len - 40 : 2000; /* signatures vary in length */
      if (p->result[0] == 1 && p->result[1] == 1) fail_msg("byte %zu of side %d", at, side);
      step_pair_free(p);
      tls_duo_free(d);
    }
  }
}

/* ---- what cannot be had ---- */

static bool run_short(tls_duo *d) {
  p2p__step *s[2] = { NULL, NULL };
  for (int i = 0; i < 2; i++) {
    int err = p2p__tls_step(&d->party[i].world.env, &d->config[i], &s[i]);
    if (!err) continue;
    assert_int_equal(err, P2P_ENOMEM);
    assert_null(s[i]);
    p2p__step_free(s[0]);
    return false;
  }
  step_pair *p = step_pair_new(s[0], s[1]);
  p->chunk = 150;
  step_pair_run(p);
  bool done = p->result[0] == 1 && p->result[1] == 1;
  if (!done) assert_true(p->result[0] == P2P_ENOMEM || p->result[1] == P2P_ENOMEM);
  step_pair_free(p);
  return done;
}

static void handshake_survives_no_memory(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    uint64_t n = 0, failed;
    do {
      tls_duo *d = tls_duo_new();
      p2p__mem *m = &d->party[side].world.mem;
      m->fail_at = m->calls + ++n;
      bool done = run_short(d);
      failed = m->failed;
      assert_true(done == (failed == 0));
      tls_duo_free(d);
    } while (failed);
    assert_true(n > 4);
  }
}

static void host_reports_what_failed(void **state) {
  (void)state;
  party p;
  p2p__tls_context *c;
  party_init(&p, 1);
  p.world.fail_at = p.world.draws + 1;
  assert_int_equal(p2p__tls_host_new(&p.world.env, &p.identity, &c), P2P_EIO);
  assert_null(c);
  p.world.fail_at = 0;
  p.world.mem.fail_at = p.world.mem.calls + 1;
  assert_int_equal(p2p__tls_host_new(&p.world.env, &p.identity, &c), P2P_ENOMEM);
  p.world.mem.fail_at = 0;
  party_fini(&p);
}

/* GnuTLS's own memory apart. */
static void half_open_server_is_small(void **state) {
  (void)state;
  tls_duo *d = tls_duo_new();
  size_t before = p2p__mem_used(&d->party[1].world.mem);
  step_pair *p = tls_duo_pair(d);
  step_pair_send(p, 0);
  assert_true(step_pair_recv(p, 1));
  assert_true(p2p__mem_used(&d->party[1].world.mem) - before <= 8192);
  step_pair_free(p);
  tls_duo_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sides_know_each_other_afterwards),
    cmocka_unit_test(handshake_works_at_every_split),
    cmocka_unit_test(flights_are_few_records),
    cmocka_unit_test(bytes_behind_the_handshake_are_left),
    cmocka_unit_test(muxer_is_the_clients_first_that_the_server_has),
    cmocka_unit_test(peers_that_are_not_who_they_should_be_are_refused),
    cmocka_unit_test(certificates_out_of_date_are_refused),
    cmocka_unit_test(liars_are_refused),
    cmocka_unit_test(handshake_ends_at_its_deadline),
    cmocka_unit_test(send_wants_room_for_a_whole_flight),
    cmocka_unit_test(handshake_notices_every_changed_byte),
    cmocka_unit_test(handshake_survives_no_memory),
    cmocka_unit_test(host_reports_what_failed),
    cmocka_unit_test(half_open_server_is_small),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
