/* TLS's two record layers, and a third party. */
#include "tls_pair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

tls_pair *tls_pair_new(p2p__aead_kind kind) {
  tls_pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  party_init(&p->party, 1);
  p2p__tls_secret secret[2] = { { .aead = kind, .len = 32 }, { .aead = kind, .len = 32 } };
  for (int i = 0; i < 2; i++) {
    if (kind == P2P__AES_256_GCM) secret[i].len = 48;
    memset(secret[i].bytes, 3 + i, secret[i].len);
  }
  for (int i = 0; i < 2; i++) {
    const p2p__tls_record_config config = {
      .client = i == 0, .out = &secret[i], .in = &secret[!i], .limit = 16384
    };
    assert_int_equal(p2p__tls_record_new(&p->party.world.env, &config, &p->side[i]), 0);
    p2p__tls_keys_init(&p->evil[i], p->party.crypto, &secret[i], true);
    p2p__tls_keys_init(&p->ears[i], p->party.crypto, &secret[i], false);
  }
  return p;
}

void tls_pair_free(tls_pair *p) {
  for (int i = 0; i < 2; i++) {
    p2p__record_free(p->side[i]);
    p2p__tls_keys_fini(&p->evil[i]);
    p2p__tls_keys_fini(&p->ears[i]);
  }
  party_fini(&p->party);
  free(p);
}

void tls_evil_inner(tls_pair *p, int i, const uint8_t *inner, size_t len) {
  p2p__tls_keys *k = &p->evil[i];
  uint8_t nonce[P2P__AEAD_NONCE];
  memcpy(nonce, k->iv, sizeof nonce);
  for (size_t j = 0; j < 8; j++) nonce[4 + j] ^= (uint8_t)(k->seq >> (56 - 8 * j));
  k->seq++;
  assert_true(P2P__TLS_HEAD + len + P2P__AEAD_TAG <= sizeof p->wire);
  memcpy(p->wire, "\x17\x03\x03", 3);
  p2p__put_be16(p->wire + 3, (uint16_t)(len + P2P__AEAD_TAG));
  assert_int_equal(p2p__aead_start(&k->aead, nonce, p2p__bytes(p->wire, P2P__TLS_HEAD)), 0);
  assert_int_equal(p2p__aead_add(&k->aead, p2p__bytes(inner, len), p->wire + P2P__TLS_HEAD), 0);
  assert_int_equal(p2p__aead_finish(&k->aead, p->wire + P2P__TLS_HEAD + len), 0);
  p->len = P2P__TLS_HEAD + len + P2P__AEAD_TAG;
}

void tls_evil(tls_pair *p, int i, unsigned type, const void *content, size_t len) {
  uint8_t inner[TLS_WIRE];
  if (len) memcpy(inner, content, len);
  inner[len] = (uint8_t)type;
  tls_evil_inner(p, i, inner, len + 1);
}

int tls_hears(tls_pair *p, int i, p2p__span *plain) {
  size_t used = SIZE_MAX;
  int r = p->side[!i]->ops->open(p->side[!i], p2p__span_of(p->wire, p->len), &used, plain);
  if (r >= 0) assert_int_equal(used, p->len);
  return r;
}

int tls_last_word(tls_pair *p, int i) {
  uint8_t out[128];
  p2p__tls_type type;
  p2p__span plain;
  int alert;
  size_t len = p->side[i]->ops->finish(p->side[i], out);
  if (len == 0) return -1;
  assert_int_equal(p2p__tls_open(&p->ears[i], p2p__span_of(out, len), &type, &plain, &alert), 0);
  assert_int_equal(type, P2P__TLS_ALERT);
  assert_int_equal(plain.len, 2);
  bool warns = plain.p[1] == P2P__TLS_CLOSE_NOTIFY;
  assert_int_equal(plain.p[0], warns ? 1 : 2);
  return plain.p[1];
}
