/* Certificates of strangers. One that is judged good is good for the peer it names and for nobody
 * else, and for no other bytes: with one more behind, one less, or its last one changed it is not. */
#include "peer/certificate.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TIME = 1700000000 };

static void check(bool ok) {
  if (!ok) abort();
}

static void check_good(p2p_bytes der, const p2p_peer_id *peer) {
  p2p_peer_id other = *peer, found;
  p2p_bytes pubkey;
  uint8_t *copy = malloc(der.len + 1);
  check(copy != NULL);
  memcpy(copy, der.p, der.len);
  copy[der.len] = 0;
  other.b[other.len - 1] ^= 1;
  check(p2p__certificate_judge(der, TIME, peer, &found, &pubkey) == 0);
  check(p2p__certificate_judge(der, TIME, &other, &found, &pubkey) == P2P_EPEER);
  check(p2p__certificate_judge(p2p__bytes(copy, der.len + 1), TIME, peer, &found, &pubkey) < 0);
  check(p2p__certificate_judge(p2p__bytes(copy, der.len - 1), TIME, peer, &found, &pubkey) < 0);
  copy[der.len - 1] ^= 1;
  check(p2p__certificate_judge(p2p__bytes(copy, der.len), TIME, peer, &found, &pubkey) < 0);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const p2p_peer_id anybody = { 0 };
  p2p_peer_id peer;
  p2p_bytes der = p2p__bytes(data, size), pubkey;
  int err = p2p__certificate_judge(der, TIME, &anybody, &peer, &pubkey);
  check(err == 0 || err == P2P_EPROTO || err == P2P_EAUTH || err == P2P_ENOTSUP);
  if (err) return 0;
  check(pubkey.p >= data && pubkey.len <= (size_t)(data + size - pubkey.p));
  check_good(der, &peer);
  return 0;
}
