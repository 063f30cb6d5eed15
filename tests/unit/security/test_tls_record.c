/* TLS's records: what the RFC's traces say, what comes back, and a table of what must not pass. */
#include "tls_pair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const p2p__aead_kind kinds[] = { P2P__AES_128_GCM, P2P__AES_256_GCM,
                                        P2P__CHACHA20_POLY1305 };

/* ---- RFC 8448, section 3 ---- */

static const char client_handshake[] =
    "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21";
static const char client_application[] =
    "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
static const char server_application[] =
    "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";

static void keys_of(p2p__tls_keys *k, party *p, const char *secret, uint64_t seq, bool seals) {
  p2p__tls_secret s = { .aead = P2P__AES_128_GCM, .len = 32 };
  unhex(secret, s.bytes, sizeof s.bytes);
  p2p__tls_keys_init(k, p->crypto, &s, seals);
  k->seq = seq;
}

static void keys_are_those_of_rfc8448(void **state) {
  (void)state;
  static const struct {
    const char *secret, *key, *iv;
  } rows[] = {
    { client_handshake, "dbfaa693d1762c5b666af5d950258d01", "5bd3c71b836e0b76bb73265f" },
    { client_application, "17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9" },
    { server_application, "9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984" },
  };
  party p;
  party_init(&p, 1);
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    uint8_t key[16], iv[12];
    p2p__tls_keys k;
    keys_of(&k, &p, rows[i].secret, 0, true);
    unhex(rows[i].key, key, sizeof key);
    unhex(rows[i].iv, iv, sizeof iv);
    assert_memory_equal(k.aead.key, key, sizeof key);
    assert_memory_equal(k.iv, iv, sizeof iv);
    p2p__tls_keys_fini(&k);
  }
  party_fini(&p);
}

static void records_are_those_of_rfc8448(void **state) {
  (void)state;
  static const char data[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                             "202122232425262728292a2b2c2d2e2f3031";
  static const struct {
    const char *secret;
    uint64_t seq;
    p2p__tls_type type;
    const char *content, *record;
  } rows[] = {
    { client_handshake, 0, P2P__TLS_MESSAGE,
      "14000020a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61",
      "170303003575ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46de"
      "b384bd1caeacab6867d726c40546" },
    { client_application, 0, P2P__TLS_DATA, data,
      "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a"
      "20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4" },
    { client_application, 1, P2P__TLS_ALERT, "0100",
      "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3" },
    { server_application, 1, P2P__TLS_DATA, data,
      "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb"
      "501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d" },
    { server_application, 2, P2P__TLS_ALERT, "0100",
      "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9" },
  };
  party p;
  party_init(&p, 1);
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    uint8_t content[64], want[128], got[128];
    size_t n = unhex(rows[i].content, content, sizeof content), len;
    size_t want_len = unhex(rows[i].record, want, sizeof want);
    p2p_bytes v[] = { p2p__bytes(content, 1), p2p__bytes(content + 1, n - 1) };
    p2p__tls_keys k;
    p2p__tls_type type;
    p2p__span plain;
    int alert;
    keys_of(&k, &p, rows[i].secret, rows[i].seq, true);
    assert_int_equal(p2p__tls_seal(&k, rows[i].type, v, 2, got, &len), 0);
    assert_int_equal(len, want_len);
    assert_memory_equal(got, want, len);
    p2p__tls_keys_fini(&k);
    keys_of(&k, &p, rows[i].secret, rows[i].seq, false);
    assert_int_equal(p2p__tls_open(&k, p2p__span_of(want, want_len), &type, &plain, &alert), 0);
    assert_int_equal(type, rows[i].type);
    assert_int_equal(plain.len, n);
    assert_memory_equal(plain.p, content, n);
    p2p__tls_keys_fini(&k);
  }
  party_fini(&p);
}

/* ---- what is sealed is opened ---- */

static void seal_text(tls_pair *p, int i, const p2p_bytes *v, size_t n) {
  assert_int_equal(p->side[i]->ops->seal(p->side[i], v, n, p->wire, &p->len), 0);
}

static void pass_text(tls_pair *p, int i, const char *text) {
  p2p_bytes v[] = { p2p__bytes(text, 1), p2p__cstr(text + 1), { 0 } };
  p2p__span plain;
  seal_text(p, i, v, 3);
  size_t at = 0;
  for (int r = 0; at < p->len;) { /* one record, or a KeyUpdate and one */
    size_t used;
    r = p->side[!i]->ops->open(p->side[!i], p2p__span_of(p->wire + at, p->len - at), &used, &plain);
    assert_int_equal(r, 1);
    at += used;
  }
  assert_int_equal(at, p->len);
  assert_true(p2p__bytes_eq(p2p__cstr(text), p2p__span_bytes(plain)));
}

static void records_come_back_with_every_cipher(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(kinds); i++) {
    tls_pair *p = tls_pair_new(kinds[i]);
    for (int n = 0; n < 3; n++) {
      pass_text(p, 0, "from the client");
      pass_text(p, 1, "from the server");
      p->side[n & 1]->ops->idle(p->side[n & 1]);
    }
    tls_pair_free(p);
  }
}

static void records_carry_as_much_as_they_may(void **state) {
  (void)state;
  static uint8_t much[16385];
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p_bytes v = p2p__bytes(much, 16384);
  p2p__span plain;
  size_t len;
  seal_text(p, 0, &v, 1);
  assert_int_equal(p->len, 5 + 16384 + 1 + 16);
  assert_int_equal(tls_hears(p, 0, &plain), 1);
  assert_int_equal(plain.len, 16384);
  v.len++;
  assert_int_equal(p->side[0]->ops->seal(p->side[0], &v, 1, p->wire, &len), P2P_EINVAL);
  tls_pair_free(p);
}

static void open_waits_for_a_whole_record(void **state) {
  (void)state;
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p_bytes v = p2p__cstr("text");
  p2p__span plain;
  seal_text(p, 0, &v, 1);
  for (size_t n = 0; n < p->len; n++) {
    size_t used = SIZE_MAX;
    assert_int_equal(p->side[1]->ops->open(p->side[1], p2p__span_of(p->wire, n), &used, &plain), 0);
    assert_int_equal(used, n < 5 ? 0 : p->len);
  }
  assert_int_equal(tls_hears(p, 0, &plain), 1);
  tls_pair_free(p);
}

static void open_takes_any_padding(void **state) {
  (void)state;
  static const size_t paddings[] = { 0, 1, 15, 255, 16379 };
  static uint8_t inner[16385];
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  for (size_t i = 0; i < P2P_COUNT(paddings); i++) {
    p2p__span plain;
    memset(inner, 0, sizeof inner);
    memcpy(inner, "text\0\x17", 6); /* content may end with zeros, too */
    tls_evil_inner(p, 0, inner, 6 + paddings[i]);
    assert_int_equal(tls_hears(p, 0, &plain), 1);
    assert_int_equal(plain.len, 5);
    assert_memory_equal(plain.p, "text", 5);
  }
  tls_pair_free(p);
}

static void version_of_a_record_is_authenticated_and_else_ignored(void **state) {
  (void)state;
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p_bytes v = p2p__cstr("text");
  p2p__span plain;
  seal_text(p, 0, &v, 1);
  p->wire[2] = 1;
  assert_int_equal(tls_hears(p, 0, &plain), P2P_EAUTH);
  tls_pair_free(p);
}

/* ---- keys wear out ---- */

static void keys_are_renewed_when_asked_and_after_many_records(void **state) {
  (void)state;
  static const uint8_t request[] = { 24, 0, 0, 1, 1 };
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p__span plain;
  uint8_t before[16];
  for (int round = 0; round < 3; round++) {
    memcpy(before, tls_record(p, 1)->out.aead.key, sizeof before);
    tls_evil(p, 0, P2P__TLS_MESSAGE, request, sizeof request);
    assert_int_equal(tls_hears(p, 0, &plain), 1);
    assert_int_equal(plain.len, 0);
    p2p__tls_keys_update(&p->evil[0]);
    assert_memory_equal(tls_record(p, 1)->out.aead.key, before, sizeof before); /* not yet */
    pass_text(p, 1, "under new keys");
    assert_memory_not_equal(tls_record(p, 1)->out.aead.key, before, sizeof before);
  }
  /* Many records later, of its own accord. */
  tls_record(p, 1)->out.seq = tls_record(p, 0)->in.seq = P2P__TLS_REKEY_AT - 1;
  memcpy(before, tls_record(p, 1)->out.aead.key, sizeof before);
  pass_text(p, 1, "the last one");
  assert_memory_equal(tls_record(p, 1)->out.aead.key, before, sizeof before);
  pass_text(p, 1, "the first one");
  assert_memory_not_equal(tls_record(p, 1)->out.aead.key, before, sizeof before);
  assert_int_equal(tls_record(p, 1)->out.seq, 1);
  pass_text(p, 1, "and on");
  tls_pair_free(p);
}

static void many_requests_for_new_keys_make_one_answer(void **state) {
  (void)state;
  static const uint8_t request[] = { 24, 0, 0, 1, 1 };
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p__span plain;
  for (int i = 0; i < 20; i++) {
    tls_evil(p, 0, P2P__TLS_MESSAGE, request, sizeof request);
    p2p__tls_keys_update(&p->evil[0]);
    assert_int_equal(tls_hears(p, 0, &plain), 1);
  }
  p2p_bytes v = p2p__cstr("text");
  seal_text(p, 1, &v, 1);
  assert_int_equal(p->len, 5 + 5 + 17 + 5 + 4 + 17);
  assert_true(p->len <= p->side[1]->head + v.len + p->side[1]->tail);
  tls_pair_free(p);
}

static void sequence_numbers_do_not_wrap(void **state) {
  (void)state;
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p__span plain;
  p2p_bytes v = p2p__cstr("text");
  size_t len;
  tls_record(p, 0)->out.seq = tls_record(p, 1)->in.seq = UINT64_MAX;
  assert_int_equal(p->side[0]->ops->seal(p->side[0], &v, 1, p->wire, &len), P2P_ELIMIT);
  assert_int_equal(p->side[0]->ops->seal(p->side[0], &v, 1, p->wire, &len), P2P_ELIMIT);
  tls_evil(p, 0, P2P__TLS_DATA, "text", 4);
  assert_int_equal(tls_hears(p, 0, &plain), P2P_ELIMIT);
  tls_pair_free(p);
}

/* ---- the end ---- */

static void close_is_said_and_understood(void **state) {
  (void)state;
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p__span plain;
  p2p_bytes v = p2p__cstr("text");
  size_t len;
  pass_text(p, 1, "all is well");
  pass_text(p, 0, "so it is");
  p->ears[1].seq = 1;
  p->len = p->side[0]->ops->finish(p->side[0], p->wire);
  assert_true(p->len > 0 && p->len <= p->side[0]->head + 64u + p->side[0]->tail);
  assert_int_equal(p->side[0]->ops->finish(p->side[0], p->wire + 100), 0);
  assert_int_equal(p->side[0]->ops->seal(p->side[0], &v, 1, p->wire + 100, &len), P2P_ECLOSED);
  assert_int_equal(tls_hears(p, 0, &plain), P2P_ECLOSED);
  assert_int_equal(tls_hears(p, 0, &plain), P2P_ECLOSED);
  assert_int_equal(tls_last_word(p, 1), P2P__TLS_CLOSE_NOTIFY);
  tls_pair_free(p);
}

/* ---- what must not pass ---- */

typedef struct bad_row {
  const char *what;
  unsigned type;
  const char *content;
  size_t len;
  int err, alert; /* -1: there is nothing more to say */
  int from;       /* 2: from either side */
} bad_row;

#define TEXT(s) s, sizeof(s) - 1

static const bad_row bad_rows[] = {
  { "empty message", 22, TEXT(""), P2P_EPROTO, 10, 2 },
  { "sealed change_cipher_spec", 20, TEXT("\1"), P2P_EPROTO, 10, 2 },
  { "unknown type", 99, TEXT("x"), P2P_EPROTO, 10, 2 },
  { "only padding", 0, TEXT("\0\0\0"), P2P_EPROTO, 10, 2 },
  { "nothing at all", 0, TEXT(""), P2P_EPROTO, 10, 2 },
  { "alert of one byte", 21, TEXT("\2"), P2P_EPROTO, 50, 2 },
  { "two alerts", 21, TEXT("\1\0\1\0"), P2P_EPROTO, 50, 2 },
  { "no alert", 21, TEXT(""), P2P_EPROTO, 50, 2 },
  { "close_notify", 21, TEXT("\1\0"), P2P_ECLOSED, 0, 2 },
  { "close_notify called fatal", 21, TEXT("\2\0"), P2P_ECLOSED, 0, 2 },
  { "handshake_failure", 21, TEXT("\2\50"), P2P_EPROTO, -1, 2 },
  { "bad_certificate", 21, TEXT("\2\52"), P2P_EAUTH, -1, 2 },
  { "bad_certificate called a warning", 21, TEXT("\1\52"), P2P_EAUTH, -1, 2 },
  { "certificate_required", 21, TEXT("\2\x74"), P2P_EAUTH, -1, 2 },
  { "unknown_ca", 21, TEXT("\2\60"), P2P_EAUTH, -1, 2 },
  { "alert nobody knows", 21, TEXT("\2\xff"), P2P_EPROTO, -1, 2 },
  { "KeyUpdate without its byte", 22, TEXT("\30\0\0\0"), P2P_EPROTO, 50, 2 },
  { "KeyUpdate of two", 22, TEXT("\30\0\0\2\0\0"), P2P_EPROTO, 50, 2 },
  { "KeyUpdate that asks for more", 22, TEXT("\30\0\0\1\2"), P2P_EPROTO, 47, 2 },
  { "message behind KeyUpdate", 22, TEXT("\30\0\0\1\0\30\0\0\1\0"), P2P_EPROTO, 10, 2 },
  { "byte behind KeyUpdate", 22, TEXT("\30\0\0\1\0\0"), P2P_EPROTO, 10, 2 },
  { "ticket from a client", 22, TEXT("\4\0\0\1\0"), P2P_EPROTO, 10, 0 },
  { "ClientHello", 22, TEXT("\1\0\0\1\0"), P2P_EPROTO, 10, 2 },
  { "ServerHello", 22, TEXT("\2\0\0\1\0"), P2P_EPROTO, 10, 2 },
  { "CertificateRequest", 22, TEXT("\15\0\0\1\0"), P2P_EPROTO, 10, 2 },
  { "Finished", 22, TEXT("\24\0\0\1\0"), P2P_EPROTO, 10, 2 },
  { "HelloRequest", 22, TEXT("\0\0\0\0"), P2P_EPROTO, 10, 2 },
  { "endless message", 22, TEXT("\4\xff\xff\xff"), P2P_ELIMIT, 47, 2 },
};

static void open_refuses(const bad_row *row, int from) {
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p__span plain;
  pass_text(p, from, "before");
  p->evil[from].seq = 1;
  p->ears[!from].seq = 0;
  tls_evil(p, from, row->type, row->content, row->len);
  int err = tls_hears(p, from, &plain), again = tls_hears(p, from, &plain);
  int alert = tls_last_word(p, !from);
  if (err != row->err || again != row->err || alert != row->alert)
    fail_msg("%s from %d: %d, %d, %d", row->what, from, err, again, alert);
  tls_pair_free(p);
}

static void open_refuses_every_bad_record(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(bad_rows); i++) {
    for (int from = 0; from < 2; from++)
      if (bad_rows[i].from == 2 || bad_rows[i].from == from) open_refuses(&bad_rows[i], from);
  }
}

static void open_refuses_bad_wires(void **state) {
  (void)state;
  static const struct {
    const char *what, *wire;
    int err, alert;
  } rows[] = {
    { "change_cipher_spec", "140303000101", P2P_EPROTO, 10 },
    { "alert in the clear", "15030300020100", P2P_EPROTO, 10 },
    { "message in the clear", "160303000401000000", P2P_EPROTO, 10 },
    { "heartbeat", "180303000101", P2P_EPROTO, 10 },
    { "no TLS", "474554202f00", P2P_EPROTO, 10 },
    { "too long by one", "1703034101", P2P_EPROTO, 22 },
    { "nothing inside", "1703030000", P2P_EAUTH, 20 },
    { "no room for a type", "170303001000000000000000000000000000000000", P2P_EAUTH, 20 },
    { "no tag of ours", "17030300110000000000000000000000000000000000", P2P_EAUTH, 20 },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
    p2p__span plain;
    p->len = unhex(rows[i].wire, p->wire, sizeof p->wire);
    int err = tls_hears(p, 0, &plain), alert = tls_last_word(p, 1);
    if (err != rows[i].err || alert != rows[i].alert)
      fail_msg("%s: %d, %d", rows[i].what, err, alert);
    tls_pair_free(p);
  }
}

static void open_refuses_plaintext_too_long_for_a_record(void **state) {
  (void)state;
  static uint8_t inner[16386];
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p__span plain;
  memset(inner, P2P__TLS_DATA, sizeof inner);
  tls_evil_inner(p, 0, inner, sizeof inner);
  assert_int_equal(tls_hears(p, 0, &plain), P2P_EPROTO);
  assert_int_equal(tls_last_word(p, 1), 22);
  tls_pair_free(p);
}

static void open_refuses_every_changed_bit_and_wipes(void **state) {
  (void)state;
  for (size_t bit = 0; bit < 8 * (5 + 4 + 17); bit++) {
    static const uint8_t zero[5];
    tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
    p2p_bytes v = p2p__cstr("text");
    p2p__span plain;
    seal_text(p, 0, &v, 1);
    size_t was = p->len;
    p->wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
    ptrdiff_t size = p2p__tls_record_size(p2p__bytes(p->wire, p->len));
    if (size > (ptrdiff_t)was) { /* another length: the record is waited for */
      p->len = (size_t)size;
    }
    size_t used;
    int r = p->side[1]->ops->open(p->side[1], p2p__span_of(p->wire, p->len), &used, &plain);
    assert_true(r == P2P_EAUTH || r == P2P_EPROTO);
    if (bit >= 40) assert_memory_equal(p->wire + 5, zero, sizeof zero);
    tls_pair_free(p);
  }
}

static void open_refuses_a_record_heard_twice(void **state) {
  (void)state;
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  uint8_t copy[64];
  p2p_bytes v = p2p__cstr("text");
  p2p__span plain;
  seal_text(p, 0, &v, 1);
  memcpy(copy, p->wire, p->len);
  assert_int_equal(tls_hears(p, 0, &plain), 1);
  memcpy(p->wire, copy, p->len);
  assert_int_equal(tls_hears(p, 0, &plain), P2P_EAUTH);
  tls_pair_free(p);
}

/* ---- tickets, and what costs us more than its sender ---- */

static void client_lets_tickets_pass_in_any_parts(void **state) {
  (void)state;
  static uint8_t ticket[4 + 300] = { 4, 0, 1, 44 };
  for (size_t part = 1; part <= sizeof ticket; part += 37) {
    tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
    p2p__span plain;
    tls_record(p, 0)->env->limits = &p->party.world.limits;
    p->party.world.limits.tls_useless = 1000;
    for (size_t at = 0; at < sizeof ticket; at += part) {
      tls_evil(p, 1, P2P__TLS_MESSAGE, ticket + at, p2p__min(part, sizeof ticket - at));
      assert_int_equal(tls_hears(p, 1, &plain), 1);
      assert_int_equal(plain.len, 0);
    }
    tls_evil(p, 1, P2P__TLS_DATA, "data", 4);
    assert_int_equal(tls_hears(p, 1, &plain), 1);
    assert_int_equal(plain.len, 4);
    tls_pair_free(p);
  }
}

static void nothing_comes_between_the_parts_of_a_message(void **state) {
  (void)state;
  static const unsigned types[] = { P2P__TLS_DATA, P2P__TLS_ALERT };
  for (size_t i = 0; i < P2P_COUNT(types); i++) {
    tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
    p2p__span plain;
    tls_evil(p, 1, P2P__TLS_MESSAGE, "\4\0", 2);
    assert_int_equal(tls_hears(p, 1, &plain), 1);
    tls_evil(p, 1, types[i], "\1\0", 2);
    assert_int_equal(tls_hears(p, 1, &plain), P2P_EPROTO);
    assert_int_equal(tls_last_word(p, 0), 10);
    tls_pair_free(p);
  }
}

static void useless_records_are_few(void **state) {
  (void)state;
  static const struct {
    unsigned type;
    const char *content;
    size_t len;
    bool updates;
  } rows[] = {
    { P2P__TLS_DATA, TEXT(""), false },
    { P2P__TLS_MESSAGE, TEXT("\4\0\0\0"), false },
    { P2P__TLS_MESSAGE, TEXT("\30\0\0\1\1"), true },
    { P2P__TLS_ALERT, TEXT("\1\x5a"), false },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
    p2p__span plain;
    uint64_t most = p->party.world.limits.tls_useless;
    for (uint64_t n = 0; n < 3 * most; n++) { /* with data between: any number */
      bool data = n % most == most - 1;
      tls_evil(p, 1, data ? P2P__TLS_DATA : rows[i].type, data ? "d" : rows[i].content,
               data ? 1 : rows[i].len);
      assert_int_equal(tls_hears(p, 1, &plain), 1);
      if (rows[i].updates && !data) p2p__tls_keys_update(&p->evil[1]);
    }
    for (uint64_t n = 0; n <= most; n++) {
      tls_evil(p, 1, rows[i].type, rows[i].content, rows[i].len);
      assert_int_equal(tls_hears(p, 1, &plain), n < most ? 1 : P2P_ELIMIT);
      if (rows[i].updates && n < most) p2p__tls_keys_update(&p->evil[1]);
    }
    assert_int_equal(tls_last_word(p, 0), 10);
    tls_pair_free(p);
  }
}

/* Part of a ticket is kept, but never more than a handshake message may have. */
static int hear_ticket_of(uint16_t len, uint64_t limit) {
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  const p2p__tls_record_config config = {
    .client = true, .out = &p->ears[0].secret, .in = &p->evil[1].secret, .limit = 16384
  };
  uint8_t head[4] = { 4, 0 };
  p2p__span plain;
  p->party.world.limits.tls_handshake = limit;
  p2p__record_free(p->side[0]);
  assert_int_equal(p2p__tls_record_new(&p->party.world.env, &config, &p->side[0]), 0);
  p2p__put_be16(head + 2, len);
  tls_evil(p, 1, P2P__TLS_MESSAGE, head, sizeof head);
  int r = tls_hears(p, 1, &plain);
  tls_pair_free(p);
  return r;
}

static void tickets_take_no_more_room_than_messages(void **state) {
  (void)state;
  assert_int_equal(hear_ticket_of(2044, 2048), 1);
  assert_int_equal(hear_ticket_of(2045, 2048), P2P_ELIMIT);
}

/* ---- memory ---- */

static void record_is_small_and_survives_no_memory(void **state) {
  (void)state;
  tls_pair *p = tls_pair_new(P2P__AES_128_GCM);
  p2p__mem *m = &p->party.world.mem;
  p2p__tls_secret s = { .aead = P2P__AES_128_GCM, .len = 32 };
  const p2p__tls_record_config config = { .out = &s, .in = &s, .limit = 100 };
  p2p__record *r;
  p2p__span plain;
  assert_true(sizeof(p2p__tls_record) <= 512);
  tls_evil(p, 1, P2P__TLS_DATA, "x", 1); /* contexts are taken */
  assert_int_equal(tls_hears(p, 1, &plain), 1);
  m->fail_at = m->calls + 1;
  assert_int_equal(p2p__tls_record_new(&p->party.world.env, &config, &r), P2P_ENOMEM);
  assert_null(r);
  m->fail_at = m->calls + 1; /* where a message in parts would be kept */
  tls_evil(p, 1, P2P__TLS_MESSAGE, "\4\0", 2);
  assert_int_equal(tls_hears(p, 1, &plain), P2P_ENOMEM);
  assert_int_equal(tls_last_word(p, 0), 80);
  m->fail_at = 0;
  assert_int_equal(p2p__tls_record_new(&p->party.world.env, &config, &r), 0);
  assert_int_equal(r->max, 100);
  p2p__record_free(r);
  tls_pair_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(keys_are_those_of_rfc8448),
    cmocka_unit_test(records_are_those_of_rfc8448),
    cmocka_unit_test(records_come_back_with_every_cipher),
    cmocka_unit_test(records_carry_as_much_as_they_may),
    cmocka_unit_test(open_waits_for_a_whole_record),
    cmocka_unit_test(open_takes_any_padding),
    cmocka_unit_test(version_of_a_record_is_authenticated_and_else_ignored),
    cmocka_unit_test(keys_are_renewed_when_asked_and_after_many_records),
    cmocka_unit_test(many_requests_for_new_keys_make_one_answer),
    cmocka_unit_test(sequence_numbers_do_not_wrap),
    cmocka_unit_test(close_is_said_and_understood),
    cmocka_unit_test(open_refuses_every_bad_record),
    cmocka_unit_test(open_refuses_bad_wires),
    cmocka_unit_test(open_refuses_plaintext_too_long_for_a_record),
    cmocka_unit_test(open_refuses_every_changed_bit_and_wipes),
    cmocka_unit_test(open_refuses_a_record_heard_twice),
    cmocka_unit_test(client_lets_tickets_pass_in_any_parts),
    cmocka_unit_test(nothing_comes_between_the_parts_of_a_message),
    cmocka_unit_test(useless_records_are_few),
    cmocka_unit_test(tickets_take_no_more_room_than_messages),
    cmocka_unit_test(record_is_small_and_survives_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
