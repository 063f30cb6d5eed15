/* The TLS engine against itself and against strangers. */
#include "support/tls_side.h"
#include "unit/crypto/vectors.h"

#include <unistd.h>

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

/* ---- it works ---- */

static void engine_shakes_hands(void **state) {
  (void)state;
  for (int quic = 0; quic < 2; quic++) {
    side_pair *p = side_pair_new(quic);
    assert_true(side_run(p));
    side_assert_secrets(p);
    for (int i = 0; i < 2; i++) {
      side *s = &p->side[i];
      assert_string_equal(p2p__tls_alpn(s->tls), "libp2p");
      assert_int_equal(s->secrets[P2P__TLS_APPLICATION][0].aead, P2P__AES_128_GCM);
      assert_int_equal(s->n_judged, 1);
      assert_memory_equal(s->cert, p->certificate.der, p->certificate.len);
      assert_int_equal(side_alert(p, i), -1);
      assert_int_equal(s->n_ccs, quic ? 0 : 1);
      assert_int_equal(p2p__tls_record_limit(s->tls), 16384);
      if (!quic) continue;
      assert_int_equal(s->n_put, 1);
      assert_int_equal(s->n_params, 1);
      assert_memory_equal(s->params, "parameters", s->params_len);
    }
    side_pair_free(p);
  }
}

static void engine_takes_any_split(void **state) {
  (void)state;
  for (int quic = 0; quic < 2; quic++) {
    for (size_t chunk = 1; chunk < 700; chunk += chunk < 16 ? 1 : 61) {
      side_pair *p = side_pair_new(quic);
      p->chunk = chunk;
      assert_true(side_run(p));
      side_assert_secrets(p);
      side_pair_free(p);
    }
  }
}

/* RFC 9001, section 8.4, and RFC 8446, appendix D.4: the session id, and nothing else, is what a
 * server's change_cipher_spec answers. */
static void engine_is_compatible_with_middleboxes_over_tcp_only(void **state) {
  (void)state;
  for (int quic = 0; quic < 2; quic++) {
    side_pair *p = side_pair_new(quic);
    assert_true(side_run(p));
    assert_int_equal(p->side[0].bytes[4 + 2 + 32], quic ? 0 : 32);
    if (!quic) assert_int_equal(p->side[1].ccs_at, 1); /* behind the ServerHello */
    side_pair_free(p);
  }
}

static void engine_sends_no_server_name_and_no_ticket_extension(void **state) {
  (void)state;
  side_pair *p = side_pair_new(false);
  assert_int_equal(p2p__tls_start(p->side[0].tls), 0);
  p2p__rd r = p2p__rd_of(p2p__bytes(p->side[0].bytes, p->side[0].len));
  p2p__rd_bytes(&r, 4 + 2 + 32);
  p2p__rd_bytes(&r, p2p__rd_u8(&r));
  p2p__rd_bytes(&r, p2p__rd_be16(&r));
  p2p__rd_bytes(&r, p2p__rd_u8(&r));
  p2p__rd list = p2p__rd_of(p2p__rd_bytes(&r, p2p__rd_be16(&r)));
  assert_true(p2p__rd_done(&r));
  while (p2p__rd_left(&list) > 0) {
    unsigned type = p2p__rd_be16(&list);
    p2p__rd_bytes(&list, p2p__rd_be16(&list));
    assert_false(type == 0 || type == 35 || type == 41 || type == 42 || type == 0x39);
  }
  assert_int_equal(list.err, 0);
  side_pair_free(p);
}

/* ---- ALPN ---- */

static void set_alpn(side_pair *p, bool client, const char *const *names, size_t n, bool required) {
  p2p__tls_config c = side_config(p, client);
  c.alpn = names;
  c.n_alpn = n;
  c.alpn_required = required;
  side_ours(p, client, &c);
}

static void engine_takes_the_clients_first_protocol_that_it_has(void **state) {
  (void)state;
  static const char *const client[] = { "/mplex/6.7.0", "/yamux/1.0.0", "/other/1.0.0", "libp2p" };
  static const char *const server[] = { "/other/1.0.0", "/yamux/1.0.0", "libp2p" };
  side_pair *p = side_pair_new(false);
  set_alpn(p, true, client, 4, false);
  set_alpn(p, false, server, 3, false);
  assert_true(side_run(p));
  assert_string_equal(p2p__tls_alpn(p->side[0].tls), "/yamux/1.0.0");
  assert_string_equal(p2p__tls_alpn(p->side[1].tls), "/yamux/1.0.0");
  side_pair_free(p);
}

static void engine_refuses_no_common_protocol(void **state) {
  (void)state;
  static const char *const client[] = { "h3" };
  side_pair *p = side_pair_new(false);
  set_alpn(p, true, client, 1, false);
  assert_false(side_run(p));
  assert_int_equal(p->side[1].result, P2P_ENOPROTO);
  assert_int_equal(side_alert(p, 1), 120);
  side_pair_free(p);
}

static void engine_takes_a_peer_without_alpn_unless_it_is_required(void **state) {
  (void)state;
  static const char *const names[] = { "libp2p" };
  for (int required = 0; required < 2; required++) {
    for (int client = 0; client < 2; client++) {
      side_pair *p = side_pair_new(required);
      set_alpn(p, !client, names, 1, required);
      set_alpn(p, client, NULL, 0, false);
      assert_int_equal(side_run(p), !required);
      const side *s = &p->side[client]; /* who required it */
      assert_int_equal(s->result, required ? P2P_ENOPROTO : 1);
      assert_int_equal(p2p__tls_alert(s->tls), required ? 120 : -1);
      if (!required) assert_null(p2p__tls_alpn(s->tls));
      side_pair_free(p);
    }
  }
}

static void engine_wants_protocols_that_fit(void **state) {
  (void)state;
  static const char *const none[] = { "" }, *const ten[10] = { "a", "b", "c", "d", "e", "f", "g" };
  static const char *const longest[] = { "a-muxer-of-31-bytes-is-ok/1.0.0" };
  static const char *const too_long[] = { "/a-muxer-of-32-bytes-is-not/1.0.0" };
  side_pair *p = side_pair_new(false);
  p2p__tls_config c = side_config(p, true);
  p2p__tls *t;
  c.alpn = none;
  assert_int_equal(p2p__tls_new(&p->world.mem, &c, &t), P2P_EINVAL);
  c.alpn = too_long;
  assert_int_equal(p2p__tls_new(&p->world.mem, &c, &t), P2P_EINVAL);
  c.alpn = ten;
  c.n_alpn = 9;
  assert_int_equal(p2p__tls_new(&p->world.mem, &c, &t), P2P_EINVAL);
  assert_null(t);
  c.alpn = longest;
  c.n_alpn = 1;
  assert_int_equal(p2p__tls_new(&p->world.mem, &c, &t), 0);
  p2p__tls_free(t);
  side_pair_free(p);
}

/* ---- what the user says ends it ---- */

static void engine_ends_with_what_the_user_returned(void **state) {
  (void)state;
  static const struct {
    size_t at; /* of the member that fails */
    int err, alert;
    bool quic;
  } rows[] = {
    { offsetof(side, judge_err), P2P_EAUTH, 42, false },
    { offsetof(side, judge_err), P2P_EPEER, 42, false },
    { offsetof(side, judge_err), P2P_EPROTO, 42, false },
    { offsetof(side, judge_err), P2P_ENOTSUP, 43, false },
    { offsetof(side, judge_err), P2P_ENOMEM, 80, false },
    { offsetof(side, secret_err), P2P_ENOMEM, 80, false },
    { offsetof(side, say_err), P2P_ELIMIT, 80, false },
    { offsetof(side, params_err), P2P_EPROTO, 47, true },
    { offsetof(side, put_err), P2P_EIO, 80, true },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    for (int who = 0; who < 2; who++) {
      side_pair *p = side_pair_new(rows[i].quic);
      side *s = &p->side[who];
      memcpy((char *)s + rows[i].at, &rows[i].err, sizeof(int));
      assert_false(side_run(p));
      if (s->result != rows[i].err) fail_msg("row %zu, side %d: %d", i, who, s->result);
      assert_int_equal(side_alert(p, who), rows[i].alert);
      assert_int_equal(p2p__tls_recv(s->tls, P2P__TLS_HANDSHAKE, p2p__cstr("x")), rows[i].err);
      side_pair_free(p);
    }
  }
}

static void engine_wants_transport_parameters_in_quic(void **state) {
  (void)state;
  for (int client = 0; client < 2; client++) {
    side_pair *p = side_pair_new(true);
    side_stranger(p, client, TLS13 ":%DISABLE_TLS13_COMPAT_MODE", 0, 1, "libp2p");
    assert_false(p->side[client].result == 1);
    side_run(p);
    assert_int_equal(p->side[client].result, P2P_EPROTO);
    assert_int_equal(side_alert(p, client), 109);
    /* at once: a server says nothing that a version would have to be known for */
    if (client) assert_int_equal(p->side[client].n_parts, 0);
    side_pair_free(p);
  }
}

/* ---- strangers ---- */

static void engine_prefers_aes_as_a_server(void **state) {
  (void)state;
  static const struct {
    const char *priorities;
    p2p__aead_kind want;
  } rows[] = {
    { TLS13 ":-CIPHER-ALL:+CHACHA20-POLY1305:+AES-256-GCM:+AES-128-GCM", P2P__AES_128_GCM },
    { TLS13 ":-CIPHER-ALL:+CHACHA20-POLY1305:+AES-256-GCM", P2P__AES_256_GCM },
    { TLS13 ":-CIPHER-ALL:+CHACHA20-POLY1305", P2P__CHACHA20_POLY1305 },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    for (int client = 0; client < 2; client++) {
      side_pair *p = side_pair_new(false);
      side_stranger(p, client, rows[i].priorities, 0, 1, NULL);
      assert_true(side_run(p));
      side_assert_secrets(p);
      const side *s = &p->side[client];
      assert_true(!client || s->secrets[P2P__TLS_APPLICATION][0].aead == rows[i].want);
      side_pair_free(p);
    }
  }
}

static void engine_survives_a_hello_retry_request(void **state) {
  (void)state;
  for (int client = 0; client < 2; client++) {
    side_pair *p = side_pair_new(false);
    side_stranger(p, client, TLS13 ":-GROUP-ALL:+GROUP-SECP521R1:+GROUP-SECP384R1", 0, 1, NULL);
    assert_true(side_run(p));
    side_assert_secrets(p);
    assert_int_equal(p->side[0].parts[1].level, P2P__TLS_INITIAL); /* a second hello */
    side_pair_free(p);
  }
}

static void engine_refuses_older_versions(void **state) {
  (void)state;
  for (int client = 0; client < 2; client++) {
    side_pair *p = side_pair_new(false);
    side_stranger(p, client, "NORMAL:-VERS-ALL:+VERS-TLS1.2", 0, 1, NULL);
    assert_false(side_run(p));
    if (client) {
      assert_int_equal(p->side[1].result, P2P_EPROTO);
      assert_int_equal(side_alert(p, 1), 70);
    }
    side_pair_free(p);
  }
}

/* ID-03, ID-17, HS-06: a server that asks for a certificate and gets none has no peer; of several none
 * is looked at. */
static void engine_wants_exactly_one_certificate(void **state) {
  (void)state;
  static const struct {
    size_t n;
    int err, alert;
  } rows[] = { { 0, P2P_EAUTH, 116 }, { 2, P2P_EPROTO, 42 } };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    for (int client = rows[i].n == 0; client < 2; client++) { /* a server has one at least */
      side_pair *p = side_pair_new(false);
      side_stranger(p, client, TLS13, 0, rows[i].n, "libp2p");
      assert_false(side_run(p));
      assert_int_equal(p->side[client].result, rows[i].err);
      assert_int_equal(side_alert(p, client), rows[i].alert);
      assert_int_equal(p->side[client].n_judged, 0);
      side_pair_free(p);
    }
  }
}

static void engine_heeds_the_record_size_limit(void **state) {
  (void)state;
  for (int client = 0; client < 2; client++) {
    side_pair *p = side_pair_new(false);
    side_stranger(p, client, TLS13 ":%ALLOW_SMALL_RECORDS", 0, 1, NULL);
    assert_int_equal(gnutls_record_set_max_recv_size(p->side[!client].session, 128), 0);
    assert_true(side_run(p));
    assert_int_equal(p2p__tls_record_limit(p->side[client].tls), 128);
    side_pair_free(p);
  }
}

/* ---- what is on the wire ---- */

/* Bytes of our own making in place of a first flight. */
static void answers(p2p__tls_level level, const char *hex, int err, int alert) {
  uint8_t bytes[64];
  side_pair *p = side_pair_new(false);
  size_t n = unhex(hex, bytes, sizeof bytes);
  p2p__tls *t = p->side[1].tls;
  int r = p2p__tls_recv(t, level, p2p__bytes(bytes, n));
  if (r != err || p2p__tls_alert(t) != alert) fail_msg("%s: %d, %d", hex, r, p2p__tls_alert(t));
  side_pair_free(p);
}

static void engine_refuses_what_is_no_client_hello(void **state) {
  (void)state;
  answers(P2P__TLS_INITIAL, "", 0, -1);
  answers(P2P__TLS_INITIAL, "010000", 0, -1);
  answers(P2P__TLS_INITIAL, "0100fffc", 0, -1);
  answers(P2P__TLS_INITIAL, "0100fffd", P2P_ELIMIT, 47);
  answers(P2P__TLS_INITIAL, "01ffffff", P2P_ELIMIT, 47);
  answers(P2P__TLS_INITIAL, "02000000", P2P_EPROTO, 10);
  answers(P2P__TLS_INITIAL, "08000000", P2P_EPROTO, 10);
  answers(P2P__TLS_INITIAL, "14000000", P2P_EPROTO, 10);
  answers(P2P__TLS_INITIAL, "18000000", P2P_EPROTO, 10);
  answers(P2P__TLS_HANDSHAKE, "01000000", P2P_EPROTO, 10);
  answers(P2P__TLS_APPLICATION, "01000000", P2P_EPROTO, 10);
}

/* RFC 8446, section 5.1: bytes behind a message that changes keys are nobody's. */
static void engine_refuses_messages_that_straddle_a_change_of_keys(void **state) {
  (void)state;
  for (int who = 0; who < 2; who++) { /* who hears too much: of the other's first flight */
    side_pair *p = side_pair_new(false);
    side *s = &p->side[!who];
    uint8_t flight[4096];
    assert_int_equal(p2p__tls_start(p->side[0].tls), 0);
    if (who == 0) { /* a client hears the server */
      side *c = &p->side[0];
      assert_int_equal(p2p__tls_recv(s->tls, P2P__TLS_INITIAL, p2p__bytes(c->bytes, c->len)), 0);
    }
    size_t n = s->parts[0].len;
    memcpy(flight, s->bytes, n);
    memcpy(flight + n, "\x08\x00\x00\x02\x00\x00", 6);
    p2p__tls *t = p->side[who].tls;
    assert_int_equal(p2p__tls_recv(t, P2P__TLS_INITIAL, p2p__bytes(flight, n + 6)), P2P_EPROTO);
    assert_int_equal(p2p__tls_alert(t), 10);
    side_pair_free(p);
  }
}

/* Whoever hears a Finished with something behind it refuses. */
static void engine_refuses_bytes_behind_the_last_message(void **state) {
  (void)state;
  for (int who = 0; who < 2; who++) {
    side_pair *p = side_pair_new(false);
    p->append = who == 0 ? 2 : 1;
    assert_false(side_run(p));
    assert_int_equal(p->side[who].result, P2P_EPROTO);
    assert_int_equal(side_alert(p, who), 10);
    side_pair_free(p);
  }
}

/* HS-08: a hello that names a session of nobody's, with a binder that cannot be right. We resume
 * nothing, so that it is a hello like any other. */
static void engine_ignores_sessions_to_resume(void **state) {
  (void)state;
  static const uint8_t more[] = {
    0,   45,  0, 2,  1, 1, /* psk_key_exchange_modes */
    0,   41,  0, 49, 0, 10, 0, 4,  'n', 'o',
    'n', 'e', 0, 0,  0, 0,  0, 35, 34,  0 /* pre_shared_key: one identity, a binder of zeros */
  };
  enum { BINDER = 33 };
  side_pair *p = side_pair_new(false);
  side *c = &p->side[0], *s = &p->side[1];
  assert_int_equal(p2p__tls_start(c->tls), 0);
  uint8_t hello[4096] = { 0 };
  memcpy(hello, c->bytes, c->len);
  memcpy(hello + c->len, more, sizeof more);
  size_t n = c->len + sizeof more + BINDER;
  p2p__rd r = p2p__rd_of(p2p__bytes(hello, c->len));
  p2p__rd_bytes(&r, 4 + 2 + 32);
  p2p__rd_bytes(&r, p2p__rd_u8(&r));
  p2p__rd_bytes(&r, p2p__rd_be16(&r));
  p2p__rd_bytes(&r, p2p__rd_u8(&r));
  size_t at = c->len - p2p__rd_left(&r), extensions = p2p__rd_be16(&r);
  p2p__put_be16(hello + at, (uint16_t)(extensions + sizeof more + BINDER));
  p2p__put_be16(hello + 2, (uint16_t)(n - 4));
  assert_int_equal(p2p__tls_recv(s->tls, P2P__TLS_INITIAL, p2p__bytes(hello, n)), 0);
  assert_int_equal(s->bytes[0],
                   2); /* ServerHello, which accepts no session: its last extension … */
  assert_null(memmem(s->bytes, s->parts[0].len, "\0\x29\0\2\0\0", 6));
  assert_true(s->n_parts > 1); /* … and a certificate of its own follows */
  side_pair_free(p);
}

static void engine_notices_every_changed_byte(void **state) {
  (void)state;
  size_t len[2];
  side_pair *p = side_pair_new(false);
  assert_true(side_run(p));
  for (int i = 0; i < 2; i++) len[i] = 8 * p->side[i].len;
  side_pair_free(p);
  for (int from = 0; from < 2; from++) {
    for (size_t bit = 3; bit < len[from]; bit += 29) {
      p = side_pair_new(false);
      p->flip_side = from;
      p->flip = bit + 1;
      bool ran = side_run(p); /* an ECDSA signature may be shorter this time: nothing was there */
      if (ran && bit / 8 < p->side[from].len) fail_msg("bit %zu of side %d", bit, from);
      side_pair_free(p);
    }
  }
}

/* ---- keys on the side ---- */

typedef struct keylog {
  size_t n;
  bool handshake;
} keylog;

static void on_keylog(void *ctx, const char *label, p2p_bytes client_random, p2p_bytes secret) {
  keylog *k = ctx;
  k->n++;
  assert_int_equal(client_random.len, 32);
  assert_true(secret.len >= 32);
  if (strcmp(label, "CLIENT_HANDSHAKE_TRAFFIC_SECRET") == 0) k->handshake = true;
}

static void engine_writes_no_keys_where_the_environment_says(void **state) {
  (void)state;
  char path[] = "/tmp/p2p-keylog-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  unlink(path);
  setenv("SSLKEYLOGFILE", path, 1);
  side_pair *p = side_pair_new(false);
  assert_true(side_run(p));
  side_pair_free(p);
  unsetenv("SSLKEYLOGFILE");
  assert_int_not_equal(access(path, F_OK), 0);
}

static void engine_tells_keys_to_whom_the_context_names(void **state) {
  (void)state;
  keylog k = { 0 };
  side_pair *p = side_pair_new(false);
  p2p__tls_context_config config = {
    .cert = p2p__bytes(p->certificate.der, p->certificate.len),
    .cert_key = p2p__bytes(p->certificate.key, p->certificate.key_len),
    .keylog = on_keylog,
    .keylog_ctx = &k,
  };
  p2p__tls_context *quiet = p->context;
  assert_int_equal(p2p__tls_context_new(&p->world.mem, &config, &p->context), 0);
  p2p__tls_config c = side_config(p, true);
  side_ours(p, true, &c);
  assert_true(side_run(p));
  assert_true(k.n >= 4 && k.handshake);
  p2p__tls_context *told = p->context;
  p->context = quiet;
  c = side_config(p, true);
  side_ours(p, true, &c);
  p2p__tls_context_free(told);
  side_pair_free(p);
}

/* ---- what cannot be had ---- */

static void context_refuses_what_is_no_key(void **state) {
  (void)state;
  side_pair *p = side_pair_new(false);
  p2p__tls_context *c;
  p2p__tls_context_config config = {
    .cert = p2p__bytes(p->certificate.der, p->certificate.len),
    .cert_key = p2p__bytes(p->certificate.key, p->certificate.key_len - 1),
  };
  assert_int_equal(p2p__tls_context_new(&p->world.mem, &config, &c), P2P_EKEY);
  assert_null(c);
  side_pair_free(p);
}

/* … or the key of another certificate. */
static void context_refuses_a_key_that_is_not_the_certificates(void **state) {
  (void)state;
  side_pair *p = side_pair_new(false);
  p2p__certificate other;
  p2p__tls_context *c;
  assert_int_equal(p2p__certificate_make(&p->world.env, &p->identity, &other), 0);
  p2p__tls_context_config config = {
    .cert = p2p__bytes(p->certificate.der, p->certificate.len),
    .cert_key = p2p__bytes(other.key, other.key_len),
  };
  assert_int_equal(p2p__tls_context_new(&p->world.mem, &config, &c), P2P_EKEY);
  assert_null(c);
  p2p__certificate_fini(&other);
  side_pair_free(p);
}

static void context_refuses_what_is_no_certificate(void **state) {
  (void)state;
  side_pair *p = side_pair_new(false);
  p2p__tls_context *c;
  p2p__tls_context_config config = {
    .cert = p2p__bytes(p->certificate.der, p->certificate.len - 1),
    .cert_key = p2p__bytes(p->certificate.key, p->certificate.key_len),
  };
  assert_int_equal(p2p__tls_context_new(&p->world.mem, &config, &c), P2P_EKEY);
  assert_null(c);
  side_pair_free(p);
}

static void engine_survives_every_failing_allocation(void **state) {
  (void)state;
  bool done = false;
  for (uint64_t at = 1; !done; at++) {
    side_pair *p = side_pair_new(false);
    p2p__mem *mem = &p->world.mem;
    p->chunk = 100; /* so that messages are kept */
    mem->fail_at = mem->calls + at;
    bool ran = side_run(p);
    done = mem->failed == 0;
    assert_int_equal(ran, done);
    if (!done) assert_true(p->side[0].result == P2P_ENOMEM || p->side[1].result == P2P_ENOMEM);
    side_pair_free(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(engine_shakes_hands),
    cmocka_unit_test(engine_takes_any_split),
    cmocka_unit_test(engine_is_compatible_with_middleboxes_over_tcp_only),
    cmocka_unit_test(engine_sends_no_server_name_and_no_ticket_extension),
    cmocka_unit_test(engine_takes_the_clients_first_protocol_that_it_has),
    cmocka_unit_test(engine_refuses_no_common_protocol),
    cmocka_unit_test(engine_takes_a_peer_without_alpn_unless_it_is_required),
    cmocka_unit_test(engine_wants_protocols_that_fit),
    cmocka_unit_test(engine_ends_with_what_the_user_returned),
    cmocka_unit_test(engine_wants_transport_parameters_in_quic),
    cmocka_unit_test(engine_prefers_aes_as_a_server),
    cmocka_unit_test(engine_survives_a_hello_retry_request),
    cmocka_unit_test(engine_refuses_older_versions),
    cmocka_unit_test(engine_wants_exactly_one_certificate),
    cmocka_unit_test(engine_heeds_the_record_size_limit),
    cmocka_unit_test(engine_refuses_what_is_no_client_hello),
    cmocka_unit_test(engine_refuses_messages_that_straddle_a_change_of_keys),
    cmocka_unit_test(engine_refuses_bytes_behind_the_last_message),
    cmocka_unit_test(engine_ignores_sessions_to_resume),
    cmocka_unit_test(engine_notices_every_changed_byte),
    cmocka_unit_test(engine_writes_no_keys_where_the_environment_says),
    cmocka_unit_test(engine_tells_keys_to_whom_the_context_names),
    cmocka_unit_test(context_refuses_what_is_no_key),
    cmocka_unit_test(context_refuses_a_key_that_is_not_the_certificates),
    cmocka_unit_test(context_refuses_what_is_no_certificate),
    cmocka_unit_test(engine_survives_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
