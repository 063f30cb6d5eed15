/* TLS 1.3's records after the handshake, as a record layer.
 * Spec: RFC 8446, sections 4.6, 5, 6. */
#ifndef P2P_SECURITY_TLS_RECORD_H
#define P2P_SECURITY_TLS_RECORD_H

#include "base/env.h"
#include "base/record.h"
#include "crypto/tls_messages.h"
#include "security/tls_keys.h"

typedef struct p2p__tls_record {
  p2p__record record;
  p2p__env *env;
  p2p__tls_keys out, in;
  p2p__tls_messages messages; /* a message of the peer's that has not arrived whole */
  bool client;
  bool owes_update; /* the peer asked for new keys of ours: before our next data */
  bool finished;    /* our last word was said */
  unsigned useless; /* records in a row that brought no data */
  int open_err, seal_err;
  int alert; /* what to tell the peer in the end; P2P__TLS_NO_ALERT: that we close */
} p2p__tls_record;

typedef struct p2p__tls_record_config {
  bool client;
  const p2p__tls_secret *out, *in; /* application traffic secrets; copied */
  size_t limit;                    /* longest content the peer takes */
} p2p__tls_record_config;

/* P2P_ENOMEM. open fails with P2P_EAUTH (a record or the peer's word about us), P2P_EPROTO,
 * P2P_ELIMIT, P2P_ECLOSED (close_notify); what to tell the peer comes from finish. */
P2P_MUST_USE int p2p__tls_record_new(p2p__env *env, const p2p__tls_record_config *config,
                                     p2p__record **out);

#endif
