/* Private keys by type, as a table. Spec: peer-ids/peer-ids.md, "Key Types". */
#include "peer/private.h"
#include "crypto/crypto.h"
#include "crypto/ec.h"
#include "crypto/pkey.h"
#include "crypto/rsa.h"
#include "crypto/secp256k1.h"

enum {
  SEED = 32,
  PUB = 32,
  PAIR = SEED + PUB,
  RSA_BITS = 2048,  /* when nobody says: what go-libp2p and kubo make */
  ECDSA_BITS = 256, /* the same */
  DRAWS_MAX = 64    /* a random number is a scalar at every draw but one of 2^32, at the least */
};

/* ---- Ed25519 ---- */

static int put_pair(const uint8_t seed[SEED], p2p__wr *w) {
  p2p__ed25519 pair;
  int err = p2p__ed25519_from_seed(&pair, seed);
  if (!err) {
    p2p__wr_bytes_in(w, p2p__bytes(pair.seed, SEED));
    p2p__wr_bytes_in(w, p2p__bytes(pair.pub, PUB));
  }
  p2p__wipe(&pair, sizeof pair);
  return err ? err : w->err;
}

static int ed25519_make(unsigned bits, p2p_io *io, p2p__wr *w) {
  uint8_t seed[SEED];
  if (bits && bits != 256) return P2P_EINVAL;
  int err = io->ops->random(io, seed, sizeof seed);
  if (!err) err = put_pair(seed, w);
  p2p__wipe(seed, sizeof seed);
  return err;
}

/* seed ‖ public key, or seed ‖ public key ‖ public key as libp2p once wrote it. A pair that does not
 * belong together gives the seed away with the first signature. */
static int ed25519_adopt(p2p_bytes data, p2p__wr *w) {
  bool twice = data.len == PAIR + PUB && p2p__ct_eq(data.p + SEED, data.p + PAIR, PUB);
  size_t at = w->len;
  if (data.len != PAIR && !twice) return P2P_EKEY;
  int err = put_pair(data.p, w);
  if (err) return err;
  return p2p__ct_eq(w->p + at, data.p, PAIR) ? 0 : P2P_EKEY;
}

static int ed25519_public(p2p_bytes data, p2p__wr *w) {
  p2p__wr_bytes_in(w, p2p__bytes(data.p + SEED, PUB));
  return w->err;
}

static int ed25519_sign(p2p_bytes data, p2p__signer *signer, p2p_bytes msg, uint8_t *sig,
                        size_t *len) {
  p2p__ed25519 pair;
  (void)signer;
  memcpy(pair.seed, data.p, SEED);
  memcpy(pair.pub, data.p + SEED, PUB);
  int err = p2p__ed25519_sign(&pair, msg, sig);
  if (!err) *len = 64;
  p2p__wipe(&pair, sizeof pair);
  return err;
}

/* ---- secp256k1 ---- */

/* Random numbers until one is a private key: each is as likely as every other. */
static int draw_scalar(const p2p__curve *curve, p2p_io *io, uint8_t *scalar) {
  for (size_t i = 0; i < DRAWS_MAX; i++) {
    int err = io->ops->random(io, scalar, curve->size);
    if (err) return err;
    scalar[0] &= curve->order[0]; /* of P-521, the first byte has one bit */
    if (p2p__curve_is_scalar(curve, scalar)) return 0;
  }
  return P2P_EIO; /* that source is not random */
}

static int secp256k1_make(unsigned bits, p2p_io *io, p2p__wr *w) {
  uint8_t secret[P2P__SECP256K1_SCALAR];
  if (bits && bits != 256) return P2P_EINVAL;
  int err = draw_scalar(&p2p__secp256k1, io, secret);
  if (!err) p2p__wr_bytes_in(w, p2p__bytes(secret, sizeof secret));
  p2p__wipe(secret, sizeof secret);
  return err ? err : w->err;
}

static int secp256k1_adopt(p2p_bytes data, p2p__wr *w) {
  if (data.len != P2P__SECP256K1_SCALAR || !p2p__curve_is_scalar(&p2p__secp256k1, data.p))
    return P2P_EKEY;
  p2p__wr_bytes_in(w, data);
  return w->err;
}

static int secp256k1_public(p2p_bytes data, p2p__wr *w) {
  uint8_t pub[P2P__SECP256K1_POINT];
  int err = p2p__secp256k1_public(data.p, pub);
  if (!err) p2p__wr_bytes_in(w, p2p__bytes(pub, sizeof pub));
  return err ? err : w->err;
}

static int secp256k1_sign(p2p_bytes data, p2p__signer *signer, p2p_bytes msg, uint8_t *sig,
                          size_t *len) {
  (void)signer;
  return p2p__secp256k1_sign(data.p, msg, sig, len);
}

/* ---- ECDSA ---- */

/* The private key with the public key that is its own; a point that came along must be that one. */
static int put_ec(const p2p__ec_private *key, p2p__wr *w) {
  uint8_t point[P2P__POINT_MAX], buf[P2P__EC_PRIVATE_MAX];
  p2p__der d = p2p__der_of(buf, sizeof buf);
  p2p__ec_private whole = *key;
  int err = p2p__ec_public(key->curve, key->scalar, point);
  if (err) return err;
  whole.point = p2p__bytes(point, 1 + 2 * key->curve->size);
  if (key->point.len && !p2p__bytes_eq(key->point, whole.point)) return P2P_EKEY;
  p2p__ec_private_write(&d, &whole, true);
  p2p__wr_bytes_in(w, p2p__der_bytes(&d));
  p2p__wipe(buf, sizeof buf);
  return d.err ? d.err : w->err;
}

static int ecdsa_make(unsigned bits, p2p_io *io, p2p__wr *w) {
  uint8_t scalar[P2P__SCALAR_MAX];
  p2p__ec_private key = { .curve = p2p__curve_by_bits(bits ? bits : ECDSA_BITS), .scalar = scalar };
  if (!key.curve) return P2P_EINVAL;
  int err = draw_scalar(key.curve, io, scalar);
  if (!err) err = put_ec(&key, w);
  p2p__wipe(scalar, sizeof scalar);
  return err;
}

static int ecdsa_adopt(p2p_bytes data, p2p__wr *w) {
  p2p__ec_private key;
  int err = p2p__ec_private_read(data, NULL, &key);
  if (err) return err;
  return key.curve == &p2p__secp256k1 ? P2P_EKEY : put_ec(&key, w);
}

static int ecdsa_public(p2p_bytes data, p2p__wr *w) {
  uint8_t buf[P2P__EC_PRIVATE_MAX];
  p2p__der d = p2p__der_of(buf, sizeof buf);
  p2p__ec_private key;
  int err = p2p__ec_private_read(data, NULL, &key);
  if (err) return err;
  p2p__ec_spki_write(&d, key.curve, key.point);
  p2p__wr_bytes_in(w, p2p__der_bytes(&d));
  return d.err ? d.err : w->err;
}

static int sign_hash(p2p_bytes data, p2p__signer *signer, p2p_bytes msg, uint8_t *sig,
                     size_t *len) {
  uint8_t hash[P2P__SHA256];
  (void)data;
  p2p__sha256(&msg, 1, hash);
  return p2p__signer_sign(signer, hash, sig, P2P_SIGNATURE_MAX, len);
}

static int ecdsa_load(p2p_bytes data, p2p__signer **out) {
  return p2p__signer_new(P2P__SIGNER_EC, data, out);
}

/* ---- RSA ---- */

static int rsa_make(unsigned bits, p2p_io *io, p2p__wr *w) {
  (void)io; /* see p2p__rsa_make */
  return p2p__rsa_make(bits ? bits : RSA_BITS, w);
}

static int rsa_adopt(p2p_bytes data, p2p__wr *w) {
  if (!p2p__rsa_is_private(data)) return P2P_EKEY;
  p2p__wr_bytes_in(w, data);
  return w->err;
}

/* Numbers that do not belong together sign what does not verify, and may give the key away. */
static int rsa_try(p2p_bytes data, p2p__signer *signer) {
  uint8_t pub[P2P_PUBKEY_MAX], sig[P2P_SIGNATURE_MAX];
  p2p__wr w = p2p__wr_of(pub, sizeof pub);
  p2p_bytes msg = p2p__cstr("libp2p");
  size_t len;
  int err = p2p__rsa_public(data, &w);
  if (!err) err = sign_hash(data, signer, msg, sig, &len);
  if (!err) err = p2p__rsa_verify(p2p__wr_bytes(&w), msg, p2p__bytes(sig, len));
  return err == 0 || err == P2P_ENOMEM ? err : P2P_EKEY;
}

static int rsa_load(p2p_bytes data, p2p__signer **out) {
  int err = p2p__signer_new(P2P__SIGNER_RSA, data, out);
  if (!err) err = rsa_try(data, *out);
  if (!err) return 0;
  p2p__signer_free(*out);
  *out = NULL;
  return err;
}

/* ---- the table, indexed by p2p_key_type ---- */

static const struct {
  int (*make)(unsigned bits, p2p_io *io, p2p__wr *w);
  int (*adopt)(p2p_bytes data, p2p__wr *w);
  int (*public_of)(p2p_bytes data, p2p__wr *w);
  int (*load)(p2p_bytes data, p2p__signer **out); /* NULL: nothing to load */
  int (*sign)(p2p_bytes data, p2p__signer *signer, p2p_bytes msg, uint8_t *sig, size_t *len);
} types[] = {
  [P2P_KEY_RSA] = { rsa_make, rsa_adopt, p2p__rsa_public, rsa_load, sign_hash },
  [P2P_KEY_ED25519] = { ed25519_make, ed25519_adopt, ed25519_public, NULL, ed25519_sign },
  [P2P_KEY_SECP256K1] = { secp256k1_make, secp256k1_adopt, secp256k1_public, NULL, secp256k1_sign },
  [P2P_KEY_ECDSA] = { ecdsa_make, ecdsa_adopt, ecdsa_public, ecdsa_load, sign_hash },
};

int p2p__private_make(p2p_key_type type, unsigned bits, p2p_io *io, p2p__wr *w) {
  return (size_t)type < P2P_COUNT(types) ? types[type].make(bits, io, w) : P2P_EINVAL;
}

int p2p__private_adopt(p2p_key_type type, p2p_bytes data, p2p__wr *w) {
  return types[type].adopt(data, w);
}

int p2p__private_public(p2p_key_type type, p2p_bytes data, p2p__wr *w) {
  return types[type].public_of(data, w);
}

int p2p__private_load(p2p_key_type type, p2p_bytes data, p2p__signer **out) {
  *out = NULL;
  return types[type].load ? types[type].load(data, out) : 0;
}

int p2p__private_sign(p2p_key_type type, p2p_bytes data, p2p__signer *signer, p2p_bytes msg,
                      uint8_t *sig, size_t *len) {
  return types[type].sign(data, signer, msg, sig, len);
}
