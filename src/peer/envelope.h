/* Signed envelopes: bytes of a type, signed by a peer for a purpose. The purpose (domain) is part of
 * what is signed and not of what is sent, so that no signature serves anywhere else. Spec: RFC 0002. */
#ifndef P2P_PEER_ENVELOPE_H
#define P2P_PEER_ENVELOPE_H

#include "base/bytes.h"
#include <p2p/key.h>

/* What an envelope is for: the domain it is signed under and the type that it announces. */
typedef struct p2p__envelope_form {
  const char *domain;
  p2p_bytes type;
} p2p__envelope_form;

typedef struct p2p__envelope {
  const p2p__envelope_form *form; /* which one of those asked for */
  p2p_peer_id signer;             /* of the key that signed */
  p2p_bytes pubkey, payload;      /* inside the input */
} p2p__envelope;

/* Writes the envelope of payload to w, signed by id. scratch: room for the text that is signed, the
 * payload and some 60 bytes; the payload may lie in it. P2P_ELIMIT (scratch, or w's sticky error),
 * and what id->sign returns; w is then as it was. */
P2P_MUST_USE int p2p__envelope_seal(const p2p_identity *id, const p2p__envelope_form *form,
                                    p2p_bytes payload, p2p__span scratch, p2p__wr *w);
/* Opens an envelope of one of n forms: the signature is checked before anything is said of the
 * payload. scratch: as for sealing. P2P_EPROTO: no envelope, or of another type; P2P_EKEY, P2P_ESIG,
 * P2P_ENOTSUP (key type), P2P_ENOMEM; P2P_ELIMIT: longer than scratch. */
P2P_MUST_USE int p2p__envelope_open(p2p_bytes in, const p2p__envelope_form *forms, size_t n,
                                    p2p__span scratch, p2p__envelope *out);

#endif
