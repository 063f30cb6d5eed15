/* Cryptographic primitives, each over the best library found: libcrypto alone suffices, libsodium
 * is preferred for Curve25519 and Ed25519, ipsec-mb and GnuTLS for AEADs (aead_backend.h). One
 * p2p__crypto per loop holds what it needs of the libraries and spare cipher contexts; nothing is
 * global.
 *
 * Randomness is never drawn here: whoever makes a key brings its bytes. */
#ifndef P2P_CRYPTO_CRYPTO_H
#define P2P_CRYPTO_CRYPTO_H

#include "base/bytes.h"
#include "base/mem.h"

typedef struct p2p__crypto p2p__crypto;

P2P_MUST_USE int p2p__crypto_new(p2p__mem *mem, p2p__crypto **out); /* P2P_ENOMEM, P2P_ENOTSUP */
void p2p__crypto_free(p2p__crypto *c);
/* "libcrypto 3.0.22, libsodium 1.0.18": what this build uses on this processor. Static. */
const char *p2p__crypto_backends(void);

/* ---- hashes, HMAC, HKDF: FIPS 180-4, RFC 2104, RFC 5869 ---- */
/* A hash function is named by the bytes it gives. */
typedef enum p2p__hash { P2P__SHA256 = 32, P2P__SHA384 = 48 } p2p__hash;
enum { P2P__HASH_MAX = 48 };
void p2p__sha256(const p2p_bytes *v, size_t n, uint8_t out[P2P__SHA256]); /* of n pieces */
void p2p__hmac_sha256(p2p_bytes key, const p2p_bytes *v, size_t n, uint8_t out[P2P__SHA256]);
/* Of n pieces, with either function; out has room for its output. */
void p2p__hash_of(p2p__hash hash, const p2p_bytes *v, size_t n, uint8_t *out);
void p2p__hmac(p2p__hash hash, p2p_bytes key, const p2p_bytes *v, size_t n, uint8_t *out);
/* prk: room for the hash's output. An empty salt is one of zeros. */
void p2p__hkdf_extract(p2p__hash hash, p2p_bytes salt, p2p_bytes ikm, uint8_t *prk);
/* secret: as long as the hash's output. Writes len bytes, at most 255 outputs. */
void p2p__hkdf_expand(p2p__hash hash, const uint8_t *secret, p2p_bytes info, uint8_t *out,
                      size_t len);
/* TLS 1.3's: label without its "tls13 ", up to 249 characters; context up to 255 bytes; len up to
 * 65,535. QUIC's labels ("quic key") are such labels. Spec: RFC 8446, section 7.1. */
void p2p__hkdf_expand_label(p2p__hash hash, const uint8_t *secret, const char *label,
                            p2p_bytes context, uint8_t *out, size_t len);
/* Noise's HKDF: n (2 or 3) outputs of 32 bytes. Spec: noise rev 34, section 4.3. */
void p2p__hkdf_noise(const uint8_t ck[32], p2p_bytes ikm, size_t n, uint8_t out[][32]);

/* ---- X25519: RFC 7748 ---- */
/* secret: 32 random bytes of the caller's. 0; P2P_ENOMEM (libcrypto's): then pub is all zero, which
 * no peer accepts, so that a caller who does not look fails safely. */
int p2p__x25519_public(const uint8_t secret[32], uint8_t pub[32]);
/* P2P_EAUTH when the result is all zero (a low-order point was sent); P2P_ENOMEM. shared is written
 * only on success. */
P2P_MUST_USE int p2p__x25519(const uint8_t secret[32], const uint8_t pub[32], uint8_t shared[32]);

/* ---- Ed25519: RFC 8032 ---- */
/* A pair that belongs together: signing never takes a public key from elsewhere. */
typedef struct p2p__ed25519 {
  uint8_t seed[32], pub[32];
} p2p__ed25519;
/* 0; P2P_ENOMEM: then pub is all zero, under which nothing verifies. */
int p2p__ed25519_from_seed(p2p__ed25519 *key, const uint8_t seed[32]);
P2P_MUST_USE int p2p__ed25519_sign(const p2p__ed25519 *key, p2p_bytes msg, uint8_t sig[64]);
/* Whether these bytes may be a public key: 32, canonical, not of small order. (Half of those are no
 * point of the curve; under them every signature is refused.) */
bool p2p__ed25519_is_key(p2p_bytes pub);
/* 0; P2P_ESIG; P2P_ENOMEM. Refuses S not below the order, and keys and R that are not canonical or
 * of small order, whatever the backend thinks of them. */
P2P_MUST_USE int p2p__ed25519_verify(const uint8_t pub[32], p2p_bytes msg, p2p_bytes sig);

/* ---- AEAD: keyed once, gathers ---- */
typedef enum p2p__aead_kind {
  P2P__CHACHA20_POLY1305 = 1,
  P2P__AES_128_GCM,
  P2P__AES_256_GCM
} p2p__aead_kind;
/* P2P__AEAD_KEY: room for a key of any kind; AES-128-GCM uses the first 16 bytes. */
enum { P2P__AEAD_TAG = 16, P2P__AEAD_NONCE = 12, P2P__AEAD_KEY = 32 };
size_t p2p__aead_key_len(p2p__aead_kind kind);

/* One direction of one channel; embedded by value. The cipher context comes from the loop's spares
 * at first use and can be given back while the channel is idle. */
typedef struct p2p__aead {
  p2p__crypto *crypto;
  void *ctx;             /* backend's context, NULL while idle */
  uint8_t kind, backend; /* which library's it is, from 1; 0 before the first use */
  bool seals, packets;
  uint8_t key[P2P__AEAD_KEY];
} p2p__aead;

/* key: p2p__aead_key_len bytes of it are read. */
void p2p__aead_init(p2p__aead *a, p2p__crypto *c, p2p__aead_kind kind, bool seals,
                    const uint8_t *key);
/* For packets: sealed and opened as a whole only (p2p__aead_seal, _open, _open_to), at which another
 * library may be the best. */
void p2p__aead_init_packets(p2p__aead *a, p2p__crypto *c, p2p__aead_kind kind, bool seals,
                            const uint8_t *key);
void p2p__aead_fini(p2p__aead *a); /* wipes the key */
void p2p__aead_idle(p2p__aead *a); /* gives the context back; the next use takes one again */

/* Seals in pieces: start, add for each piece (out may be in, has n bytes), finish. P2P_ENOMEM when
 * no context can be had; P2P_EIO when the backend fails. */
P2P_MUST_USE int p2p__aead_start(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad);
P2P_MUST_USE int p2p__aead_add(p2p__aead *a, p2p_bytes in, uint8_t *out);
P2P_MUST_USE int p2p__aead_finish(p2p__aead *a, uint8_t tag[P2P__AEAD_TAG]);
/* Seals one piece at once: out has room for in and the tag behind it, and may be in. Errors
 * as above. */
P2P_MUST_USE int p2p__aead_seal(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad,
                                p2p_bytes in, uint8_t *out);
/* Opens n bytes in place; of a packet the tag lies behind them. P2P_EAUTH: wrong tag; then the
 * buffer's contents are wiped. */
P2P_MUST_USE int p2p__aead_open(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad,
                                uint8_t *text, size_t n, const uint8_t tag[P2P__AEAD_TAG]);
/* Opens what p2p__aead_seal made, from in (text and tag; P2P_EAUTH when too short) to out, which has
 * room for the text, may be in.p, and is wiped on an error. */
P2P_MUST_USE int p2p__aead_open_to(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE],
                                   p2p_bytes aad, p2p_bytes in, uint8_t *out);

#endif
