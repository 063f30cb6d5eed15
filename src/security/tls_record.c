/* TLS 1.3's records after the handshake: data, alerts, KeyUpdate; tickets are let pass.
 *
 * A KeyUpdate of ours leaves in front of the data that it is for, which is as late as it may.
 * Spec: RFC 8446, sections 4.6, 5, 6. */
#include "security/tls_record.h"

enum {
  HS_NEW_SESSION_TICKET = 4,
  HS_KEY_UPDATE = 24,
  UPDATE = P2P__TLS_MESSAGE_HEAD + 1,
  UPDATE_WIRE = P2P__TLS_HEAD + UPDATE + P2P__TLS_TAIL
};

static p2p__tls_record *tls_of(p2p__record *r) { return (p2p__tls_record *)r; }

/* ---- in ---- */

static int refuse(p2p__tls_record *t, int err, int alert) {
  t->alert = alert;
  return err;
}

static int unexpected(p2p__tls_record *t) {
  return refuse(t, P2P_EPROTO, P2P__TLS_UNEXPECTED_MESSAGE);
}

/* KeyUpdate: section 4.6.3. rest: what is behind it, sealed under keys that are over. */
static int on_key_update(p2p__tls_record *t, p2p_bytes message, p2p_bytes rest) {
  if (message.len != UPDATE) return refuse(t, P2P_EPROTO, P2P__TLS_DECODE_ERROR);
  uint8_t request = message.p[P2P__TLS_MESSAGE_HEAD];
  if (request > 1) return refuse(t, P2P_EPROTO, P2P__TLS_ILLEGAL_PARAMETER);
  if (rest.len > 0) return unexpected(t);
  p2p__tls_keys_update(&t->in);
  if (request) t->owes_update = true; /* any number of requests makes one answer */
  return 0;
}

static int on_message(p2p__tls_record *t, p2p_bytes message, p2p_bytes rest) {
  if (message.p[0] == HS_KEY_UPDATE) return on_key_update(t, message, rest);
  if (message.p[0] == HS_NEW_SESSION_TICKET && t->client) return 0; /* we resume nothing */
  return unexpected(t);
}

static int on_messages(p2p__tls_record *t, p2p_bytes in) {
  p2p_bytes message;
  int r;
  if (in.len == 0) return unexpected(t); /* section 5.1: no empty fragments */
  while ((r = p2p__tls_messages_next(&t->messages, &in, &message)) == 1) {
    int err = on_message(t, message, in);
    if (err) return err;
  }
  if (r == P2P_ELIMIT) return refuse(t, r, P2P__TLS_ILLEGAL_PARAMETER);
  return r < 0 ? refuse(t, r, P2P__TLS_INTERNAL_ERROR) : 0;
}

/* Who is told why the peer gives up does not answer. */
static int on_alert(p2p__tls_record *t, p2p_bytes content) {
  int err = p2p__tls_alert_error(content, &t->alert);
  t->finished |= err && err != P2P_ECLOSED && t->alert == P2P__TLS_NO_ALERT;
  return err;
}

/* What an opened record means. 0 or an error; *plain is empty unless it is data. */
static int on_record(p2p__tls_record *t, p2p__tls_type type, p2p__span *plain) {
  p2p_bytes content = p2p__span_bytes(*plain);
  bool split = p2p__tls_messages_is_partial(&t->messages);
  if (split && type != P2P__TLS_MESSAGE) return unexpected(t); /* section 5.1 */
  if (type == P2P__TLS_DATA) return 0;
  *plain = p2p__span_of(plain->p, 0);
  if (type == P2P__TLS_ALERT) return on_alert(t, content);
  return type == P2P__TLS_MESSAGE ? on_messages(t, content) : unexpected(t);
}

/* Tickets, updates, warnings and empty records cost more than they say: so many in a row at most. */
static int count(p2p__tls_record *t, size_t data) {
  t->useless = data ? 0 : t->useless + 1;
  if (t->useless <= t->env->limits->tls_useless) return 0;
  return refuse(t, P2P_ELIMIT, P2P__TLS_UNEXPECTED_MESSAGE);
}

static int open_whole(p2p__tls_record *t, p2p__span record, p2p__span *plain) {
  p2p__tls_type type;
  int err = p2p__tls_open(&t->in, record, &type, plain, &t->alert);
  if (!err) err = on_record(t, type, plain);
  return err ? err : count(t, plain->len);
}

static int record_open(p2p__record *r, p2p__span in, size_t *used, p2p__span *plain) {
  p2p__tls_record *t = tls_of(r);
  *used = 0;
  if (t->open_err) return t->open_err;
  /* Nothing comes in the clear any more, not even a change_cipher_spec: section 5. */
  if (in.len > 0 && in.p[0] != P2P__TLS_DATA) return t->open_err = unexpected(t);
  ptrdiff_t size = p2p__tls_record_size(p2p__span_bytes(in));
  if (size < 0) return t->open_err = refuse(t, P2P_EPROTO, P2P__TLS_RECORD_OVERFLOW);
  *used = (size_t)size;
  if (size == 0 || in.len < *used) return 0;
  int err = open_whole(t, p2p__span_of(in.p, *used), plain);
  if (!err) return 1;
  return t->open_err = err;
}

/* ---- out ---- */

/* update_not_requested: what the peer's keys are is the peer's affair. */
static int put_update(p2p__tls_record *t, uint8_t *out, size_t *len) {
  static const uint8_t message[UPDATE] = { HS_KEY_UPDATE, 0, 0, 1, 0 };
  const p2p_bytes v = { message, sizeof message };
  int err = p2p__tls_seal(&t->out, P2P__TLS_MESSAGE, &v, 1, out, len);
  if (err) return err;
  p2p__tls_keys_update(&t->out);
  t->owes_update = false;
  return 0;
}

static int record_seal(p2p__record *r, const p2p_bytes *v, size_t n, uint8_t *out, size_t *len) {
  p2p__tls_record *t = tls_of(r);
  size_t before = 0, data = 0;
  if (t->finished) return P2P_ECLOSED;
  if (t->seal_err) return t->seal_err;
  int err = 0;
  if (t->owes_update || t->out.seq >= P2P__TLS_REKEY_AT) err = put_update(t, out, &before);
  if (!err) err = p2p__tls_seal(&t->out, P2P__TLS_DATA, v, n, out + before, &data);
  if (err) return t->seal_err = err;
  *len = before + data;
  return 0;
}

/* The last word: why we give up, or that we close. Section 6. */
static size_t record_finish(p2p__record *r, uint8_t *out) {
  p2p__tls_record *t = tls_of(r);
  uint8_t alert[2];
  size_t len = 0;
  if (t->finished || t->seal_err) return 0;
  t->finished = true;
  p2p__tls_alert_bytes(t->alert == P2P__TLS_NO_ALERT ? P2P__TLS_CLOSE_NOTIFY : t->alert, alert);
  p2p_bytes v = p2p__bytes(alert, sizeof alert);
  return p2p__tls_seal(&t->out, P2P__TLS_ALERT, &v, 1, out, &len) ? 0 : len;
}

static void record_idle(p2p__record *r) {
  p2p__aead_idle(&tls_of(r)->out.aead);
  p2p__aead_idle(&tls_of(r)->in.aead);
}

static void record_free(p2p__record *r) {
  p2p__tls_record *t = tls_of(r);
  p2p__tls_keys_fini(&t->out);
  p2p__tls_keys_fini(&t->in);
  p2p__tls_messages_fini(&t->messages);
  p2p__release(t->env->mem, P2P__MEM_RECORD, t, sizeof *t);
}

static const p2p__record_ops record_ops = {
  .open = record_open,
  .seal = record_seal,
  .finish = record_finish,
  .idle = record_idle,
  .free = record_free,
};

int p2p__tls_record_new(p2p__env *env, const p2p__tls_record_config *config, p2p__record **out) {
  *out = NULL;
  p2p__tls_record *t = p2p__alloc(env->mem, P2P__MEM_RECORD, sizeof *t);
  if (!t) return P2P_ENOMEM;
  t->record = (p2p__record){
    .ops = &record_ops,
    .head = P2P__TLS_HEAD + UPDATE_WIRE,
    .tail = P2P__TLS_TAIL,
    .max = (uint32_t)p2p__min(config->limit, P2P__TLS_PLAIN_MAX),
  };
  t->env = env;
  t->client = config->client;
  t->alert = P2P__TLS_NO_ALERT;
  p2p__tls_messages_init(&t->messages, env->mem, env->limits->tls_handshake);
  p2p__tls_keys_init(&t->out, env->crypto, config->out, true);
  p2p__tls_keys_init(&t->in, env->crypto, config->in, false);
  *out = &t->record;
  return 0;
}
