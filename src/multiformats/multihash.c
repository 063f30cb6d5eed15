/* Multihashes and the two texts of a peer id. Spec: multiformats/multihash; peer-ids/peer-ids.md,
 * "String representation". */
#include "multiformats/multihash.h"
#include "multiformats/multibase.h"

enum { SHA2_256_LEN = 32, CID_VERSION = 1, CID_LIBP2P_KEY = 0x72 };

static bool is_digest(uint64_t code, size_t len) {
  switch (code) {
  case P2P__MH_SHA2_256: return len == SHA2_256_LEN;
  case P2P__MH_IDENTITY: return len <= P2P__BASE_BYTES_MAX - 2;
  default: return len > 0 && len <= P2P__MH_DIGEST_MAX;
  }
}

bool p2p__multihash_read(p2p_bytes b, p2p__multihash *mh) {
  p2p__rd r = p2p__rd_of(b);
  uint64_t code = p2p__rd_varint(&r);
  p2p_bytes digest = p2p__rd_prefixed(&r, P2P__BASE_BYTES_MAX);
  if (!p2p__rd_done(&r) || !is_digest(code, digest.len)) return false;
  if (mh) *mh = (p2p__multihash){ .code = code, .digest = digest };
  return true;
}

bool p2p__multihash_names_peer(p2p_bytes b) {
  p2p__multihash mh;
  if (!p2p__multihash_read(b, &mh)) return false;
  if (mh.code == P2P__MH_SHA2_256) return true;
  return mh.code == P2P__MH_IDENTITY && mh.digest.len > 0 && mh.digest.len <= P2P__MH_IDENTITY_MAX;
}

/* The multihash behind a CID's version and codec; empty when they are others. */
static p2p_bytes cid_multihash(p2p_bytes cid) {
  p2p__rd r = p2p__rd_of(cid);
  uint64_t version = p2p__rd_varint(&r), codec = p2p__rd_varint(&r);
  p2p_bytes hash = p2p__rd_rest(&r);
  return version == CID_VERSION && codec == CID_LIBP2P_KEY ? hash : p2p__bytes(NULL, 0);
}

/* "1…" and "Qm…" are no multibase: 1 is not a base of ours, Q is none at all. */
static bool is_base58(p2p_bytes text) {
  return text.len > 1 && (text.p[0] == '1' || (text.p[0] == 'Q' && text.p[1] == 'm'));
}

bool p2p__multihash_parse_peer(p2p_bytes text, p2p__wr *w) {
  uint8_t bytes[P2P__BASE_BYTES_MAX];
  p2p__wr decoded = p2p__wr_of(bytes, sizeof bytes);
  p2p__wr before = *w;
  bool bare = is_base58(text);
  bool ok = bare ? p2p__base_decode(P2P__BASE58BTC, text, &decoded)
                 : p2p__multibase_decode(text, &decoded);
  p2p_bytes hash = p2p__wr_bytes(&decoded);
  if (!bare) hash = cid_multihash(hash);
  if (!ok || !p2p__multihash_names_peer(hash)) return false;
  p2p__wr_bytes_in(w, hash);
  if (!w->err) return true;
  *w = before;
  return false;
}
