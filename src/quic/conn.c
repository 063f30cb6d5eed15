/* A connection's life: made, told the time, ended; and what the ends of QUIC mean to us. */
#include "quic/internal.h"

#define ACK_PATIENCE P2P_MS
/* A peer that bears less silence is not kept: it would have us ping as often as it likes. */
#define THEIR_IDLE_MIN P2P_SECOND
enum { ACTIVE_IDS = 4 }; /* of the peer's that we keep: enough to move; go-libp2p has 4 too */

/* ---- small callbacks ---- */
static void on_rand(uint8_t *dest, size_t len, const ngtcp2_rand_ctx *ctx) {
  p2p__quic_shared *s = ctx->native_handle;
  if (p2p__random(s->env, dest, len) < 0) memset(dest, 0, len); /* used for nothing secret */
}

static int on_challenge(ngtcp2_conn *conn, uint8_t *data, void *user) {
  p2p__quic *q = user;
  (void)conn;
  int err = p2p__random(quic_env(q), data, NGTCP2_PATH_CHALLENGE_DATALEN);
  if (err < 0) q->fail = err;
  return err < 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_client_initial(ngtcp2_conn *conn, void *user) {
  p2p__quic *q = user;
  int rv = p2p__quic_initial_keys(q, ngtcp2_conn_get_dcid(conn));
  return rv != 0 ? rv : p2p__quic_hs_start(q) != 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_server_initial(ngtcp2_conn *conn, const ngtcp2_cid *dcid, void *user) {
  (void)conn;
  return p2p__quic_initial_keys(user, dcid);
}

static int on_retry(ngtcp2_conn *conn, const ngtcp2_pkt_hd *hd, void *user) {
  (void)conn;
  return p2p__quic_initial_keys(user, &hd->scid);
}

/* Only version 1 is offered, so nothing else can be agreed on. */
static int on_version(ngtcp2_conn *conn, uint32_t version, const ngtcp2_cid *dcid, void *user) {
  (void)conn;
  (void)version;
  (void)dcid;
  (void)user;
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

/* Half of what both allow, so that a lost packet leaves time for another. RFC 9000, section 10.1.2. */
static void keep_alive(p2p__quic *q) {
  const ngtcp2_transport_params *theirs = ngtcp2_conn_get_remote_transport_params(q->conn);
  p2p_time idle = quic_env(q)->limits->quic_idle;
  if (theirs && theirs->max_idle_timeout)
    idle = p2p__time_min(idle, p2p__max(theirs->max_idle_timeout, THEIR_IDLE_MIN));
  ngtcp2_conn_set_keep_alive_timeout(q->conn, idle / 2);
}

static int on_done(ngtcp2_conn *conn, void *user) {
  p2p__quic *q = user;
  (void)conn;
  q->done = true;
  keep_alive(q);
  return 0;
}

static int on_confirmed(ngtcp2_conn *conn, void *user) {
  (void)conn;
  ((p2p__quic *)user)->confirmed = true;
  return 0;
}

static int on_stateless_reset(ngtcp2_conn *conn, const ngtcp2_pkt_stateless_reset *sr, void *user) {
  (void)conn;
  (void)sr;
  ((p2p__quic *)user)->was_reset = true;
  return 0;
}

static const ngtcp2_callbacks callbacks = {
  .client_initial = on_client_initial,
  .recv_client_initial = on_server_initial,
  .recv_crypto_data = p2p__quic_on_crypto,
  .handshake_completed = on_done,
  .handshake_confirmed = on_confirmed,
  .encrypt = p2p__quic_on_encrypt,
  .decrypt = p2p__quic_on_decrypt,
  .hp_mask = p2p__quic_on_mask,
  .recv_stream_data = p2p__quic_on_stream_data,
  .acked_stream_data_offset = p2p__quic_on_stream_acked,
  .stream_open = p2p__quic_on_stream_open,
  .stream_close = p2p__quic_on_stream_close,
  .stream_reset = p2p__quic_on_stream_reset,
  .extend_max_local_streams_bidi = p2p__quic_on_more_streams,
  .extend_max_stream_data = p2p__quic_on_stream_credit,
  .recv_datagram = p2p__quic_on_datagram,
  .recv_stateless_reset = on_stateless_reset,
  .recv_retry = on_retry,
  .rand = on_rand,
  .get_new_connection_id = p2p__quic_on_new_cid,
  .remove_connection_id = p2p__quic_on_remove_cid,
  .dcid_status = p2p__quic_on_dcid_status,
  .update_key = p2p__quic_on_update_key,
  .path_validation = p2p__quic_on_path,
  .delete_crypto_aead_ctx = p2p__quic_on_delete_aead,
  .delete_crypto_cipher_ctx = p2p__quic_on_delete_mask,
  .get_path_challenge_data = on_challenge,
  .version_negotiation = on_version,
};

/* ---- making ---- */
static void settings_make(p2p__quic *q, ngtcp2_settings *set, p2p_time now) {
  ngtcp2_settings_default(set);
  set->cc_algo = NGTCP2_CC_ALGO_CUBIC;
  set->initial_ts = now;
  set->max_tx_udp_payload_size = P2P__QUIC_PACKET;
  set->rand_ctx.native_handle = q->shared;
  /* qlog_write stays unset: below 1.22.1 it overflows (CVE-2026-40170). */
}

/* Half as much again as a stream's, so that one slow reader leaves room for others. */
static uint64_t conn_window(const p2p__limits *limits) {
  return limits->quic_window + limits->quic_window / 2;
}

static void params_make(const p2p__quic *q, ngtcp2_transport_params *par) {
  const p2p__limits *limits = quic_env(q)->limits;
  ngtcp2_transport_params_default(par);
  par->initial_max_stream_data_bidi_local = limits->quic_window;
  par->initial_max_stream_data_bidi_remote = limits->quic_window;
  par->initial_max_data = conn_window(limits);
  par->initial_max_streams_bidi = limits->quic_streams;
  par->max_idle_timeout = limits->quic_idle;
  par->active_connection_id_limit = ACTIVE_IDS;
  par->max_datagram_frame_size = p2p__quic_datagram_frame(q);
  par->grease_quic_bit = 0; /* then the first byte says what a datagram is: RFC 9443 */
}

static p2p__quic *quic_new(const p2p__quic_config *config, bool client) {
  p2p__quic_shared *s = config->shared;
  p2p__quic *q = p2p__alloc(s->env->mem, P2P__MEM_QUIC, sizeof *q);
  if (!q) return NULL;
  q->shared = s;
  q->user = config->user;
  q->budget = config->budget;
  q->client = client;
  q->next = client ? 0 : 1;
  q->local = config->local;
  q->remote = config->remote;
  q->expiry = P2P_NEVER;
  p2p__u64map_init(&q->streams, s->env->mem, P2P__MEM_QUIC, s->env->hash_key);
  p2p__list_init(&q->news);
  p2p__list_init(&q->ready);
  p2p__list_init(&q->blocked);
  p2p__list_init(&q->opening);
  p2p__list_init(&q->aeads);
  p2p__list_init(&q->masks);
  p2p__quic_datagrams_init(q);
  ngtcp2_ccerr_default(&q->ccerr);
  return q;
}

static int scid_make(p2p__quic *q, p2p__quic_cid *scid) {
  *scid = (p2p__quic_cid){ .len = P2P__QUIC_CID };
  int err = p2p__quic_cid_make(q->shared, scid->b);
  return err < 0 ? err : q->user->route(q->user, scid, true, true);
}

/* What ngtcp2 could not make it has freed, and left in our hands. */
static int made(p2p__quic *q, int rv) {
  if (rv == 0) return 0;
  q->conn = NULL;
  return rv == NGTCP2_ERR_NOMEM ? P2P_ENOMEM : P2P_EIO;
}

static int conn_client(p2p__quic *q, const p2p__quic_cid *scid, p2p_time now) {
  enum { DCID = 18 }; /* at least 8, unpredictable: RFC 9000, section 7.2 */
  ngtcp2_settings set;
  ngtcp2_transport_params par;
  quic_path path;
  p2p__quic_cid dcid = { .len = DCID };
  int err = p2p__random(quic_env(q), dcid.b, DCID);
  if (err < 0) return err;
  settings_make(q, &set, now);
  params_make(q, &par);
  p2p__quic_path_make(&path, &q->local, &q->remote);
  ngtcp2_cid to = quic_cid_out(&dcid), from = quic_cid_out(scid);
  return made(q, ngtcp2_conn_client_new(&q->conn, &to, &from, &path.path, NGTCP2_PROTO_VER_V1,
                                        &callbacks, &set, &par, &q->shared->mem, q));
}

static int conn_server(p2p__quic *q, const p2p__quic_cid *scid, const p2p__quic_initial *i,
                       p2p_time now) {
  ngtcp2_settings set;
  ngtcp2_transport_params par;
  quic_path path;
  settings_make(q, &set, now);
  params_make(q, &par);
  par.original_dcid = quic_cid_out(i->validated ? &i->original : &i->dcid);
  par.original_dcid_present = 1;
  if (i->validated) {
    par.retry_scid = quic_cid_out(&i->dcid);
    par.retry_scid_present = 1;
    set.token = i->token.p;
    set.tokenlen = i->token.len;
    set.token_type = NGTCP2_TOKEN_TYPE_RETRY;
  }
  par.stateless_reset_token_present = 1;
  p2p__quic_reset_token(q->shared, scid->b, scid->len, par.stateless_reset_token);
  p2p__quic_path_make(&path, &q->local, &q->remote);
  ngtcp2_cid to = quic_cid_out(&i->scid), from = quic_cid_out(scid);
  return made(q, ngtcp2_conn_server_new(&q->conn, &to, &from, &path.path, NGTCP2_PROTO_VER_V1,
                                        &callbacks, &set, &par, &q->shared->mem, q));
}

static int quic_make(const p2p__quic_config *config, const p2p__quic_initial *initial, p2p_time now,
                     p2p__quic **out) {
  p2p__quic_cid scid;
  *out = NULL;
  p2p__quic *q = quic_new(config, initial == NULL);
  if (!q) return P2P_ENOMEM;
  q->now = now;
  p2p__quic_window_begin(q, &q->window, conn_window(quic_env(q)->limits));
  int err = p2p__quic_hs_new(q, config);
  if (err >= 0) err = scid_make(q, &scid);
  /* A copy of its first datagram, late, must not begin another connection. */
  if (err >= 0 && initial) err = q->user->route(q->user, &initial->dcid, false, true);
  if (err >= 0) err = initial ? conn_server(q, &scid, initial, now) : conn_client(q, &scid, now);
  if (err < 0) {
    p2p__quic_free(q);
    return err;
  }
  q->stale = initial != NULL;
  q->expiry = now; /* of a dialer: the first flight is to be written */
  *out = q;
  return 0;
}

int p2p__quic_dial(const p2p__quic_config *config, p2p_time now, p2p__quic **out) {
  return quic_make(config, NULL, now, out);
}

int p2p__quic_accept(const p2p__quic_config *config, const p2p__quic_initial *initial, p2p_time now,
                     p2p__quic **out) {
  return quic_make(config, initial, now, out);
}

void p2p__quic_free(p2p__quic *q) {
  if (!q) return;
  p2p__quic_hs_free(q);
  ngtcp2_conn_del(q->conn);
  p2p__quic_streams_free(q);
  p2p__quic_datagrams_fini(q);
  p2p__quic_windows_end(q);
  p2p__release(quic_env(q)->mem, P2P__MEM_QUIC, q, sizeof *q);
}

/* ---- time ---- */
static bool has_to_send(const p2p__quic *q) {
  return !q->done || !p2p__list_empty(&q->ready) || !p2p__dgrams_empty(&q->dgrams.out);
}

/* ngtcp2 wants to acknowledge a single packet an eighth of a round trip after it came: on a short way in a
 * packet of its own, before what answers it takes the acknowledgement along. Nothing else that it waits
 * for, but pacing, is finer than RFC 9002's granularity. */
static p2p_time patient(const p2p__quic *q, p2p_time expiry) {
  return has_to_send(q) ? expiry : p2p__max(expiry, p2p__time_add(q->last_recv, ACK_PATIENCE));
}

/* ngtcp2 waits for three PTO where that is longer than the idle time (RFC 9000, section 10.1), and a machine
 * that slept with an answer under way takes its sleep for a round trip: minutes, for a peer that is gone. */
static p2p_time silence_ends(const p2p__quic *q) {
  p2p_time most = p2p__time_add(quic_env(q)->limits->quic_idle, quic_env(q)->limits->quic_idle);
  return q->done ? p2p__time_add(q->last_recv, most) : P2P_NEVER;
}

/* Asked once after a batch, not after each of its packets. */
p2p_time p2p__quic_deadline(p2p__quic *q) {
  if (!q->stale) return q->expiry;
  q->stale = false;
  q->expiry = q->ended ? P2P_NEVER : patient(q, ngtcp2_conn_get_expiry(q->conn));
  if (q->ended) return q->expiry;
  if (!p2p__list_empty(&q->blocked)) q->expiry = p2p__time_min(q->expiry, q->probe);
  q->expiry = p2p__time_min(q->expiry, silence_ends(q));
  return q->expiry;
}

/* Streams without credit are tried again from time to time: the peer may have stopped reading. */
static void probe_blocked(p2p__quic *q) {
  if (q->now >= q->probe) p2p__list_splice(&q->ready, &q->blocked);
}

void p2p__quic_tick(p2p__quic *q, p2p_time now) {
  if (q->ended || now < p2p__quic_deadline(q)) return;
  q->now = now;
  q->stale = true;
  probe_blocked(q);
  int rv = 0;
  if (now >= silence_ends(q))
    rv = NGTCP2_ERR_IDLE_CLOSE;
  else if (now >= ngtcp2_conn_get_expiry(q->conn))
    rv = ngtcp2_conn_handle_expiry(q->conn, now);
  if (rv != 0) p2p__quic_failed(q, rv);
}

/* ---- ends ---- */
void p2p__quic_end_now(p2p__quic *q, p2p__quic_end end) {
  if (q->ended) return;
  q->ended = q->stale = true;
  q->end = end;
}

static p2p_stage stage_now(const p2p__quic *q) {
  if (q->done) return P2P_STAGE_UP;
  return q->heard ? P2P_STAGE_SECURITY : P2P_STAGE_CONNECT;
}

static p2p__quic_end crypto_end(uint8_t alert, bool remote) {
  enum { NO_APPLICATION_PROTOCOL = 120 };
  p2p__quic_end end = { .err = P2P_EPROTO, .stage = P2P_STAGE_SECURITY, .remote = remote };
  end.code = alert;
  if (p2p__tls_alert_is_about_identity(alert)) {
    end.err = P2P_EAUTH;
    end.stage = P2P_STAGE_IDENTITY;
  } else if (alert == NO_APPLICATION_PROTOCOL) {
    end.err = P2P_ENOSEC;
  }
  return end;
}

/* The peer's CONNECTION_CLOSE, or its stateless reset. */
static p2p__quic_end remote_end(p2p__quic *q) {
  const ngtcp2_ccerr *e = ngtcp2_conn_get_ccerr(q->conn);
  p2p__quic_end end = { .err = P2P_ERESET, .stage = stage_now(q), .remote = true };
  if (q->was_reset) return end;
  end.code = (uint32_t)p2p__min(e->error_code, UINT32_MAX);
  end.reason = p2p__bytes(e->reason, e->reasonlen);
  if (e->type == NGTCP2_CCERR_TYPE_APPLICATION) {
    end.err = e->error_code || !q->done ? P2P_ECLOSED : 0;
    return end;
  }
  uint64_t code = e->error_code;
  if (code >= NGTCP2_CRYPTO_ERROR && code <= (NGTCP2_CRYPTO_ERROR | 0xff)) {
    bool late = q->done && q->confirmed;
    p2p__quic_end crypto = crypto_end((uint8_t)(code & 0xff), true);
    if (late) crypto.stage = P2P_STAGE_UP;
    crypto.reason = end.reason;
    return crypto;
  }
  end.err = code == NGTCP2_CONNECTION_REFUSED                             ? P2P_EREFUSED
            : code == NGTCP2_NO_ERROR || code == NGTCP2_APPLICATION_ERROR ? P2P_ECLOSED
                                                                          : P2P_EPROTO;
  return end;
}

static p2p__quic_end tls_end(p2p__quic *q) {
  int err = q->hs && q->hs->err ? q->hs->err : P2P_EPROTO;
  bool identity = err == P2P_EAUTH || err == P2P_EPEER;
  p2p_stage stage = q->done ? P2P_STAGE_UP : identity ? P2P_STAGE_IDENTITY : P2P_STAGE_SECURITY;
  return (p2p__quic_end){ .err = err, .stage = stage, .remote = true };
}

/* The library's name for what the peer did says it best. */
static void set_liberr(p2p__quic *q, int rv) {
  p2p_bytes name = p2p__cstr(ngtcp2_strerror(rv));
  ngtcp2_ccerr_set_liberr(&q->ccerr, rv, name.p, name.len);
}

void p2p__quic_failed(p2p__quic *q, int rv) {
  p2p__quic_end end = { .err = P2P_EPROTO, .stage = stage_now(q), .remote = true };
  if (q->ended) return;
  switch (rv) {
  case NGTCP2_ERR_DRAINING:
    end = remote_end(q);
    q->quiet = true;
    break;
  case NGTCP2_ERR_CLOSING:
    end.err = P2P_ECLOSED;
    q->quiet = true;
    break;
  case NGTCP2_ERR_IDLE_CLOSE:
  case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
    end.err = P2P_ETIMEOUT;
    q->quiet = true;
    break;
  case NGTCP2_ERR_DROP_CONN: q->quiet = true; break;
  case NGTCP2_ERR_RETRY: q->quiet = q->wants_retry = true; break;
  case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
    end.err = P2P_ENOTSUP;
    q->quiet = true;
    break;
  case NGTCP2_ERR_NOMEM:
    end.err = P2P_ENOMEM;
    end.remote = false;
    break;
  case NGTCP2_ERR_CALLBACK_FAILURE:
    end.err = q->hs && q->hs->err ? q->hs->err : q->fail ? q->fail : P2P_ENOMEM;
    end.remote = false;
    break;
  case NGTCP2_ERR_CRYPTO: end = tls_end(q); break;
  default: break;
  }
  if (rv == NGTCP2_ERR_CRYPTO)
    ngtcp2_ccerr_set_tls_alert(&q->ccerr, ngtcp2_conn_get_tls_alert(q->conn), NULL, 0);
  else
    set_liberr(q, rv);
  p2p__quic_end_now(q, end);
}

void p2p__quic_goodbye(p2p__quic *q, uint32_t code, const char *reason, p2p__span space,
                       p2p_dgrams *out, p2p_time now) {
  p2p_bytes words = p2p__cstr(reason ? reason : "");
  quic_path path;
  ngtcp2_pkt_info info;
  *out = (p2p_dgrams){ 0 };
  if (q->quiet || !q->conn) return;
  if (!q->ended) ngtcp2_ccerr_set_application_error(&q->ccerr, code, words.p, words.len);
  q->quiet = q->ended = q->stale = true;
  path.path = (ngtcp2_path){ .local = { .addr = &path.local.sa },
                             .remote = { .addr = &path.remote.sa } };
  ngtcp2_ssize n = ngtcp2_conn_write_connection_close(q->conn, &path.path, &info, space.p,
                                                      P2P__QUIC_PACKET, &q->ccerr, now);
  if (n <= 0) return;
  *out = (p2p_dgrams){ .local = p2p__quic_endpoint_of(&path.path.local),
                       .remote = p2p__quic_endpoint_of(&path.path.remote),
                       .data = space.p,
                       .len = (size_t)n,
                       .ecn = (uint8_t)info.ecn };
}

/* ---- events ---- */
int p2p__quic_next(p2p__quic *q, p2p__quic_event *ev) {
  if (q->done && !q->secured_told) {
    q->secured_told = true;
    *ev = (p2p__quic_event){ .kind = P2P__QUIC_SECURED,
                             .peer = &q->hs->peer,
                             .pubkey = p2p__bytes(q->hs->pubkey, q->hs->pubkey_len) };
    return 1;
  }
  if (q->secured_told && q->hs && !q->hs->tls) p2p__quic_hs_free(q);
  if (q->done && p2p__quic_datagrams_next(q, ev)) return 1;
  if (q->done && p2p__quic_streams_next(q, ev)) return 1;
  if (!q->ended && p2p__quic_path_next(q, ev)) return 1;
  if (!q->ended || q->ended_told) return 0;
  q->ended_told = true;
  *ev = (p2p__quic_event){ .kind = P2P__QUIC_ENDED, .end = q->end };
  return 1;
}

bool p2p__quic_wants_retry(const p2p__quic *q) { return q->wants_retry; }

bool p2p__quic_is_flushed(const p2p__quic *q) {
  return q->n_busy == 0 && p2p__dgrams_empty(&q->dgrams.out);
}

p2p_time p2p__quic_pto(const p2p__quic *q) { return ngtcp2_conn_get_pto(q->conn); }

void p2p__quic_stats_get(p2p__quic *q, p2p__quic_stats *out) {
  ngtcp2_conn_info info;
  *out = (p2p__quic_stats){ 0 };
  if (q->ended) return;
  ngtcp2_conn_get_conn_info(q->conn, &info);
  out->rtt = info.smoothed_rtt;
  out->cwnd = info.cwnd;
  out->window = q->window_top;
  out->datagrams_dropped = q->dgrams.in.dropped + q->dgrams.out.dropped;
}
