/* Identities and key encodings: made, imported, exported; one encoding each. */
#include "support/table.h"

#include "crypto/crypto.h"
#include "multiformats/protobuf.h"
#include "peer/pubkey.h"

enum { SEED = 32, PUB = 32, HEAD = 4, PUBKEY = HEAD + PUB, PRIVKEY = HEAD + SEED + PUB };

/* ---- an io that has nothing but random bytes ---- */

typedef struct dice {
  p2p_io io;
  uint8_t next;
  int err;
} dice;

static int dice_random(p2p_io *io, void *buf, size_t len) {
  dice *d = (dice *)(void *)io;
  memset(buf, d->next++, len);
  return d->err;
}

static const p2p_io_ops dice_ops = { .size = sizeof dice_ops, .random = dice_random };

/* ---- */

static void signs_for_its_public_key(const p2p_identity *id) {
  p2p_peer_id peer;
  uint8_t sig[P2P_SIGNATURE_MAX];
  size_t len = 0;
  p2p_bytes pubkey = p2p__bytes(id->pubkey, id->pubkey_len);
  assert_int_equal(id->size, sizeof *id);
  assert_int_equal(p2p_peer_id_from_pubkey(pubkey, &peer), 0);
  assert_true(p2p_peer_id_eq(&peer, &id->peer));
  assert_int_equal(id->sign(id->ctx, p2p__cstr("text"), sig, &len), 0);
  assert_int_equal(p2p_verify(pubkey, p2p__cstr("text"), p2p__bytes(sig, len)), 0);
  assert_int_equal(p2p_verify(pubkey, p2p__cstr("test"), p2p__bytes(sig, len)), P2P_ESIG);
}

static const struct {
  p2p_key_type type;
  unsigned bits;
} sizes[] = {
  { P2P_KEY_ED25519, 0 }, { P2P_KEY_SECP256K1, 0 }, { P2P_KEY_ECDSA, 0 },  { P2P_KEY_ECDSA, 256 },
  { P2P_KEY_ECDSA, 384 }, { P2P_KEY_ECDSA, 521 },   { P2P_KEY_RSA, 2048 }, { P2P_KEY_RSA, 3072 },
};

static void generated_identity_signs_for_its_public_key(void **state) {
  (void)state;
  dice d = { .io = { &dice_ops } };
  for (size_t i = 0; i < P2P_COUNT(sizes); i++) {
    p2p_identity id;
    assert_int_equal(p2p_identity_generate_bits(&id, sizes[i].type, sizes[i].bits, &d.io), 0);
    assert_int_equal(p2p_pubkey_type(p2p__bytes(id.pubkey, id.pubkey_len)), sizes[i].type);
    for (int round = 0; round < 4; round++) signs_for_its_public_key(&id);
    p2p_identity_fini(&id);
  }
}

/* What is exported is imported as the same key, and exported with the same bytes. */
static void generated_identity_comes_back_from_its_export(void **state) {
  (void)state;
  dice d = { .io = { &dice_ops }, .next = 100 };
  for (size_t i = 0; i < P2P_COUNT(sizes); i++) {
    uint8_t out[P2P_PRIVKEY_MAX], twice[P2P_PRIVKEY_MAX];
    p2p_identity id, again;
    assert_int_equal(p2p_identity_generate_bits(&id, sizes[i].type, sizes[i].bits, &d.io), 0);
    ptrdiff_t n = p2p_identity_export(&id, out, sizeof out);
    assert_true(n > 0);
    assert_int_equal(p2p_identity_import(&again, p2p__bytes(out, (size_t)n)), 0);
    assert_true(p2p_identity_eq(&id, &again));
    signs_for_its_public_key(&again);
    assert_int_equal(p2p_identity_export(&again, twice, sizeof twice), n);
    assert_memory_equal(out, twice, (size_t)n);
    p2p_identity_fini(&again);
    p2p_identity_fini(&id);
  }
}

static void generated_identities_differ_as_the_random_bytes_do(void **state) {
  (void)state;
  dice d = { .io = { &dice_ops } };
  p2p_identity a, b;
  assert_int_equal(p2p_identity_generate(&a, P2P_KEY_ED25519, &d.io), 0);
  assert_int_equal(p2p_identity_generate(&b, P2P_KEY_ED25519, &d.io), 0);
  assert_false(p2p_peer_id_eq(&a.peer, &b.peer));
  p2p_identity_fini(&a);
  p2p_identity_fini(&b);
}

static void generate_without_random_bytes_makes_nothing(void **state) {
  (void)state;
  dice d = { .io = { &dice_ops }, .err = P2P_EIO };
  p2p_identity id;
  assert_int_equal(p2p_identity_generate(&id, P2P_KEY_ED25519, &d.io), P2P_EIO);
  assert_int_equal(id.size, 0);
  p2p_identity_fini(&id); /* of what failed */
}

static void generate_knows_the_sizes_of_each_type(void **state) {
  (void)state;
  static const struct {
    p2p_key_type type;
    unsigned bits;
  } wrong[] = {
    { P2P_KEY_ED25519, 255 }, { P2P_KEY_SECP256K1, 521 }, { P2P_KEY_ECDSA, 224 },
    { P2P_KEY_ECDSA, 512 },   { P2P_KEY_RSA, 1024 },      { P2P_KEY_RSA, 2047 },
    { P2P_KEY_RSA, 2049 },    { P2P_KEY_RSA, 8200 },      { (p2p_key_type)4, 0 },
  };
  dice d = { .io = { &dice_ops } };
  p2p_identity id;
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    int err = p2p_identity_generate_bits(&id, wrong[i].type, wrong[i].bits, &d.io);
    assert_int_equal(err, P2P_EINVAL);
    assert_int_equal(id.size, 0);
  }
  assert_int_equal(p2p_identity_generate(&id, P2P_KEY_ED25519, NULL), P2P_EINVAL);
  assert_int_equal(p2p_identity_generate(NULL, P2P_KEY_ED25519, &d.io), P2P_EINVAL);
}

/* A source that gives zeros for ever would make everybody's key. */
static int zeros(p2p_io *io, void *buf, size_t len) {
  (void)io;
  memset(buf, 0, len);
  return 0;
}

static void generate_gives_up_on_a_source_of_zeros(void **state) {
  (void)state;
  static const p2p_io_ops ops = { .size = sizeof ops, .random = zeros };
  p2p_io io = { &ops };
  p2p_identity id;
  assert_int_equal(p2p_identity_generate(&id, P2P_KEY_SECP256K1, &io), P2P_EIO);
  assert_int_equal(p2p_identity_generate_bits(&id, P2P_KEY_ECDSA, 521, &io), P2P_EIO);
}

/* ---- a key that is elsewhere ---- */

static void identity_of_a_foreign_signer_has_its_keys_peer_id(void **state) {
  (void)state;
  dice d = { .io = { &dice_ops } };
  for (size_t i = 0; i < P2P_COUNT(sizes); i++) {
    p2p_identity module, id;
    assert_int_equal(p2p_identity_generate_bits(&module, sizes[i].type, sizes[i].bits, &d.io), 0);
    p2p_bytes pubkey = p2p__bytes(module.pubkey, module.pubkey_len);
    assert_int_equal(p2p_identity_from_signer(&id, pubkey, module.sign, NULL, module.ctx), 0);
    assert_true(p2p_identity_eq(&module, &id));
    signs_for_its_public_key(&id);
    p2p_identity_fini(&id);
    p2p_identity_fini(&module);
  }
}

static void identity_of_a_foreign_signer_needs_key_and_function(void **state) {
  (void)state;
  static const uint8_t no_key[] = { 8, 1, 18, 0 };
  dice d = { .io = { &dice_ops } };
  p2p_identity module, id;
  assert_int_equal(p2p_identity_generate(&module, P2P_KEY_ED25519, &d.io), 0);
  p2p_bytes pubkey = p2p__bytes(module.pubkey, module.pubkey_len);
  assert_int_equal(p2p_identity_from_signer(&id, pubkey, NULL, NULL, NULL), P2P_EINVAL);
  assert_int_equal(p2p_identity_from_signer(&id, p2p__bytes(no_key, 4), module.sign, NULL, NULL),
                   P2P_EKEY);
  assert_int_equal(id.size, 0);
  p2p_identity_fini(&module);
}

static void identities_are_equal_by_key_only(void **state) {
  (void)state;
  dice d = { .io = { &dice_ops } };
  p2p_identity a, b, none = { 0 };
  assert_int_equal(p2p_identity_generate(&a, P2P_KEY_ED25519, &d.io), 0);
  assert_int_equal(p2p_identity_generate(&b, P2P_KEY_ED25519, &d.io), 0);
  assert_true(p2p_identity_eq(&a, &a));
  assert_false(p2p_identity_eq(&a, &b));
  assert_false(p2p_identity_eq(&none, &none));
  assert_false(p2p_identity_eq(&a, NULL));
  p2p_identity_fini(&a);
  p2p_identity_fini(&b);
}

/* ---- import and export ---- */

static void import_and_export_agree_with_the_specification(void **state) {
  (void)state;
  table t;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    p2p_identity id;
    p2p__span private = table_bytes(&t, 1);
    int err = p2p_identity_import(&id, p2p__span_bytes(private));
    assert_int_equal(err, 0);
    assert_hex(id.pubkey, id.pubkey_len, t.words[2]);
    uint8_t out[P2P_PRIVKEY_MAX];
    ptrdiff_t n = p2p_identity_export(&id, out, sizeof out);
    assert_true(n > 0);
    assert_hex(out, (size_t)n, t.words[1]);
    signs_for_its_public_key(&id);
    p2p_identity_fini(&id);
    exact_free(private);
  }
  table_close(&t);
}

/* An Ed25519 private key as protobuf: a seed of equal bytes and n public keys. */
static p2p_bytes private_key(uint8_t seed, size_t n, uint8_t out[HEAD + SEED + 2 * PUB]) {
  uint8_t data[SEED + 2 * PUB];
  p2p__ed25519 pair;
  memset(data, seed, SEED);
  assert_int_equal(p2p__ed25519_from_seed(&pair, data), 0);
  memcpy(data + SEED, pair.pub, PUB);
  memcpy(data + SEED + PUB, pair.pub, PUB);
  p2p__wr w = p2p__wr_of(out, HEAD + SEED + 2 * PUB);
  p2p__key_write(&w, P2P_KEY_ED25519, p2p__bytes(data, SEED + n * PUB));
  assert_int_equal(w.err, 0);
  return p2p__wr_bytes(&w);
}

static void export_gives_what_was_imported(void **state) {
  (void)state;
  uint8_t bytes[HEAD + SEED + 2 * PUB], out[P2P_PRIVKEY_MAX];
  p2p_bytes private = private_key(1, 1, bytes);
  p2p_identity id;
  assert_int_equal(p2p_identity_import(&id, private), 0);
  assert_int_equal(p2p_identity_export(&id, out, sizeof out), PRIVKEY);
  assert_memory_equal(out, private.p, PRIVKEY);
  assert_int_equal(p2p_identity_export(&id, out, PRIVKEY), PRIVKEY);
  assert_int_equal(p2p_identity_export(&id, out, PRIVKEY - 1), P2P_ELIMIT);
  p2p_identity_fini(&id);
}

static void import_takes_the_old_form_too(void **state) {
  (void)state;
  uint8_t old[HEAD + SEED + 2 * PUB], new[HEAD + SEED + 2 * PUB], out[P2P_PRIVKEY_MAX];
  p2p_identity id;
  assert_int_equal(p2p_identity_import(&id, private_key(2, 2, old)), 0);
  assert_int_equal(p2p_identity_export(&id, out, sizeof out), PRIVKEY);
  assert_memory_equal(out, private_key(2, 1, new).p, PRIVKEY);
  p2p_identity_fini(&id);
}

/* Who signs under a public key that is not the seed's gives the seed away (RUSTSEC-2022-0093). */
static void import_refuses_a_public_key_that_is_not_the_seeds(void **state) {
  (void)state;
  for (size_t n = 1; n <= 2; n++) {
    for (size_t at = HEAD; at < HEAD + SEED + n * PUB; at += 7) {
      uint8_t bytes[HEAD + SEED + 2 * PUB];
      p2p_identity id;
      p2p_bytes private = private_key(3, n, bytes);
      bytes[at] ^= 0x10;
      assert_int_equal(p2p_identity_import(&id, private), P2P_EKEY);
      assert_null(id.ctx);
    }
  }
}

static void import_refuses_every_prefix_and_every_longer_key(void **state) {
  (void)state;
  uint8_t bytes[HEAD + SEED + 2 * PUB], longer[PRIVKEY + 1] = { 0 };
  p2p_identity id;
  p2p_bytes private = private_key(4, 1, bytes);
  for (size_t n = 0; n < private.len; n++) {
    p2p__span cut = exact(p2p__bytes(private.p, n));
    assert_int_equal(p2p_identity_import(&id, p2p__span_bytes(cut)), P2P_EKEY);
    exact_free(cut);
  }
  memcpy(longer, private.p, private.len);
  assert_int_equal(p2p_identity_import(&id, p2p__bytes(longer, sizeof longer)), P2P_EKEY);
}

static int sign_elsewhere(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  (void)ctx, (void)msg, (void)sig, (void)len;
  return P2P_EIO;
}

static void key_of_a_module_cannot_be_exported(void **state) {
  (void)state;
  uint8_t out[P2P_PRIVKEY_MAX];
  p2p_identity id = { .size = sizeof id, .sign = sign_elsewhere };
  assert_int_equal(p2p_identity_export(&id, out, sizeof out), P2P_ENOTSUP);
  p2p_identity_fini(&id); /* nothing to release */
}

static void fini_takes_nothing_and_everything_twice(void **state) {
  (void)state;
  uint8_t bytes[HEAD + SEED + 2 * PUB], out[P2P_PRIVKEY_MAX];
  p2p_identity id = { 0 };
  p2p_identity_fini(NULL);
  p2p_identity_fini(&id);
  assert_int_equal(p2p_identity_import(&id, private_key(5, 1, bytes)), 0);
  p2p_identity_fini(&id);
  p2p_identity_fini(&id);
  assert_int_equal(p2p_identity_export(&id, out, sizeof out), P2P_ENOTSUP);
}

/* ---- one encoding for one key ---- */

static void pubkey_is_written_as_it_was_read(void **state) {
  (void)state;
  static const p2p_key_type types[] = { P2P_KEY_ED25519, P2P_KEY_SECP256K1, P2P_KEY_ECDSA,
                                        P2P_KEY_RSA };
  table t;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    p2p__span public = table_bytes(&t, 2);
    uint8_t out[P2P_PUBKEY_MAX];
    p2p__wr w = p2p__wr_of(out, sizeof out);
    p2p__key key;
    assert_int_equal(p2p__pubkey_read(p2p__span_bytes(public), &key), 0);
    assert_int_equal(key.type, types[t.lines - 1]);
    p2p__key_write(&w, key.type, key.data);
    assert_hex(w.p, w.len, t.words[2]);
    exact_free(public);
  }
  table_close(&t);
}

static void pubkey_cut_anywhere_is_refused(void **state) {
  (void)state;
  table t;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    p2p__span public = table_bytes(&t, 2);
    for (size_t n = 0; n < public.len; n++) {
      p2p__span cut = exact(p2p__bytes(public.p, n));
      p2p__key key;
      assert_int_equal(p2p__pubkey_read(p2p__span_bytes(cut), &key), P2P_EKEY);
      exact_free(cut);
    }
    exact_free(public);
  }
  table_close(&t);
}

#define KEY "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"

/* What a protobuf reader would take for the same key. */
static void pubkey_has_no_second_encoding(void **state) {
  (void)state;
  static const char *const others[] = {
    "1220" KEY "0801",     /* fields in another order */
    "08011220" KEY "1801", /* a field more */
    "080108011220" KEY,    /* a field twice */
    "08811220" KEY,        /* a varint that goes on */
    "0881001220" KEY,      /* type not minimal */
    "080112a000" KEY,      /* length not minimal */
    "880001"
    "1220" KEY,                /* tag not minimal */
    "1220" KEY,                /* no type */
    "0801",                    /* no data */
    "08011200",                /* nothing in it */
    "0801121f" KEY,            /* a byte behind it */
    "08011221" KEY "00",       /* a key of 33 bytes */
    "080112ffffffffffffffff7f" /* FR-02: a length of 2^63 - 1 */
    KEY,
  };
  for (size_t i = 0; i < P2P_COUNT(others); i++) {
    uint8_t bytes[128];
    p2p__key key;
    p2p__span in = exact(p2p__bytes(bytes, unhex(others[i], bytes, sizeof bytes)));
    assert_int_equal(p2p__pubkey_read(p2p__span_bytes(in), &key), P2P_EKEY);
    exact_free(in);
  }
}

static void pubkey_of_an_unknown_type_is_not_supported(void **state) {
  (void)state;
  static const char *const unknown[] = { "08041220" KEY, "08ffffffffffffffff7f1220" KEY };
  for (size_t i = 0; i < P2P_COUNT(unknown); i++) {
    uint8_t bytes[128];
    p2p_bytes in = p2p__bytes(bytes, unhex(unknown[i], bytes, sizeof bytes));
    p2p_peer_id peer;
    p2p_identity id;
    assert_int_equal(p2p_verify(in, p2p__cstr("text"), p2p__cstr("signature")), P2P_ENOTSUP);
    assert_int_equal(p2p_identity_import(&id, in), P2P_ENOTSUP);
    assert_int_equal(p2p_peer_id_from_pubkey(in, &peer), P2P_ENOTSUP);
  }
}

/* The type says how the data is read: a key under another type's name is none. */
static void pubkey_data_is_judged_by_its_type(void **state) {
  (void)state;
  table t;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    p2p__span public = table_bytes(&t, 2);
    uint8_t type = public.p[1];
    for (public.p[1] = 0; public.p[1] <= P2P_KEY_ECDSA; public.p[1]++) {
      p2p__key key;
      int want = public.p[1] == type ? 0 : P2P_EKEY;
      assert_int_equal(p2p__pubkey_read(p2p__span_bytes(public), &key), want);
    }
    exact_free(public);
  }
  table_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(generated_identity_signs_for_its_public_key),
    cmocka_unit_test(generated_identities_differ_as_the_random_bytes_do),
    cmocka_unit_test(generate_without_random_bytes_makes_nothing),
    cmocka_unit_test(generated_identity_comes_back_from_its_export),
    cmocka_unit_test(generate_knows_the_sizes_of_each_type),
    cmocka_unit_test(generate_gives_up_on_a_source_of_zeros),
    cmocka_unit_test(identity_of_a_foreign_signer_has_its_keys_peer_id),
    cmocka_unit_test(identity_of_a_foreign_signer_needs_key_and_function),
    cmocka_unit_test(identities_are_equal_by_key_only),
    cmocka_unit_test(import_and_export_agree_with_the_specification),
    cmocka_unit_test(export_gives_what_was_imported),
    cmocka_unit_test(import_takes_the_old_form_too),
    cmocka_unit_test(import_refuses_a_public_key_that_is_not_the_seeds),
    cmocka_unit_test(import_refuses_every_prefix_and_every_longer_key),
    cmocka_unit_test(key_of_a_module_cannot_be_exported),
    cmocka_unit_test(fini_takes_nothing_and_everything_twice),
    cmocka_unit_test(pubkey_is_written_as_it_was_read),
    cmocka_unit_test(pubkey_cut_anywhere_is_refused),
    cmocka_unit_test(pubkey_has_no_second_encoding),
    cmocka_unit_test(pubkey_of_an_unknown_type_is_not_supported),
    cmocka_unit_test(pubkey_data_is_judged_by_its_type),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
