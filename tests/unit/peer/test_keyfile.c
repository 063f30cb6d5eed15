/* Private keys in the formats of key files: ours, OpenSSL's, kubo's, js-libp2p's. */
#include "support/table.h"

#include "peer/base64.h"
#include <p2p/key.h>

/* ---- keys.txt in every format ---- */

static p2p_identity key_of(const table *t) {
  p2p_identity id;
  p2p__span private = table_bytes(t, 1);
  assert_int_equal(p2p_identity_import(&id, p2p__span_bytes(private)), 0);
  exact_free(private);
  return id;
}

static void key_comes_back_from_every_format(void **state) {
  (void)state;
  table t;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    p2p_identity id = key_of(&t);
    for (int format = P2P_KEY_PROTOBUF; format <= P2P_KEY_KUBO; format++) {
      static uint8_t text[P2P_KEY_TEXT_MAX];
      p2p_identity again;
      p2p_key_format found = (p2p_key_format)9;
      ptrdiff_t n = p2p_identity_encode(&id, (p2p_key_format)format, text, sizeof text);
      assert_true(n > 0);
      p2p__span copy = exact(p2p__bytes(text, (size_t)n));
      assert_int_equal(p2p_identity_decode(&again, p2p__span_bytes(copy), &found), 0);
      assert_int_equal(found, format);
      assert_true(p2p_identity_eq(&id, &again));
      exact_free(copy);
      p2p_identity_fini(&again);
    }
    p2p_identity_fini(&id);
  }
  table_close(&t);
}

static void encode_says_when_there_is_no_room(void **state) {
  (void)state;
  table t;
  table_open(&t, "keys.txt");
  assert_true(table_next(&t));
  p2p_identity id = key_of(&t);
  for (int format = P2P_KEY_PROTOBUF; format <= P2P_KEY_KUBO; format++) {
    static uint8_t text[P2P_KEY_TEXT_MAX];
    ptrdiff_t n = p2p_identity_encode(&id, (p2p_key_format)format, text, sizeof text);
    assert_int_equal(p2p_identity_encode(&id, (p2p_key_format)format, text, (size_t)n), n);
    for (ptrdiff_t cap = 0; cap < n; cap++)
      assert_int_equal(p2p_identity_encode(&id, (p2p_key_format)format, text, (size_t)cap),
                       P2P_ELIMIT);
  }
  assert_int_equal(p2p_identity_encode(&id, (p2p_key_format)4, NULL, 0), P2P_EINVAL);
  p2p_identity_fini(&id);
  while (table_next(&t)) continue;
  table_close(&t);
}

/* Cut anywhere or with a byte changed, text is no key or another one; never a crash. */
static void key_cut_anywhere_is_none(void **state) {
  (void)state;
  table t;
  table_open(&t, "keys.txt");
  assert_true(table_next(&t));
  p2p_identity id = key_of(&t);
  for (int format = P2P_KEY_PROTOBUF; format <= P2P_KEY_KUBO; format++) {
    static uint8_t text[P2P_KEY_TEXT_MAX];
    ptrdiff_t n = p2p_identity_encode(&id, (p2p_key_format)format, text, sizeof text);
    ptrdiff_t needed = format == P2P_KEY_PROTOBUF ? n
                       : format == P2P_KEY_BASE64 ? n - 2 /* padding */
                       : format == P2P_KEY_PEM    ? n - 1
                                                  : n - 3;
    for (ptrdiff_t len = 0; len < needed; len++) {
      p2p_identity got;
      p2p__span cut = exact(p2p__bytes(text, (size_t)len));
      assert_int_equal(p2p_identity_decode(&got, p2p__span_bytes(cut), NULL), P2P_EKEY);
      assert_int_equal(got.size, 0);
      exact_free(cut);
    }
  }
  p2p_identity_fini(&id);
  while (table_next(&t)) continue;
  table_close(&t);
}

/* ---- of others ---- */

static int decode(const char *text, p2p_identity *out) {
  return p2p_identity_decode(out, p2p__cstr(text), NULL);
}

static void assert_peer(const p2p_identity *id, const char *want) {
  char text[P2P_PEER_ID_TEXT_MAX];
  assert_true(p2p_peer_id_print(&id->peer, text, sizeof text) > 0);
  assert_string_equal(text, want);
}

/* RFC 8410, section 10.3: the two examples are one key; the peer id by other means. */
static void pem_of_rfc_8410_is_read(void **state) {
  (void)state;
  p2p_identity a, b;
  assert_int_equal(decode("-----BEGIN PRIVATE KEY-----\n"
                          "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                          "-----END PRIVATE KEY-----\n",
                          &a),
                   0);
  assert_int_equal(decode("-----BEGIN PRIVATE KEY-----\r\n"
                          "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\r\n"
                          "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\r\n"
                          "Z9w7lshQhqowtrbLDFw4rXAxZuE=\r\n"
                          "-----END PRIVATE KEY-----\r\n",
                          &b),
                   0);
  assert_true(p2p_identity_eq(&a, &b));
  assert_hex(a.pubkey + 4, 32, "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  p2p_identity_fini(&a);
  p2p_identity_fini(&b);
}

static void rsa_of_8192_bits_signs(void **state) {
  (void)state;
  static char pem[P2P_KEY_TEXT_MAX];
  p2p_identity id;
  uint8_t sig[P2P_SIGNATURE_MAX];
  size_t len = 0;
  FILE *file = fopen(P2P_TEST_VECTORS "/rsa8192.pem", "r");
  assert_non_null(file);
  size_t n = fread(pem, 1, sizeof pem, file);
  fclose(file);
  assert_int_equal(p2p_identity_decode(&id, p2p__bytes(pem, n), NULL), 0);
  assert_int_equal(id.sign(id.ctx, p2p__cstr("text"), sig, &len), 0);
  assert_int_equal(len, P2P_SIGNATURE_MAX);
  p2p_bytes pubkey = p2p__bytes(id.pubkey, id.pubkey_len);
  assert_int_equal(p2p_verify(pubkey, p2p__cstr("text"), p2p__bytes(sig, len)), 0);
  p2p_identity_fini(&id);
}

/* The Ed25519 key of peer-ids.md. */
#define BASE64                                                                                     \
  "CAESQH4IMGF8Sn3oOSXfsmlFVrEpNsR3oOH+suFI7J2mD+59HtHo+uLEoUS4vo/UtHvz07NLhxw8rPYBDw5C1HT84n4="
#define PEER "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"

static void keys_in_json_are_found(void **state) {
  (void)state;
  static const char *const files[] = {
    BASE64,
    "  " BASE64 "\n",
    "{\"Identity\":{\"PeerID\":\"" PEER "\",\"PrivKey\":\"" BASE64 "\"}}",
    "\n{ \"API\": {}, \"Identity\": {\n \"PrivKey\" :\n \"" BASE64 "\" } }\n",
    "{\"id\":\"" PEER "\",\"privKey\":\"" BASE64 "\",\"pubKey\":\"CAESIB\"}", /* js-libp2p */
  };
  for (size_t i = 0; i < P2P_COUNT(files); i++) {
    p2p_identity id;
    assert_int_equal(decode(files[i], &id), 0);
    assert_peer(&id, PEER);
    p2p_identity_fini(&id);
  }
}

static void what_is_no_key_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int err;
  } files[] = {
    { "", P2P_EKEY },
    { "hello", P2P_EKEY },
    { "{}", P2P_EKEY },
    { "{\"PrivKey\":12}", P2P_EKEY },
    { "{\"PrivKey\"", P2P_EKEY },
    { "{\"PrivKey\":\"" BASE64, P2P_EKEY },
    { BASE64 "=", P2P_EKEY },
    { "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
      P2P_ENOTSUP },
    { "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE "
      "KEY-----",
      P2P_ENOTSUP },
    { "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----", P2P_EKEY },
    { "-----BEGIN PRIVATE KEY-----\nAAAA", P2P_EKEY },
    { "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", P2P_EKEY },
    /* X25519, which signs nothing */
    { "-----BEGIN PRIVATE "
      "KEY-----\nMC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----",
      P2P_ENOTSUP },
  };
  for (size_t i = 0; i < P2P_COUNT(files); i++) {
    p2p_identity id;
    assert_int_equal(decode(files[i].text, &id), files[i].err);
    assert_int_equal(id.size, 0);
  }
}

/* ---- base64 ---- */

static void base64_agrees_with_rfc_4648(void **state) {
  (void)state;
  static const char *const pairs[][2] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
  };
  for (size_t i = 0; i < P2P_COUNT(pairs); i++) {
    char text[16] = "", bytes[16] = "";
    p2p__wr w = p2p__wr_of(text, sizeof text - 1), r = p2p__wr_of(bytes, sizeof bytes - 1);
    p2p__base64_write(p2p__cstr(pairs[i][0]), 0, &w);
    assert_string_equal(text, pairs[i][1]);
    assert_int_equal(p2p__base64_read(p2p__cstr(text), &r), 0);
    assert_string_equal(bytes, pairs[i][0]);
  }
}

static void base64_knows_every_digit(void **state) {
  (void)state;
  for (unsigned c = 0; c < 256; c++) {
    uint8_t in[4] = { 'A', (uint8_t)c, 'A', 'A' }, out[4], back[5];
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, (int)c) : NULL;
    p2p__wr w = p2p__wr_of(out, sizeof out), b = p2p__wr_of(back, sizeof back);
    int err = p2p__base64_read(p2p__bytes(in, 4), &w);
    if (!at) { /* white space is passed over: three digits are two bytes */
      assert_int_equal(err, c && strchr(" \t\r\n", (int)c) ? 0 : P2P_EKEY);
      continue;
    }
    assert_int_equal(err, 0);
    assert_int_equal(out[0], (at - digits) >> 4);
    p2p__base64_write(p2p__wr_bytes(&w), 0, &b);
    assert_memory_equal(back, in, 4);
  }
}

static void base64_has_one_text_for_bytes(void **state) {
  (void)state;
  static const char *const others[] = { "Zh==", "Zm9=", "Z",     "Zg=",     "Zg===",
                                        "Z=g=", "=",    "Zm9vZ", "Zg==Zg==" };
  for (size_t i = 0; i < P2P_COUNT(others); i++) {
    uint8_t out[16];
    p2p__wr w = p2p__wr_of(out, sizeof out);
    assert_int_equal(p2p__base64_read(p2p__cstr(others[i]), &w), P2P_EKEY);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(key_comes_back_from_every_format),
    cmocka_unit_test(encode_says_when_there_is_no_room),
    cmocka_unit_test(key_cut_anywhere_is_none),
    cmocka_unit_test(pem_of_rfc_8410_is_read),
    cmocka_unit_test(rsa_of_8192_bits_signs),
    cmocka_unit_test(keys_in_json_are_found),
    cmocka_unit_test(what_is_no_key_is_refused),
    cmocka_unit_test(base64_agrees_with_rfc_4648),
    cmocka_unit_test(base64_knows_every_digit),
    cmocka_unit_test(base64_has_one_text_for_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
