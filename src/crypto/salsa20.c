/* XSalsa20 over whichever Salsa20 this build has. See salsa20.h. */
#include "crypto/salsa20.h"
#include "crypto/salsa20_backend.h"

void p2p__xsalsa20_init(p2p__xsalsa20 *x, const uint8_t key[P2P__XSALSA20_KEY],
                        const uint8_t nonce[P2P__XSALSA20_NONCE]) {
  p2p__salsa20_backend_at(0)->hsalsa20(key, nonce, x->key);
  memcpy(x->nonce, nonce + 16, sizeof x->nonce);
}

void p2p__xsalsa20_fini(p2p__xsalsa20 *x) { p2p__wipe(x, sizeof *x); }

/* The rest of a block that `at` lies within; how many bytes it was. */
static size_t xor_rest(const p2p__xsalsa20 *x, uint64_t at, p2p_bytes in, uint8_t *out) {
  uint8_t block[P2P__SALSA20_BLOCK] = { 0 };
  size_t from = at % P2P__SALSA20_BLOCK, n = p2p__min(in.len, sizeof block - from);
  p2p__salsa20_backend_at(0)->xor_from(x->key, x->nonce, at / P2P__SALSA20_BLOCK,
                                       p2p__bytes(block, sizeof block), block);
  for (size_t i = 0; i < n; i++) out[i] = in.p[i] ^ block[from + i];
  p2p__wipe(block, sizeof block);
  return n;
}

void p2p__xsalsa20_xor(const p2p__xsalsa20 *x, uint64_t at, p2p_bytes in, uint8_t *out) {
  size_t n = at % P2P__SALSA20_BLOCK ? xor_rest(x, at, in, out) : 0;
  if (n == in.len) return;
  p2p__salsa20_backend_at(0)->xor_from(x->key, x->nonce, (at + n) / P2P__SALSA20_BLOCK,
                                       p2p__bytes(in.p + n, in.len - n), out + n);
}

void p2p__salsa20_stream(const uint8_t key[P2P__XSALSA20_KEY],
                         const uint8_t nonce[P2P__SALSA20_NONCE], uint8_t *out, size_t n) {
  memset(out, 0, n);
  p2p__salsa20_backend_at(0)->xor_from(key, nonce, 0, p2p__bytes(out, n), out);
}
