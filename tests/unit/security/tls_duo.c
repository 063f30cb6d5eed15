/* Two parties about to shake hands over TLS. */
#include "tls_duo.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

const char *const tls_duo_muxers[2] = { "/yamux/1.0.0", "/mplex/6.7.0" };

tls_duo *tls_duo_new(void) {
  tls_duo *d = calloc(1, sizeof *d);
  assert_non_null(d);
  for (int i = 0; i < 2; i++) {
    party *p = &d->party[i];
    party_init(p, (uint8_t)(0x11 + 0x40 * i));
    assert_int_equal(p2p__tls_host_new(&p->world.env, &p->identity, &d->context[i]), 0);
    d->config[i] = (p2p__tls_step_config){ .context = d->context[i],
                                           .client = i == 0,
                                           .muxers = tls_duo_muxers,
                                           .n_muxers = 2,
                                           .unix_s = TLS_DUO_TIME,
                                           .deadline = PARTY_DEADLINE };
  }
  return d;
}

void tls_duo_free(tls_duo *d) {
  for (int i = 0; i < 2; i++) {
    p2p__tls_context_free(d->context[i]);
    party_fini(&d->party[i]);
  }
  free(d);
}

p2p__step *tls_duo_step(tls_duo *d, int i) {
  p2p__step *s;
  assert_int_equal(p2p__tls_step(&d->party[i].world.env, &d->config[i], &s), 0);
  return s;
}

step_pair *tls_duo_pair(tls_duo *d) {
  return step_pair_new(tls_duo_step(d, 0), tls_duo_step(d, 1));
}

static void pass_record(p2p__record *from, p2p__record *to, const char *text) {
  uint8_t wire[256];
  size_t len, used;
  p2p_bytes v = p2p__cstr(text);
  p2p__span plain;
  assert_int_equal(from->ops->seal(from, &v, 1, wire, &len), 0);
  assert_int_equal(to->ops->open(to, p2p__span_of(wire, len), &used, &plain), 1);
  assert_true(p2p__bytes_eq(v, p2p__span_bytes(plain)));
}

void tls_duo_secured(tls_duo *d, step_pair *p, int muxer) {
  p2p__step_result r[2];
  for (int i = 0; i < 2; i++) {
    assert_int_equal(p->result[i], 1);
    assert_int_equal(p->wire[i].eaten, p->wire[i].len);
    r[i] = party_take(p->side[i]);
    const p2p_identity *other = &d->party[1 - i].identity;
    assert_true(p2p_peer_id_eq(&r[i].peer, &other->peer));
    assert_int_equal(r[i].pubkey_len, other->pubkey_len);
    assert_memory_equal(r[i].pubkey, other->pubkey, other->pubkey_len);
    assert_int_equal(r[i].muxer, muxer);
    assert_int_equal(r[i].protocol, -1);
  }
  pass_record(r[0].record, r[1].record, "ping");
  pass_record(r[1].record, r[0].record, "pong");
  for (int i = 0; i < 2; i++) p2p__record_free(r[i].record);
}
