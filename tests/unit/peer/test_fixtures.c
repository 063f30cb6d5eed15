/* Keys, signatures and a record that go-libp2p, js-libp2p and kubo wrote into their files. */
#include "support/table.h"

#include "peer/peer_record.h"

enum { LEGACY = 100, PLAIN = 68 }; /* Ed25519: before 2018 with the public key a second time */

/* The key in the first word's format, its public key and peer id; and what it is written as. */
static void check_key(const table *t) {
  p2p__span private = table_bytes(t, 1), public = table_bytes(t, 2);
  static uint8_t text[P2P_KEY_TEXT_MAX];
  char peer[P2P_PEER_ID_TEXT_MAX];
  p2p_identity id, again;
  p2p_key_format found;
  assert_int_equal(p2p_identity_import(&id, p2p__span_bytes(private)), 0);
  assert_true(p2p__bytes_eq(p2p__bytes(id.pubkey, id.pubkey_len), p2p__span_bytes(public)));
  assert_int_equal(p2p_peer_id_print(&id.peer, peer, sizeof peer), strlen(t->words[3]));
  assert_string_equal(peer, t->words[3]);
  ptrdiff_t len = p2p_identity_export(&id, text, sizeof text);
  assert_int_equal(len, private.len == LEGACY ? PLAIN : private.len);
  if (private.len != LEGACY) assert_memory_equal(text, private.p, private.len);

  assert_int_equal(p2p_identity_decode(&again, p2p__span_bytes(private), &found), 0); /* a file */
  assert_int_equal(found, P2P_KEY_PROTOBUF);
  assert_true(p2p_identity_eq(&id, &again));
  p2p_identity_fini(&again);
  p2p_identity_fini(&id);
  exact_free(private);
  exact_free(public);
}

/* 512 bits of RSA: neither half is a key. Row HS-01. */
static void check_refused(const table *t) {
  p2p__span private = table_bytes(t, 1), public = table_bytes(t, 2);
  p2p_identity id;
  p2p_peer_id peer;
  assert_int_equal(p2p_identity_import(&id, p2p__span_bytes(private)), P2P_EKEY);
  assert_int_equal(p2p_peer_id_from_pubkey(p2p__span_bytes(public), &peer), P2P_EKEY);
  exact_free(private);
  exact_free(public);
}

static void keys_of_go_and_js_are_read(void **state) {
  (void)state;
  table t;
  size_t refused = 0;
  table_open(&t, "keys_others.txt");
  while (table_next(&t)) {
    if (is_word(t.words[3], "-")) {
      check_refused(&t);
      refused++;
    } else {
      check_key(&t);
    }
  }
  assert_int_equal(t.lines, 17);
  assert_int_equal(refused, 1);
  table_close(&t);
}

static void signatures_of_go_are_taken(void **state) {
  (void)state;
  table t;
  p2p__span key = { 0 };
  size_t taken = 0;
  table_open(&t, "signatures_js.txt");
  while (table_next(&t)) {
    if (is_word(t.words[0], "key")) {
      exact_free(key);
      key = table_bytes(&t, 1);
      continue;
    }
    p2p__span msg = table_bytes(&t, 2), sig = table_bytes(&t, 3);
    assert_int_equal(p2p_verify(p2p__span_bytes(key), p2p__span_bytes(msg), p2p__span_bytes(sig)),
                     0);
    msg.p[0] ^= 1;
    assert_int_equal(p2p_verify(p2p__span_bytes(key), p2p__span_bytes(msg), p2p__span_bytes(sig)),
                     P2P_ESIG);
    exact_free(msg);
    exact_free(sig);
    taken++;
  }
  assert_int_equal(taken, 4);
  exact_free(key);
  table_close(&t);
}

/* The identities of kubo's repositories of versions 15 and 16, in the shape and indentation of its
 * config. Source: ipfs/kubo 867cdc5, test/cli/migrations/testdata/v{15,16}-repo/config. */
static void config_of_kubo_is_read(void **state) {
  (void)state;
  static const struct {
    const char *peer, *key;
  } configs[] = {
    { "12D3KooWPeo9gaDV6URwwwyWWjEJsCaMeZ7PBE5vpqvR1KFnPv3B",
      "CAESQGPAQlzI5P/KnsbQ3e7dPNbv5Ztw8YwLv9k1dtS3pkd1zZAOR2796fXBZSKyo8Lw/wOqFb9plijC0iW0vTDuxXI"
      "=" },
    { "12D3KooWGU72UzYkzVAiTyNLugX72zoDPTGkRegoKcTfB8oWxSuu",
      "CAESQNfpGWI4zS+x+HSggBd7qqBai+Je5fopjmBylaTo7uZZYtESGX1PLDr5HmS3NJmrK7glW5kGRuYDvpqwJ2hnC2g"
      "=" },
  };
  for (size_t i = 0; i < P2P_COUNT(configs); i++) {
    char text[1024], peer[P2P_PEER_ID_TEXT_MAX];
    p2p_identity id;
    p2p_key_format found;
    int n = snprintf(
        text, sizeof text,
        "{\n  \"Identity\": {\n    \"PeerID\": \"%s\",\n    \"PrivKey\": \"%s\"\n  },\n"
        "  \"Datastore\": {\n    \"StorageMax\": \"10GB\"\n  }\n}",
        configs[i].peer, configs[i].key);
    assert_in_range(n, 1, sizeof text - 1);
    assert_int_equal(p2p_identity_decode(&id, p2p__bytes(text, (size_t)n), &found), 0);
    assert_int_equal(found, P2P_KEY_KUBO);
    assert_true(p2p_peer_id_print(&id.peer, peer, sizeof peer) > 0);
    assert_string_equal(peer, configs[i].peer);
    p2p_identity_fini(&id);
  }
}

/* go's record of ten addresses; ours of the same key, sequence and addresses has the same bytes.
 * Source: libp2p/js-libp2p 59ccecc, packages/peer-record/test/peer-record.spec.ts. */
static void record_of_go_is_opened_and_made(void **state) {
  (void)state;
  static uint8_t wire[512], out[512], scratch[1024], private[PLAIN];
  size_t len = unhex("0a240801122011bba3ed1721948cefb4e50b0a0bb5cad8a6b52dc7b1a40f4f6652105c91e2c41"
                     "20203011aaa010a26"
                     "00240801122011bba3ed1721948cefb4e50b0a0bb5cad8a6b52dc7b1a40f4f6652105c91e2c41"
                     "0d8b8e0bf9391b697"
                     "161a0a0a0804010203040600001a0a0a0804010203040600011a0a0a0804010203040600021a0"
                     "a0a08040102030406"
                     "00031a0a0a0804010203040600041a0a0a0804010203040600051a0a0a0804010203040600061"
                     "a0a0a080401020304"
                     "0600071a0a0a0804010203040600081a0a0a0804010203040600092a40b197f76b9f288af2b46"
                     "7fe666f7744762870"
                     "49b424b73975c8860efb02372d026a799584541ad72f2654346485bca3ece36462b7d1b1391c8"
                     "d276dc4ab8bca0b",
                     wire, sizeof wire);
  unhex(
      "0801124085fbe72b6064289004a531f967898df5319ee02992fdd84021fa5052434bf6ee11bba3ed1721948cefb4"
      "e50b0a0bb5cad8a6b52dc7b1a40f4f6652105c91e2c4",
      private, sizeof private);
  p2p__span room = p2p__span_of(scratch, sizeof scratch);
  p2p_bytes addrs[16];
  size_t n = 0;
  p2p_identity id;
  p2p__peer_record record;
  assert_int_equal(p2p_identity_import(&id, p2p__bytes(private, sizeof private)), 0);
  assert_int_equal(p2p__peer_record_open(p2p__bytes(wire, len), room, &record), 0);
  assert_true(p2p_peer_id_eq(&record.peer, &id.peer));
  p2p__rd r = p2p__rd_of(record.record);
  while (n < P2P_COUNT(addrs) && p2p__peer_record_addr(&r, &addrs[n]) == 1) n++;
  assert_int_equal(n, 10);
  assert_hex(addrs[9].p, addrs[9].len, "0401020304060009");
  p2p__wr w = p2p__wr_of(out, sizeof out);
  assert_int_equal(p2p__peer_record_seal(&id, record.seq, addrs, n, room, &w), 0);
  assert_true(p2p__bytes_eq(p2p__wr_bytes(&w), p2p__bytes(wire, len)));
  p2p_identity_fini(&id);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(keys_of_go_and_js_are_read),
    cmocka_unit_test(signatures_of_go_are_taken),
    cmocka_unit_test(config_of_kubo_is_read),
    cmocka_unit_test(record_of_go_is_opened_and_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
