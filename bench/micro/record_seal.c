/* A Noise record of 16 KiB sealed out of two pieces, over what is chosen for this processor. */
#include "common.h"
#include "crypto/crypto.h"

enum { HEADER = 12, LEN = 16384 };
static uint8_t record[LEN + P2P__AEAD_TAG];

static void once(void *ctx) {
  static const uint8_t nonce[P2P__AEAD_NONCE];
  micro_check(p2p__aead_start(ctx, nonce, p2p__bytes(NULL, 0)) == 0);
  micro_check(p2p__aead_add(ctx, p2p__bytes(record, HEADER), record) == 0);
  micro_check(p2p__aead_add(ctx, p2p__bytes(record + HEADER, LEN - HEADER), record + HEADER) == 0);
  micro_check(p2p__aead_finish(ctx, record + LEN) == 0);
}

int main(int argc, char **argv) {
  static const uint8_t key[P2P__AEAD_KEY];
  p2p__mem mem;
  p2p__crypto *crypto;
  p2p__aead aead;
  p2p__mem_init(&mem, NULL);
  micro_check(p2p__crypto_new(&mem, &crypto) == 0);
  p2p__aead_init(&aead, crypto, P2P__CHACHA20_POLY1305, true, key);
  int code = micro_main(argc, argv, once, &aead);
  p2p__aead_fini(&aead);
  p2p__crypto_free(crypto);
  return code;
}
