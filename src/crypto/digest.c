/* Hash functions by code, over libcrypto's EVP; and multihashes made and judged with them.
 *
 * Fetched by name for each use: content is hashed here, not packets. blake3 and keccak are in no
 * backend, blake2b and blake2s only at their full length (libcrypto before 3.2). */
#include "crypto/digest.h"
#include "multiformats/multihash.h"
#include <openssl/err.h>
#include <openssl/evp.h>

typedef struct algorithm {
  uint64_t code;
  const char *name; /* libcrypto's */
  uint8_t size;     /* bytes, 0: extendable */
} algorithm;

enum { RIPEMD160 = 0x1053, MD5 = 0xd5, SM3 = 0x534d };

static const algorithm algorithms[] = {
  { P2P_MH_SHA1, "SHA1", 20 },
  { P2P_MH_SHA2_224, "SHA2-224", 28 },
  { P2P_MH_SHA2_256, "SHA2-256", 32 },
  { P2P_MH_SHA2_384, "SHA2-384", 48 },
  { P2P_MH_SHA2_512, "SHA2-512", 64 },
  { P2P_MH_SHA2_512_224, "SHA2-512/224", 28 },
  { P2P_MH_SHA2_512_256, "SHA2-512/256", 32 },
  { P2P_MH_SHA3_224, "SHA3-224", 28 },
  { P2P_MH_SHA3_256, "SHA3-256", 32 },
  { P2P_MH_SHA3_384, "SHA3-384", 48 },
  { P2P_MH_SHA3_512, "SHA3-512", 64 },
  { P2P_MH_SHAKE_128, "SHAKE-128", 0 },
  { P2P_MH_SHAKE_256, "SHAKE-256", 0 },
  { P2P_BLAKE2B + 64, "BLAKE2B-512", 64 },
  { P2P_BLAKE2S + 32, "BLAKE2S-256", 32 },
  { P2P_MH_DBL_SHA2_256, "SHA2-256", 32 }, /* twice, see below */
  { RIPEMD160, "RIPEMD-160", 20 },
  { MD5, "MD5", 16 },
  { SM3, "SM3", 32 },
};

static const algorithm *find(uint64_t code) {
  for (size_t i = 0; i < P2P_COUNT(algorithms); i++) {
    if (algorithms[i].code == code) return &algorithms[i];
  }
  return NULL;
}

bool p2p__digest_is_known(uint64_t code) { return code == P2P_MH_IDENTITY || find(code); }

static bool hash(EVP_MD_CTX *ctx, const EVP_MD *md, bool extendable, p2p_bytes data, uint8_t *out,
                 size_t len) {
  if (EVP_DigestInit_ex2(ctx, md, NULL) != 1) return false;
  if (data.len && EVP_DigestUpdate(ctx, data.p, data.len) != 1) return false;
  if (extendable) return EVP_DigestFinalXOF(ctx, out, len) == 1;
  return EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

/* The digest as long as the algorithm makes it; an extendable one of len bytes. */
static int compute(const algorithm *a, p2p_bytes data, uint8_t out[P2P__DIGEST_MAX], size_t len) {
  ERR_set_mark();
  EVP_MD *md = EVP_MD_fetch(NULL, a->name, NULL);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  int err = 0;
  if (!ctx)
    err = P2P_ENOMEM;
  else if (!md)
    err = P2P_ENOTSUP; /* this libcrypto was built or configured without it */
  else if (!hash(ctx, md, a->size == 0, data, out, len))
    err = P2P_ENOMEM;
  EVP_MD_CTX_free(ctx);
  EVP_MD_free(md);
  ERR_pop_to_mark(); /* the caller is told by our error */
  return err;
}

static int identity(p2p_bytes data, uint8_t *out, size_t len) {
  if (len != data.len) return P2P_EINVAL;
  if (len) memcpy(out, data.p, len);
  return 0;
}

int p2p__digest(uint64_t code, p2p_bytes data, uint8_t *out, size_t len) {
  uint8_t whole[P2P__DIGEST_MAX];
  const algorithm *a = find(code);
  if (code == P2P_MH_IDENTITY) return identity(data, out, len);
  if (!a) return P2P_ENOTSUP;
  if (len == 0 || len > (a->size ? a->size : sizeof whole)) return P2P_EINVAL;
  int err = compute(a, data, whole, len);
  if (!err && code == P2P_MH_DBL_SHA2_256) err = compute(a, p2p__bytes(whole, a->size), whole, len);
  if (err) return err;
  memcpy(out, whole, len);
  return 0;
}

/* ---- multihashes ---- */

static size_t default_len(uint64_t code, p2p_bytes data) {
  return code == P2P_MH_IDENTITY ? data.len : p2p__multihash_size(code);
}

ptrdiff_t p2p_multihash_sum(uint64_t code, size_t len, p2p_bytes data, uint8_t *out, size_t cap) {
  uint8_t digest[P2P__DIGEST_MAX];
  p2p__wr w = p2p__wr_of(out, cap);
  if ((!data.p && data.len) || (!out && cap)) return P2P_EINVAL;
  if (!p2p__digest_is_known(code)) return P2P_ENOTSUP;
  if (len == 0) len = default_len(code, data);
  if (len > sizeof digest) return P2P_EINVAL;
  int err = p2p__digest(code, data, digest, len);
  if (err) return err;
  p2p__wr_varint(&w, code);
  p2p__wr_prefixed(&w, p2p__bytes(digest, len));
  return w.err ? w.err : (ptrdiff_t)w.len;
}

int p2p_multihash_verify(p2p_bytes multihash, p2p_bytes data) {
  p2p_multihash mh;
  uint8_t digest[P2P__DIGEST_MAX];
  if ((!data.p && data.len) || p2p_multihash_read(multihash, &mh)) return P2P_EINVAL;
  if (mh.code == P2P_MH_IDENTITY) return p2p__bytes_eq(mh.digest, data) ? 0 : P2P_EAUTH;
  if (mh.digest.len < P2P_MULTIHASH_SAFE) return P2P_ENOTSUP;
  int err = p2p__digest(mh.code, data, digest, mh.digest.len);
  if (err) return err;
  return p2p__ct_eq(digest, mh.digest.p, mh.digest.len) ? 0 : P2P_EAUTH;
}
