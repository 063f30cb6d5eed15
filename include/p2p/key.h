/* Keys, identities, peer ids. Spec: peer-ids/peer-ids.md. */
#ifndef P2P_KEY_H
#define P2P_KEY_H

#include <p2p/error.h>
#include <p2p/io.h>
#include <p2p/mem.h>
#include <p2p/types.h>

P2P_BEGIN

typedef enum p2p_key_type {
  P2P_KEY_RSA = 0,
  P2P_KEY_ED25519 = 1,
  P2P_KEY_SECP256K1 = 2,
  P2P_KEY_ECDSA = 3
} p2p_key_type;

enum {
  P2P_PUBKEY_MAX = 1152,    /* protobuf of the largest public key */
  P2P_PRIVKEY_MAX = 5120,   /* protobuf of the largest private key */
  P2P_SIGNATURE_MAX = 1024, /* an RSA-8192 signature */
  P2P_PEER_ID_TEXT_MAX = 96 /* base58btc or CID text with its zero */
};

/* An identity: a public key and something that signs with the private one. The key itself may live
 * in a hardware module: fill the struct yourself then. sign writes at most P2P_SIGNATURE_MAX bytes,
 * sets *len, returns 0 or an error; it is called on the host's thread and must not block long. */
typedef struct p2p_identity {
  size_t size;                    /* sizeof(p2p_identity) */
  uint8_t pubkey[P2P_PUBKEY_MAX]; /* libp2p protobuf PublicKey */
  size_t pubkey_len;
  p2p_peer_id peer;
  int (*sign)(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len);
  void (*release)(void *ctx); /* NULL: nothing to free; called by p2p_identity_fini */
  void *ctx;
} p2p_identity;

/* Makes a new identity with random bytes from io. Ed25519 in this version, else P2P_ENOTSUP. On any
 * failure *out is all zero, here and below. */
P2P_API P2P_MUST_USE int p2p_identity_generate(p2p_identity *out, p2p_key_type type, p2p_io *io);
/* From a libp2p protobuf PrivateKey, as go-libp2p and kubo store it. P2P_EKEY: broken, or its public
 * key is not the private one's; P2P_ENOTSUP: a type that cannot sign yet; P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_identity_import(p2p_identity *out, p2p_bytes protobuf);
/* The private key as libp2p protobuf. Returns its length; P2P_ENOTSUP when the key cannot leave its
 * module, P2P_ELIMIT. The caller wipes out. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_identity_export(const p2p_identity *id, uint8_t *out,
                                                   size_t cap);
P2P_API void p2p_identity_fini(p2p_identity *id); /* wipes the key; NULL and all-zero accepted */

/* The peer id of a protobuf public key. P2P_EKEY: not the deterministic encoding, or no possible key
 * of its type (RSA: 2,048 to 8,192 bits). */
P2P_API P2P_MUST_USE int p2p_peer_id_from_pubkey(p2p_bytes pubkey, p2p_peer_id *out);
/* From base58btc ("12D3Koo…", "Qm…") or CIDv1 text (base32, 36, 58, 64url, 16). P2P_EINVAL. */
P2P_API P2P_MUST_USE int p2p_peer_id_parse(const char *text, p2p_peer_id *out);
/* From multihash bytes. P2P_EINVAL. */
P2P_API P2P_MUST_USE int p2p_peer_id_from_bytes(p2p_bytes multihash, p2p_peer_id *out);
/* base58btc with its zero. Returns the text's length; P2P_ELIMIT, P2P_EINVAL. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_peer_id_print(const p2p_peer_id *id, char *out, size_t cap);
P2P_API bool p2p_peer_id_eq(const p2p_peer_id *a, const p2p_peer_id *b);

/* 0; P2P_ESIG; P2P_EKEY: no valid public key; P2P_ENOTSUP: of a type this build does not know. */
P2P_API P2P_MUST_USE int p2p_verify(p2p_bytes pubkey, p2p_bytes msg, p2p_bytes sig);

P2P_END
#endif
