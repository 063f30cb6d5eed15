/* The handshake of QUIC: GnuTLS's messages in CRYPTO frames, its secrets into packet keys, transport
 * parameters. Spec: RFC 9001, section 4; RFC 9000, section 18. */
#include "quic.h"
#include <stdlib.h>

static const char PRIORITY[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:"
                               "+GROUP-X25519:+GROUP-SECP256R1:%DISABLE_TLS13_COMPAT_MODE";
enum { EXTENSION = 0x39, PARAMS = 4096, MESSAGE_HEAD = 4 };

/* ---- transport parameters ---- */
enum {
  ORIGINAL_ID = 0x00,
  IDLE = 0x01,
  RESET_TOKEN = 0x02,
  DATA = 0x04,
  STREAM_LOCAL = 0x05,
  STREAM_REMOTE = 0x06,
  STREAMS = 0x08,
  STREAMS_UNI = 0x09,
  STAYS = 0x0c,
  ACTIVE_IDS = 0x0e,
  SOURCE_ID = 0x0f,
  DATAGRAM = 0x20
};

void quic_param_bytes(p2p__wr *w, uint64_t id, p2p_bytes value) {
  quic_put(w, id);
  quic_put(w, value.len);
  p2p__wr_bytes_in(w, value);
}

void quic_param(p2p__wr *w, uint64_t id, uint64_t value) {
  uint8_t space[8];
  p2p__wr v = p2p__wr_of(space, sizeof space);
  quic_put(&v, value);
  quic_param_bytes(w, id, p2p__wr_bytes(&v));
}

void quic_params_put(const quic *q, p2p__wr *w) {
  if (!q->dialed) quic_param_bytes(w, ORIGINAL_ID, p2p__bytes(q->original.b, q->original.len));
  quic_param_bytes(w, SOURCE_ID, p2p__bytes(q->ours.b, q->ours.len));
  quic_param(w, IDLE, 30000);
  quic_param(w, DATA, 64 << 20);
  quic_param(w, STREAM_LOCAL, 16 << 20);
  quic_param(w, STREAM_REMOTE, 16 << 20);
  quic_param(w, STREAMS, 256);
  quic_param(w, ACTIVE_IDS, 4);
  quic_param(w, DATAGRAM, 65535);
}

static int on_params_wanted(gnutls_session_t session, gnutls_buffer_t out) {
  quic *q = gnutls_session_get_ptr(session);
  uint8_t space[PARAMS];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  if (q->plan->params)
    q->plan->params(q, &w);
  else
    quic_params_put(q, &w);
  if (q->plan->more) q->plan->more(q, &w);
  if (w.err || gnutls_buffer_append_data(out, space, w.len) < 0) abort();
  return 0;
}

static int on_params(gnutls_session_t session, const unsigned char *data, size_t len) {
  quic *q = gnutls_session_get_ptr(session);
  p2p__rd r = p2p__rd_of(p2p__bytes(data, len));
  while (p2p__rd_left(&r) && !r.err) {
    uint64_t id = quic_get(&r);
    p2p_bytes value = p2p__rd_bytes(&r, (size_t)quic_get(&r));
    p2p__rd v = p2p__rd_of(value);
    if (id == DATA) q->window = quic_get(&v);
    if (id == STREAM_REMOTE) q->stream_window = quic_get(&v);
    if (id == STREAMS) q->streams_allowed = quic_get(&v);
    if (id == STREAMS_UNI) q->uni_allowed = quic_get(&v);
    if (id == STAYS) q->stays = true;
    if (id == DATAGRAM) q->datagram_max = quic_get(&v);
    if (id == RESET_TOKEN) quic_note_token(q, value);
  }
  return 0;
}

/* ---- what GnuTLS says ---- */
static int level_of(gnutls_record_encryption_level_t theirs) {
  return theirs == GNUTLS_ENCRYPTION_LEVEL_INITIAL     ? QUIC_INITIAL
         : theirs == GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE ? QUIC_HANDSHAKE
                                                       : QUIC_APP;
}

static int on_say(gnutls_session_t session, gnutls_record_encryption_level_t theirs,
                  gnutls_handshake_description_t type, const void *data, size_t len) {
  quic *q = gnutls_session_get_ptr(session);
  quic_space *s = &q->space[level_of(theirs)];
  if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC) return 0;
  if ((unsigned)type < 32 && q->plan->withheld >> type & 1) return 0;
  if (len > QUIC_CRYPTO - s->out_len) abort();
  memcpy(s->out + s->out_len, data, len);
  s->out_len += len;
  return 0;
}

static int on_secret(gnutls_session_t session, gnutls_record_encryption_level_t theirs,
                     const void *read, const void *write, size_t len) {
  quic *q = gnutls_session_get_ptr(session);
  quic_space *s = &q->space[level_of(theirs)];
  if (len != P2P__SHA256) return GNUTLS_E_INTERNAL_ERROR;
  if (read) quic_keys_make(q, &s->rx, false, read);
  if (write) quic_keys_make(q, &s->tx, true, write);
  return 0;
}

static int on_alert(gnutls_session_t session, gnutls_record_encryption_level_t level,
                    gnutls_alert_level_t severity, gnutls_alert_description_t alert) {
  (void)session;
  (void)level;
  (void)severity;
  (void)alert;
  return 0;
}

/* Nothing is logged, wherever SSLKEYLOGFILE points. */
static int on_keylog(gnutls_session_t session, const char *label, const gnutls_datum_t *secret) {
  (void)session;
  (void)label;
  (void)secret;
  return 0;
}

static ssize_t no_push(gnutls_transport_ptr_t to, const void *bytes, size_t n) {
  (void)to;
  (void)bytes;
  (void)n;
  return -1;
}

static ssize_t no_pull(gnutls_transport_ptr_t from, void *bytes, size_t n) {
  (void)from;
  (void)bytes;
  (void)n;
  return -1;
}

static int no_wait(gnutls_transport_ptr_t from, unsigned ms) {
  (void)from;
  (void)ms;
  return -1;
}

/* ---- life ---- */
static void functions(quic *q) {
  gnutls_session_t s = q->tls;
  gnutls_session_set_ptr(s, q);
  gnutls_handshake_set_read_function(s, on_say);
  gnutls_handshake_set_secret_function(s, on_secret);
  gnutls_alert_set_read_function(s, on_alert);
  gnutls_session_set_keylog_function(s, on_keylog);
  gnutls_transport_set_push_function(s, no_push);
  gnutls_transport_set_pull_function(s, no_pull);
  gnutls_transport_set_pull_timeout_function(s, no_wait);
}

static void advance(quic *q) {
  enum { STEPS = 16 };
  for (int i = 0; i < STEPS && !q->shaken; i++) {
    int r = gnutls_handshake(q->tls);
    if (r == 0) q->shaken = true;
    if (r == GNUTLS_E_AGAIN) return;
    if (r < 0 && gnutls_error_is_fatal(r)) {
      q->failed = true;
      return;
    }
  }
}

void quic_tls_begin(quic *q) {
  const quic_plan *plan = q->plan;
  const char *alpn = plan->alpn ? plan->alpn : "libp2p";
  unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS;
  flags |= q->dialed ? GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT
                     : GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET;
  if (gnutls_init(&q->tls, flags) < 0 ||
      gnutls_certificate_allocate_credentials(&q->certificates) < 0 ||
      gnutls_priority_set_direct(q->tls, PRIORITY, NULL) < 0)
    abort();
  functions(q);
  if (!plan->lie.none) lie_present(q->e, &plan->lie, q->certificates);
  gnutls_credentials_set(q->tls, GNUTLS_CRD_CERTIFICATE, q->certificates);
  if (!q->dialed) gnutls_certificate_server_set_request(q->tls, GNUTLS_CERT_REQUEST);
  const gnutls_datum_t name = { (unsigned char *)(uintptr_t)alpn, (unsigned)strlen(alpn) };
  if (*alpn && gnutls_alpn_set_protocols(q->tls, &name, 1, 0) < 0) abort();
  unsigned where = GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_EE;
  if (!plan->no_params &&
      gnutls_session_ext_register(q->tls, "quic", EXTENSION, GNUTLS_EXT_TLS, on_params,
                                  on_params_wanted, NULL, NULL, NULL, where) < 0)
    abort();
  if (q->dialed) advance(q);
}

void quic_tls_end(quic *q) {
  if (q->tls) gnutls_deinit(q->tls);
  if (q->certificates) gnutls_certificate_free_credentials(q->certificates);
}

/* What comes in 1-RTT packets, tickets, is let pass. */
void quic_tls_hear(quic *q) {
  static const gnutls_record_encryption_level_t levels[] = { GNUTLS_ENCRYPTION_LEVEL_INITIAL,
                                                             GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE };
  for (int level = 0; level < QUIC_APP; level++) {
    quic_space *s = &q->space[level];
    while (!q->failed && !q->shaken && s->in_len - s->in_used >= MESSAGE_HEAD) {
      const uint8_t *at = s->in + s->in_used;
      size_t len = MESSAGE_HEAD + ((size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3]);
      if (s->in_len - s->in_used < len) break;
      s->in_used += len;
      if (gnutls_handshake_write(q->tls, levels[level], at, len) < 0) q->failed = true;
      if (!q->failed) advance(q);
    }
  }
}
