/* Keys, identities, peer ids. Spec: peer-ids/peer-ids.md. */
#ifndef P2P_KEY_H
#define P2P_KEY_H

#include <p2p/error.h>
#include <p2p/io.h>
#include <p2p/mem.h>
#include <p2p/types.h>

P2P_BEGIN

/* The types of keys, by the numbers of the specification. */
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
  P2P_KEY_TEXT_MAX = 8192,  /* a private key as text, in any p2p_key_format */
  P2P_PEER_ID_TEXT_MAX = 96 /* base58btc or CID text with its zero */
};

/* What a private key can be written as. */
typedef enum p2p_key_format {
  P2P_KEY_PROTOBUF = 0, /* libp2p PrivateKey: key files of go-libp2p, js-libp2p, and ours */
  P2P_KEY_BASE64 = 1,   /* the same in base64 (RFC 4648, section 4): one line of text */
  P2P_KEY_PEM = 2,      /* PKCS #8, as OpenSSL and everybody else writes it */
  P2P_KEY_KUBO = 3      /* JSON with Identity.PrivKey, as in kubo's config */
} p2p_key_format;

/* Signs msg with the private key of an identity: writes at most P2P_SIGNATURE_MAX bytes to sig, sets
 * *len, returns 0 or an error. Called on the host's thread, must not block long. The hash (SHA-256,
 * all types but Ed25519) is the signer's work; ECDSA signatures are DER, those of secp256k1 with S
 * in the lower half of the order. */
typedef int (*p2p_sign_fn)(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len);

/* An identity: a public key and something that signs with the private one. The key itself may live
 * in a hardware module: p2p_identity_from_signer. */
typedef struct p2p_identity {
  size_t size;                    /* sizeof(p2p_identity) */
  uint8_t pubkey[P2P_PUBKEY_MAX]; /* libp2p protobuf PublicKey */
  size_t pubkey_len;              /* bytes of it */
  p2p_peer_id peer;               /* the id that belongs to it */
  p2p_sign_fn sign;               /* called with ctx */
  void (*release)(void *ctx);     /* NULL: nothing to free; called by p2p_identity_fini */
  void *ctx;                      /* the first argument of both */
} p2p_identity;

/* Makes a new identity with random bytes from io (RSA keys: with those of libcrypto, whose search for
 * primes takes a second or many). On any failure *out is all zero, here and below. P2P_EINVAL,
 * P2P_EIO, P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_identity_generate(p2p_identity *out, p2p_key_type type, p2p_io *io);
/* The same of a size: ECDSA 256 (default), 384, 521; RSA 2,048 (default) to 8,192, a multiple of 8;
 * 0: the default. Errors as p2p_identity_generate. */
P2P_API P2P_MUST_USE int p2p_identity_generate_bits(p2p_identity *out, p2p_key_type type,
                                                    unsigned bits, p2p_io *io);
/* From a libp2p protobuf PrivateKey, as go-libp2p and kubo store it. P2P_EKEY: broken, or its public
 * key is not the private one's; P2P_ENOTSUP: a type or curve that is not known; P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_identity_import(p2p_identity *out, p2p_bytes protobuf);
/* The private key as libp2p protobuf. Returns its length; P2P_ENOTSUP when the key cannot leave its
 * module, P2P_ELIMIT. The caller wipes out. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_identity_export(const p2p_identity *id, uint8_t *out,
                                                   size_t cap);
/* From what a key file holds, whichever format it is in; *format, when not NULL, says which. Taken,
 * too: PEM of RSA and EC keys from before PKCS #8, and js-libp2p's JSON with "privKey". P2P_EKEY,
 * P2P_ENOTSUP (also: encrypted PEM), P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_identity_decode(p2p_identity *out, p2p_bytes file,
                                             p2p_key_format *format);
/* The private key in a format; no zero at the end. Returns its length; errors as export. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_identity_encode(const p2p_identity *id, p2p_key_format format,
                                                   void *out, size_t cap);
/* An identity whose private key stays where sign finds it. pubkey: libp2p protobuf, copied; ctx goes
 * to sign, and to release (may be NULL) in the end. P2P_EKEY; P2P_EINVAL: no sign. */
P2P_API P2P_MUST_USE int p2p_identity_from_signer(p2p_identity *out, p2p_bytes pubkey,
                                                  p2p_sign_fn sign, void (*release)(void *ctx),
                                                  void *ctx);
/* Whether both have the same key, which they have when their public keys are the same. Takes the same
 * time for any two keys of a type. False for all-zero ones. */
P2P_API bool p2p_identity_eq(const p2p_identity *a, const p2p_identity *b);
P2P_API void p2p_identity_fini(p2p_identity *id); /* wipes the key; NULL and all-zero accepted */

/* The peer id of a protobuf public key. P2P_EKEY: not the deterministic encoding, or no possible key
 * of its type (RSA: 2,048 to 8,192 bits); P2P_ENOTSUP: of a type that this library does not know. */
P2P_API P2P_MUST_USE int p2p_peer_id_from_pubkey(p2p_bytes pubkey, p2p_peer_id *out);
/* From base58btc ("12D3Koo…", "Qm…") or CIDv1 text (base32, 36, 58, 64url, 16). P2P_EINVAL. */
P2P_API P2P_MUST_USE int p2p_peer_id_parse(const char *text, p2p_peer_id *out);
/* From multihash bytes. P2P_EINVAL. */
P2P_API P2P_MUST_USE int p2p_peer_id_from_bytes(p2p_bytes multihash, p2p_peer_id *out);
/* Prints base58btc with its zero. Returns the text's length; P2P_ELIMIT, P2P_EINVAL. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_peer_id_print(const p2p_peer_id *id, char *out, size_t cap);
/* The protobuf public key that an id of at most 42 bytes is made of (Ed25519, secp256k1): its length,
 * bytes inside id at *pubkey. P2P_ENOTFOUND: the id is a hash; P2P_EKEY: what it holds is no key. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_peer_id_pubkey(const p2p_peer_id *id, p2p_bytes *pubkey);
/* CIDv1 text in base32 ("bafz…"), with its zero, as p2p_peer_id_print; both forms are parsed. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_peer_id_print_cid(const p2p_peer_id *id, char *out, size_t cap);
P2P_API bool p2p_peer_id_eq(const p2p_peer_id *a, const p2p_peer_id *b);

/* The p2p_key_type of a protobuf public key; P2P_EKEY: no key; P2P_ENOTSUP: of a type not known. */
P2P_API P2P_MUST_USE int p2p_pubkey_type(p2p_bytes pubkey);
/* The type's name in the specification, "Ed25519". Static, never NULL. */
P2P_API const char *p2p_key_type_name(p2p_key_type type);
/* 0; P2P_ESIG; P2P_EKEY: no valid public key; P2P_ENOTSUP: of a type this build does not know. */
P2P_API P2P_MUST_USE int p2p_verify(p2p_bytes pubkey, p2p_bytes msg, p2p_bytes sig);

P2P_END
#endif
