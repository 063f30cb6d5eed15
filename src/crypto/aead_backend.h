/* The AEADs of one library. Each backend is one file; backend.c holds the table of those built, the
 * fastest first; crypto.c keeps their contexts. Every entry is tested against all vectors and against
 * the others. */
#ifndef P2P_CRYPTO_AEAD_BACKEND_H
#define P2P_CRYPTO_AEAD_BACKEND_H

#include "crypto/cpu.h"
#include "crypto/crypto.h"

/* What a context is for: an AEAD, or (libcrypto only) the mask of a QUIC packet's header. */
typedef enum p2p__cipher {
  P2P__CIPHER_CHACHA20_POLY1305,
  P2P__CIPHER_AES_128_GCM,
  P2P__CIPHER_AES_256_GCM,
  P2P__CIPHER_CHACHA20, /* header protection from here */
  P2P__CIPHER_AES_128_ECB,
  P2P__CIPHER_AES_256_ECB,
  P2P__CIPHERS
} p2p__cipher;

typedef struct p2p__aead_backend {
  const char *name;
  /* Whether it does this here at all, and whether it is the best at it: libraries behind it in the
   * table are slower, those before it did not want to. */
  bool (*can)(p2p__cpu cpu, p2p__cipher cipher, bool packets);
  bool (*wants)(p2p__cpu cpu, p2p__cipher cipher, bool packets);

  /* What a loop keeps of the library. 0, P2P_ENOMEM, P2P_ENOTSUP. */
  int (*load)(p2p__mem *mem, void **lib);
  void (*unload)(void *lib);

  /* A context without a key; NULL when memory is out. */
  void *(*make)(void *lib, p2p__cipher cipher);
  int (*key)(void *ctx, const uint8_t *key, bool seals); /* 0, P2P_ENOMEM or P2P_EIO */
  bool (*forget)(void *ctx); /* no secret is left in it; false: it cannot be used again */
  void (*free)(void *ctx);   /* wipes it */

  /* In pieces, see p2p__aead_start; NULL: it takes packets only. */
  int (*start)(void *ctx, const uint8_t *nonce, p2p_bytes aad);
  int (*add)(void *ctx, p2p_bytes in, uint8_t *out);
  int (*finish)(void *ctx, uint8_t *tag);
  /* At once; out may be in.p. seal puts the tag behind the text; open takes it from where it is
   * (of packets: from there), and leaves the wiping of what is not authentic to the caller. */
  int (*seal)(void *ctx, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, uint8_t *out);
  int (*open)(void *ctx, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, const uint8_t *tag,
              uint8_t *out);
} p2p__aead_backend;

extern const p2p__aead_backend p2p__aead_openssl;
extern const p2p__aead_backend p2p__aead_ipsec_mb; /* where ipsec-mb was found */
extern const p2p__aead_backend p2p__aead_gnutls;   /* where GnuTLS was found */

enum { P2P__AEAD_BACKENDS = 3 }; /* at most */

/* The i-th one built, NULL past the last, which is libcrypto's and wants everything. */
const p2p__aead_backend *p2p__aead_backend_at(size_t i);

#endif
