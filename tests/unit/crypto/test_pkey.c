/* RSA, ECDSA, secp256k1: what may be a key, what may be a signature. */
#include "unit/crypto/vectors.h"

#include "crypto/der.h"
#include "crypto/pkey.h"
#include "crypto/secp256k1.h"
#include <openssl/evp.h>
#include <openssl/x509.h>

static const p2p_bytes message = { (const uint8_t *)"what is signed", 14 };

/* ---- keys of libcrypto's making ---- */

typedef struct signed_text {
  uint8_t key[1200], sig[1200];
  size_t key_len, sig_len;
} signed_text;

static p2p_bytes key_of(const signed_text *s) { return p2p__bytes(s->key, s->key_len); }
static p2p_bytes sig_of(const signed_text *s) { return p2p__bytes(s->sig, s->sig_len); }

/* Takes pkey. */
static signed_text sign_with(EVP_PKEY *pkey) {
  signed_text s = { 0 };
  unsigned char *out = s.key;
  assert_non_null(pkey);
  s.key_len = (size_t)i2d_PUBKEY(pkey, &out);
  s.sig_len = sizeof s.sig;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
  assert_int_equal(EVP_DigestSign(ctx, s.sig, &s.sig_len, message.p, message.len), 1);
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_free(pkey);
  return s;
}

/* The compressed point behind a SubjectPublicKeyInfo of secp256k1. */
static void compress(signed_text *s) {
  uint8_t last = s->key[s->key_len - 1];
  memmove(s->key + 1, s->key + s->key_len - 64, 32);
  s->key[0] = last & 1 ? 3 : 2;
  s->key_len = 33;
}

typedef int verify_fn(p2p_bytes key, p2p_bytes msg, p2p_bytes sig);

/* ID-01, and every truncation. */
static void refuses_all_but_the_signature(signed_text *s, verify_fn *verify) {
  assert_int_equal(verify(key_of(s), message, sig_of(s)), 0);
  assert_int_equal(verify(key_of(s), p2p__bytes(message.p, 13), sig_of(s)), P2P_ESIG);
  for (size_t bit = 0; bit < s->sig_len * 8; bit += 3) {
    s->sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(verify(key_of(s), message, sig_of(s)), P2P_ESIG);
    s->sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t len = 0; len < s->sig_len; len++) {
    p2p__span cut = exact(p2p__bytes(s->sig, len));
    assert_int_equal(verify(key_of(s), message, p2p__span_bytes(cut)), P2P_ESIG);
    exact_free(cut);
  }
  for (size_t len = 0; len < s->key_len; len++) {
    p2p__span cut = exact(p2p__bytes(s->key, len));
    assert_int_equal(verify(p2p__span_bytes(cut), message, sig_of(s)), P2P_EKEY);
    exact_free(cut);
  }
  s->sig[s->sig_len] = 0;
  assert_int_equal(verify(key_of(s), message, p2p__bytes(s->sig, s->sig_len + 1)), P2P_ESIG);
  s->key[s->key_len] = 0;
  assert_int_equal(verify(p2p__bytes(s->key, s->key_len + 1), message, sig_of(s)), P2P_EKEY);
}

static void rsa_verifies_its_signature_only(void **state) {
  (void)state;
  signed_text s = sign_with(EVP_RSA_gen(2048));
  refuses_all_but_the_signature(&s, p2p__rsa_verify);
}

static void ecdsa_verifies_its_signature_only_on_three_curves(void **state) {
  (void)state;
  static const char *const curves[] = { "P-256", "P-384", "P-521" };
  for (size_t i = 0; i < P2P_COUNT(curves); i++) {
    signed_text s = sign_with(EVP_EC_gen(curves[i]));
    refuses_all_but_the_signature(&s, p2p__ecdsa_verify);
  }
}

static void ecdsa_refuses_other_curves_and_other_kinds(void **state) {
  (void)state;
  static const char *const curves[] = { "secp256k1", "brainpoolP256r1", "P-224" };
  for (size_t i = 0; i < P2P_COUNT(curves); i++) {
    signed_text s = sign_with(EVP_EC_gen(curves[i]));
    assert_int_equal(p2p__ecdsa_verify(key_of(&s), message, sig_of(&s)), P2P_EKEY);
  }
  signed_text rsa = sign_with(EVP_RSA_gen(2048));
  signed_text ec = sign_with(EVP_EC_gen("P-256"));
  assert_false(p2p__ecdsa_is_key(key_of(&rsa)));
  assert_false(p2p__rsa_is_key(key_of(&ec)));
}

static void ecdsa_refuses_a_point_off_the_curve(void **state) {
  (void)state;
  signed_text s = sign_with(EVP_EC_gen("P-256"));
  s.key[s.key_len - 1] ^= 1;
  assert_true(p2p__ecdsa_is_key(key_of(&s))); /* by its looks */
  assert_int_equal(p2p__ecdsa_verify(key_of(&s), message, sig_of(&s)), P2P_EKEY);
}

/* ---- secp256k1 ---- */

/* Swaps S for n - S, which the equation takes as well. The signature must have S of 32 bytes. */
static void other_half(signed_text *s) {
  uint8_t n[32], flipped[33] = { 0 };
  unhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", n, 32);
  size_t r_len = s->sig[3], s_at = 6 + r_len, s_len = s->sig[5 + r_len];
  unsigned borrow = 0;
  for (size_t i = 0; i < 32; i++) {
    unsigned byte = i < s_len ? s->sig[s_at + s_len - 1 - i] : 0;
    unsigned diff = 0x100u + n[31 - i] - byte - borrow;
    flipped[32 - i] = (uint8_t)diff;
    borrow = diff < 0x100;
  }
  size_t skip = 0;
  while (flipped[skip] == 0 && !(flipped[skip + 1] & 0x80)) skip++;
  size_t len = sizeof flipped - skip;
  memcpy(s->sig + s_at, flipped + skip, len);
  s->sig[s_at - 1] = (uint8_t)len;
  s->sig_len = s_at + len;
  s->sig[1] = (uint8_t)(s->sig_len - 2);
}

static void secp256k1_takes_the_lower_half_only(void **state) {
  (void)state;
  for (int i = 0; i < 8; i++) {
    signed_text s = sign_with(EVP_EC_gen("secp256k1"));
    compress(&s);
    int first = p2p__secp256k1_verify(key_of(&s), message, sig_of(&s));
    other_half(&s);
    int second = p2p__secp256k1_verify(key_of(&s), message, sig_of(&s));
    assert_true((first == 0 && second == P2P_ESIG) || (first == P2P_ESIG && second == 0));
  }
}

static void secp256k1_verifies_its_signature_only(void **state) {
  (void)state;
  signed_text s = sign_with(EVP_EC_gen("secp256k1"));
  compress(&s);
  if (p2p__secp256k1_verify(key_of(&s), message, sig_of(&s))) other_half(&s);
  refuses_all_but_the_signature(&s, p2p__secp256k1_verify);
}

static void secp256k1_key_is_a_compressed_point_of_the_curve(void **state) {
  (void)state;
  signed_text s = sign_with(EVP_EC_gen("secp256k1"));
  assert_false(p2p__secp256k1_is_key(p2p__bytes(s.key + s.key_len - 65, 65)));
  compress(&s);
  assert_true(p2p__secp256k1_is_key(key_of(&s)));
  s.key[0] = 4;
  assert_false(p2p__secp256k1_is_key(key_of(&s)));
  uint8_t off[33]; /* x = 5 is on no point of the curve */
  memset(off, 0, sizeof off);
  off[0] = 2;
  off[32] = 5;
  static const uint8_t sig[] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
  assert_int_equal(p2p__secp256k1_verify(p2p__bytes(off, 33), message, p2p__bytes(sig, sizeof sig)),
                   P2P_EKEY);
}

/* ---- RSA: bounds before arithmetic (HS-01) ---- */

static void put_header(p2p__wr *w, uint8_t tag, size_t len) {
  p2p__wr_u8(w, tag);
  if (len >= 0x100) {
    p2p__wr_u8(w, 0x82);
    p2p__wr_be16(w, (uint16_t)len);
  } else {
    if (len >= 0x80) p2p__wr_u8(w, 0x81);
    p2p__wr_u8(w, (uint8_t)len);
  }
}

static void put(p2p__wr *w, uint8_t tag, const p2p__wr *contents) {
  put_header(w, tag, contents->len);
  p2p__wr_bytes_in(w, p2p__wr_bytes(contents));
}

/* A SubjectPublicKeyInfo around two INTEGERs, given with their leading zeros. */
static size_t build_rsa(p2p_bytes n, p2p_bytes e, uint8_t *out, size_t cap) {
  static const uint8_t algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
  static uint8_t buf[4][9000];
  p2p__wr ints = p2p__wr_of(buf[0], 9000), pair = p2p__wr_of(buf[1], 9000);
  p2p__wr bits = p2p__wr_of(buf[2], 9000), spki = p2p__wr_of(buf[3], 9000);
  p2p__wr w = p2p__wr_of(out, cap);
  put_header(&ints, 2, n.len);
  p2p__wr_bytes_in(&ints, n);
  put_header(&ints, 2, e.len);
  p2p__wr_bytes_in(&ints, e);
  put(&pair, 0x30, &ints);
  p2p__wr_u8(&bits, 0);
  p2p__wr_bytes_in(&bits, p2p__wr_bytes(&pair));
  p2p__wr_bytes_in(&spki, p2p__bytes(algorithm, sizeof algorithm));
  put(&spki, 3, &bits);
  put(&w, 0x30, &spki);
  assert_int_equal(w.err | spki.err, 0);
  return w.len;
}

/* A modulus of so many bits, all of them ones. */
static bool is_key_of(size_t bits, const char *exponent) {
  static uint8_t n[8300], key[9000];
  uint8_t e[64];
  size_t bytes = bits / 8 + 1; /* with the zero that keeps it positive, or its first bits */
  memset(n, 0xff, sizeof n);
  n[0] = (uint8_t)((1u << bits % 8) - 1);
  size_t e_len = unhex(exponent, e, sizeof e);
  size_t len = build_rsa(p2p__bytes(n, bytes), p2p__bytes(e, e_len), key, sizeof key);
  return p2p__rsa_is_key(p2p__bytes(key, len));
}

static void rsa_takes_2048_to_8192_bits(void **state) {
  (void)state;
  static const struct {
    size_t bits;
    bool ok;
  } sizes[] = { { 512, false }, { 1024, false }, { 2047, false },  { 2048, true },
                { 2049, true }, { 3072, true },  { 4096, true },   { 8191, true },
                { 8192, true }, { 8193, false }, { 16384, false }, { 65000, false } };
  for (size_t i = 0; i < P2P_COUNT(sizes); i++)
    assert_int_equal(is_key_of(sizes[i].bits, "010001"), sizes[i].ok);
}

static void rsa_refuses_absurd_exponents(void **state) {
  (void)state;
  assert_true(is_key_of(2048, "03"));
  assert_true(is_key_of(2048, "7fffffff"));
  static const char *const absurd[] = { "",       "00",         "01",        "02",
                                        "010000", "0080000001", "ff",        "000003",
                                        "ffffff", "0100000001", "8000000001" };
  for (size_t i = 0; i < P2P_COUNT(absurd); i++) assert_false(is_key_of(2048, absurd[i]));
}

static void rsa_refuses_a_modulus_that_is_even_negative_or_padded(void **state) {
  (void)state;
  static uint8_t n[258], key[600];
  static const uint8_t e[] = { 1, 0, 1 };
  memset(n, 0xff, sizeof n);
  n[0] = n[1] = 0;
  p2p_bytes good = p2p__bytes(n + 1, 257), padded = p2p__bytes(n, 258),
            negative = p2p__bytes(n + 2, 256), exponent = p2p__bytes(e, sizeof e);
  assert_true(p2p__rsa_is_key(p2p__bytes(key, build_rsa(good, exponent, key, sizeof key))));
  assert_false(p2p__rsa_is_key(p2p__bytes(key, build_rsa(padded, exponent, key, sizeof key))));
  assert_false(p2p__rsa_is_key(p2p__bytes(key, build_rsa(negative, exponent, key, sizeof key))));
  n[257] = 0xfe;
  assert_false(p2p__rsa_is_key(p2p__bytes(key, build_rsa(good, exponent, key, sizeof key))));
}

/* ---- DER (HS-12) ---- */

static void der_takes_one_form_of_a_length(void **state) {
  (void)state;
  static const struct {
    const char *hex;
    int err;
  } forms[] = {
    { "0400", P2P_EPROTO }, /* another tag */
    { "0600", 0 },
    { "060155", 0 },
    { "06810155", P2P_EPROTO }, /* the short form would do */
    { "0682000155", P2P_EPROTO },
    { "068000", P2P_EPROTO },     /* indefinite */
    { "0683000001", P2P_EPROTO }, /* more than any key has */
    { "0684ffffffff", P2P_EPROTO },
    { "0688ffffffffffffffff", P2P_EPROTO },
    { "06", P2P_ESHORT },
    { "0602aa", P2P_ESHORT },
    { "0681", P2P_ESHORT },
    { "06ff", P2P_EPROTO },
  };
  for (size_t i = 0; i < P2P_COUNT(forms); i++) {
    uint8_t in[16];
    p2p__span copy = exact(p2p__bytes(in, unhex(forms[i].hex, in, sizeof in)));
    p2p__rd r = p2p__rd_of(p2p__span_bytes(copy));
    p2p__der_read(&r, P2P__DER_OID);
    assert_int_equal(r.err, forms[i].err);
    exact_free(copy);
  }
}

static void der_takes_positive_integers_in_one_form(void **state) {
  (void)state;
  static const struct {
    const char *hex;
    size_t len; /* of the magnitude; 0: refused */
  } forms[] = {
    { "020101", 1 }, { "02020080", 1 }, { "02027fff", 2 }, { "0200", 0 },
    { "020100", 0 }, { "0201ff", 0 },   { "0202007f", 0 }, { "0203000080", 0 },
  };
  for (size_t i = 0; i < P2P_COUNT(forms); i++) {
    uint8_t in[8];
    p2p__rd r = p2p__rd_of(p2p__bytes(in, unhex(forms[i].hex, in, sizeof in)));
    assert_int_equal(p2p__der_positive(&r).len, forms[i].len);
    assert_int_equal(r.err, forms[i].len ? 0 : P2P_EPROTO);
  }
}

static void der_takes_bit_strings_of_whole_bytes(void **state) {
  (void)state;
  static const uint8_t whole[] = { 3, 2, 0, 7 }, part[] = { 3, 2, 1, 6 }, none[] = { 3, 0 };
  p2p__rd r = p2p__rd_of(p2p__bytes(whole, sizeof whole));
  assert_int_equal(p2p__der_bits(&r).len, 1);
  r = p2p__rd_of(p2p__bytes(part, sizeof part));
  assert_int_equal(p2p__der_bits(&r).len, 0);
  assert_int_equal(r.err, P2P_EPROTO);
  r = p2p__rd_of(p2p__bytes(none, sizeof none));
  assert_int_equal(p2p__der_bits(&r).len, 0);
  assert_int_equal(r.err, P2P_EPROTO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rsa_verifies_its_signature_only),
    cmocka_unit_test(ecdsa_verifies_its_signature_only_on_three_curves),
    cmocka_unit_test(ecdsa_refuses_other_curves_and_other_kinds),
    cmocka_unit_test(ecdsa_refuses_a_point_off_the_curve),
    cmocka_unit_test(secp256k1_takes_the_lower_half_only),
    cmocka_unit_test(secp256k1_verifies_its_signature_only),
    cmocka_unit_test(secp256k1_key_is_a_compressed_point_of_the_curve),
    cmocka_unit_test(rsa_takes_2048_to_8192_bits),
    cmocka_unit_test(rsa_refuses_absurd_exponents),
    cmocka_unit_test(rsa_refuses_a_modulus_that_is_even_negative_or_padded),
    cmocka_unit_test(der_takes_one_form_of_a_length),
    cmocka_unit_test(der_takes_positive_integers_in_one_form),
    cmocka_unit_test(der_takes_bit_strings_of_whole_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
