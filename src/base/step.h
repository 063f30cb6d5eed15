/* STEP: one stage of an upgrade (multistream-select, a Noise or TLS handshake, a WebSocket
 * request). Lives milliseconds, eats and makes bytes, ends in a result, is freed. */
#ifndef P2P_BASE_STEP_H
#define P2P_BASE_STEP_H

#include "base/bytes.h"
#include "base/record.h"

enum { P2P__PUBKEY_MAX = 1152 }; /* protobuf of an RSA-8192 public key and some */

/* What a finished step leaves. Filled by take; members a step knows nothing of stay as they were
 * (the caller zeroes it, protocol = muxer = -1). */
typedef struct p2p__step_result {
  int protocol;                    /* index into the list offered: multistream-select */
  p2p__record *record;             /* the secure channel, the caller's from now on */
  p2p_peer_id peer;                /* verified identity of the remote */
  uint8_t pubkey[P2P__PUBKEY_MAX]; /* its public key, libp2p protobuf */
  size_t pubkey_len;
  int muxer; /* index into the list of muxers offered, when agreed inside the handshake; else -1 */
} p2p__step_result;

typedef struct p2p__step p2p__step;

typedef struct p2p__step_ops {
  /* Eats whole messages from the front of in; what is left is the next step's (or must be offered
   * again with more behind it). *used: bytes eaten, always written.
   * 1: done, take the result; send may still have the last message, which must leave before
   * anything of the next layer. 0: wants more. <0: failed (P2P_EPROTO, P2P_EAUTH, P2P_EPEER,
   * P2P_ENOPROTO, P2P_ELIMIT, P2P_ETIMEOUT, P2P_ENOMEM); send may still have a last message to say
   * so. Once it returned anything but 0 it returns the same again and eats nothing. */
  int (*recv)(p2p__step *s, p2p_bytes in, size_t *used, p2p_time now);
  /* Writes what is ready to leave; nothing when nothing is. Whole messages, or out's error. */
  void (*send)(p2p__step *s, p2p__wr *out);
  /* True when a proposal of one choice is outstanding and the next step may already speak.
   * NULL: never. */
  bool (*early)(const p2p__step *s);
  p2p_time (*deadline)(const p2p__step *s);          /* NULL: none of its own */
  void (*take)(p2p__step *s, p2p__step_result *out); /* once, after recv gave 1 */
  void (*free)(p2p__step *s);                        /* wipes secrets */
} p2p__step_ops;

struct p2p__step {
  const p2p__step_ops *ops;
};

static inline void p2p__step_free(p2p__step *s) {
  if (s) s->ops->free(s);
}

#endif
