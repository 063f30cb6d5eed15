/* AES-GCM of whole packets over GnuTLS, which has less to do for each than libcrypto's EVP before
 * 3.1, and no way to seal in pieces. Empty where GnuTLS was not found. */
#include "crypto/aead_backend.h"

#ifdef P2P_HAVE_GNUTLS
#include <gnutls/crypto.h>
#include <openssl/opensslv.h>

typedef struct context {
  p2p__mem *mem;
  gnutls_aead_cipher_hd_t handle; /* NULL: no key */
  bool aes_256;
} context;

static bool can(p2p__cpu cpu, p2p__cipher cipher, bool packets) {
  (void)cpu;
  return packets && (cipher == P2P__CIPHER_AES_128_GCM || cipher == P2P__CIPHER_AES_256_GCM);
}

/* libcrypto has AES-GCM on wide vectors since 3.1. */
static bool wants(p2p__cpu cpu, p2p__cipher cipher, bool packets) {
  return can(cpu, cipher, packets) && cpu.aes &&
         !(cpu.wide && OPENSSL_VERSION_NUMBER >= 0x30100000L);
}

/* Nothing is kept of the library but where memory comes from. */
static int load(p2p__mem *mem, void **lib) {
  *lib = mem;
  return 0;
}

static void unload(void *lib) { (void)lib; }

static void *make(void *mem, p2p__cipher cipher) {
  context *c = p2p__alloc(mem, P2P__MEM_LOOP, sizeof *c);
  if (!c) return NULL;
  c->mem = mem;
  c->aes_256 = cipher == P2P__CIPHER_AES_256_GCM;
  return c;
}

static int error_of(int err) {
  switch (err) {
  case 0: return 0;
  case GNUTLS_E_MEMORY_ERROR: return P2P_ENOMEM;
  case GNUTLS_E_DECRYPTION_FAILED: return P2P_EAUTH;
  default: return P2P_EIO;
  }
}

static int key(void *ctx, const uint8_t *key, bool seals) {
  (void)seals;
  context *c = ctx;
  uint8_t copy[P2P__AEAD_KEY]; /* its datum is not const */
  gnutls_datum_t datum = { copy, c->aes_256 ? 32 : 16 };
  memcpy(copy, key, datum.size);
  int err = gnutls_aead_cipher_init(
      &c->handle, c->aes_256 ? GNUTLS_CIPHER_AES_256_GCM : GNUTLS_CIPHER_AES_128_GCM, &datum);
  if (err) c->handle = NULL;
  p2p__wipe(copy, sizeof copy);
  return error_of(err);
}

/* deinit wipes the key. */
static bool forget(void *ctx) {
  context *c = ctx;
  if (c->handle) gnutls_aead_cipher_deinit(c->handle);
  c->handle = NULL;
  return true;
}

static void free_context(void *ctx) {
  context *c = ctx;
  forget(c);
  p2p__release(c->mem, P2P__MEM_LOOP, c, sizeof *c);
}

static int seal(void *ctx, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, uint8_t *out) {
  const context *c = ctx;
  size_t len = in.len + P2P__AEAD_TAG;
  return error_of(gnutls_aead_cipher_encrypt(c->handle, nonce, P2P__AEAD_NONCE, aad.p, aad.len,
                                             P2P__AEAD_TAG, in.p, in.len, out, &len));
}

static int open(void *ctx, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, const uint8_t *tag,
                uint8_t *out) {
  const context *c = ctx;
  size_t len = in.len;
  if (tag != in.p + in.len) return P2P_EINVAL; /* see p2p__aead_init_packets */
  return error_of(gnutls_aead_cipher_decrypt(c->handle, nonce, P2P__AEAD_NONCE, aad.p, aad.len,
                                             P2P__AEAD_TAG, in.p, in.len + P2P__AEAD_TAG, out,
                                             &len));
}

const p2p__aead_backend p2p__aead_gnutls = {
  .name = "GnuTLS",
  .can = can,
  .wants = wants,
  .load = load,
  .unload = unload,
  .make = make,
  .key = key,
  .forget = forget,
  .free = free_context,
  .seal = seal,
  .open = open,
};
#endif
