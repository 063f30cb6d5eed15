/* libp2p's certificate: those of others, ours, and what forgers make. */
#include "support/forge.h"
#include "support/step_pair.h"
#include "support/table.h"

static const p2p_peer_id anybody;

static int judge_at(p2p_bytes der, int64_t unix_s, const p2p_peer_id *expected, p2p_peer_id *peer) {
  p2p_bytes pubkey = { 0 };
  p2p__span copy = exact(der);
  int err = p2p__certificate_judge(p2p__span_bytes(copy), unix_s, expected, peer, &pubkey);
  if (!err) {
    p2p_peer_id again;
    assert_true(pubkey.p >= copy.p && pubkey.p + pubkey.len <= copy.p + copy.len);
    assert_int_equal(p2p_peer_id_from_pubkey(pubkey, &again), 0);
    assert_true(p2p_peer_id_eq(&again, peer));
  }
  exact_free(copy);
  return err;
}

static int judge(p2p_bytes der) {
  p2p_peer_id peer;
  return judge_at(der, FORGE_TIME, &anybody, &peer);
}

/* ---- vectors ---- */

static int verdict_of(const char *word) {
  if (is_word(word, "ok")) return 0;
  return is_word(word, "signature") ? P2P_EAUTH : P2P_ENOTSUP;
}

static int64_t number(const char *text) {
  int64_t v = 0;
  for (; *text; text++) v = v * 10 + (*text - '0');
  return v;
}

static void judge_agrees_with_public_vectors(void **state) {
  (void)state;
  table t;
  size_t good = 0;
  table_open(&t, "certificates.txt");
  while (table_next(&t)) {
    p2p_peer_id peer, want;
    p2p__span der = table_bytes(&t, 3);
    int err = judge_at(p2p__span_bytes(der), number(t.words[2]), &anybody, &peer);
    if (err != verdict_of(t.words[1])) fail_msg("%s: %d", t.words[0], err);
    if (!err && t.words[4][0]) {
      assert_int_equal(p2p_peer_id_parse(t.words[4], &want), 0);
      assert_true(p2p_peer_id_eq(&peer, &want));
    }
    good += err == 0;
    exact_free(der);
  }
  table_close(&t);
  assert_int_equal(good, 7);
}

/* ---- identities of every type ---- */

static p2p_identity identity_of(const table *t) {
  p2p_identity id;
  p2p__span private = table_bytes(t, 1);
  assert_int_equal(p2p_identity_import(&id, p2p__span_bytes(private)), 0);
  exact_free(private);
  return id;
}

/* The n-th of keys.txt. */
static p2p_identity identity_at(size_t n) {
  table t;
  table_open(&t, "keys.txt");
  do assert_true(table_next(&t));
  while (n-- > 0);
  p2p_identity id = identity_of(&t);
  table_close(&t);
  return id;
}

static void certificate_of_every_key_type_is_judged_good(void **state) {
  (void)state;
  step_world w;
  table t;
  size_t n = 0;
  step_world_init(&w);
  table_open(&t, "keys.txt");
  for (; table_next(&t); n++) {
    p2p_identity id = identity_of(&t);
    p2p__certificate c;
    p2p_peer_id peer;
    assert_int_equal(p2p__certificate_make(&w.env, &id, &c), 0);
    p2p_bytes der = p2p__bytes(c.der, c.len);
    assert_int_equal(judge_at(der, FORGE_TIME, &id.peer, &peer), 0);
    assert_true(p2p_peer_id_eq(&peer, &id.peer));
    p2p__certificate_fini(&c);
    p2p_identity_fini(&id);
  }
  table_close(&t);
  assert_int_equal(n, 4);
  step_world_fini(&w);
}

static void certificate_fits_the_largest_identity(void **state) {
  (void)state;
  static uint8_t pem[P2P_KEY_TEXT_MAX];
  step_world w;
  p2p_identity id;
  p2p__certificate c;
  FILE *f = fopen(P2P_TEST_VECTORS "/rsa8192.pem", "r");
  assert_non_null(f);
  size_t n = fread(pem, 1, sizeof pem, f);
  fclose(f);
  step_world_init(&w);
  assert_int_equal(p2p_identity_decode(&id, p2p__bytes(pem, n), NULL), 0);
  assert_int_equal(p2p__certificate_make(&w.env, &id, &c), 0);
  assert_int_equal(judge(p2p__bytes(c.der, c.len)), 0);
  p2p__certificate_fini(&c);
  p2p_identity_fini(&id);
  step_world_fini(&w);
}

/* Whatever the clocks of both say. */
static void certificate_of_ours_is_valid_at_any_time(void **state) {
  (void)state;
  static const int64_t times[] = { 0, 1, 946684800, FORGE_TIME, 4102444800, 253402300799 };
  step_world w;
  p2p_peer_id peer;
  p2p__certificate c;
  p2p_identity id = identity_at(0);
  step_world_init(&w);
  assert_int_equal(p2p__certificate_make(&w.env, &id, &c), 0);
  for (size_t i = 0; i < P2P_COUNT(times); i++)
    assert_int_equal(judge_at(p2p__bytes(c.der, c.len), times[i], &anybody, &peer), 0);
  assert_int_equal(judge_at(p2p__bytes(c.der, c.len), -1, &anybody, &peer), P2P_EAUTH);
  p2p__certificate_fini(&c);
  p2p_identity_fini(&id);
  step_world_fini(&w);
}

static int cannot_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  (void)ctx;
  (void)msg;
  (void)sig;
  (void)len;
  return P2P_EIO;
}

static void certificate_make_reports_what_failed(void **state) {
  (void)state;
  step_world w;
  p2p__certificate c;
  p2p_identity id = identity_at(0);
  step_world_init(&w);
  for (uint64_t draw = 1; draw <= 2; draw++) {
    w.draws = 0;
    w.fail_at = draw;
    assert_int_equal(p2p__certificate_make(&w.env, &id, &c), P2P_EIO);
    assert_int_equal(c.len + c.key_len, 0);
  }
  w.fail_at = 0;
  p2p_identity mute = id;
  mute.sign = cannot_sign;
  assert_int_equal(p2p__certificate_make(&w.env, &mute, &c), P2P_EIO);
  p2p_identity_fini(&id);
  step_world_fini(&w);
}

/* ---- forgeries ---- */

static void judge_names_whoever_is_there(void **state) {
  (void)state;
  uint8_t der[P2P__CERTIFICATE_MAX];
  p2p_identity id = identity_at(0), other = identity_at(1);
  p2p_peer_id peer = { 0 };
  forgery f = forge_proper();
  size_t len = forge(&f, &id, der, NULL);
  assert_int_equal(judge_at(p2p__bytes(der, len), FORGE_TIME, &id.peer, &peer), 0);
  memset(&peer, 0, sizeof peer);
  assert_int_equal(judge_at(p2p__bytes(der, len), FORGE_TIME, &other.peer, &peer), P2P_EPEER);
  assert_int_equal(peer.len, 0);
  p2p_identity_fini(&id);
  p2p_identity_fini(&other);
}

static void judge_takes_every_proper_form(void **state) {
  (void)state;
  const forgery proper = forge_proper();
  forgery forms[] = { proper, proper, proper, proper, proper };
  uint8_t der[P2P__CERTIFICATE_MAX];
  p2p_identity id = identity_at(0);
  forms[1].critical = true;
  forms[2].says_false = true;
  forms[3].other = 1;
  forms[4].from = "200101000000Z";
  for (size_t i = 0; i < P2P_COUNT(forms); i++)
    assert_int_equal(judge(p2p__bytes(der, forge(&forms[i], &id, der, NULL))), 0);
  p2p_identity_fini(&id);
}

/* ID-06, ID-17. */
static void judge_refuses_forgeries(void **state) {
  (void)state;
  p2p_identity id = identity_at(0), other = identity_at(2);
  const struct {
    int want;
    forgery with; /* members to differ from a proper one; see below */
  } rows[] = {
    { P2P_EPROTO, { .n_ours = 0, .version = 2 } },
    { P2P_EPROTO, { .n_ours = 2, .version = 2 } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .other = 2 } },
    { P2P_EPROTO, { .n_ours = 0, .version = 2, .other = 1 } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .unique_id = true } },
    { P2P_EPROTO, { .n_ours = 1, .version = 1 } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .inner_algorithm = true } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .trailing = true } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .signed_key_trailing = true } },
    { P2P_EAUTH, { .n_ours = 1, .version = 2, .other_key = true } },
    { P2P_EAUTH, { .n_ours = 1, .version = 2, .bad_signature = true } },
    { P2P_EAUTH, { .n_ours = 1, .version = 2, .claims = &other } },
    { P2P_EAUTH, { .n_ours = 1, .version = 2, .prefix = "libp2p-tls-handshake" } },
    { P2P_EAUTH, { .n_ours = 1, .version = 2, .from = "20310101000000Z" } },
    { P2P_EAUTH, { .n_ours = 1, .version = 2, .until = "230101000000Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "20200230000000Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "21000229000000Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "20201301000000Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "20200001000000Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "20200100000000Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "20200101240000Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "20200101006000Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "20200101000060Z" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "2020010100000xZ" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "202001010000+01" } },
    { P2P_EPROTO, { .n_ours = 1, .version = 2, .from = "20200101000000.5Z" } },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    uint8_t der[P2P__CERTIFICATE_MAX];
    const forgery proper = forge_proper();
    forgery f = rows[i].with;
    if (!f.from) f.from = proper.from;
    if (!f.until) f.until = proper.until;
    if (!f.prefix) f.prefix = proper.prefix;
    int err = judge(p2p__bytes(der, forge(&f, &id, der, NULL)));
    if (err != rows[i].want) fail_msg("row %zu: %d", i, err);
  }
  p2p_identity_fini(&id);
  p2p_identity_fini(&other);
}

/* ID-16: the certificate of one key with the extension of another certificate: nobody may be
 * replayed. */
static void judge_refuses_a_replayed_extension(void **state) {
  (void)state;
  uint8_t der[P2P__CERTIFICATE_MAX];
  p2p_identity victim = identity_at(0), thief = identity_at(1);
  forgery f = forge_proper();
  f.claims = &victim; /* her key, which signed another certificate's */
  assert_int_equal(judge(p2p__bytes(der, forge(&f, &thief, der, NULL))), P2P_EAUTH);
  p2p_identity_fini(&victim);
  p2p_identity_fini(&thief);
}

/* ID-01. */
static void judge_refuses_every_changed_bit_and_every_prefix(void **state) {
  (void)state;
  step_world w;
  p2p__certificate c;
  p2p_identity id = identity_at(0);
  step_world_init(&w);
  assert_int_equal(p2p__certificate_make(&w.env, &id, &c), 0);
  for (size_t i = 0; i < 8 * c.len; i++) {
    c.der[i / 8] ^= (uint8_t)(1u << i % 8);
    assert_int_not_equal(judge(p2p__bytes(c.der, c.len)), 0);
    c.der[i / 8] ^= (uint8_t)(1u << i % 8);
  }
  for (size_t n = 0; n < c.len; n++) assert_int_equal(judge(p2p__bytes(c.der, n)), P2P_EPROTO);
  assert_int_equal(judge(p2p__bytes(c.der, c.len)), 0);
  p2p__certificate_fini(&c);
  p2p_identity_fini(&id);
  step_world_fini(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(judge_agrees_with_public_vectors),
    cmocka_unit_test(certificate_of_every_key_type_is_judged_good),
    cmocka_unit_test(certificate_fits_the_largest_identity),
    cmocka_unit_test(certificate_of_ours_is_valid_at_any_time),
    cmocka_unit_test(certificate_make_reports_what_failed),
    cmocka_unit_test(judge_names_whoever_is_there),
    cmocka_unit_test(judge_takes_every_proper_form),
    cmocka_unit_test(judge_refuses_forgeries),
    cmocka_unit_test(judge_refuses_a_replayed_extension),
    cmocka_unit_test(judge_refuses_every_changed_bit_and_every_prefix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
