/* Connection ids of ours: seven random bytes, and the number of the loop that owns the connection,
 * masked by a hash of them, so that any loop can tell whose a datagram is and nobody else can. The
 * token that resets a connection is a MAC of its id: it needs no state and survives a restart.
 * Spec: RFC 9000, sections 5.1 and 10.3; docs/adr (threads). */
#include "quic/internal.h"

enum { LOOP = 0 }; /* one loop so far */

static uint8_t cid_mask(const p2p__quic_shared *s, const uint8_t *random) {
  return (uint8_t)p2p__siphash(s->cid_key, p2p__bytes(random, P2P__QUIC_CID - 1));
}

int p2p__quic_cid_make(p2p__quic_shared *s, uint8_t cid[P2P__QUIC_CID]) {
  int err = p2p__random(s->env, cid + 1, P2P__QUIC_CID - 1);
  cid[0] = (uint8_t)(LOOP ^ cid_mask(s, cid + 1));
  return err;
}

void p2p__quic_reset_token(const p2p__quic_shared *s, const uint8_t *cid, size_t len,
                           uint8_t token[P2P__QUIC_RESET]) {
  uint8_t mac[P2P__SHA256];
  p2p_bytes v = p2p__bytes(cid, len);
  p2p__hmac_sha256(p2p__bytes(s->reset_key, sizeof s->reset_key), &v, 1, mac);
  memcpy(token, mac, P2P__QUIC_RESET);
}

int p2p__quic_on_new_cid(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t len,
                         void *user) {
  p2p__quic *q = user;
  (void)conn;
  if (len != P2P__QUIC_CID || p2p__quic_cid_make(q->shared, cid->data) < 0)
    return NGTCP2_ERR_CALLBACK_FAILURE;
  cid->datalen = len;
  p2p__quic_reset_token(q->shared, cid->data, len, token);
  p2p__quic_cid ours = quic_cid_in(cid);
  int err = q->user->route(q->user, &ours, true, true);
  if (err < 0) q->fail = err;
  return err < 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

int p2p__quic_on_remove_cid(ngtcp2_conn *conn, const ngtcp2_cid *cid, void *user) {
  p2p__quic *q = user;
  (void)conn;
  p2p__quic_cid ours = quic_cid_in(cid);
  (void)q->user->route(q->user, &ours, true, false);
  return 0;
}

int p2p__quic_on_dcid_status(ngtcp2_conn *conn, ngtcp2_connection_id_status_type type, uint64_t seq,
                             const ngtcp2_cid *cid, const uint8_t *token, void *user) {
  p2p__quic *q = user;
  (void)conn;
  (void)seq;
  (void)cid;
  if (!token) return 0;
  int err = q->user->reset(q->user, token, type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE);
  if (err < 0) q->fail = err;
  return err < 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}
