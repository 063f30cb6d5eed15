/* Cryptography by every backend of this build: one says what another says, on any input, in any pieces,
 * whether they take it or refuse it; what was sealed opens, and with anything changed does not; and
 * when memory fails nothing is left.
 *
 * Input: a byte that says what is asked, then what the question needs. */
#include "crypto/aead_backend.h"
#include "crypto/backend.h"
#include "crypto/contexts.h"
#include "crypto/digest.h"
#include "crypto/hpmask.h"
#include "crypto/rsa.h"
#include "crypto/salsa20.h"
#include "crypto/salsa20_backend.h"
#include "crypto/secp256k1.h"
#include "crypto/x509.h"
#include "peer/private.h"
#include "support/must.h"

enum { TEXT = 2048, PIECES = 8 };

/* Up to len bytes of the input, behind them zeros. */
static void take(p2p__rd *in, uint8_t *out, size_t len) {
  p2p_bytes b = p2p__rd_bytes(in, p2p__min(len, p2p__rd_left(in)));
  memset(out, 0, len);
  if (b.len) memcpy(out, b.p, b.len);
}

/* The next part, its length in front. */
static p2p_bytes part(p2p__rd *in) {
  size_t len = p2p__rd_left(in) < 2 ? 0 : p2p__rd_be16(in);
  return p2p__rd_bytes(in, p2p__min(len, p2p__rd_left(in)));
}

/* ---- AEADs ---- */

typedef struct sealing {
  p2p__mem mem;
  p2p__crypto *crypto;
  p2p__aead_kind kind;
  bool packets;
  uint8_t key[P2P__AEAD_KEY], nonce[P2P__AEAD_NONCE];
  p2p_bytes aad, text;
  uint8_t pieces;
} sealing;

static p2p__cipher cipher_of(p2p__aead_kind kind) {
  return (p2p__cipher)(kind - P2P__CHACHA20_POLY1305 + P2P__CIPHER_CHACHA20_POLY1305);
}

static void keyed(p2p__aead *a, const sealing *s, unsigned backend, bool seals) {
  if (s->packets)
    p2p__aead_init_packets(a, s->crypto, s->kind, seals, s->key);
  else
    p2p__aead_init(a, s->crypto, s->kind, seals, s->key);
  a->backend = (uint8_t)backend;
}

/* In pieces, or at once. */
static int seal(p2p__aead *a, const sealing *s, uint8_t *out) {
  if (s->packets || !s->pieces) return p2p__aead_seal(a, s->nonce, s->aad, s->text, out);
  int err = p2p__aead_start(a, s->nonce, s->aad);
  size_t at = 0, step = 1 + s->text.len / s->pieces;
  while (err == 0 && at < s->text.len) {
    size_t n = p2p__min(step, s->text.len - at);
    err = p2p__aead_add(a, p2p__bytes(s->text.p + at, n), out + at);
    at += n;
  }
  return err ? err : p2p__aead_finish(a, out + s->text.len);
}

static void check_open(const sealing *s, unsigned backend, const uint8_t *sealed, uint8_t at) {
  uint8_t copy[TEXT + P2P__AEAD_TAG], out[TEXT + P2P__AEAD_TAG];
  size_t n = s->text.len;
  p2p__aead a;
  keyed(&a, s, backend, false);
  int err = p2p__aead_open_to(&a, s->nonce, s->aad, p2p__bytes(sealed, n + P2P__AEAD_TAG), out);
  must(err == P2P_ENOMEM || (err == 0 && (!n || memcmp(out, s->text.p, n) == 0)),
       "what was sealed does not open");
  memcpy(copy, sealed, n + P2P__AEAD_TAG);
  err = p2p__aead_open(&a, s->nonce, s->aad, copy, n, copy + n);
  must(err == P2P_ENOMEM || err == 0, "what was sealed does not open in place");
  memcpy(copy, sealed, n + P2P__AEAD_TAG);
  copy[at % (n + P2P__AEAD_TAG)] ^= (uint8_t)(1 | at);
  err = p2p__aead_open(&a, s->nonce, s->aad, copy, n, copy + n);
  must(err == P2P_ENOMEM || err == P2P_EAUTH, "what was changed opens");
  err = p2p__aead_open_to(&a, s->nonce, s->aad, p2p__bytes(sealed, at % P2P__AEAD_TAG), out);
  must(err < 0, "what is too short opens");
  p2p__aead_fini(&a);
}

static void ask_aead(p2p__rd *in) {
  sealing s = { .kind = (p2p__aead_kind)(P2P__CHACHA20_POLY1305 + p2p__rd_u8(in) % 3) };
  uint8_t flags = p2p__rd_u8(in), at = p2p__rd_u8(in);
  uint8_t first[TEXT + P2P__AEAD_TAG], other[TEXT + P2P__AEAD_TAG];
  bool known = false;
  s.packets = flags & 1;
  s.pieces = flags >> 1 & (PIECES - 1);
  take(in, s.key, sizeof s.key);
  take(in, s.nonce, sizeof s.nonce);
  s.aad = p2p__rd_bytes(in, p2p__min(at & 31, p2p__rd_left(in)));
  s.text = p2p__rd_rest(in);
  s.text.len = p2p__min(s.text.len, TEXT);
  p2p__mem_init(&s.mem, NULL);
  if (flags & 16) s.mem.fail_at = 1 + (flags >> 5);
  if (p2p__crypto_new(&s.mem, &s.crypto) < 0) return;
  for (unsigned b = 1; p2p__aead_backend_at(b - 1); b++) {
    p2p__aead a;
    if (!p2p__aead_backend_at(b - 1)->can(p2p__cpu_of_here(), cipher_of(s.kind), s.packets))
      continue;
    keyed(&a, &s, b, true);
    uint8_t *out = known ? other : first;
    int err = seal(&a, &s, out);
    must(err == 0 || s.mem.failed, "a backend does not seal");
    if (err == 0 && flags & 8) p2p__aead_idle(&a);
    if (err == 0) check_open(&s, b, out, at);
    must(!known || err || memcmp(first, other, s.text.len + P2P__AEAD_TAG) == 0,
         "backends seal differently");
    known |= err == 0;
    p2p__aead_fini(&a);
  }
  p2p__crypto_free(s.crypto);
  must(p2p__mem_used(&s.mem) == 0, "memory is left");
}

/* The masks of a batch are those of its packets. */
static void ask_masks(p2p__rd *in) {
  p2p__mem mem;
  p2p__crypto *crypto;
  uint8_t key[P2P__AEAD_KEY], samples[PIECES * P2P__HP_SAMPLE], one[P2P__HP_MASK];
  uint8_t all[PIECES * P2P__HP_MASK], flags = p2p__rd_u8(in);
  size_t n = 1 + flags % PIECES;
  p2p__hpmask h;
  take(in, key, sizeof key);
  take(in, samples, sizeof samples);
  p2p__mem_init(&mem, NULL);
  if (flags & 64) mem.fail_at = 1 + (flags >> 3 & 3);
  if (p2p__crypto_new(&mem, &crypto) < 0) return;
  p2p__hpmask_init(&h, crypto, (p2p__aead_kind)(P2P__CHACHA20_POLY1305 + (flags >> 3) % 3), key);
  int err = p2p__hpmask_many(&h, samples, n, all);
  must(err == 0 || mem.failed, "no masks");
  if (flags & 128) p2p__hpmask_idle(&h);
  for (size_t i = 0; i < n && err == 0; i++)
    if (p2p__hpmask_of(&h, samples + i * P2P__HP_SAMPLE, one) == 0)
      must(memcmp(one, all + i * P2P__HP_MASK, P2P__HP_MASK) == 0, "masks differ");
  p2p__hpmask_fini(&h);
  p2p__crypto_free(crypto);
  must(p2p__mem_used(&mem) == 0, "memory is left");
}

/* ---- curves ---- */

static void ask_x25519(p2p__rd *in) {
  uint8_t secret[32], pub[32], first[32], mine[32], other[32];
  take(in, secret, 32);
  take(in, pub, 32);
  must(p2p__x25519_public(secret, first) == 0, "no public key");
  for (size_t i = 0; p2p__backend_at(i); i++) {
    const p2p__backend *b = p2p__backend_at(i);
    must(b->init() == 0 && b->x25519_public(secret, other) == 0, "no public key");
    must(memcmp(first, other, 32) == 0, "public keys differ");
  }
  int err = p2p__x25519(secret, pub, mine);
  for (size_t i = 0; p2p__backend_at(i); i++) {
    static const uint8_t zero[32];
    int r = p2p__backend_at(i)->x25519(secret, pub, other);
    bool none = r < 0 || memcmp(other, zero, 32) == 0;
    must(none == (err < 0) && (none || memcmp(mine, other, 32) == 0), "shared secrets differ");
  }
}

static void ask_ed25519(p2p__rd *in) {
  uint8_t seed[32], pub[32], sig[64], other[64];
  uint8_t how = p2p__rd_u8(in), at = p2p__rd_u8(in);
  p2p__ed25519 key;
  take(in, seed, 32);
  take(in, sig, 64);
  p2p_bytes msg = p2p__rd_rest(in);
  must(p2p__ed25519_from_seed(&key, seed) == 0, "no key");
  memcpy(pub, how & 1 ? key.pub : seed, 32);
  if (how & 2) must(p2p__ed25519_sign(&key, msg, sig) == 0, "nothing is signed");
  if (how & 4) sig[at % 64] ^= (uint8_t)(how >> 3);
  int first = p2p__ed25519_verify(pub, msg, p2p__bytes(sig, 64));
  must(first == 0 || first == P2P_ESIG, "neither good nor bad");
  must(first == 0 || (how & 7) != 3, "a signature of ours is bad");
  must(p2p__ed25519_verify(pub, msg, p2p__bytes(sig, at % 64)) == P2P_ESIG, "too short is good");
  (void)p2p__ed25519_is_key(p2p__bytes(pub, 32));
  for (size_t i = 0; p2p__backend_at(i); i++) {
    const p2p__backend *b = p2p__backend_at(i);
    must(p2p__ed25519_verify_with(b, pub, msg, p2p__bytes(sig, 64)) == first,
         "they judge differently");
    must(b->ed25519_public(seed, other) == 0 && memcmp(other, key.pub, 32) == 0, "keys differ");
    must(b->ed25519_sign(seed, key.pub, msg, other) == 0, "nothing is signed");
    must(p2p__ed25519_verify(key.pub, msg, p2p__bytes(other, 64)) == 0, "a bad signature of ours");
  }
}

static void ask_secp256k1(p2p__rd *in) {
  uint8_t secret[32], pub[33], sig[P2P__SECP256K1_SIG_MAX], how = p2p__rd_u8(in),
                                                            at = p2p__rd_u8(in);
  size_t len;
  take(in, secret, 32);
  bool has = p2p__secp256k1_public(secret, pub) == 0;
  if (how & 1 || !has) take(in, pub, 33);
  p2p_bytes given = part(in), msg = p2p__rd_rest(in);
  for (size_t i = 0; p2p__secp256k1_backend_at(i); i++) {
    const p2p__secp256k1_backend *b = p2p__secp256k1_backend_at(i);
    uint8_t other[33];
    /* Whether a number is a key is judged before a backend is asked. */
    must(!has || b->public_of(secret, other) == 0, "no public key of a key");
    must(!has || how & 1 || memcmp(pub, other, 33) == 0, "public keys differ");
    int err = p2p__secp256k1_sign_with(b, secret, msg, sig, &len);
    must((err == 0) == has, "they sign with different keys");
    if (err == 0 && !(how & 1))
      must(p2p__secp256k1_verify(p2p__bytes(pub, 33), msg, p2p__bytes(sig, len)) == 0,
           "a bad signature of ours");
  }
  if (how & 2 && has && p2p__secp256k1_sign(secret, msg, sig, &len) == 0) {
    if (how & 4) sig[at % len] ^= (uint8_t)(how >> 3);
    given = p2p__bytes(sig, len);
  }
  p2p_bytes key = p2p__bytes(pub, how & 8 ? 33u : 33u - at % 2);
  int first = p2p__secp256k1_verify(key, msg, given);
  for (size_t i = 0; p2p__secp256k1_backend_at(i); i++)
    must(p2p__secp256k1_verify_with(p2p__secp256k1_backend_at(i), key, msg, given) == first,
         "they judge differently");
}

/* ---- streams, hashes ---- */

static void ask_salsa20(p2p__rd *in) {
  uint8_t key[32], nonce[24], out[TEXT], again[TEXT], first[32], other[32];
  p2p__xsalsa20 x;
  take(in, key, sizeof key);
  take(in, nonce, sizeof nonce);
  uint64_t at = p2p__rd_be32(in) >> (p2p__rd_u8(in) & 31);
  p2p_bytes text = p2p__rd_rest(in);
  text.len = p2p__min(text.len, TEXT);
  p2p__xsalsa20_init(&x, key, nonce);
  p2p__xsalsa20_xor(&x, at, text, out);
  for (size_t i = 0; i < text.len; i += 100) /* anywhere, and in place */
    p2p__xsalsa20_xor(&x, at + i, p2p__bytes(out + i, p2p__min(100, text.len - i)), out + i);
  must(!text.len || memcmp(out, text.p, text.len) == 0, "twice is not once");
  for (size_t i = 0; p2p__salsa20_backend_at(i); i++) {
    const p2p__salsa20_backend *b = p2p__salsa20_backend_at(i);
    uint8_t *to = i ? again : out;
    b->xor_from(key, nonce, at / 64, text, to);
    must(!i || !text.len || memcmp(out, again, text.len) == 0, "key streams differ");
    b->hsalsa20(key, nonce, i ? other : first);
    must(!i || memcmp(first, other, 32) == 0, "they derive differently");
  }
  p2p__salsa20_stream(key, nonce, again, p2p__min(text.len, 300));
  p2p__xsalsa20_fini(&x);
}

static void ask_hash(p2p__rd *in) {
  uint8_t out[P2P__DIGEST_MAX], prk[P2P__HASH_MAX], keys[3][32], wide[256];
  uint64_t code = p2p__rd_varint(in);
  uint8_t len = p2p__rd_u8(in), how = p2p__rd_u8(in);
  p2p_bytes salt = part(in), text = p2p__rd_rest(in);
  p2p__hash hash = how & 1 ? P2P__SHA384 : P2P__SHA256;
  int err = p2p__digest(code, text, out, p2p__min(len, sizeof out));
  must(err == 0 || err == P2P_EINVAL || err == P2P_ENOTSUP, "a digest fails");
  p2p__hkdf_extract(hash, salt, text, prk);
  p2p__hkdf_expand(hash, prk, salt.len < 255 ? salt : p2p__bytes(NULL, 0), wide, len);
  p2p__hkdf_expand_label(hash, prk, "quic key", p2p__bytes(NULL, 0), wide, how);
  p2p__hkdf_noise(prk, text, 2 + (how >> 7), keys);
  p2p__hmac_sha256(salt, &text, 1, wide);
  p2p__hmac(P2P__SHA256, salt, &text, 1, prk);
  must(memcmp(wide, prk, P2P__SHA256) == 0, "two HMACs");
}

/* ---- keys and signatures in DER ---- */

static void ask_x509(p2p__rd *in) {
  p2p_bytes spki = part(in), algorithm = part(in), sig = part(in), msg = p2p__rd_rest(in);
  int err = p2p__x509_verify(spki, algorithm, msg, sig);
  must(err == 0 || err == P2P_ENOTSUP || err == P2P_EKEY || err == P2P_ESIG,
       "neither good nor bad");
}

/* A private key of anybody's making: refused, or it signs what its public key verifies. */
static void ask_private(p2p__rd *in) {
  static uint8_t data[P2P_PRIVKEY_MAX], again[P2P_PRIVKEY_MAX], pub[P2P_PUBKEY_MAX + 64];
  uint8_t sig[P2P_SIGNATURE_MAX];
  size_t len;
  p2p_key_type type = (p2p_key_type)(p2p__rd_u8(in) & 3);
  p2p__wr w = p2p__wr_of(data, sizeof data), v = p2p__wr_of(again, sizeof again);
  if (p2p__private_adopt(type, p2p__rd_rest(in), &w) < 0) return;
  must(p2p__private_adopt(type, p2p__wr_bytes(&w), &v) == 0, "our form is not taken");
  must(p2p__bytes_eq(p2p__wr_bytes(&w), p2p__wr_bytes(&v)), "our form is not the only one");
  p2p__signer *signer;
  int err = p2p__private_load(type, p2p__wr_bytes(&w), &signer);
  if (err < 0) return;
  p2p__wr p = p2p__wr_of(pub, sizeof pub);
  must(p2p__private_public(type, p2p__wr_bytes(&w), &p) == 0, "no public key");
  err = p2p__private_sign(type, p2p__wr_bytes(&w), signer, p2p__cstr("text"), sig, &len);
  must(err == 0 || type == P2P_KEY_RSA, "a key that does not sign");
  p2p__signer_free(signer);
}

/* ---- new keys ---- */

typedef struct dice {
  p2p_io io; /* first */
  p2p__rd *in;
  int err;
} dice;

static int dice_random(p2p_io *io, void *buf, size_t len) {
  dice *d = (dice *)io;
  take(d->in, buf, len);
  return d->err;
}

static void ask_new_key(p2p__rd *in) {
  static const p2p_io_ops ops = { .size = sizeof ops, .random = dice_random };
  static const unsigned sizes[] = { 0, 256, 384, 521, 1024, 2049, 9000, 77 };
  static bool rsa; /* once: it takes a while */
  uint8_t how = p2p__rd_u8(in);
  p2p_key_type type = (p2p_key_type)(how & 7);
  unsigned bits = sizes[how >> 3 & 7];
  dice d = { .io.ops = &ops, .in = in, .err = how & 64 ? P2P_EIO : 0 };
  uint8_t sig[P2P_SIGNATURE_MAX];
  size_t len;
  p2p_identity id;
  if (type == P2P_KEY_RSA && bits == 0 && rsa) return;
  rsa |= type == P2P_KEY_RSA && bits == 0;
  int err = p2p_identity_generate_bits(&id, type, bits, &d.io);
  if (err < 0) return;
  must(id.sign(id.ctx, p2p__cstr("text"), sig, &len) == 0, "a new key does not sign");
  must(p2p_verify(p2p__bytes(id.pubkey, id.pubkey_len), p2p__cstr("text"), p2p__bytes(sig, len)) ==
           0,
       "a new key signs badly");
  p2p_identity_fini(&id);
}

static void ask_cpu(p2p__rd *in) {
  char text[256] = { 0 };
  p2p_bytes b = p2p__rd_rest(in);
  b.len = p2p__min(b.len, sizeof text - 1);
  if (b.len) memcpy(text, b.p, b.len);
  p2p__cpu cpu = p2p__cpu_from(text);
  must(cpu.aes || !cpu.wide, "wide without AES");
  must(p2p__crypto_backends() != NULL, "no backends");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const questions[])(p2p__rd *in) = {
    ask_aead, ask_masks, ask_x25519,  ask_ed25519, ask_secp256k1, ask_salsa20,
    ask_hash, ask_x509,  ask_private, ask_new_key, ask_cpu,
  };
  p2p__rd in = p2p__rd_of(p2p__bytes(data, size));
  uint8_t what = p2p__rd_u8(&in);
  if (!in.err) questions[what % P2P_COUNT(questions)](&in);
  return 0;
}
