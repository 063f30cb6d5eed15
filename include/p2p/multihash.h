/* Hashes that say which function made them. Spec: multiformats/multihash. */
#ifndef P2P_MULTIHASH_H
#define P2P_MULTIHASH_H

#include <p2p/error.h>
#include <p2p/types.h>

P2P_BEGIN

/* Codes of the registry that programs name; every other one is framed and printed too. blake2b of n
 * bytes is P2P_BLAKE2B + n (1 to 64), blake2s P2P_BLAKE2S + n (1 to 32). */
enum p2p_multihash_code {
  P2P_MH_IDENTITY = 0x00,
  P2P_MH_SHA1 = 0x11,
  P2P_MH_SHA2_256 = 0x12,
  P2P_MH_SHA2_512 = 0x13,
  P2P_MH_SHA3_512 = 0x14,
  P2P_MH_SHA3_384 = 0x15,
  P2P_MH_SHA3_256 = 0x16,
  P2P_MH_SHA3_224 = 0x17,
  P2P_MH_SHAKE_128 = 0x18,
  P2P_MH_SHAKE_256 = 0x19,
  P2P_MH_BLAKE3 = 0x1e,
  P2P_MH_SHA2_384 = 0x20,
  P2P_MH_DBL_SHA2_256 = 0x56,
  P2P_MH_SHA2_224 = 0x1013,
  P2P_MH_SHA2_512_224 = 0x1014,
  P2P_MH_SHA2_512_256 = 0x1015,
  P2P_BLAKE2B = 0xb200,
  P2P_BLAKE2S = 0xb240
};

enum {
  P2P_MULTIHASH_DIGEST_MAX = 128, /* bytes of a digest, or of what the identity function gives */
  P2P_MULTIHASH_MAX = 140,        /* with the two numbers before it */
  P2P_MULTIHASH_SAFE = 20,        /* shorter digests prove nothing: a second input can be found */
  P2P_MULTIHASH_NAME_MAX = 40     /* bytes of a name with its zero */
};

/* A multihash taken apart. */
typedef struct p2p_multihash {
  uint64_t code;    /* of the function */
  p2p_bytes digest; /* inside the input */
} p2p_multihash;

/* Takes bytes apart. 0; P2P_EINVAL when they are not one multihash and nothing else: minimal
 * varints, as many bytes as announced, no more than the function gives. Digests may be cut short;
 * of functions not known 1 to 128 bytes are taken. */
P2P_API P2P_MUST_USE int p2p_multihash_read(p2p_bytes bytes, p2p_multihash *out);
/* The function's registered name ("sha2-256") with its zero. Returns its length; P2P_ENOTFOUND: not
 * known by name; P2P_ELIMIT: no room. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_multihash_name(uint64_t code, char *out, size_t cap);
/* Writes the multihash of data.
 *
 * len: bytes of the digest, 0 for all the function gives (shake-128 32, shake-256 64).
 * Returns the multihash's length; P2P_ENOTSUP: not a function this build computes; P2P_EINVAL: len
 * is more than it gives; P2P_ELIMIT: no room; P2P_ENOMEM. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_multihash_sum(uint64_t code, size_t len, p2p_bytes data,
                                                 uint8_t *out, size_t cap);
/* 0 when the multihash is that of data. P2P_EAUTH: it is not; P2P_EINVAL: it is no multihash;
 * P2P_ENOTSUP: its function is not computed here, or its digest is shorter than P2P_MULTIHASH_SAFE
 * and so proves nothing; P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_multihash_verify(p2p_bytes multihash, p2p_bytes data);

P2P_END
#endif
