/* The TLS handshake over GnuTLS, whose records are never used: messages come in through
 * gnutls_handshake_write and leave through the read function, secrets through the secret function.
 *
 * What its manual does not say, and what is done about it:
 *   write takes fragments and checks no change of keys: one whole message a call, and none may
 *     straddle a change;
 *   gnutls_handshake on a finished client sends a KeyUpdate: it is not called again;
 *   the default transport is real I/O on descriptor -1: ours refuses;
 *   GNUTLS_ALPN_MANDATORY lets a client without ALPN pass: asked again after its hello;
 *   a certificate is judged before the library parses it, which takes several of any shape.
 * Spec: RFC 8446; RFC 9001, sections 4 and 8; tls/tls.md. */
#include "crypto/tls_engine.h"
#include "crypto/tls_gnutls_key.h"
#include "crypto/tls_messages.h"
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

enum {
  HS_CLIENT_HELLO = 1,
  HS_SERVER_HELLO = 2,
  HS_ENCRYPTED_EXTENSIONS = 8,
  HS_CERTIFICATE = 11,
  HS_CERTIFICATE_REQUEST = 13,
  HS_CERTIFICATE_VERIFY = 15,
  HS_FINISHED = 20,
  EXT_RECORD_SIZE_LIMIT = 28,
  EXT_QUIC_PARAMETERS = 0x39, /* RFC 9001, section 8.2 */
  EXT_SUPPORTED_VERSIONS = 43,
  VERSION_TLS13 = 0x0304,
  RECORD_MAX = 16384,
  RECORD_MIN = 64,     /* smaller limits are errors: RFC 8449, section 4 */
  MESSAGE_MAX = 65536, /* when the caller says nothing */
  PARAMS_MAX = 1024,   /* our transport parameters */
  STEPS_MAX = 16       /* calls of the library for one message; it needs two */
};

enum alert {
  ALERT_UNEXPECTED_MESSAGE = 10,
  ALERT_BAD_CERTIFICATE = 42,
  ALERT_UNSUPPORTED_CERTIFICATE = 43,
  ALERT_ILLEGAL_PARAMETER = 47,
  ALERT_DECODE_ERROR = 50,
  ALERT_PROTOCOL_VERSION = 70,
  ALERT_INTERNAL_ERROR = 80,
  ALERT_MISSING_EXTENSION = 109,
  ALERT_NO_APPLICATION_PROTOCOL = 120
};

#define PRIORITIES                                                                                 \
  "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"        \
  "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%ALLOW_SMALL_RECORDS"
#define QUIC_ONLY ":%DISABLE_TLS13_COMPAT_MODE" /* RFC 9001, section 8.4 */
#define SERVER_ONLY ":%SERVER_PRECEDENCE"

struct p2p__tls_context {
  p2p__mem *mem;
  bool quic;
  gnutls_certificate_credentials_t credentials;
  gnutls_priority_t client, server;
  void (*keylog)(void *ctx, const char *label, p2p_bytes client_random, p2p_bytes secret);
  void *keylog_ctx;
};

struct p2p__tls {
  p2p__mem *mem;
  p2p__tls_context *context;
  p2p__tls_user *user;
  gnutls_session_t session;
  p2p__tls_messages messages;
  p2p__tls_level reads; /* level of the keys the peer speaks under now */
  bool client, alpn_required, done;
  bool judged; /* its certificate was, and found good */
  int err;     /* why it ended; of the user, or ours */
  int alert;   /* -1: none of our own */
  size_t record_limit;
  char alpn[P2P__TLS_ALPN_MAX];
};

static p2p__tls *tls_of(gnutls_session_t session) { return gnutls_session_get_ptr(session); }

/* ---- errors ---- */

/* The first failure is the cause. What a callback must return so that GnuTLS ends. */
static int refuse(p2p__tls *t, int err, int alert) {
  if (!t->err) {
    t->err = err;
    t->alert = alert;
  }
  return GNUTLS_E_USER_ERROR;
}

static int told(p2p__tls *t, int err) { return err < 0 ? refuse(t, err, ALERT_INTERNAL_ERROR) : 0; }

static int error_of(int gnutls) {
  switch (gnutls) {
  case GNUTLS_E_MEMORY_ERROR: return P2P_ENOMEM;
  case GNUTLS_E_RANDOM_FAILED: return P2P_EIO;
  case GNUTLS_E_NO_APPLICATION_PROTOCOL: return P2P_ENOPROTO;
  case GNUTLS_E_CERTIFICATE_REQUIRED:
  case GNUTLS_E_NO_CERTIFICATE_FOUND:
  case GNUTLS_E_CERTIFICATE_ERROR:
  case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
  case GNUTLS_E_PK_SIG_VERIFY_FAILED:
  case GNUTLS_E_ERROR_IN_FINISHED_PACKET: return P2P_EAUTH;
  default: return P2P_EPROTO;
  }
}

/* Ends the handshake for what GnuTLS met. */
static int failed(p2p__tls *t, int gnutls) {
  int level;
  if (!t->err) {
    t->alert = gnutls_error_to_alert(gnutls, &level);
    t->err = error_of(gnutls);
  }
  return t->err;
}

/* ---- what GnuTLS calls ---- */

static const struct {
  gnutls_record_encryption_level_t theirs;
  p2p__tls_level ours;
} levels[] = {
  { GNUTLS_ENCRYPTION_LEVEL_INITIAL, P2P__TLS_INITIAL },
  { GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE, P2P__TLS_HANDSHAKE },
  { GNUTLS_ENCRYPTION_LEVEL_APPLICATION, P2P__TLS_APPLICATION },
};

static bool level_of(gnutls_record_encryption_level_t theirs, p2p__tls_level *out) {
  for (size_t i = 0; i < P2P_COUNT(levels); i++) {
    if (levels[i].theirs != theirs) continue;
    *out = levels[i].ours;
    return true;
  }
  return false; /* early data, which nobody here has */
}

static int on_say(gnutls_session_t session, gnutls_record_encryption_level_t theirs,
                  gnutls_handshake_description_t type, const void *data, size_t len) {
  p2p__tls *t = tls_of(session);
  p2p__tls_level level;
  if (!level_of(theirs, &level)) return refuse(t, P2P_EPROTO, ALERT_INTERNAL_ERROR);
  if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC)
    return t->user->ccs ? told(t, t->user->ccs(t->user)) : 0;
  return told(t, t->user->say(t->user, level, p2p__bytes(data, len)));
}

static bool aead_of(gnutls_session_t session, p2p__aead_kind *kind) {
  switch (gnutls_cipher_get(session)) {
  case GNUTLS_CIPHER_AES_128_GCM: *kind = P2P__AES_128_GCM; return true;
  case GNUTLS_CIPHER_AES_256_GCM: *kind = P2P__AES_256_GCM; return true;
  case GNUTLS_CIPHER_CHACHA20_POLY1305: *kind = P2P__CHACHA20_POLY1305; return true;
  default: return false;
  }
}

static int tell_secret(p2p__tls *t, p2p__tls_level level, p2p__tls_way way, const void *bytes,
                       size_t len) {
  p2p__tls_secret secret = { .len = len };
  if (!bytes) return 0;
  if (len > sizeof secret.bytes || !aead_of(t->session, &secret.aead))
    return refuse(t, P2P_EPROTO, ALERT_INTERNAL_ERROR);
  memcpy(secret.bytes, bytes, len);
  int err = t->user->secret(t->user, level, way, &secret);
  p2p__wipe(&secret, sizeof secret);
  if (way == P2P__TLS_READ) t->reads = level;
  return told(t, err);
}

static int on_secret(gnutls_session_t session, gnutls_record_encryption_level_t theirs,
                     const void *read, const void *write, size_t len) {
  p2p__tls *t = tls_of(session);
  p2p__tls_level level;
  if (!level_of(theirs, &level)) return refuse(t, P2P_EPROTO, ALERT_INTERNAL_ERROR);
  int err = tell_secret(t, level, P2P__TLS_READ, read, len);
  return err ? err : tell_secret(t, level, P2P__TLS_WRITE, write, len);
}

/* Alerts are the caller's to send: GnuTLS has no transport. */
static int on_alert(gnutls_session_t session, gnutls_record_encryption_level_t level,
                    gnutls_alert_level_t severity, gnutls_alert_description_t alert) {
  (void)session;
  (void)level;
  (void)severity;
  (void)alert;
  return 0;
}

static int on_keylog(gnutls_session_t session, const char *label, const gnutls_datum_t *secret) {
  const p2p__tls *t = tls_of(session);
  gnutls_datum_t client, server;
  if (!t->context->keylog) return 0;
  gnutls_session_get_random(session, &client, &server);
  t->context->keylog(t->context->keylog_ctx, label, p2p__bytes(client.data, client.size),
                     p2p__bytes(secret->data, secret->size));
  return 0;
}

/* The library has checked that the peer has the certificate's key; that it is the one we judged, and
 * the only one, is asked here again. */
static int on_verify(gnutls_session_t session) {
  p2p__tls *t = tls_of(session);
  unsigned n = 0;
  const gnutls_datum_t *certs = gnutls_certificate_get_peers(session, &n);
  if (certs && n == 1 && t->judged) return 0;
  refuse(t, P2P_EAUTH, ALERT_BAD_CERTIFICATE);
  return GNUTLS_E_CERTIFICATE_ERROR;
}

static bool has_alpn(gnutls_session_t session) {
  gnutls_datum_t name;
  return gnutls_alpn_get_selected_protocol(session, &name) == 0;
}

static int on_client_hello(gnutls_session_t session) {
  p2p__tls *t = tls_of(session);
  if (!t->alpn_required || has_alpn(session)) return 0;
  return refuse(t, P2P_ENOPROTO, ALERT_NO_APPLICATION_PROTOCOL);
}

static int on_params(gnutls_session_t session, const unsigned char *data, size_t len) {
  p2p__tls *t = tls_of(session);
  int err = t->user->params(t->user, p2p__bytes(data, len));
  return err < 0 ? refuse(t, err, ALERT_ILLEGAL_PARAMETER) : 0;
}

static int put_params(gnutls_session_t session, gnutls_buffer_t out) {
  p2p__tls *t = tls_of(session);
  uint8_t room[PARAMS_MAX];
  ptrdiff_t n = t->user->put_params(t->user, room, sizeof room);
  if (n < 0) return told(t, (int)n);
  int err = gnutls_buffer_append_data(out, room, (size_t)n);
  return err < 0 ? err : 0;
}

/* ---- a transport that refuses ---- */

static ssize_t no_push(gnutls_transport_ptr_t ptr, const void *data, size_t len) {
  (void)ptr;
  (void)data;
  (void)len;
  return -1;
}

static ssize_t no_pull(gnutls_transport_ptr_t ptr, void *data, size_t len) {
  (void)ptr;
  (void)data;
  (void)len;
  return -1;
}

static int no_wait(gnutls_transport_ptr_t ptr, unsigned int ms) {
  (void)ptr;
  (void)ms;
  return -1;
}

/* ---- context ---- */

static int set_credentials(p2p__tls_context *c, const p2p__tls_context_config *config) {
  if (gnutls_certificate_allocate_credentials(&c->credentials) < 0) return P2P_ENOMEM;
  int err = p2p__tls_gnutls_key(c->credentials, config->cert, config->cert_key);
  if (err < 0) return err;
  gnutls_certificate_set_verify_function(c->credentials, on_verify);
  return 0;
}

static int set_priorities(p2p__tls_context *c) {
  const char *client = c->quic ? PRIORITIES QUIC_ONLY : PRIORITIES;
  const char *server = c->quic ? PRIORITIES SERVER_ONLY QUIC_ONLY : PRIORITIES SERVER_ONLY;
  int err = gnutls_priority_init(&c->client, client, NULL);
  if (err >= 0) err = gnutls_priority_init(&c->server, server, NULL);
  if (err >= 0) return 0;
  return err == GNUTLS_E_MEMORY_ERROR ? P2P_ENOMEM : P2P_ENOTSUP; /* forbidden by the system */
}

int p2p__tls_context_new(p2p__mem *mem, const p2p__tls_context_config *config,
                         p2p__tls_context **out) {
  *out = NULL;
  p2p__tls_context *c = p2p__alloc(mem, P2P__MEM_HOST, sizeof *c);
  if (!c) return P2P_ENOMEM;
  c->mem = mem;
  c->quic = config->quic;
  c->keylog = config->keylog;
  c->keylog_ctx = config->keylog_ctx;
  int err = set_credentials(c, config);
  if (!err) err = set_priorities(c);
  if (err) {
    p2p__tls_context_free(c);
    return err;
  }
  *out = c;
  return 0;
}

void p2p__tls_context_free(p2p__tls_context *c) {
  if (!c) return;
  if (c->client) gnutls_priority_deinit(c->client);
  if (c->server) gnutls_priority_deinit(c->server);
  if (c->credentials) gnutls_certificate_free_credentials(c->credentials);
  p2p__release(c->mem, P2P__MEM_HOST, c, sizeof *c);
}

/* ---- session ---- */

static int set_alpn(p2p__tls *t, const p2p__tls_config *config) {
  gnutls_datum_t names[P2P__TLS_ALPNS];
  if (config->n_alpn == 0) return 0;
  for (size_t i = 0; i < config->n_alpn; i++) {
    p2p_bytes name = p2p__cstr(config->alpn[i]);
    names[i] = (gnutls_datum_t){ (unsigned char *)(uintptr_t)name.p, (unsigned)name.len };
  }
  return gnutls_alpn_set_protocols(t->session, names, (unsigned)config->n_alpn,
                                   GNUTLS_ALPN_MANDATORY);
}

static void set_functions(p2p__tls *t) {
  gnutls_session_t s = t->session;
  gnutls_session_set_ptr(s, t);
  gnutls_handshake_set_read_function(s, on_say);
  gnutls_handshake_set_secret_function(s, on_secret);
  gnutls_alert_set_read_function(s, on_alert);
  gnutls_session_set_keylog_function(s, on_keylog);
  gnutls_transport_set_push_function(s, no_push);
  gnutls_transport_set_pull_function(s, no_pull);
  gnutls_transport_set_pull_timeout_function(s, no_wait);
  if (t->client) return;
  gnutls_handshake_set_post_client_hello_function(s, on_client_hello);
  gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUIRE);
}

static int set_session(p2p__tls *t, const p2p__tls_config *config) {
  const p2p__tls_context *c = t->context;
  unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS;
  flags |= t->client ? GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT | GNUTLS_KEY_SHARE_TOP
                     : GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET;
  int err = gnutls_init(&t->session, flags);
  if (err < 0) return err;
  set_functions(t);
  err = gnutls_priority_set(t->session, t->client ? c->client : c->server);
  if (err >= 0) err = gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, c->credentials);
  if (err >= 0) err = set_alpn(t, config);
  if (err < 0 || !c->quic) return err;
  return gnutls_session_ext_register(t->session, "quic_transport_parameters", EXT_QUIC_PARAMETERS,
                                     GNUTLS_EXT_TLS, on_params, put_params, NULL, NULL, NULL,
                                     GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO |
                                         GNUTLS_EXT_FLAG_EE);
}

static bool alpn_fits(const p2p__tls_config *config) {
  if (config->n_alpn > P2P__TLS_ALPNS) return false;
  for (size_t i = 0; i < config->n_alpn; i++) {
    size_t len = strlen(config->alpn[i]);
    if (len == 0 || len >= P2P__TLS_ALPN_MAX) return false;
  }
  return true;
}

int p2p__tls_new(p2p__mem *mem, const p2p__tls_config *config, p2p__tls **out) {
  *out = NULL;
  if (!alpn_fits(config)) return P2P_EINVAL;
  p2p__tls *t = p2p__alloc(mem, P2P__MEM_LINK, sizeof *t);
  if (!t) return P2P_ENOMEM;
  t->mem = mem;
  t->context = config->context;
  t->user = config->user;
  t->client = config->client;
  t->alpn_required = config->alpn_required;
  t->alert = -1;
  t->record_limit = RECORD_MAX;
  p2p__tls_messages_init(&t->messages, mem,
                         config->message_max ? config->message_max : MESSAGE_MAX);
  if (set_session(t, config) < 0) {
    p2p__tls_free(t);
    return P2P_ENOMEM; /* what we ask for is fixed: nothing else can be wrong */
  }
  *out = t;
  return 0;
}

void p2p__tls_free(p2p__tls *t) {
  if (!t) return;
  if (t->session) gnutls_deinit(t->session);
  p2p__tls_messages_fini(&t->messages);
  p2p__release(t->mem, P2P__MEM_LINK, t, sizeof *t);
}

/* ---- the handshake ---- */

static int finished(p2p__tls *t) {
  gnutls_datum_t name;
  bool named = gnutls_alpn_get_selected_protocol(t->session, &name) == 0;
  if (named && name.size < sizeof t->alpn) memcpy(t->alpn, name.data, name.size);
  if (t->alpn_required && !named) refuse(t, P2P_ENOPROTO, ALERT_NO_APPLICATION_PROTOCOL);
  if (!t->judged) refuse(t, P2P_EAUTH, ALERT_BAD_CERTIFICATE);
  if (t->err) return t->err;
  t->done = true;
  return 1;
}

/* Lets GnuTLS do what it can with what it has. */
static int advance(p2p__tls *t) {
  for (int i = 0; i < STEPS_MAX; i++) {
    int r = gnutls_handshake(t->session);
    if (t->err) return t->err; /* a callback's, whatever became of it */
    if (r == 0) return finished(t);
    if (r == GNUTLS_E_AGAIN) return 0;
    if (r != GNUTLS_E_INTERRUPTED) return failed(t, r);
  }
  return failed(t, GNUTLS_E_INTERNAL_ERROR);
}

int p2p__tls_start(p2p__tls *t) {
  if (t->err || !t->client) return t->err;
  return advance(t);
}

/* What we want to know of a hello ourselves: the limit on what we send (gnutls_record_get_max_size
 * is the one on what we receive), whether the client speaks TLS 1.3 at all, and whether its transport
 * parameters are there: without them there is no version that an answer could be in. */
typedef struct hello {
  size_t record_limit;
  bool tls13, params;
} hello;

static void read_versions(p2p_bytes list, hello *h) {
  p2p__rd r = p2p__rd_of(list);
  for (p2p__rd_u8(&r); p2p__rd_left(&r) >= 2;) h->tls13 |= p2p__rd_be16(&r) == VERSION_TLS13;
}

static int on_extension(void *ctx, unsigned id, const unsigned char *data, unsigned len) {
  hello *h = ctx;
  p2p__rd r = p2p__rd_of(p2p__bytes(data, len));
  if (id == EXT_SUPPORTED_VERSIONS) read_versions(p2p__rd_rest(&r), h);
  if (id == EXT_QUIC_PARAMETERS) h->params = true;
  if (id != EXT_RECORD_SIZE_LIMIT) return 0;
  size_t limit = p2p__rd_be16(&r); /* counts the content type, too: RFC 8449 */
  if (limit >= RECORD_MIN) h->record_limit = p2p__min(limit - 1, RECORD_MAX);
  return 0;
}

/* What is wrong with one otherwise is found by GnuTLS. */
static int read_hello(p2p__tls *t, p2p_bytes message, bool client) {
  hello h = { .record_limit = RECORD_MAX, .tls13 = !client };
  const gnutls_datum_t body = { (unsigned char *)(uintptr_t)(message.p + P2P__TLS_MESSAGE_HEAD),
                                (unsigned)(message.len - P2P__TLS_MESSAGE_HEAD) };
  int err = gnutls_ext_raw_parse(&h, on_extension, &body,
                                 client ? GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO : 0);
  t->record_limit = h.record_limit;
  if (err < 0) return 0;
  if (!h.tls13) return refuse(t, P2P_EPROTO, ALERT_PROTOCOL_VERSION);
  return h.params || !t->context->quic ? 0 : refuse(t, P2P_EPROTO, ALERT_MISSING_EXTENSION);
}

static size_t read_be24(p2p__rd *r) {
  size_t high = p2p__rd_u8(r);
  return high << 16 | p2p__rd_be16(r);
}

/* certificate_request_context, then a list of one {certificate, extensions}. RFC 8446, section
 * 4.4.2. Empty is for GnuTLS to refuse: it knows the alert. */
static int judge(p2p__tls *t, p2p_bytes message) {
  p2p__rd r = p2p__rd_of(message);
  p2p__rd_bytes(&r, P2P__TLS_MESSAGE_HEAD);
  p2p__rd_bytes(&r, p2p__rd_u8(&r));
  p2p_bytes list = p2p__rd_bytes(&r, read_be24(&r));
  if (!p2p__rd_done(&r)) return refuse(t, P2P_EPROTO, ALERT_DECODE_ERROR);
  if (list.len == 0) return 0;
  p2p__rd entry = p2p__rd_of(list);
  p2p_bytes der = p2p__rd_bytes(&entry, read_be24(&entry));
  p2p__rd_bytes(&entry, p2p__rd_be16(&entry));
  if (entry.err) return refuse(t, P2P_EPROTO, ALERT_DECODE_ERROR);
  if (p2p__rd_left(&entry) > 0) return refuse(t, P2P_EPROTO, ALERT_BAD_CERTIFICATE);
  if (t->judged) return refuse(t, P2P_EPROTO, ALERT_UNEXPECTED_MESSAGE);
  int err = t->user->judge(t->user, der);
  if (err == P2P_ENOMEM) return refuse(t, err, ALERT_INTERNAL_ERROR);
  if (err == P2P_ENOTSUP) return refuse(t, err, ALERT_UNSUPPORTED_CERTIFICATE);
  if (err < 0) return refuse(t, err, ALERT_BAD_CERTIFICATE);
  t->judged = true;
  return 0;
}

/* Messages of a handshake that may come at all; in which order is for GnuTLS to know. Which of the
 * others it would take for something else is not: a KeyUpdate, for one, is as good as no
 * certificate. */
static bool is_known(const p2p__tls *t, uint8_t type) {
  static const uint8_t from_server[] = { HS_ENCRYPTED_EXTENSIONS, HS_CERTIFICATE_REQUEST,
                                         HS_CERTIFICATE, HS_CERTIFICATE_VERIFY, HS_FINISHED };
  static const uint8_t from_client[] = { HS_CERTIFICATE, HS_CERTIFICATE_VERIFY, HS_FINISHED };
  if (t->reads == P2P__TLS_INITIAL) return type == (t->client ? HS_SERVER_HELLO : HS_CLIENT_HELLO);
  return t->client ? memchr(from_server, type, sizeof from_server) != NULL
                   : memchr(from_client, type, sizeof from_client) != NULL;
}

static int on_message(p2p__tls *t, p2p_bytes message) {
  int err = 0;
  uint8_t type = message.p[0];
  if (!is_known(t, type)) refuse(t, P2P_EPROTO, ALERT_UNEXPECTED_MESSAGE);
  if (t->err) return t->err;
  if (type == HS_CLIENT_HELLO) err = read_hello(t, message, true);
  if (type == HS_ENCRYPTED_EXTENSIONS) err = read_hello(t, message, false);
  if (type == HS_CERTIFICATE) err = judge(t, message);
  if (err) return t->err;
  err = gnutls_handshake_write(t->session, levels[t->reads].theirs, message.p, message.len);
  return err < 0 ? failed(t, err) : advance(t);
}

int p2p__tls_recv(p2p__tls *t, p2p__tls_level level, p2p_bytes in) {
  if (t->err) return t->err;
  while (!t->done) {
    p2p_bytes message;
    if (in.len == 0) return 0;
    /* RFC 8446, section 5.1: no message spans a change of keys, none comes under older ones. */
    if (level != t->reads) {
      refuse(t, P2P_EPROTO, ALERT_UNEXPECTED_MESSAGE);
      return t->err;
    }
    int r = p2p__tls_messages_next(&t->messages, &in, &message);
    if (r == P2P_ELIMIT) refuse(t, r, ALERT_ILLEGAL_PARAMETER);
    if (r == P2P_ENOMEM) refuse(t, r, ALERT_INTERNAL_ERROR);
    if (r <= 0) return t->err;
    r = on_message(t, message);
    if (r < 0) return r;
    if (r == 1 && in.len > 0) { /* the last message is followed by a change of keys, too */
      refuse(t, P2P_EPROTO, ALERT_UNEXPECTED_MESSAGE);
      return t->err;
    }
  }
  return 1;
}

bool p2p__tls_is_partial(const p2p__tls *t) { return p2p__tls_messages_is_partial(&t->messages); }

bool p2p__tls_alert_is_about_identity(uint8_t alert) {
  enum { NO_CERTIFICATE = 41, CERTIFICATE_UNKNOWN = 46, UNKNOWN_CA = 48, ACCESS_DENIED = 49 };
  enum { DECRYPT_ERROR = 51, CERTIFICATE_REQUIRED = 116 };
  return (alert >= NO_CERTIFICATE && alert <= CERTIFICATE_UNKNOWN) || alert == UNKNOWN_CA ||
         alert == ACCESS_DENIED || alert == DECRYPT_ERROR || alert == CERTIFICATE_REQUIRED;
}

int p2p__tls_alert(const p2p__tls *t) { return t->err ? t->alert : -1; }

const char *p2p__tls_alpn(const p2p__tls *t) { return t->alpn[0] ? t->alpn : NULL; }

size_t p2p__tls_record_limit(const p2p__tls *t) { return t->record_limit; }
