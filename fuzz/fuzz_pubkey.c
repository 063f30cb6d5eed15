/* Keys and signatures of strangers. The input is two 16-bit lengths (of key and signature), key,
 * signature, message. A key that is taken has one encoding and a peer id; a signature that holds
 * holds for no other message and no other key. */
#include "multiformats/multihash.h"
#include "peer/pubkey.h"
#include <p2p/key.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void check_pubkey(p2p_bytes in) {
  uint8_t again[P2P_PUBKEY_MAX];
  p2p__key key;
  p2p_peer_id id;
  int err = p2p__pubkey_read(in, &key);
  check((p2p_peer_id_from_pubkey(in, &id) == 0) == (err == 0));
  if (err) {
    check(err == P2P_EKEY || err == P2P_ENOTSUP);
    check(p2p_verify(in, p2p__cstr("x"), p2p__cstr("y")) == err);
    return;
  }
  p2p__wr w = p2p__wr_of(again, sizeof again);
  p2p__key_write(&w, key.type, key.data);
  check(p2p__bytes_eq(in, p2p__wr_bytes(&w)));
  check(p2p__multihash_names_peer(p2p__bytes(id.b, id.len)));
}

static void check_signature(p2p_bytes key, p2p_bytes sig, p2p_bytes msg) {
  uint8_t other[256];
  size_t len = p2p__min(msg.len, sizeof other - 1);
  int err = p2p_verify(key, msg, sig);
  check(err == 0 || err == P2P_ESIG || err == P2P_EKEY || err == P2P_ENOTSUP);
  if (err || len < msg.len) return;
  if (len) memcpy(other, msg.p, len);
  other[len] = 0;
  check(p2p_verify(key, p2p__bytes(other, len + 1), sig) == P2P_ESIG);
  if (len) check(p2p_verify(key, p2p__bytes(other, len - 1), sig) == P2P_ESIG);
}

static void check_private(p2p_bytes in) {
  uint8_t out[P2P_PRIVKEY_MAX];
  p2p_identity id, again;
  if (p2p_identity_import(&id, in)) {
    check(id.size == 0 && id.ctx == NULL);
    return;
  }
  ptrdiff_t n = p2p_identity_export(&id, out, sizeof out);
  check(n > 0 && p2p_identity_import(&again, p2p__bytes(out, (size_t)n)) == 0);
  check(p2p_peer_id_eq(&id.peer, &again.peer));
  p2p_identity_fini(&again);
  p2p_identity_fini(&id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p__rd r = p2p__rd_of(p2p__bytes(data, size));
  check_private(p2p__bytes(data, size));
  check_pubkey(p2p__bytes(data, size));
  size_t key_len = p2p__rd_be16(&r), sig_len = p2p__rd_be16(&r);
  p2p_bytes key = p2p__rd_bytes(&r, key_len), sig = p2p__rd_bytes(&r, sig_len);
  if (r.err) return 0;
  check_pubkey(key);
  check_signature(key, sig, p2p__rd_rest(&r));
  return 0;
}
