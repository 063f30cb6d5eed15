/* The handshake Noise_XX_25519_ChaChaPoly_SHA256 itself, without libp2p's payload: three messages,
 * each written by one side and read by the other, then two keys.
 * Spec: the Noise protocol framework, revision 34, sections 5 and 7.5. */
#ifndef P2P_SECURITY_NOISE_XX_H
#define P2P_SECURITY_NOISE_XX_H

#include "base/bytes.h"
#include "crypto/crypto.h"

enum {
  P2P__NOISE_KEY = 32,
  /* What a message adds to its payload. */
  P2P__NOISE_MESSAGE_1 = 32,           /* e */
  P2P__NOISE_MESSAGE_2 = 32 + 48 + 16, /* e, s with its tag, the payload's tag */
  P2P__NOISE_MESSAGE_3 = 48 + 16       /* s with its tag, the payload's tag */
};

typedef struct p2p__noise_xx {
  p2p__crypto *crypto;
  bool initiator;
  bool keyed;   /* k holds a key: from the first DH on */
  uint8_t turn; /* messages so far: 0, 2 are the initiator's turn, 1 the responder's, 3 split */
  uint64_t n;   /* nonce under k */
  uint8_t ck[P2P__NOISE_KEY], h[P2P__NOISE_KEY], k[P2P__NOISE_KEY];
  uint8_t s[P2P__NOISE_KEY], s_pub[P2P__NOISE_KEY]; /* our static pair */
  uint8_t e[P2P__NOISE_KEY];                        /* our ephemeral secret */
  uint8_t rs[P2P__NOISE_KEY], re[P2P__NOISE_KEY];   /* the remote's public keys, when read */
} p2p__noise_xx;

/* s, s_pub, e: 32 bytes each, copied. */
void p2p__noise_xx_init(p2p__noise_xx *x, p2p__crypto *crypto, bool initiator, const uint8_t *s,
                        const uint8_t *s_pub, const uint8_t *e, p2p_bytes prologue);
void p2p__noise_xx_fini(p2p__noise_xx *x); /* wipes */

/* Writes the next message, which must be ours. P2P_ELIMIT (no room), P2P_EAUTH (low-order point),
 * P2P_ENOMEM, P2P_EIO. After a failure the handshake is dead. */
P2P_MUST_USE int p2p__noise_xx_write(p2p__noise_xx *x, p2p_bytes payload, p2p__wr *w);

/* Reads the next message, which must be the remote's. payload has room for message.len bytes; *len
 * of them are the payload, which nobody vouches for before its sender's static key is verified.
 * P2P_EPROTO (too short), P2P_EAUTH, P2P_ENOMEM, P2P_EIO; then the handshake is dead. */
P2P_MUST_USE int p2p__noise_xx_read(p2p__noise_xx *x, p2p_bytes message, uint8_t *payload,
                                    size_t *len);

/* After three messages: the keys of the two directions. The caller wipes them. */
void p2p__noise_xx_split(const p2p__noise_xx *x, uint8_t seal[P2P__NOISE_KEY],
                         uint8_t open[P2P__NOISE_KEY]);

/* 32 zero bits, then n in little-endian: Noise's nonce for ChaChaPoly, section 12.3. */
void p2p__noise_nonce(uint64_t n, uint8_t nonce[P2P__AEAD_NONCE]);

#endif
