/* Two sides of a TLS handshake at the level of its messages. */
#include "support/tls_side.h"
#include "unit/crypto/vectors.h"

#include <gnutls/abstract.h>

static side *side_of(p2p__tls_user *u) { return (side *)u; }

static int add_part(side *s, p2p__tls_level level, p2p_bytes b) {
  assert_true(s->n_parts < SIDE_PARTS && s->len + b.len <= SIDE_BYTES);
  s->parts[s->n_parts++] = (side_part){ level, s->len, b.len };
  memcpy(s->bytes + s->len, b.p, b.len);
  s->len += b.len;
  return s->say_err;
}

static int on_say(p2p__tls_user *u, p2p__tls_level level, p2p_bytes b) {
  return add_part(side_of(u), level, b);
}

static int on_secret(p2p__tls_user *u, p2p__tls_level level, p2p__tls_way way,
                     const p2p__tls_secret *secret) {
  side *s = side_of(u);
  assert_true(level == P2P__TLS_HANDSHAKE || level == P2P__TLS_APPLICATION);
  assert_int_equal(s->secrets[level][way].len, 0); /* each once */
  s->secrets[level][way] = *secret;
  return s->secret_err;
}

static int on_ccs(p2p__tls_user *u) {
  side *s = side_of(u);
  if (s->n_ccs++ == 0) s->ccs_at = s->n_parts;
  return 0;
}

static int on_judge(p2p__tls_user *u, p2p_bytes der) {
  side *s = side_of(u);
  assert_true(der.len <= sizeof s->cert);
  memcpy(s->cert, der.p, der.len);
  s->cert_len = der.len;
  s->n_judged++;
  return s->judge_err;
}

static int on_params(p2p__tls_user *u, p2p_bytes params) {
  side *s = side_of(u);
  assert_true(params.len <= sizeof s->params);
  memcpy(s->params, params.p, params.len);
  s->params_len = params.len;
  s->n_params++;
  return s->params_err;
}

static ptrdiff_t on_put_params(p2p__tls_user *u, uint8_t *out, size_t cap) {
  side *s = side_of(u);
  size_t n = strlen(s->own_params);
  assert_true(n <= cap);
  s->n_put++;
  if (s->put_err) return s->put_err;
  memcpy(out, s->own_params, n);
  return (ptrdiff_t)n;
}

static const p2p__tls_user side_user = { .say = on_say,
                                         .secret = on_secret,
                                         .ccs = on_ccs,
                                         .judge = on_judge,
                                         .params = on_params,
                                         .put_params = on_put_params };

static const char *const libp2p_only[] = { "libp2p" };

p2p__tls_config side_config(side_pair *p, bool client) {
  return (p2p__tls_config){ .context = p->context,
                            .user = &p->side[!client].user,
                            .client = client,
                            .alpn = libp2p_only,
                            .n_alpn = 1 };
}

static void side_clear(side *s) {
  p2p__tls_free(s->tls);
  if (s->session) gnutls_deinit(s->session);
  if (s->priority) gnutls_priority_deinit(s->priority);
  if (s->credentials) gnutls_certificate_free_credentials(s->credentials);
  memset(s, 0, sizeof *s);
  s->user = side_user;
  s->own_params = "parameters";
}

void side_ours(side_pair *p, bool client, const p2p__tls_config *config) {
  side *s = &p->side[!client];
  side_clear(s);
  assert_int_equal(p2p__tls_new(&p->world.mem, config, &s->tls), 0);
}

side_pair *side_pair_new(bool quic) {
  static const uint8_t seed[32] = { 1 };
  uint8_t key[4 + 64] = { 0x08, P2P_KEY_ED25519, 0x12, 64 };
  p2p__ed25519 pair;
  side_pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  step_world_init(&p->world);
  assert_int_equal(p2p__ed25519_from_seed(&pair, seed), 0);
  memcpy(key + 4, pair.seed, 32);
  memcpy(key + 36, pair.pub, 32);
  assert_int_equal(p2p_identity_import(&p->identity, p2p__bytes(key, sizeof key)), 0);
  assert_int_equal(p2p__certificate_make(&p->world.env, &p->identity, &p->certificate), 0);
  p2p__tls_context_config config = {
    .quic = quic,
    .cert = p2p__bytes(p->certificate.der, p->certificate.len),
    .cert_key = p2p__bytes(p->certificate.key, p->certificate.key_len),
  };
  assert_int_equal(p2p__tls_context_new(&p->world.mem, &config, &p->context), 0);
  for (int client = 0; client < 2; client++) {
    p2p__tls_config c = side_config(p, client);
    side_ours(p, client, &c);
  }
  return p;
}

void side_pair_free(side_pair *p) {
  side_clear(&p->side[0]);
  side_clear(&p->side[1]);
  p2p__tls_context_free(p->context);
  p2p__certificate_fini(&p->certificate);
  p2p_identity_fini(&p->identity);
  step_world_fini(&p->world);
  free(p);
}

/* ---- a stranger ---- */

static p2p__tls_level level_of(gnutls_record_encryption_level_t level) {
  return level == GNUTLS_ENCRYPTION_LEVEL_INITIAL     ? P2P__TLS_INITIAL
         : level == GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE ? P2P__TLS_HANDSHAKE
                                                      : P2P__TLS_APPLICATION;
}

static int stranger_says(gnutls_session_t session, gnutls_record_encryption_level_t level,
                         gnutls_handshake_description_t type, const void *data, size_t len) {
  side *s = gnutls_session_get_ptr(session);
  if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC) return on_ccs(&s->user);
  return add_part(s, level_of(level), p2p__bytes(data, len));
}

static int stranger_secret(gnutls_session_t session, gnutls_record_encryption_level_t level,
                           const void *read, const void *write, size_t len) {
  side *s = gnutls_session_get_ptr(session);
  const void *secrets[] = { read, write };
  for (int way = 0; way < 2; way++) {
    p2p__tls_secret *secret = &s->secrets[level_of(level)][way];
    if (!secrets[way]) continue;
    secret->len = len;
    memcpy(secret->bytes, secrets[way], len);
  }
  return 0;
}

static int stranger_log(gnutls_session_t session, const char *label, const gnutls_datum_t *secret) {
  (void)session;
  (void)label;
  (void)secret;
  return 0;
}

static void set_stranger_certs(side *s, const p2p__certificate *c, size_t n) {
  gnutls_datum_t der = { (unsigned char *)(uintptr_t)c->der, (unsigned)c->len };
  gnutls_datum_t key = { (unsigned char *)(uintptr_t)c->key, (unsigned)c->key_len };
  gnutls_pcert_st chain[2];
  gnutls_privkey_t private;
  if (n == 0) return;
  assert_int_equal(gnutls_privkey_init(&private), 0);
  assert_int_equal(gnutls_privkey_import_x509_raw(private, &key, GNUTLS_X509_FMT_DER, NULL, 0), 0);
  for (size_t i = 0; i < n; i++)
    assert_int_equal(gnutls_pcert_import_x509_raw(&chain[i], &der, GNUTLS_X509_FMT_DER, 0), 0);
  assert_int_equal(gnutls_certificate_set_key(s->credentials, NULL, 0, chain, (int)n, private), 0);
}

void side_stranger(side_pair *p, bool client, const char *priorities, unsigned flags,
                   size_t n_certs, const char *alpn) {
  side *s = &p->side[!client];
  side_clear(s);
  assert_int_equal(
      gnutls_init(&s->session,
                  flags | (client ? GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT : GNUTLS_SERVER)),
      0);
  gnutls_session_set_ptr(s->session, s);
  assert_int_equal(gnutls_priority_init(&s->priority, priorities, NULL), 0);
  assert_int_equal(gnutls_priority_set(s->session, s->priority), 0);
  assert_int_equal(gnutls_certificate_allocate_credentials(&s->credentials), 0);
  set_stranger_certs(s, &p->certificate, n_certs);
  gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, s->credentials);
  if (!client) gnutls_certificate_server_set_request(s->session, GNUTLS_CERT_REQUEST);
  if (alpn) {
    gnutls_datum_t name = { (unsigned char *)(uintptr_t)alpn, (unsigned)strlen(alpn) };
    assert_int_equal(gnutls_alpn_set_protocols(s->session, &name, 1, 0), 0);
  }
  gnutls_handshake_set_read_function(s->session, stranger_says);
  gnutls_handshake_set_secret_function(s->session, stranger_secret);
  gnutls_session_set_keylog_function(s->session, stranger_log);
}

static int stranger_advance(side *s) {
  int r = gnutls_handshake(s->session);
  return r == 0 ? 1 : r == GNUTLS_E_AGAIN ? 0 : P2P_EPROTO;
}

static int stranger_recv(side *s, p2p__tls_level level, p2p_bytes b) {
  static const gnutls_record_encryption_level_t levels[] = { GNUTLS_ENCRYPTION_LEVEL_INITIAL,
                                                             GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE,
                                                             GNUTLS_ENCRYPTION_LEVEL_APPLICATION };
  if (s->result) return s->result;
  if (gnutls_handshake_write(s->session, levels[level], b.p, b.len) < 0) return P2P_EPROTO;
  return stranger_advance(s);
}

/* ---- both ---- */

static int start(side *s) {
  if (s->tls) return p2p__tls_start(s->tls);
  return gnutls_session_get_flags(s->session), stranger_advance(s);
}

/* Gives to what from has said next. False: nothing was there. */
static bool deliver(side_pair *p, int from) {
  side *s = &p->side[from], *to = &p->side[!from];
  if (s->part == s->n_parts || to->result < 0) return false;
  const side_part *part = &s->parts[s->part];
  size_t left = part->len - s->shown, n = p->chunk ? p2p__min(p->chunk, left) : left;
  size_t at = part->at + s->shown;
  bool more = p->append == from + 1 && s->bytes[part->at] == 20; /* Finished */
  p2p__span copy = exact(p2p__bytes(s->bytes + at, n + more));
  if (p->flip && p->flip_side == from && (p->flip - 1) / 8 >= at && (p->flip - 1) / 8 < at + n)
    copy.p[(p->flip - 1) / 8 - at] ^= (uint8_t)(1u << (p->flip - 1) % 8);
  int r = to->tls ? p2p__tls_recv(to->tls, part->level, p2p__span_bytes(copy))
                  : stranger_recv(to, part->level, p2p__span_bytes(copy));
  exact_free(copy);
  to->result = r;
  s->shown += n;
  if (s->shown == part->len) {
    s->part++;
    s->shown = 0;
  }
  return true;
}

bool side_run(side_pair *p) {
  p->side[0].result = start(&p->side[0]);
  if (p->side[1].tls) p->side[1].result = start(&p->side[1]);
  while (p->side[0].result >= 0 && p->side[1].result >= 0) {
    bool moved = deliver(p, 0);
    if (!deliver(p, 1) && !moved) break;
  }
  return p->side[0].result == 1 && p->side[1].result == 1;
}

void side_assert_secrets(const side_pair *p) {
  for (int level = P2P__TLS_HANDSHAKE; level <= P2P__TLS_APPLICATION; level++) {
    for (int i = 0; i < 2; i++) {
      const p2p__tls_secret *out = &p->side[i].secrets[level][P2P__TLS_WRITE];
      const p2p__tls_secret *in = &p->side[!i].secrets[level][P2P__TLS_READ];
      assert_true(out->len == 32 || out->len == 48);
      assert_int_equal(out->len, in->len);
      assert_memory_equal(out->bytes, in->bytes, out->len);
    }
  }
}

int side_alert(const side_pair *p, int i) { return p2p__tls_alert(p->side[i].tls); }
