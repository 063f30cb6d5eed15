/* Multihashes: which functions there are, the frame around a digest, and the two texts of a peer
 * id. Spec: multiformats/multihash; multiformats/multicodec, table.csv (tag "multihash");
 * peer-ids/peer-ids.md, "String representation". */
#include "multiformats/multihash.h"
#include "multiformats/cid.h"
#include "multiformats/multibase.h"
#include "multiformats/text.h"

enum {
  SHA2_256_LEN = 32,
  ANY = P2P_MULTIHASH_DIGEST_MAX /* bytes of a digest whose function has no length of its own */
};

typedef struct function {
  uint64_t code;
  uint8_t size; /* bytes it gives by itself */
  uint8_t most; /* bytes a digest may have: more than size where output is extendable */
  const char *name;
} function;

static const function functions[] = {
  { P2P_MH_SHA2_256, 32, 32, "sha2-256" },
  { P2P_MH_IDENTITY, ANY, ANY, "identity" },
  { P2P_MH_SHA1, 20, 20, "sha1" },
  { P2P_MH_SHA2_512, 64, 64, "sha2-512" },
  { P2P_MH_SHA3_512, 64, 64, "sha3-512" },
  { P2P_MH_SHA3_384, 48, 48, "sha3-384" },
  { P2P_MH_SHA3_256, 32, 32, "sha3-256" },
  { P2P_MH_SHA3_224, 28, 28, "sha3-224" },
  { P2P_MH_SHAKE_128, 32, ANY, "shake-128" },
  { P2P_MH_SHAKE_256, 64, ANY, "shake-256" },
  { 0x1a, 28, 28, "keccak-224" },
  { 0x1b, 32, 32, "keccak-256" },
  { 0x1c, 48, 48, "keccak-384" },
  { 0x1d, 64, 64, "keccak-512" },
  { P2P_MH_BLAKE3, 32, ANY, "blake3" },
  { P2P_MH_SHA2_384, 48, 48, "sha2-384" },
  { P2P_MH_DBL_SHA2_256, 32, 32, "dbl-sha2-256" },
  { 0xd4, 16, 16, "md4" },
  { 0xd5, 16, 16, "md5" },
  { 0x1011, 32, 32, "fr32-sha256-trunc254-padbintree" },
  { 0x1012, 32, 32, "sha2-256-trunc254-padded" },
  { P2P_MH_SHA2_224, 28, 28, "sha2-224" },
  { P2P_MH_SHA2_512_224, 28, 28, "sha2-512-224" },
  { P2P_MH_SHA2_512_256, 32, 32, "sha2-512-256" },
  { 0x1052, 16, 16, "ripemd-128" },
  { 0x1053, 20, 20, "ripemd-160" },
  { 0x1054, 32, 32, "ripemd-256" },
  { 0x1055, 40, 40, "ripemd-320" },
  { 0x1100, 64, 64, "x11" },
  { 0x1d01, 32, ANY, "kt-128" },
  { 0x1d02, 64, ANY, "kt-256" },
  { 0x534d, 32, 32, "sm3-256" },
  { 0xb401, 32, 32, "poseidon-bls12_381-a2-fc1" },
  { 0xb402, 32, 32, "poseidon-bls12_381-a2-fc1-sc" },
  { 0xb502, 32, 32, "ssz-sha2-256-bmt" },
  { 0xb510, 32, ANY, "sha2-256-chunked" },
  { 0xb702, 32, ANY, "bittorrent-pieces-root" },
  { 0xd00d, 64, ANY, "bcrypt-pbkdf" },
  { 0xed20, 16, ANY, "ed2k" },
};

static const function *find_function(uint64_t code) {
  for (size_t i = 0; i < P2P_COUNT(functions); i++) {
    if (functions[i].code == code) return &functions[i];
  }
  return NULL;
}

/* Functions with a code for each length: first + n gives n bytes. */
static const struct family {
  uint64_t first;
  size_t most;
  const char *name; /* what stands before the number of bits */
} families[] = {
  { P2P_BLAKE2B, 64, "blake2b-" }, { P2P_BLAKE2S, 32, "blake2s-" }, { 0xb300, 32, "skein256-" },
  { 0xb320, 64, "skein512-" },     { 0xb360, 128, "skein1024-" },
};

static const struct family *find_family(uint64_t code) {
  for (size_t i = 0; i < P2P_COUNT(families); i++) {
    uint64_t first = families[i].first;
    if (code > first && code <= first + families[i].most) return &families[i];
  }
  return NULL;
}

/* Bytes the function gives by itself, and may give; 0 and ANY when it is not known. */
static size_t sizes_of(uint64_t code, size_t *most) {
  const function *f = find_function(code);
  const struct family *family = f ? NULL : find_family(code);
  size_t size = f ? f->size : family ? (size_t)(code - family->first) : 0;
  *most = f ? f->most : family ? size : ANY;
  return size;
}

size_t p2p__multihash_size(uint64_t code) {
  size_t most;
  return sizes_of(code, &most);
}

static size_t digest_max(uint64_t code) {
  size_t most;
  (void)sizes_of(code, &most);
  return most;
}

/* ---- the frame ---- */

bool p2p__multihash_read(p2p_bytes b, p2p_multihash *mh) {
  p2p__rd r = p2p__rd_of(b);
  uint64_t code = p2p__rd_varint(&r);
  p2p_bytes digest = p2p__rd_prefixed(&r, r.err ? 0 : digest_max(code));
  if (!p2p__rd_done(&r) || (digest.len == 0 && code != P2P_MH_IDENTITY)) return false;
  if (mh) *mh = (p2p_multihash){ .code = code, .digest = digest };
  return true;
}

int p2p_multihash_read(p2p_bytes bytes, p2p_multihash *out) {
  if ((!bytes.p && bytes.len) || !out) return P2P_EINVAL;
  return p2p__multihash_read(bytes, out) ? 0 : P2P_EINVAL;
}

ptrdiff_t p2p_multihash_name(uint64_t code, char *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  const function *f = find_function(code);
  const struct family *family = f ? NULL : find_family(code);
  if (!out && cap) return P2P_EINVAL;
  if (!f && !family) return P2P_ENOTFOUND;
  p2p__wr_str(&w, f ? f->name : family->name);
  if (!f) p2p__text_put_uint(&w, 8 * (code - family->first));
  p2p__wr_u8(&w, 0);
  return w.err ? w.err : (ptrdiff_t)w.len - 1;
}

/* ---- peers ---- */

bool p2p__multihash_names_peer(p2p_bytes b) {
  p2p_multihash mh;
  if (!p2p__multihash_read(b, &mh)) return false;
  if (mh.code == P2P_MH_SHA2_256) return mh.digest.len == SHA2_256_LEN;
  return mh.code == P2P_MH_IDENTITY && mh.digest.len > 0 && mh.digest.len <= P2P__MH_IDENTITY_MAX;
}

/* "1…" and "Qm…" are no multibase: its registry keeps both letters free for them. */
static bool is_base58(p2p_bytes text) {
  return text.len > 1 && (text.p[0] == '1' || (text.p[0] == 'Q' && text.p[1] == 'm'));
}

static bool parse_cid(p2p_bytes text, p2p__wr *w) {
  p2p_cid cid;
  if (!p2p__cid_parse(text, &cid, NULL) || cid.codec != P2P_CODEC_LIBP2P_KEY) return false;
  p2p__wr_bytes_in(w, p2p__bytes(cid.hash, cid.len));
  return true;
}

bool p2p__multihash_parse_peer(p2p_bytes text, p2p__wr *w) {
  p2p__wr before = *w;
  bool ok = is_base58(text) ? p2p__base_decode(P2P__BASE58BTC, text, w) : parse_cid(text, w);
  p2p_bytes hash = p2p__bytes(w->p + before.len, w->len - before.len);
  if (ok && !w->err && p2p__multihash_names_peer(hash)) return true;
  *w = before;
  return false;
}
