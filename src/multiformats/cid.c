/* CIDs, version 0 and 1. Spec: multiformats/cid, "Decoding Algorithm"; multiformats/multicodec,
 * table.csv (tag "ipld"). */
#include "multiformats/cid.h"
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"

enum {
  V0_LEN = 34,      /* bytes of version 0: 0x12 0x20 and the digest */
  V0_TEXT_LEN = 46, /* characters of it */
  V0_FIRST = 0x12   /* its first byte; so there is no version 18 */
};

static const struct {
  uint64_t code;
  const char *name;
} codecs[] = {
  { P2P_CODEC_RAW, "raw" },
  { P2P_CODEC_DAG_PB, "dag-pb" },
  { P2P_CODEC_DAG_CBOR, "dag-cbor" },
  { P2P_CODEC_LIBP2P_KEY, "libp2p-key" },
  { P2P_CODEC_DAG_JSON, "dag-json" },
  { 0x51, "cbor" },
  { 0x78, "git-raw" },
  { 0x7b, "torrent-info" },
  { 0x7c, "torrent-file" },
  { 0x80, "blake3-hashseq" },
  { 0x81, "leofcoin-block" },
  { 0x82, "leofcoin-tx" },
  { 0x83, "leofcoin-pr" },
  { 0x85, "dag-jose" },
  { 0x86, "dag-cose" },
  { 0x90, "eth-block" },
  { 0x91, "eth-block-list" },
  { 0x92, "eth-tx-trie" },
  { 0x93, "eth-tx" },
  { 0x94, "eth-tx-receipt-trie" },
  { 0x95, "eth-tx-receipt" },
  { 0x96, "eth-state-trie" },
  { 0x97, "eth-account-snapshot" },
  { 0x98, "eth-storage-trie" },
  { 0x99, "eth-receipt-log-trie" },
  { 0x9a, "eth-receipt-log" },
  { 0xb0, "bitcoin-block" },
  { 0xb1, "bitcoin-tx" },
  { 0xb2, "bitcoin-witness-commitment" },
  { 0xc0, "zcash-block" },
  { 0xc1, "zcash-tx" },
  { 0xd0, "stellar-block" },
  { 0xd1, "stellar-tx" },
  { 0xe0, "decred-block" },
  { 0xe1, "decred-tx" },
  { 0xf0, "dash-block" },
  { 0xf1, "dash-tx" },
  { 0xfa, "swarm-manifest" },
  { 0xfb, "swarm-feed" },
  { 0xfc, "beeson" },
  { 0x1f0, "swhid-1-snp" },
  { 0x200, "json" },
  { 0xb403, "rdfc-1" },
  { 0xb601, "json-jcs" },
};

const char *p2p_codec_name(uint64_t codec) {
  for (size_t i = 0; i < P2P_COUNT(codecs); i++) {
    if (codecs[i].code == codec) return codecs[i].name;
  }
  return NULL;
}

/* ---- bytes ---- */

static bool fits_v0(uint64_t codec, p2p_bytes hash) {
  return codec == P2P_CODEC_DAG_PB && hash.len == V0_LEN && hash.p[0] == V0_FIRST &&
         p2p__multihash_read(hash, NULL);
}

static bool make(unsigned version, uint64_t codec, p2p_bytes hash, p2p_cid *out) {
  if (!p2p__multihash_read(hash, NULL) || hash.len > sizeof out->hash) return false;
  *out = (p2p_cid){ .version = (uint8_t)version, .len = (uint8_t)hash.len, .codec = codec };
  memcpy(out->hash, hash.p, hash.len);
  return true;
}

static bool read_v1(p2p_bytes bytes, p2p_cid *out) {
  p2p__rd r = p2p__rd_of(bytes);
  uint64_t version = p2p__rd_varint(&r), codec = p2p__rd_varint(&r);
  p2p_bytes hash = p2p__rd_rest(&r);
  return version == 1 && bytes.len <= P2P_CID_MAX && make(1, codec, hash, out);
}

int p2p_cid_read(p2p_bytes bytes, p2p_cid *out) {
  if ((!bytes.p && bytes.len) || !out) return P2P_EINVAL;
  bool v0 = fits_v0(P2P_CODEC_DAG_PB, bytes);
  bool ok = v0 ? make(0, P2P_CODEC_DAG_PB, bytes, out) : read_v1(bytes, out);
  return ok ? 0 : P2P_EINVAL;
}

static p2p_bytes hash_of(const p2p_cid *cid) {
  return p2p__bytes(cid->hash, p2p__min(cid->len, sizeof cid->hash));
}

static bool is_valid(const p2p_cid *cid) {
  if (!cid || cid->len > sizeof cid->hash || cid->version > 1) return false;
  if (cid->codec > INT64_MAX) return false; /* no varint is that long */
  return cid->version == 1 ? p2p__multihash_read(hash_of(cid), NULL)
                           : fits_v0(cid->codec, hash_of(cid));
}

static void put(const p2p_cid *cid, p2p__wr *w) {
  if (cid->version == 1) {
    p2p__wr_varint(w, 1);
    p2p__wr_varint(w, cid->codec);
  }
  p2p__wr_bytes_in(w, hash_of(cid));
}

ptrdiff_t p2p_cid_write(const p2p_cid *cid, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  if (!is_valid(cid) || (!out && cap)) return P2P_EINVAL;
  put(cid, &w);
  return w.err ? w.err : (ptrdiff_t)w.len;
}

/* ---- text ---- */

static bool parse_v0(p2p_bytes text, p2p_cid *out) {
  uint8_t bytes[V0_LEN];
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  if (!p2p__base_decode(P2P__BASE58BTC, text, &w)) return false;
  return fits_v0(P2P_CODEC_DAG_PB, p2p__wr_bytes(&w)) &&
         make(0, P2P_CODEC_DAG_PB, p2p__wr_bytes(&w), out);
}

static bool parse_v1(p2p_bytes text, p2p_cid *out) {
  uint8_t bytes[P2P_CID_MAX];
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  return p2p__multibase_decode(text, &w) && read_v1(p2p__wr_bytes(&w), out);
}

bool p2p__cid_parse(p2p_bytes text, p2p_cid *out, char *base) {
  bool v0 = text.len == V0_TEXT_LEN && text.p[0] == 'Q' && text.p[1] == 'm';
  if (!(v0 ? parse_v0(text, out) : parse_v1(text, out))) return false;
  if (base) *base = v0 ? 0 : (char)text.p[0];
  return true;
}

int p2p_cid_parse(const char *text, p2p_cid *out, char *base) {
  if (!text || !out) return P2P_EINVAL;
  return p2p__cid_parse(p2p__cstr(text), out, base) ? 0 : P2P_EINVAL;
}

ptrdiff_t p2p_cid_print(const p2p_cid *cid, char base, char *out, size_t cap) {
  uint8_t bytes[P2P_CID_MAX];
  p2p__wr b = p2p__wr_of(bytes, sizeof bytes), w = p2p__wr_of(out, cap);
  if (!is_valid(cid) || (!out && cap) || (cid->version == 0 && base)) return P2P_EINVAL;
  if (base && !p2p_multibase_name(base)) return P2P_EINVAL;
  put(cid, &b);
  if (cid->version == 0)
    p2p__base_encode(P2P__BASE58BTC, p2p__wr_bytes(&b), &w);
  else
    p2p__multibase_encode(base ? base : P2P_CID_BASE, p2p__wr_bytes(&b), &w);
  p2p__wr_u8(&w, 0);
  if (b.err) return b.err;
  return w.err ? w.err : (ptrdiff_t)w.len - 1;
}

/* ---- */

int p2p_cid_convert(const p2p_cid *cid, unsigned version, p2p_cid *out) {
  if (!is_valid(cid) || !out) return P2P_EINVAL;
  if (version > 1 || (version == 0 && !fits_v0(cid->codec, hash_of(cid)))) return P2P_ENOTSUP;
  p2p_cid got = *cid;
  got.version = (uint8_t)version;
  *out = got;
  return 0;
}

bool p2p_cid_eq(const p2p_cid *a, const p2p_cid *b) {
  return a->version == b->version && a->codec == b->codec && p2p__bytes_eq(hash_of(a), hash_of(b));
}
