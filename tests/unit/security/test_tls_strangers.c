/* The TLS handshake against strangers: a table of bad records in the clear, and a client who has
 * the keys and seals its messages as it likes. */
#include "security/tls_keys.h"
#include "support/tls_side.h"
#include "tls_duo.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- in the clear ---- */

typedef struct clear_row {
  const char *what, *wire; /* hexadecimal; "H": a good hello of the other side's first */
  int client, server;      /* errors; 1: not tried */
  int alert;               /* in the clear; -1: nothing is said */
} clear_row;

static const clear_row clear_rows[] = {
  { "HTTP", "47", P2P_EPROTO, P2P_EPROTO, 10 },
  { "multistream", "13", P2P_EPROTO, P2P_EPROTO, 10 },
  { "heartbeat", "18", P2P_EPROTO, P2P_EPROTO, 10 },
  { "too long", "1603014001", P2P_EPROTO, P2P_EPROTO, 22 },
  { "too long for a sealed one", "1703034101", P2P_EPROTO, P2P_EPROTO, 22 },
  { "empty message", "1603010000", P2P_EPROTO, P2P_EPROTO, 10 },
  { "sealed before there are keys", "170303001500000000000000000000000000000000000000000000",
    P2P_EPROTO, P2P_EPROTO, 10 },
  { "change_cipher_spec first", "140303000101", 1, P2P_EPROTO, 10 },
  { "change_cipher_spec of another value", "140303000102", P2P_EPROTO, P2P_EPROTO, 10 },
  { "change_cipher_spec of two", "14030300020101", P2P_EPROTO, P2P_EPROTO, 10 },
  { "change_cipher_spec of none", "1403030000", P2P_EPROTO, P2P_EPROTO, 10 },
  { "close_notify", "15030300020100", P2P_ECLOSED, P2P_ECLOSED, -1 },
  { "handshake_failure", "15030300020228", P2P_EPROTO, P2P_EPROTO, -1 },
  { "no_application_protocol", "15030300020278", P2P_ENOPROTO, P2P_ENOPROTO, -1 },
  { "bad_certificate", "1503030002022a", P2P_EAUTH, P2P_EAUTH, -1 },
  { "alert of one byte", "150303000102", P2P_EPROTO, P2P_EPROTO, 50 },
  { "Finished first", "160303000414000000", P2P_EPROTO, P2P_EPROTO, 10 },
  { "KeyUpdate first", "16030300051800000100", P2P_EPROTO, P2P_EPROTO, 10 },
  { "long message", "160303000401ffffff", P2P_ELIMIT, P2P_ELIMIT, 47 },
  { "change_cipher_spec within a message", "16030300020100140303000101", P2P_EPROTO, P2P_EPROTO,
    10 },
};

static void hears_clear(const clear_row *row, int who) {
  tls_duo *d = tls_duo_new();
  p2p__step *s = tls_duo_step(d, who);
  uint8_t wire[128], said[2048];
  size_t n = unhex(row->wire, wire, sizeof wire), used;
  int want = who == 0 ? row->client : row->server;
  step_said(s, said, sizeof said);
  int err = s->ops->recv(s, p2p__bytes(wire, n), &used, 0);
  int again = s->ops->recv(s, p2p__bytes(wire, n), &used, 0);
  n = step_said(s, said, sizeof said);
  int alert = n ? said[6] : -1;
  if (n) assert_memory_equal(said, "\x15\x03\x03\x00\x02\x02", 6);
  if (err != want || again != want || alert != row->alert)
    fail_msg("%s, side %d: %d, %d, %d", row->what, who, err, again, alert);
  p2p__step_free(s);
  tls_duo_free(d);
}

/* HS-07 among them: close_notify in the middle of a handshake. */
static void bad_records_in_the_clear_end_it(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(clear_rows); i++) {
    if (clear_rows[i].client != 1) hears_clear(&clear_rows[i], 0);
    hears_clear(&clear_rows[i], 1);
  }
}

static void hello_may_come_in_records_of_one_byte(void **state) {
  (void)state;
  tls_duo *d = tls_duo_new();
  step_pair *p = tls_duo_pair(d);
  uint8_t hello[2048], piece[6] = { 22, 3, 1, 0, 1 };
  size_t n = step_said(p->side[0], hello, sizeof hello);
  for (size_t i = 5; i < n; i++) {
    piece[5] = hello[i];
    memcpy(p->wire[0].bytes + p->wire[0].len, piece, sizeof piece);
    p->wire[0].len += sizeof piece;
  }
  step_pair_run(p);
  tls_duo_secured(d, p, 0);
  step_pair_free(p);
  tls_duo_free(d);
}

static void change_cipher_specs_are_few(void **state) {
  (void)state;
  tls_duo *d = tls_duo_new();
  p2p__step *s = tls_duo_step(d, 0);
  uint64_t most = d->party[0].world.limits.tls_useless;
  size_t used;
  for (uint64_t i = 0; i <= most; i++)
    assert_int_equal(s->ops->recv(s, p2p__bytes("\x14\3\3\0\1\1", 6), &used, 0),
                     i < most ? 0 : P2P_ELIMIT);
  p2p__step_free(s);
  tls_duo_free(d);
}

/* ---- a client who knows the keys ---- */

typedef struct evil {
  side_pair *pair; /* side 0 is the evil one's engine */
  tls_duo *duo;
  p2p__step *server;
  p2p__tls_keys keys;
  int result;
  uint8_t said[4096];
  size_t said_len;
} evil;

static void give(evil *e, p2p_bytes wire) {
  size_t used;
  int r = e->server->ops->recv(e->server, wire, &used, 0);
  if (!e->result) e->result = r;
}

static void give_clear(evil *e, unsigned type, p2p_bytes content) {
  uint8_t wire[2048];
  p2p__wr w = p2p__wr_of(wire, sizeof wire);
  p2p__tls_clear(&w, (p2p__tls_type)type, content);
  give(e, p2p__wr_bytes(&w));
}

static void give_sealed(evil *e, unsigned type, p2p_bytes content) {
  uint8_t wire[4096];
  size_t len;
  assert_int_equal(p2p__tls_seal(&e->keys, (p2p__tls_type)type, &content, 1, wire, &len), 0);
  give(e, p2p__bytes(wire, len));
}

/* Content of a type with zeros behind it. */
static void give_padded(evil *e, uint8_t type, p2p_bytes content) {
  uint8_t inner[4096] = { 0 };
  memcpy(inner, content.p, content.len);
  inner[content.len] = type;
  give_sealed(e, 0, p2p__bytes(inner, content.len + 300));
}

static p2p_bytes part(const evil *e, size_t i) {
  const side *s = &e->pair->side[0];
  return p2p__bytes(s->bytes + s->parts[i].at, s->parts[i].len);
}

/* The server's flight, opened for the evil one's engine. */
static void hear_flight(evil *e) {
  side *c = &e->pair->side[0];
  uint8_t *at = e->said;
  size_t left = e->said_len = step_said(e->server, e->said, sizeof e->said);
  p2p__tls_keys in = { 0 };
  while (left > 0) {
    size_t size = (size_t)p2p__tls_record_size(p2p__bytes(at, left));
    p2p__tls_type type;
    p2p__span plain;
    int alert;
    if (at[0] == P2P__TLS_MESSAGE) {
      p2p_bytes hello = p2p__bytes(at + 5, size - 5);
      assert_int_equal(p2p__tls_recv(c->tls, P2P__TLS_INITIAL, hello), 0);
      p2p__tls_keys_init(&in, e->duo->party[0].crypto,
                         &c->secrets[P2P__TLS_HANDSHAKE][P2P__TLS_READ], false);
    } else if (at[0] == P2P__TLS_DATA) {
      assert_int_equal(p2p__tls_open(&in, p2p__span_of(at, size), &type, &plain, &alert), 0);
      assert_int_equal(type, P2P__TLS_MESSAGE);
      c->result = p2p__tls_recv(c->tls, P2P__TLS_HANDSHAKE, p2p__span_bytes(plain));
    }
    at += size;
    left -= size;
  }
  p2p__tls_keys_fini(&in);
}

/* The server has said its flight; the client's three messages are parts 1, 2, 3. */
static evil *evil_new(void) {
  evil *e = calloc(1, sizeof *e);
  assert_non_null(e);
  e->duo = tls_duo_new();
  e->pair = side_pair_new(false);
  e->server = tls_duo_step(e->duo, 1);
  side *c = &e->pair->side[0];
  assert_int_equal(p2p__tls_start(c->tls), 0);
  give_clear(e, P2P__TLS_MESSAGE, part(e, 0));
  assert_int_equal(e->result, 0);
  hear_flight(e);
  assert_int_equal(c->result, 1);
  assert_int_equal(c->n_parts, 4);
  p2p__tls_keys_init(&e->keys, e->duo->party[0].crypto,
                     &c->secrets[P2P__TLS_HANDSHAKE][P2P__TLS_WRITE], true);
  return e;
}

static void evil_free(evil *e) {
  p2p__tls_keys_fini(&e->keys);
  p2p__step_free(e->server);
  side_pair_free(e->pair);
  tls_duo_free(e->duo);
  free(e);
}

/* The server's alert, under the newest keys it has. */
static int alert_of(evil *e) {
  const side *c = &e->pair->side[0];
  uint8_t wire[256];
  p2p__tls_keys ears;
  p2p__tls_type type;
  p2p__span plain;
  int alert;
  size_t n = step_said(e->server, wire, sizeof wire);
  if (n == 0) return -1;
  p2p__tls_keys_init(&ears, e->duo->party[0].crypto,
                     &c->secrets[P2P__TLS_APPLICATION][P2P__TLS_READ], false);
  assert_int_equal(p2p__tls_open(&ears, p2p__span_of(wire, n), &type, &plain, &alert), 0);
  assert_int_equal(type, P2P__TLS_ALERT);
  p2p__tls_keys_fini(&ears);
  return plain.p[1];
}

static void good_messages(evil *e) {
  for (size_t i = 1; i < 4; i++) give_sealed(e, P2P__TLS_MESSAGE, part(e, i));
}

static void evil_parts(evil *e) {
  for (size_t i = 1; i < 4; i++) {
    p2p_bytes b = part(e, i);
    for (size_t at = 0; at < b.len; at++) give_sealed(e, 22, p2p__bytes(b.p + at, 1));
  }
}

static void evil_padding(evil *e) {
  for (size_t i = 1; i < 4; i++) give_padded(e, 22, part(e, i));
}

static void evil_ccs_between(evil *e) {
  for (size_t i = 1; i < 4; i++) {
    give_clear(e, 20, p2p__bytes("\1", 1));
    give_sealed(e, 22, part(e, i));
  }
}

static void evil_ccs_within(evil *e) {
  give_sealed(e, 22, p2p__bytes(part(e, 1).p, 10));
  give_clear(e, 20, p2p__bytes("\1", 1));
}

static void evil_sealed_ccs(evil *e) { give_sealed(e, 20, p2p__bytes("\1", 1)); }
static void evil_early_data(evil *e) { give_sealed(e, 23, p2p__cstr("data")); }
static void evil_empty(evil *e) { give_sealed(e, 22, p2p__cstr("")); }
static void evil_clear_message(evil *e) { give_clear(e, 22, part(e, 1)); }
static void evil_clear_alert(evil *e) { give_clear(e, 21, p2p__bytes("\2\x2a", 2)); }
static void evil_sealed_alert(evil *e) { give_sealed(e, 21, p2p__bytes("\2\x2a", 2)); }
static void evil_close(evil *e) { give_sealed(e, 21, p2p__bytes("\1\0", 2)); }

static void evil_late_clear_alert(evil *e) {
  give_sealed(e, 22, part(e, 1));
  give_clear(e, 21, p2p__bytes("\2\x2a", 2));
}

static void evil_sequence(evil *e) {
  e->keys.seq = 1;
  good_messages(e);
}

static void evil_other_keys(evil *e) {
  p2p__tls_keys_update(&e->keys);
  good_messages(e);
}

static void evil_no_certificate(evil *e) { give_sealed(e, 22, p2p__bytes("\13\0\0\4\0\0\0\0", 8)); }

static void evil_twice(evil *e) {
  give_sealed(e, 22, part(e, 1));
  give_sealed(e, 22, part(e, 1));
}

static void evil_no_proof(evil *e) {
  give_sealed(e, 22, part(e, 1));
  give_sealed(e, 22, part(e, 3));
}

static void evil_bad_proof(evil *e) {
  uint8_t copy[1024];
  p2p_bytes b = part(e, 2);
  memcpy(copy, b.p, b.len);
  copy[b.len - 1] ^= 1;
  give_sealed(e, 22, part(e, 1));
  give_sealed(e, 22, p2p__bytes(copy, b.len));
}

static void evil_bad_finish(evil *e) {
  uint8_t copy[64];
  p2p_bytes b = part(e, 3);
  memcpy(copy, b.p, b.len);
  copy[b.len - 1] ^= 1;
  give_sealed(e, 22, part(e, 1));
  give_sealed(e, 22, part(e, 2));
  give_sealed(e, 22, p2p__bytes(copy, b.len));
}

static void evil_more(evil *e) {
  uint8_t copy[64];
  p2p_bytes b = part(e, 3);
  memcpy(copy, b.p, b.len);
  memcpy(copy + b.len, "\30\0\0\1\0", 5);
  give_sealed(e, 22, part(e, 1));
  give_sealed(e, 22, part(e, 2));
  give_sealed(e, 22, p2p__bytes(copy, b.len + 5));
}

static void evil_update(evil *e) { give_sealed(e, 22, p2p__bytes("\30\0\0\1\0", 5)); }

static void server_keeps_to_the_rules_with_any_client(void **state) {
  (void)state;
  static const struct {
    const char *what;
    void (*does)(evil *e);
    int result, alert;
  } rows[] = {
    { "as it should be", good_messages, 1, -1 },
    { "records of one byte", evil_parts, 1, -1 },
    { "padding", evil_padding, 1, -1 },
    { "change_cipher_spec between messages", evil_ccs_between, 1, -1 },
    { "change_cipher_spec within a message", evil_ccs_within, P2P_EPROTO, 10 },
    { "change_cipher_spec under keys", evil_sealed_ccs, P2P_EPROTO, 10 },
    { "data before Finished", evil_early_data, P2P_EPROTO, 10 },
    { "empty message", evil_empty, P2P_EPROTO, 10 },
    { "message in the clear", evil_clear_message, P2P_EPROTO, 10 },
    { "alert in the clear", evil_clear_alert, P2P_EAUTH, -1 },
    { "alert in the clear, later", evil_late_clear_alert, P2P_EPROTO, 10 },
    { "alert", evil_sealed_alert, P2P_EAUTH, -1 },
    { "close_notify", evil_close, P2P_ECLOSED, -1 },
    { "another sequence number", evil_sequence, P2P_EAUTH, 20 },
    { "other keys", evil_other_keys, P2P_EAUTH, 20 },
    { "no certificate", evil_no_certificate, P2P_EAUTH, 116 },
    { "a certificate twice", evil_twice, P2P_EPROTO, 10 },
    { "no proof of the key", evil_no_proof, P2P_EPROTO, 10 },
    { "a bad proof", evil_bad_proof, P2P_EAUTH, 51 },
    { "a bad Finished", evil_bad_finish, P2P_EAUTH, 51 },
    { "a message behind Finished", evil_more, P2P_EPROTO, 10 },
    { "KeyUpdate before Finished", evil_update, P2P_EPROTO, 10 },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    evil *e = evil_new();
    rows[i].does(e);
    int alert = alert_of(e);
    if (e->result != rows[i].result || alert != rows[i].alert)
      fail_msg("%s: %d, alert %d", rows[i].what, e->result, alert);
    evil_free(e);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(bad_records_in_the_clear_end_it),
    cmocka_unit_test(hello_may_come_in_records_of_one_byte),
    cmocka_unit_test(change_cipher_specs_are_few),
    cmocka_unit_test(server_keeps_to_the_rules_with_any_client),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
