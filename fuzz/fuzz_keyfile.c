/* Key files: whatever a file holds, it is refused or becomes a key that signs, and comes back from
 * every format as the same key. RSA keys are left alone once taken: they sign too slowly here. */
#include "base/bytes.h"
#include <p2p/key.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void check_formats(const p2p_identity *id) {
  static uint8_t text[P2P_KEY_TEXT_MAX];
  for (int format = P2P_KEY_PROTOBUF; format <= P2P_KEY_KUBO; format++) {
    p2p_identity again;
    p2p_key_format found;
    ptrdiff_t n = p2p_identity_encode(id, (p2p_key_format)format, text, sizeof text);
    check(n > 0);
    check(p2p_identity_decode(&again, p2p__bytes(text, (size_t)n), &found) == 0);
    check(found == (p2p_key_format)format && p2p_identity_eq(id, &again));
    p2p_identity_fini(&again);
  }
}

static void check_signature(const p2p_identity *id) {
  uint8_t sig[P2P_SIGNATURE_MAX];
  size_t len = 0;
  p2p_bytes pubkey = p2p__bytes(id->pubkey, id->pubkey_len);
  check(id->sign(id->ctx, p2p__cstr("text"), sig, &len) == 0);
  check(p2p_verify(pubkey, p2p__cstr("text"), p2p__bytes(sig, len)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p_identity id;
  int err = p2p_identity_decode(&id, p2p__bytes(data, size), NULL);
  if (err) {
    check(err == P2P_EKEY || err == P2P_ENOTSUP || err == P2P_ENOMEM);
    check(id.size == 0 && id.ctx == NULL);
    return 0;
  }
  if (p2p_pubkey_type(p2p__bytes(id.pubkey, id.pubkey_len)) != P2P_KEY_RSA) {
    check_formats(&id);
    check_signature(&id);
  }
  p2p_identity_fini(&id);
  return 0;
}
