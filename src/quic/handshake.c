/* The TLS handshake of a connection: CRYPTO frames to the engine, its messages and secrets to ngtcp2, the
 * peer's certificate to our judgement. Spec: RFC 9001, section 4; quic/README.md; tls/tls.md. */
#include "peer/certificate.h"
#include "quic/internal.h"

static const char *const alpn[] = { "libp2p" };

static quic_handshake *hs_of(p2p__tls_user *u) { return P2P_CONTAINER(u, quic_handshake, user); }

static ngtcp2_encryption_level level_out(p2p__tls_level level) {
  switch (level) {
  case P2P__TLS_HANDSHAKE: return NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE;
  case P2P__TLS_APPLICATION: return NGTCP2_ENCRYPTION_LEVEL_1RTT;
  default: return NGTCP2_ENCRYPTION_LEVEL_INITIAL;
  }
}

static p2p__tls_level level_in(ngtcp2_encryption_level level) {
  switch (level) {
  case NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE: return P2P__TLS_HANDSHAKE;
  case NGTCP2_ENCRYPTION_LEVEL_1RTT: return P2P__TLS_APPLICATION;
  default: return P2P__TLS_INITIAL;
  }
}

/* ---- what TLS tells ---- */
static int lib_failed(quic_handshake *hs, int rv) {
  if (rv == 0) return 0;
  hs->lib_err = rv;
  return rv == NGTCP2_ERR_NOMEM ? P2P_ENOMEM : P2P_EPROTO;
}

static int tls_say(p2p__tls_user *u, p2p__tls_level level, p2p_bytes message) {
  quic_handshake *hs = hs_of(u);
  return lib_failed(
      hs, ngtcp2_conn_submit_crypto_data(hs->quic->conn, level_out(level), message.p, message.len));
}

/* A server says nothing in 1-RTT packets before it knows its client, though TLS would let it. */
static int tls_secret(p2p__tls_user *u, p2p__tls_level level, p2p__tls_way way,
                      const p2p__tls_secret *secret) {
  quic_handshake *hs = hs_of(u);
  if (!hs->quic->client && level == P2P__TLS_APPLICATION && way == P2P__TLS_WRITE) {
    hs->held = *secret;
    return 0;
  }
  return lib_failed(hs, p2p__quic_install(hs->quic, level, way, secret));
}

static int tls_judge(p2p__tls_user *u, p2p_bytes der) {
  quic_handshake *hs = hs_of(u);
  p2p_bytes pubkey;
  int err = p2p__certificate_judge(der, hs->unix_s, &hs->expected, &hs->peer, &pubkey);
  if (err >= 0 && pubkey.len > sizeof hs->pubkey) err = P2P_EAUTH;
  if (err < 0) {
    hs->peer = (p2p_peer_id){ 0 };
    return err;
  }
  memcpy(hs->pubkey, pubkey.p, pubkey.len);
  hs->pubkey_len = pubkey.len;
  return 0;
}

/* ngtcp2 would take the last of them. Numbers from 64 on mean nothing to it. RFC 9000, section 7.4. */
static bool says_twice(p2p_bytes params) {
  enum { KNOWN = 64 };
  uint64_t seen = 0;
  p2p__rd r = p2p__rd_of(params);
  while (p2p__rd_left(&r) && !r.err) {
    uint64_t id = p2p__quic_rd_varint(&r), len = p2p__quic_rd_varint(&r);
    if (len > p2p__rd_left(&r)) return false;
    (void)p2p__rd_bytes(&r, (size_t)len);
    if (id >= KNOWN) continue;
    if (seen >> id & 1) return true;
    seen |= UINT64_C(1) << id;
  }
  return false;
}

static int tls_params(p2p__tls_user *u, p2p_bytes params) {
  quic_handshake *hs = hs_of(u);
  if (says_twice(params)) return lib_failed(hs, NGTCP2_ERR_MALFORMED_TRANSPORT_PARAM);
  return lib_failed(
      hs, ngtcp2_conn_decode_and_set_remote_transport_params(hs->quic->conn, params.p, params.len));
}

static ptrdiff_t tls_put_params(p2p__tls_user *u, uint8_t *out, size_t cap) {
  quic_handshake *hs = hs_of(u);
  ngtcp2_ssize n = ngtcp2_conn_encode_local_transport_params(hs->quic->conn, out, cap);
  return n < 0 ? lib_failed(hs, (int)n) : n;
}

/* ---- what ngtcp2 tells ---- */
static int hs_failed(quic_handshake *hs, int err) {
  hs->err = err;
  if (hs->lib_err) return hs->lib_err;
  int alert = p2p__tls_alert(hs->tls);
  if (alert >= 0) ngtcp2_conn_set_tls_alert(hs->quic->conn, (uint8_t)alert);
  return err == P2P_ENOMEM ? NGTCP2_ERR_NOMEM : NGTCP2_ERR_CRYPTO;
}

static int release(quic_handshake *hs) {
  int rv = p2p__quic_install(hs->quic, P2P__TLS_APPLICATION, P2P__TLS_WRITE, &hs->held);
  p2p__wipe(&hs->held, sizeof hs->held);
  return lib_failed(hs, rv);
}

int p2p__quic_hs_start(p2p__quic *q) {
  int err = p2p__tls_start(q->hs->tls);
  return err < 0 ? hs_failed(q->hs, err) : 0;
}

/* What comes behind the handshake: a server's tickets, which we never asked for, are let pass. A client has
 * nothing to say, and a KeyUpdate is an error from either side: RFC 9001, section 6. */
static bool is_ticket(p2p__quic *q, p2p_bytes in) {
  enum { NEW_SESSION_TICKET = 4 };
  quic_late *late = &q->late;
  for (size_t i = 0; i < in.len; i++) {
    if (late->left) {
      late->left--;
      continue;
    }
    late->head[late->n++] = in.p[i];
    if (!q->client || late->head[0] != NEW_SESSION_TICKET) return false;
    if (late->n < sizeof late->head) continue;
    late->left = (size_t)late->head[1] << 16 | (size_t)late->head[2] << 8 | late->head[3];
    late->n = 0;
  }
  return true;
}

static int on_late(p2p__quic *q, ngtcp2_encryption_level level, p2p_bytes in) {
  enum { UNEXPECTED_MESSAGE = 10 };
  if (level == NGTCP2_ENCRYPTION_LEVEL_1RTT && is_ticket(q, in)) return 0;
  ngtcp2_conn_set_tls_alert(q->conn, UNEXPECTED_MESSAGE);
  return NGTCP2_ERR_CRYPTO;
}

int p2p__quic_on_crypto(ngtcp2_conn *conn, ngtcp2_encryption_level level, uint64_t offset,
                        const uint8_t *data, size_t len, void *user) {
  p2p__quic *q = user;
  (void)offset;
  if (q->shaken) return on_late(q, level, p2p__bytes(data, len));
  int r = p2p__tls_recv(q->hs->tls, level_in(level), p2p__bytes(data, len));
  if (r < 0) return hs_failed(q->hs, r);
  if (r == 0) return 0;
  q->shaken = true;
  if (!q->client) r = release(q->hs);
  if (r < 0) return hs_failed(q->hs, r);
  ngtcp2_conn_tls_handshake_completed(conn);
  return 0;
}

/* ---- life ---- */
int p2p__quic_hs_new(p2p__quic *q, const p2p__quic_config *config) {
  p2p__mem *mem = quic_env(q)->mem;
  quic_handshake *hs = p2p__alloc(mem, P2P__MEM_QUIC, sizeof *hs);
  if (!hs) return P2P_ENOMEM;
  q->hs = hs;
  hs->quic = q;
  hs->expected = config->expected;
  hs->unix_s = config->unix_s;
  hs->user = (p2p__tls_user){ .say = tls_say,
                              .secret = tls_secret,
                              .judge = tls_judge,
                              .params = tls_params,
                              .put_params = tls_put_params };
  p2p__tls_config tls = { .context = q->shared->tls,
                          .user = &hs->user,
                          .client = q->client,
                          .alpn = alpn,
                          .n_alpn = P2P_COUNT(alpn),
                          .alpn_required = true };
  return p2p__tls_new(mem, &tls, &hs->tls);
}

void p2p__quic_hs_free_tls(p2p__quic *q) {
  if (!q->hs) return;
  p2p__tls_free(q->hs->tls);
  q->hs->tls = NULL;
}

void p2p__quic_hs_free(p2p__quic *q) {
  if (!q->hs) return;
  p2p__quic_hs_free_tls(q);
  p2p__wipe(&q->hs->held, sizeof q->hs->held);
  p2p__release(quic_env(q)->mem, P2P__MEM_QUIC, q->hs, sizeof *q->hs);
  q->hs = NULL;
}
