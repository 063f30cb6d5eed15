/* Private keys of every type, as the Data of libp2p's protobuf: made, judged, signed with.
 *
 *   Ed25519    seed and public key, 64 bytes
 *   secp256k1  the secret number, 32 bytes
 *   ECDSA      DER ECPrivateKey with its curve's name and public key
 *   RSA        DER RSAPrivateKey
 *
 * Spec: peer-ids/peer-ids.md, "Key Types". */
#ifndef P2P_PEER_PRIVATE_H
#define P2P_PEER_PRIVATE_H

#include "crypto/signer.h"
#include <p2p/key.h>

/* Makes a key of `bits` (0: the type's default) with random bytes of io's. P2P_EINVAL: no such size;
 * P2P_EIO, P2P_ENOMEM; w's sticky error. */
P2P_MUST_USE int p2p__private_make(p2p_key_type type, unsigned bits, p2p_io *io, p2p__wr *w);
/* Judges data of anybody's making and appends it in the one form we write. P2P_EKEY: broken, or its
 * public key is not the private one's; P2P_ENOTSUP: a curve we do not know; P2P_ENOMEM. */
P2P_MUST_USE int p2p__private_adopt(p2p_key_type type, p2p_bytes data, p2p__wr *w);

/* Of data in that form: the Data of its public key, appended. */
P2P_MUST_USE int p2p__private_public(p2p_key_type type, p2p_bytes data, p2p__wr *w);
/* What signing needs to have ready; *out is NULL for a type that needs nothing. Takes a signature to
 * see whether an RSA key's numbers belong together: P2P_EKEY. */
P2P_MUST_USE int p2p__private_load(p2p_key_type type, p2p_bytes data, p2p__signer **out);
/* sig: room for P2P_SIGNATURE_MAX bytes. P2P_ENOMEM, P2P_EKEY. */
P2P_MUST_USE int p2p__private_sign(p2p_key_type type, p2p_bytes data, p2p__signer *signer,
                                   p2p_bytes msg, uint8_t *sig, size_t *len);

#endif
