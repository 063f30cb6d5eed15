/* Peer ids: the multihash of a public key, as bytes and as text. Spec: peer-ids/peer-ids.md,
 * "Peer Ids". */
#include "crypto/crypto.h"
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"
#include "peer/pubkey.h"

enum { CID_V1 = 1, CODEC_LIBP2P_KEY = 0x72 };

int p2p_peer_id_from_pubkey(p2p_bytes pubkey, p2p_peer_id *out) {
  p2p__key key;
  p2p_peer_id id = { 0 };
  uint8_t hash[P2P__SHA256];
  p2p_bytes digest = pubkey;
  uint8_t code = P2P__MH_IDENTITY;
  if (!out) return P2P_EINVAL;
  int err = p2p__pubkey_read(pubkey, &key);
  if (err < 0) return err;
  if (pubkey.len > P2P__MH_IDENTITY_MAX) {
    p2p__sha256(&pubkey, 1, hash);
    digest = p2p__bytes(hash, sizeof hash);
    code = P2P__MH_SHA2_256;
  }
  p2p__wr w = p2p__wr_of(id.b, sizeof id.b);
  p2p__wr_u8(&w, code);
  p2p__wr_prefixed(&w, digest);
  id.len = (uint8_t)w.len;
  *out = id;
  return 0;
}

int p2p_peer_id_from_bytes(p2p_bytes multihash, p2p_peer_id *out) {
  if (!out || !p2p__multihash_names_peer(multihash)) return P2P_EINVAL;
  *out = (p2p_peer_id){ .len = (uint8_t)multihash.len };
  memcpy(out->b, multihash.p, multihash.len);
  return 0;
}

int p2p_peer_id_parse(const char *text, p2p_peer_id *out) {
  uint8_t bytes[P2P_PEER_ID_MAX];
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  if (!text || !p2p__multihash_parse_peer(p2p__cstr(text), &w)) return P2P_EINVAL;
  return p2p_peer_id_from_bytes(p2p__wr_bytes(&w), out);
}

static bool is_sound(const p2p_peer_id *id) {
  return id && id->len <= sizeof id->b && p2p__multihash_names_peer(p2p__bytes(id->b, id->len));
}

ptrdiff_t p2p_peer_id_print(const p2p_peer_id *id, char *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  if ((!out && cap) || !is_sound(id)) return P2P_EINVAL;
  p2p__base_encode(P2P__BASE58BTC, p2p__bytes(id->b, id->len), &w);
  p2p__wr_u8(&w, 0);
  return w.err ? w.err : (ptrdiff_t)w.len - 1;
}

ptrdiff_t p2p_peer_id_print_cid(const p2p_peer_id *id, char *out, size_t cap) {
  uint8_t cid[2 + P2P_PEER_ID_MAX] = { CID_V1, CODEC_LIBP2P_KEY };
  p2p__wr w = p2p__wr_of(out, cap);
  if ((!out && cap) || !is_sound(id)) return P2P_EINVAL;
  memcpy(cid + 2, id->b, id->len);
  p2p__multibase_encode(P2P__BASE32, p2p__bytes(cid, 2 + (size_t)id->len), &w);
  p2p__wr_u8(&w, 0);
  return w.err ? w.err : (ptrdiff_t)w.len - 1;
}

ptrdiff_t p2p_peer_id_pubkey(const p2p_peer_id *id, p2p_bytes *pubkey) {
  p2p_multihash mh;
  p2p__key key;
  if (!pubkey || !is_sound(id)) return P2P_EINVAL;
  if (!p2p__multihash_read(p2p__bytes(id->b, id->len), &mh)) return P2P_EINVAL;
  if (mh.code != P2P__MH_IDENTITY) return P2P_ENOTFOUND;
  if (p2p__pubkey_read(mh.digest, &key)) return P2P_EKEY;
  *pubkey = mh.digest;
  return (ptrdiff_t)mh.digest.len;
}

bool p2p_peer_id_eq(const p2p_peer_id *a, const p2p_peer_id *b) {
  return a->len == b->len && memcmp(a->b, b->b, p2p__min(a->len, sizeof a->b)) == 0;
}
