/* Content identifiers: a multihash and what it is a hash of. Spec: multiformats/cid. */
#ifndef P2P_CID_H
#define P2P_CID_H

#include <p2p/multihash.h>

P2P_BEGIN

/* Codecs that programs name; any other number is fine too. */
enum p2p_codec {
  P2P_CODEC_RAW = 0x55,
  P2P_CODEC_DAG_PB = 0x70,
  P2P_CODEC_DAG_CBOR = 0x71,
  P2P_CODEC_LIBP2P_KEY = 0x72,
  P2P_CODEC_DAG_JSON = 0x129
};

enum {
  P2P_CID_MAX = 152,       /* longest as bytes */
  P2P_CID_TEXT_MAX = 1220, /* room for any as text with its zero: base2 needs most */
  P2P_CID_BASE = 'b'       /* what is printed when nothing else is asked for: base32 */
};

/* By value; fill it by the functions below, or version, codec, len and hash by hand. */
typedef struct p2p_cid {
  uint8_t version; /* 0: dag-pb and sha2-256 only, text without multibase. 1 */
  uint8_t len;     /* bytes of hash */
  uint64_t codec;  /* how to read what was hashed */
  uint8_t hash[P2P_MULTIHASH_MAX];
} p2p_cid;

/* Reads text: "Qm…" (version 0) or any multibase.
 *
 * base: NULL, or gets the letter of the text's base, 0 for version 0.
 * 0; P2P_EINVAL. */
P2P_API P2P_MUST_USE int p2p_cid_parse(const char *text, p2p_cid *out, char *base);
/* Reads bytes that are one CID and nothing else. 0; P2P_EINVAL. */
P2P_API P2P_MUST_USE int p2p_cid_read(p2p_bytes bytes, p2p_cid *out);
/* Writes the bytes. Returns their number; P2P_EINVAL: not a valid CID; P2P_ELIMIT. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_cid_write(const p2p_cid *cid, uint8_t *out, size_t cap);
/* Prints text and its zero in a base of <p2p/multibase.h>; 0 for the usual one. Version 0 has one
 * text only: base must be 0. Returns the text's length; P2P_EINVAL; P2P_ELIMIT. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_cid_print(const p2p_cid *cid, char base, char *out, size_t cap);
/* The same content under another version. P2P_ENOTSUP: version 0 cannot say it, or there is no such
 * version. */
P2P_API P2P_MUST_USE int p2p_cid_convert(const p2p_cid *cid, unsigned version, p2p_cid *out);
/* Whether both are the same bytes: version 0 and 1 of one content differ. */
P2P_API bool p2p_cid_eq(const p2p_cid *a, const p2p_cid *b);
/* "dag-pb". Static; NULL: not known by name. */
P2P_API const char *p2p_codec_name(uint64_t codec);

P2P_END
#endif
