/* The TLS handshake as a step: records around the engine's messages, levels, alerts, result.
 * Spec: RFC 8446, sections 4, 5, 6, appendix D.4; tls/tls.md. */
#include "security/tls.h"
#include "peer/certificate.h"
#include "security/tls_record.h"

enum {
  ALPN_LIBP2P = 1, /* behind the muxers */
  SAID_MAX = 65536 /* of ours at once: an RSA-8192 identity makes 5 KiB */
};

static const uint8_t ccs_content = 1;

/* Bytes that grow. */
typedef struct bytes {
  uint8_t *p;
  size_t len, cap;
} bytes;

/*   client: hello (at birth) -> hears the server's flight, says its own: done
 *   server: hears a hello, says its flight -> hears the client's: done
 *
 * What the engine says gathers in `pending` while its level stays the same, is sealed into `said`,
 * and waits there until send takes it. */
typedef struct tls_step {
  p2p__step step;
  p2p__tls_user user;
  p2p__env *env;
  p2p__tls *tls;
  p2p_peer_id expected;
  const char *const *muxers;
  size_t n_muxers;
  int64_t unix_s;
  p2p_time deadline;
  bool client;
  bool heard;     /* bytes of the peer's: from then on change_cipher_spec may come */
  bool protected; /* a record of the peer's under keys has come: nothing in the clear may follow */
  int end;        /* 0: shaking hands; 1: done; <0: failed */
  int alert;      /* of our own finding */
  unsigned useless;
  p2p__tls_level reads, writes; /* levels of the newest keys */
  p2p__tls_keys in, out;        /* of the handshake */
  p2p__tls_secret app[2];       /* by way */
  p2p__tls_level pending_level;
  bytes pending, said;
  /* the result */
  p2p__record *record;
  p2p_peer_id peer;
  size_t pubkey_len;
  uint8_t pubkey[P2P__PUBKEY_MAX];
} tls_step;

static tls_step *tls_of(p2p__step *s) { return (tls_step *)s; }
static tls_step *step_of(p2p__tls_user *u) { return P2P_CONTAINER(u, tls_step, user); }

/* ---- bytes ---- */

static int bytes_grow(tls_step *s, bytes *b, size_t more) {
  size_t need, cap = b->cap ? b->cap : 512;
  if (!p2p__add(b->len, more, &need) || need > SAID_MAX) return P2P_ELIMIT;
  while (cap < need) cap *= 2;
  if (cap == b->cap) return 0;
  void *p = b->p;
  int err = p2p__resize(s->env->mem, P2P__MEM_LINK, &p, b->cap, cap);
  if (err) return err;
  b->p = p;
  b->cap = cap;
  return 0;
}

static int bytes_add(tls_step *s, bytes *b, p2p_bytes more) {
  int err = bytes_grow(s, b, more.len);
  if (err) return err;
  memcpy(b->p + b->len, more.p, more.len);
  b->len += more.len;
  return 0;
}

static void bytes_free(tls_step *s, bytes *b) {
  p2p__release(s->env->mem, P2P__MEM_LINK, b->p, b->cap);
  *b = (bytes){ 0 };
}

/* ---- out ---- */

static int put_clear(tls_step *s, p2p__tls_type type, p2p_bytes content) {
  int err = bytes_grow(s, &s->said, P2P__TLS_HEAD + content.len);
  if (err) return err;
  p2p__wr w = p2p__wr_of(s->said.p + s->said.len, s->said.cap - s->said.len);
  p2p__tls_clear(&w, type, content);
  s->said.len += w.len;
  return w.err;
}

static int put_sealed(tls_step *s, p2p__tls_keys *keys, p2p__tls_type type, p2p_bytes content) {
  size_t len = 0;
  int err = bytes_grow(s, &s->said, P2P__TLS_HEAD + content.len + P2P__TLS_TAIL);
  if (!err) err = p2p__tls_seal(keys, type, &content, 1, s->said.p + s->said.len, &len);
  s->said.len += len;
  return err;
}

/* An alert may have to leave under application keys, which the handshake has no other use for. */
static int put_as_application(tls_step *s, p2p__tls_type type, p2p_bytes content) {
  p2p__tls_keys keys;
  p2p__tls_keys_init(&keys, s->env->crypto, &s->app[P2P__TLS_WRITE], true);
  int err = put_sealed(s, &keys, type, content);
  p2p__tls_keys_fini(&keys);
  return err;
}

static int put(tls_step *s, p2p__tls_level level, p2p__tls_type type, p2p_bytes content) {
  switch (level) {
  case P2P__TLS_INITIAL: return put_clear(s, type, content);
  case P2P__TLS_HANDSHAKE: return put_sealed(s, &s->out, type, content);
  default: return put_as_application(s, type, content);
  }
}

/* Messages of one level as few records. The peer's limit binds those that are protected. */
static int flush_pending(tls_step *s) {
  size_t limit = s->pending_level == P2P__TLS_INITIAL ? P2P__TLS_PLAIN_MAX
                                                      : p2p__tls_record_limit(s->tls);
  int err = 0;
  for (size_t at = 0; at < s->pending.len && !err; at += limit) {
    size_t n = p2p__min(limit, s->pending.len - at);
    err = put(s, s->pending_level, P2P__TLS_MESSAGE, p2p__bytes(s->pending.p + at, n));
  }
  s->pending.len = 0;
  return err;
}

/* No message of a handshake belongs under application keys: its record would take the number that the
 * record layer begins with. */
static int user_say(p2p__tls_user *u, p2p__tls_level level, p2p_bytes message) {
  tls_step *s = step_of(u);
  if (level == P2P__TLS_APPLICATION) return P2P_EPROTO;
  int err = s->pending_level == level ? 0 : flush_pending(s);
  if (err) return err;
  s->pending_level = level;
  return bytes_add(s, &s->pending, message);
}

static int user_ccs(p2p__tls_user *u) {
  tls_step *s = step_of(u);
  int err = flush_pending(s);
  return err ? err : put_clear(s, P2P__TLS_CCS, p2p__bytes(&ccs_content, 1));
}

static int user_secret(p2p__tls_user *u, p2p__tls_level level, p2p__tls_way way,
                       const p2p__tls_secret *secret) {
  tls_step *s = step_of(u);
  bool writes = way == P2P__TLS_WRITE;
  if (level == P2P__TLS_HANDSHAKE)
    p2p__tls_keys_init(writes ? &s->out : &s->in, s->env->crypto, secret, writes);
  else
    s->app[way] = *secret;
  *(writes ? &s->writes : &s->reads) = level;
  return 0;
}

static int user_judge(p2p__tls_user *u, p2p_bytes der) {
  tls_step *s = step_of(u);
  p2p_bytes pubkey;
  int err = p2p__certificate_judge(der, s->unix_s, &s->expected, &s->peer, &pubkey);
  if (err) return err;
  memcpy(s->pubkey, pubkey.p, pubkey.len); /* judged: no longer than P2P_PUBKEY_MAX */
  s->pubkey_len = pubkey.len;
  return 0;
}

static const p2p__tls_user tls_user = {
  .say = user_say, .secret = user_secret, .ccs = user_ccs, .judge = user_judge
};

/* ---- in ---- */

static int refuse(tls_step *s, int err, int alert) {
  s->alert = alert;
  return err;
}

static int unexpected(tls_step *s) { return refuse(s, P2P_EPROTO, P2P__TLS_UNEXPECTED_MESSAGE); }

static int establish(tls_step *s) {
  const p2p__tls_record_config config = { .client = s->client,
                                          .out = &s->app[P2P__TLS_WRITE],
                                          .in = &s->app[P2P__TLS_READ],
                                          .limit = p2p__tls_record_limit(s->tls) };
  int err = p2p__tls_record_new(s->env, &config, &s->record);
  return err ? refuse(s, err, P2P__TLS_INTERNAL_ERROR) : 1;
}

static int on_messages(tls_step *s, p2p__tls_level level, p2p_bytes content) {
  if (content.len == 0) return unexpected(s); /* section 5.1: no empty fragments */
  int r = p2p__tls_recv(s->tls, level, content);
  if (r < 0) return refuse(s, r, p2p__tls_alert(s->tls));
  return r == 1 ? establish(s) : 0;
}

static int on_alert(tls_step *s, p2p_bytes content) {
  return p2p__tls_alert_error(content, &s->alert);
}

/* Dropped without further processing, but only as 1 and in its time: section 5. */
static int on_ccs(tls_step *s, p2p_bytes content) {
  bool early = !s->client && !s->heard;
  if (early || content.len != 1 || content.p[0] != ccs_content) return unexpected(s);
  return 0;
}

/* Alerts in the clear are taken until the peer has shown that it has keys: a client that cannot read
 * our hello has none. */
static int on_clear(tls_step *s, uint8_t type, p2p_bytes content) {
  if (type == P2P__TLS_CCS) return on_ccs(s, content);
  if (type == P2P__TLS_ALERT && !s->protected && (!s->client || s->reads == P2P__TLS_INITIAL))
    return on_alert(s, content);
  if (type != P2P__TLS_MESSAGE || s->reads != P2P__TLS_INITIAL) return unexpected(s);
  return on_messages(s, P2P__TLS_INITIAL, content);
}

static int open_protected(tls_step *s, p2p__span record) {
  p2p__tls_type type;
  p2p__span plain;
  int err = p2p__tls_open(&s->in, record, &type, &plain, &s->alert);
  if (err) return err;
  s->protected = true;
  if (type == P2P__TLS_ALERT) return on_alert(s, p2p__span_bytes(plain));
  return type == P2P__TLS_MESSAGE ? on_messages(s, P2P__TLS_HANDSHAKE, p2p__span_bytes(plain))
                                  : unexpected(s);
}

/* The input is not ours to write to: a record is opened in a copy. */
static int on_protected(tls_step *s, p2p_bytes record) {
  if (s->reads != P2P__TLS_HANDSHAKE) return unexpected(s);
  uint8_t *copy = p2p__alloc_raw(s->env->mem, P2P__MEM_LINK, record.len);
  if (!copy) return refuse(s, P2P_ENOMEM, P2P__TLS_INTERNAL_ERROR);
  memcpy(copy, record.p, record.len);
  int r = open_protected(s, p2p__span_of(copy, record.len));
  p2p__wipe(copy, record.len);
  p2p__release(s->env->mem, P2P__MEM_LINK, copy, record.len);
  return r;
}

/* A message in parts has no other record between them: section 5.1. And records that bring no
 * message are few. */
static int guard(tls_step *s, uint8_t type) {
  if (type == P2P__TLS_CCS && p2p__tls_is_partial(s->tls)) return unexpected(s);
  if (type != P2P__TLS_CCS && type != P2P__TLS_ALERT) return 0;
  if (++s->useless <= s->env->limits->tls_useless) return 0;
  return refuse(s, P2P_ELIMIT, P2P__TLS_UNEXPECTED_MESSAGE);
}

static int on_record(tls_step *s, p2p_bytes record) {
  int err = guard(s, record.p[0]);
  if (err) return err;
  if (record.p[0] == P2P__TLS_DATA) return on_protected(s, record);
  p2p_bytes content = p2p__bytes(record.p + P2P__TLS_HEAD, record.len - P2P__TLS_HEAD);
  int r = on_clear(s, record.p[0], content);
  s->heard = true;
  return r;
}

/* Something that is no TLS is told so at its first byte, not after 16 KiB. */
static bool is_type(uint8_t first) { return first >= P2P__TLS_CCS && first <= P2P__TLS_DATA; }

/* 1: one whole record, *in stands behind it; 0: not all there; <0. */
static int next_record(tls_step *s, p2p_bytes *in, p2p_bytes *record) {
  if (in->len > 0 && !is_type(in->p[0])) return unexpected(s);
  ptrdiff_t size = p2p__tls_record_size(*in);
  if (size < 0) return refuse(s, P2P_EPROTO, P2P__TLS_RECORD_OVERFLOW);
  if (size == 0 || in->len < (size_t)size) return 0;
  *record = p2p__bytes(in->p, (size_t)size);
  *in = p2p__bytes(in->p + size, in->len - (size_t)size);
  return 1;
}

/* The one way out. What the engine said before it failed leaves, then why. */
static int conclude(tls_step *s, int end) {
  s->end = end;
  if (end == 0) return 0;
  if (flush_pending(s) < 0 && end == 1) s->end = P2P_ENOMEM;
  if (s->end < 0 && s->alert != P2P__TLS_NO_ALERT) {
    uint8_t alert[2];
    p2p__tls_alert_bytes(s->alert, alert);
    (void)put(s, s->writes, P2P__TLS_ALERT, p2p__bytes(alert, sizeof alert));
  }
  return s->end;
}

/* What came is eaten, what the engine said to it is ready to leave. */
static int pause(tls_step *s) {
  int err = flush_pending(s);
  return err ? refuse(s, err, P2P__TLS_INTERNAL_ERROR) : 0;
}

static int tls_recv(p2p__step *step, p2p_bytes in, size_t *used, p2p_time now) {
  tls_step *s = tls_of(step);
  const size_t len = in.len;
  *used = 0;
  if (!s->end && now >= s->deadline) return conclude(s, P2P_ETIMEOUT);
  while (!s->end) {
    p2p_bytes record;
    int got = next_record(s, &in, &record);
    if (got == 0) return conclude(s, pause(s));
    int r = got == 1 ? on_record(s, record) : got;
    *used = len - in.len;
    conclude(s, r);
  }
  return s->end;
}

static void tls_send(p2p__step *step, p2p__wr *out) {
  tls_step *s = tls_of(step);
  if (s->said.len == 0) return;
  p2p__wr_bytes_in(out, p2p__bytes(s->said.p, s->said.len));
  if (!out->err) s->said.len = 0;
}

static p2p_time tls_deadline(const p2p__step *step) { return ((const tls_step *)step)->deadline; }

/* ALPN agreed on a muxer, or on "libp2p", or on nothing: spec connections/inlined-muxer-negotiation. */
static int agreed_muxer(const tls_step *s) {
  const char *alpn = p2p__tls_alpn(s->tls);
  for (size_t i = 0; alpn && i < s->n_muxers; i++)
    if (strcmp(alpn, s->muxers[i]) == 0) return (int)i;
  return -1;
}

static void tls_take(p2p__step *step, p2p__step_result *out) {
  tls_step *s = tls_of(step);
  out->record = s->record;
  s->record = NULL;
  out->peer = s->peer;
  memcpy(out->pubkey, s->pubkey, s->pubkey_len);
  out->pubkey_len = s->pubkey_len;
  out->muxer = agreed_muxer(s);
}

static void tls_free(p2p__step *step) {
  tls_step *s = tls_of(step);
  p2p__tls_free(s->tls);
  p2p__record_free(s->record);
  p2p__tls_keys_fini(&s->in);
  p2p__tls_keys_fini(&s->out);
  p2p__wipe(s->app, sizeof s->app);
  bytes_free(s, &s->pending);
  bytes_free(s, &s->said);
  p2p__release(s->env->mem, P2P__MEM_LINK, s, sizeof *s);
}

static const p2p__step_ops tls_ops = {
  .recv = tls_recv,
  .send = tls_send,
  .deadline = tls_deadline,
  .take = tls_take,
  .free = tls_free,
};

/* ---- making ---- */

static int begin(tls_step *s, p2p__tls_context *context) {
  const char *alpn[P2P__TLS_ALPNS];
  size_t n = 0;
  for (size_t i = 0; i < s->n_muxers && n < P2P__TLS_ALPNS - ALPN_LIBP2P; i++)
    if (strlen(s->muxers[i]) < P2P__TLS_ALPN_MAX) alpn[n++] = s->muxers[i];
  alpn[n++] = "libp2p";
  const p2p__tls_config config = { .context = context,
                                   .user = &s->user,
                                   .client = s->client,
                                   .alpn = alpn,
                                   .n_alpn = n,
                                   .message_max = s->env->limits->tls_handshake };
  int err = p2p__tls_new(s->env->mem, &config, &s->tls);
  if (!err) err = p2p__tls_start(s->tls);
  return err ? err : flush_pending(s);
}

int p2p__tls_step(p2p__env *env, const p2p__tls_step_config *config, p2p__step **out) {
  *out = NULL;
  tls_step *s = p2p__alloc(env->mem, P2P__MEM_LINK, sizeof *s);
  if (!s) return P2P_ENOMEM;
  s->step.ops = &tls_ops;
  s->user = tls_user;
  s->env = env;
  s->expected = config->expected;
  s->muxers = config->muxers;
  s->n_muxers = config->n_muxers;
  s->unix_s = config->unix_s;
  s->deadline = config->deadline;
  s->client = config->client;
  s->alert = P2P__TLS_NO_ALERT;
  int err = begin(s, config->context);
  if (err) {
    tls_free(&s->step);
    return err;
  }
  *out = &s->step;
  return 0;
}

int p2p__tls_host_new(p2p__env *env, const p2p_identity *id, p2p__tls_context **out) {
  p2p__certificate cert;
  *out = NULL;
  int err = p2p__certificate_make(env, id, &cert);
  if (err) return err;
  const p2p__tls_context_config config = { .cert = p2p__bytes(cert.der, cert.len),
                                           .cert_key = p2p__bytes(cert.key, cert.key_len) };
  err = p2p__tls_context_new(env->mem, &config, out);
  p2p__certificate_fini(&cert);
  return err;
}
