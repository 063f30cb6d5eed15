/* Signatures of certificates: every algorithm, as OpenSSL made them for rust-libp2p. */
#include "support/table.h"

#include "crypto/der.h"
#include "crypto/x509.h"

typedef struct cert {
  p2p__span der;
  p2p_bytes tbs, spki, algorithm, sig;
} cert;

/* Well-formed ones only: the tables' are. */
static cert cert_of(p2p__span der) {
  cert c = { .der = der };
  p2p__rd r = p2p__rd_of(p2p__span_bytes(der)), outer = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p__rd tbs = outer;
  c.tbs = p2p__der_element_read(&outer, P2P__DER_SEQUENCE);
  c.algorithm = p2p__der_read(&outer, P2P__DER_SEQUENCE);
  c.sig = p2p__der_bits(&outer);
  tbs = p2p__der_enter(&tbs, P2P__DER_SEQUENCE);
  p2p__der_read(&tbs, P2P__DER_CONTEXT_0);
  p2p__der_read(&tbs, P2P__DER_INTEGER);
  for (int i = 0; i < 4; i++) p2p__der_read(&tbs, P2P__DER_SEQUENCE);
  c.spki = p2p__der_element_read(&tbs, P2P__DER_SEQUENCE);
  assert_int_equal(outer.err | tbs.err, 0);
  return c;
}

static int verify(const cert *c) { return p2p__x509_verify(c->spki, c->algorithm, c->tbs, c->sig); }

static void refuses_flips(const cert *c, p2p_bytes part, size_t step) {
  for (size_t i = 0; i < 8 * part.len; i += step) {
    uint8_t *byte = c->der.p + (part.p - c->der.p) + i / 8;
    *byte ^= (uint8_t)(1u << i % 8);
    assert_int_not_equal(verify(c), 0);
    *byte ^= (uint8_t)(1u << i % 8);
  }
  assert_int_equal(verify(c), 0);
}

static void x509_verifies_every_algorithm_and_no_changed_bit(void **state) {
  (void)state;
  table t;
  size_t good = 0;
  table_open(&t, "certificates.txt");
  while (table_next(&t)) {
    cert c = cert_of(table_bytes(&t, 3));
    bool known = !is_word(t.words[1], "unknown");
    int err = verify(&c);
    if (err != (known ? 0 : P2P_ENOTSUP)) fail_msg("%s: %d", t.words[0], err);
    if (known) {
      refuses_flips(&c, c.sig, 7);
      refuses_flips(&c, c.algorithm, 1);
      refuses_flips(&c, c.spki, 13);
      refuses_flips(&c, c.tbs, 61);
      good++;
    }
    exact_free(c.der);
  }
  table_close(&t);
  assert_int_equal(good, 18);
}

/* One algorithm's signature is none of another's, nor under another kind of key. */
static void x509_keeps_algorithms_apart(void **state) {
  (void)state;
  table t;
  cert c[32];
  size_t n = 0;
  table_open(&t, "certificates.txt");
  while (table_next(&t)) c[n++] = cert_of(table_bytes(&t, 3));
  table_close(&t);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      cert mixed = c[i];
      mixed.algorithm = c[j].algorithm;
      bool same = p2p__bytes_eq(c[i].algorithm, c[j].algorithm);
      assert_true(same || verify(&mixed) != 0);
      mixed = c[i];
      mixed.spki = c[j].spki;
      assert_true(p2p__bytes_eq(c[i].spki, c[j].spki) || verify(&mixed) != 0);
    }
  }
  while (n > 0) exact_free(c[--n].der);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(x509_verifies_every_algorithm_and_no_changed_bit),
    cmocka_unit_test(x509_keeps_algorithms_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
