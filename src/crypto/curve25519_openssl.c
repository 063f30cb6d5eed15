/* X25519 and Ed25519 over libcrypto's EVP. */
#include "crypto/backend.h"
#include <openssl/err.h>
#include <openssl/evp.h>

static int init(void) { return 0; }

static EVP_PKEY *secret_key(int type, const uint8_t secret[32]) {
  return EVP_PKEY_new_raw_private_key(type, NULL, secret, 32);
}

/* What keeps libcrypto from making a key of any 32 bytes is a lack of memory. */
static int public_of(int type, const uint8_t secret[32], uint8_t pub[32]) {
  EVP_PKEY *key = secret_key(type, secret);
  size_t len = 32;
  int ok = key && EVP_PKEY_get_raw_public_key(key, pub, &len) == 1;
  EVP_PKEY_free(key);
  return ok ? 0 : P2P_ENOMEM;
}

static int x25519_public(const uint8_t secret[32], uint8_t pub[32]) {
  return public_of(EVP_PKEY_X25519, secret, pub);
}

static int ed25519_public(const uint8_t seed[32], uint8_t pub[32]) {
  return public_of(EVP_PKEY_ED25519, seed, pub);
}

static int x25519(const uint8_t secret[32], const uint8_t pub[32], uint8_t shared[32]) {
  int err = P2P_ENOMEM;
  size_t len = 32;
  ERR_set_mark();
  EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, pub, 32);
  EVP_PKEY *mine = secret_key(EVP_PKEY_X25519, secret);
  EVP_PKEY_CTX *ctx = mine ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
  if (!peer || !ctx || EVP_PKEY_derive_init(ctx) != 1) goto out;
  if (EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1) goto out;
  err = EVP_PKEY_derive(ctx, shared, &len) == 1 ? 0 : P2P_EAUTH; /* it refuses zero results */
out:
  EVP_PKEY_CTX_free(ctx);
  EVP_PKEY_free(mine);
  EVP_PKEY_free(peer);
  ERR_pop_to_mark();
  return err;
}

static int ed25519_sign(const uint8_t seed[32], const uint8_t pub[32], p2p_bytes msg,
                        uint8_t sig[64]) {
  (void)pub; /* libcrypto computes it anew from the seed */
  int err = P2P_ENOMEM;
  size_t len = 64;
  EVP_PKEY *key = secret_key(EVP_PKEY_ED25519, seed);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (!key || !ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1) goto out;
  err = EVP_DigestSign(ctx, sig, &len, msg.p, msg.len) == 1 ? 0 : P2P_EKEY;
out:
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_free(key);
  return err;
}

static int ed25519_verify(const uint8_t pub[32], p2p_bytes msg, const uint8_t sig[64]) {
  int err = P2P_ENOMEM;
  ERR_set_mark();
  EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, 32);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (!key || !ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1) goto out;
  err = EVP_DigestVerify(ctx, sig, 64, msg.p, msg.len) == 1 ? 0 : P2P_ESIG;
out:
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_free(key);
  ERR_pop_to_mark();
  return err;
}

const p2p__backend p2p__backend_openssl = {
  .name = "libcrypto " OPENSSL_FULL_VERSION_STR,
  .init = init,
  .x25519_public = x25519_public,
  .x25519 = x25519,
  .ed25519_public = ed25519_public,
  .ed25519_sign = ed25519_sign,
  .ed25519_verify = ed25519_verify,
};
