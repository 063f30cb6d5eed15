/* A QUIC packet of 1,400 bytes sealed with AES-128-GCM, over what is chosen for this processor. */
#include "common.h"
#include "crypto/crypto.h"

static uint8_t packet[1400 + P2P__AEAD_TAG];

static void once(void *ctx) {
  static const uint8_t nonce[P2P__AEAD_NONCE];
  micro_check(p2p__aead_seal(ctx, nonce, p2p__bytes(NULL, 0), p2p__bytes(packet, 1400), packet) ==
              0);
}

int main(int argc, char **argv) {
  static const uint8_t key[P2P__AEAD_KEY];
  p2p__mem mem;
  p2p__crypto *crypto;
  p2p__aead aead;
  p2p__mem_init(&mem, NULL);
  micro_check(p2p__crypto_new(&mem, &crypto) == 0);
  p2p__aead_init_packets(&aead, crypto, P2P__AES_128_GCM, true, key);
  int code = micro_main(argc, argv, once, &aead);
  p2p__aead_fini(&aead);
  p2p__crypto_free(crypto);
  return code;
}
