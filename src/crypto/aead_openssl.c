/* ChaCha20-Poly1305 (RFC 8439), AES-GCM (RFC 5116) and the ciphers of header protection over
 * libcrypto's EVP: a context is keyed when it is taken, a record sets the nonce only. */
#include "crypto/aead_backend.h"
#include <limits.h>
#include <openssl/evp.h>

typedef struct library {
  p2p__mem *mem;
  EVP_CIPHER *ciphers[P2P__CIPHERS];
} library;

static const char *const names[P2P__CIPHERS] = {
  [P2P__CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
  [P2P__CIPHER_AES_128_GCM] = "AES-128-GCM",
  [P2P__CIPHER_AES_256_GCM] = "AES-256-GCM",
  [P2P__CIPHER_CHACHA20] = "ChaCha20",
  [P2P__CIPHER_AES_128_ECB] = "AES-128-ECB",
  [P2P__CIPHER_AES_256_ECB] = "AES-256-ECB",
};

static bool can(p2p__cpu cpu, p2p__cipher cipher, bool packets) {
  (void)cpu, (void)cipher, (void)packets;
  return true;
}

static void unload(void *ctx) {
  library *lib = ctx;
  for (size_t i = 0; i < P2P__CIPHERS; i++) EVP_CIPHER_free(lib->ciphers[i]);
  p2p__release(lib->mem, P2P__MEM_LOOP, lib, sizeof *lib);
}

static int load(p2p__mem *mem, void **out) {
  library *lib = p2p__alloc(mem, P2P__MEM_LOOP, sizeof *lib);
  if (!lib) return P2P_ENOMEM;
  lib->mem = mem;
  for (size_t i = 0; i < P2P__CIPHERS; i++) {
    lib->ciphers[i] = EVP_CIPHER_fetch(NULL, names[i], NULL);
    if (lib->ciphers[i]) continue;
    unload(lib);
    return P2P_ENOTSUP;
  }
  *out = lib;
  return 0;
}

static void *make(void *ctx, p2p__cipher cipher) {
  const library *lib = ctx;
  EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
  if (evp && EVP_CipherInit_ex(evp, lib->ciphers[cipher], NULL, NULL, NULL, 1) == 1) return evp;
  EVP_CIPHER_CTX_free(evp);
  return NULL;
}

static int key(void *ctx, const uint8_t *key, bool seals) {
  return EVP_CipherInit_ex(ctx, NULL, NULL, key, NULL, seals) == 1 ? 0 : P2P_EIO;
}

/* Overwrites key, one-time key and key stream with those of a key everybody knows. */
static bool forget(void *ctx) {
  static const uint8_t zero[P2P__AEAD_KEY] = { 0 };
  uint8_t block[16] = { 0 };
  int len;
  return EVP_CipherInit_ex(ctx, NULL, NULL, zero, zero, 1) == 1 &&
         EVP_CipherUpdate(ctx, block, &len, block, sizeof block) == 1;
}

static void free_context(void *ctx) { EVP_CIPHER_CTX_free(ctx); }

static int start(void *ctx, const uint8_t *nonce, p2p_bytes aad) {
  int len;
  if (EVP_CipherInit_ex(ctx, NULL, NULL, NULL, nonce, -1) != 1) return P2P_EIO;
  if (aad.len == 0) return 0;
  if (aad.len > INT_MAX) return P2P_EINVAL;
  return EVP_CipherUpdate(ctx, NULL, &len, aad.p, (int)aad.len) == 1 ? 0 : P2P_EIO;
}

static int add(void *ctx, p2p_bytes in, uint8_t *out) {
  int len;
  if (in.len == 0) return 0;
  if (in.len > INT_MAX) return P2P_EINVAL;
  return EVP_CipherUpdate(ctx, out, &len, in.p, (int)in.len) == 1 ? 0 : P2P_EIO;
}

static int finish(void *ctx, uint8_t *tag) {
  int len; /* nothing is kept back: Final writes no byte, so any pointer serves */
  if (EVP_CipherFinal_ex(ctx, tag, &len) != 1) return P2P_EIO;
  return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, P2P__AEAD_TAG, tag) == 1 ? 0 : P2P_EIO;
}

static int seal(void *ctx, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, uint8_t *out) {
  int err = start(ctx, nonce, aad);
  if (!err) err = add(ctx, in, out);
  return err ? err : finish(ctx, out + in.len);
}

static int open(void *ctx, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, const uint8_t *tag,
                uint8_t *out) {
  uint8_t expected[P2P__AEAD_TAG];
  int len, err = start(ctx, nonce, aad);
  memcpy(expected, tag, sizeof expected);
  if (!err && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, P2P__AEAD_TAG, expected) != 1)
    err = P2P_EIO;
  if (!err) err = add(ctx, in, out);
  if (!err && EVP_CipherFinal_ex(ctx, expected, &len) != 1) err = P2P_EAUTH;
  return err;
}

const p2p__aead_backend p2p__aead_openssl = {
  .name = "libcrypto",
  .can = can,
  .wants = can,
  .load = load,
  .unload = unload,
  .make = make,
  .key = key,
  .forget = forget,
  .free = free_context,
  .start = start,
  .add = add,
  .finish = finish,
  .seal = seal,
  .open = open,
};
