/* Content identifiers: vectors of the specification and of other implementations, and what is none. */
#include "unit/crypto/vectors.h"

#include "multiformats/cid.h"
#include "multiformats/multibase.h"

#define QM "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"
#define FOO "bafkreibme22gw2h7y2h7tg2fhqotaqjucnbc24deqo72b6mkl2egezxhvy"
#define FOO_HASH "12202c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

/* multiformats/cid, README.md, "Human-Readable Form"; ipfs/go-cid, cid_test.go; nim-libp2p,
 * test_cid.nim; multiformats/rust-cid, tests/lib.rs; libp2p/specs, peer-ids.md and RFC 0001. */
static const struct {
  const char *text;
  char base;
  unsigned version;
  uint64_t codec;
  const char *hash;
} vectors[] = {
  { QM, 0, 0, P2P_CODEC_DAG_PB,
    "1220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
  { "QmRJzsvyCQyizr73Gmms8ZRtvNxmgqumxc2KUp71dfEmoj", 0, 0, P2P_CODEC_DAG_PB, FOO_HASH },
  { "zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA", 'z', 1, P2P_CODEC_RAW,
    "12206e6ff7950a36187a801613426e858dce686cd7d7e3c0fc42ee0330072d245c95" },
  { "zb2rhhFAEMepUBbGyP1k8tGfz7BSciKXP6GHuUeUsJBaK6cqG", 'z', 1, P2P_CODEC_RAW,
    "12209d8453505bdc6f269678e16b3e56c2a2948a41f2c792617cc9611ed363c95b63" },
  { FOO, 'b', 1, P2P_CODEC_RAW, FOO_HASH },
  { "mAVUSICwmtGto/8aP+ZtFPB0wQTQTQi1wZIO/oPmKXohiZueu", 'm', 1, P2P_CODEC_RAW, FOO_HASH },
  { "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", 'b', 1, P2P_CODEC_LIBP2P_KEY,
    "12209dff3b17d74cf4d38a50d8b6383e92d181a10395a5e73a726dcccbd21bf6f0b9" },
};

static void cid_means_what_others_mean(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    p2p_cid cid, back;
    char base = 'x', text[P2P_CID_TEXT_MAX];
    uint8_t bytes[P2P_CID_MAX];
    assert_int_equal(p2p_cid_parse(vectors[i].text, &cid, &base), 0);
    assert_int_equal(base, vectors[i].base);
    assert_int_equal(cid.version, vectors[i].version);
    assert_true(cid.codec == vectors[i].codec);
    assert_hex(cid.hash, cid.len, vectors[i].hash);
    assert_int_equal(p2p_cid_print(&cid, base, text, sizeof text), strlen(vectors[i].text));
    assert_string_equal(text, vectors[i].text);
    ptrdiff_t n = p2p_cid_write(&cid, bytes, sizeof bytes);
    assert_int_equal(n, cid.version ? 36 : 34);
    assert_int_equal(p2p_cid_write(&cid, bytes, (size_t)n - 1), P2P_ELIMIT);
    assert_int_equal(p2p_cid_read(p2p__bytes(bytes, (size_t)n), &back), 0);
    assert_true(p2p_cid_eq(&cid, &back));
  }
}

static void cid_prints_in_every_base(void **state) {
  (void)state;
  p2p_cid cid, back;
  char text[P2P_CID_TEXT_MAX], got;
  assert_int_equal(p2p_cid_parse(FOO, &cid, NULL), 0);
  for (const char *base = "079fFvVtTbBcChkKzZmMuU"; *base; base++) {
    assert_true(p2p_cid_print(&cid, *base, text, sizeof text) > 0);
    assert_int_equal(p2p_cid_parse(text, &back, &got), 0);
    assert_int_equal(got, *base);
    assert_true(p2p_cid_eq(&cid, &back));
  }
  assert_int_equal(p2p_cid_print(&cid, 0, text, sizeof text), strlen(FOO));
  assert_string_equal(text, FOO);
  assert_int_equal(p2p_cid_print(&cid, 'q', text, sizeof text), P2P_EINVAL);
  assert_int_equal(p2p_cid_print(&cid, 0, text, strlen(FOO)), P2P_ELIMIT);
}

/* The longest there is fits what the header says, in every base. */
static void cid_of_any_size_fits(void **state) {
  (void)state;
  p2p_cid cid = { .version = 1, .codec = INT64_MAX }, back;
  char text[P2P_CID_TEXT_MAX];
  p2p__wr w = p2p__wr_of(cid.hash, sizeof cid.hash);
  uint8_t digest[P2P_MULTIHASH_DIGEST_MAX], bytes[P2P_CID_MAX];
  memset(digest, 0xff, sizeof digest);
  p2p__wr_varint(&w, INT64_MAX); /* a code that no table has */
  p2p__wr_prefixed(&w, p2p__bytes(digest, sizeof digest));
  cid.len = (uint8_t)w.len;
  assert_int_equal(w.err, 0);
  ptrdiff_t n = p2p_cid_write(&cid, bytes, sizeof bytes);
  assert_int_equal(n, 1 + 9 + 9 + 2 + 128);
  for (const char *base = "079fFvVtTbBcChkKzZmMuU"; *base; base++) {
    assert_true(p2p_cid_print(&cid, *base, text, sizeof text) > 0);
    assert_int_equal(p2p_cid_parse(text, &back, NULL), 0);
    assert_true(p2p_cid_eq(&cid, &back));
  }
  cid.codec++;
  assert_int_equal(p2p_cid_write(&cid, bytes, sizeof bytes), P2P_EINVAL);
}

static void cid_changes_its_version_when_it_can(void **state) {
  (void)state;
  p2p_cid v0, v1, back, raw;
  char text[P2P_CID_TEXT_MAX];
  assert_int_equal(p2p_cid_parse(QM, &v0, NULL), 0);
  assert_int_equal(p2p_cid_convert(&v0, 1, &v1), 0);
  assert_false(p2p_cid_eq(&v0, &v1));
  assert_true(p2p_cid_print(&v1, 0, text, sizeof text) > 0);
  assert_string_equal(text, "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  assert_int_equal(p2p_cid_convert(&v1, 0, &back), 0);
  assert_true(p2p_cid_eq(&v0, &back));
  assert_int_equal(p2p_cid_parse(FOO, &raw, NULL), 0);
  assert_int_equal(p2p_cid_convert(&raw, 0, &back), P2P_ENOTSUP);
  assert_int_equal(p2p_cid_convert(&v1, 2, &back), P2P_ENOTSUP);
  assert_int_equal(p2p_cid_print(&v0, 'b', text, sizeof text), P2P_EINVAL); /* go too */
}

/* multiformats/cid, "Decoding Algorithm"; ipfs/go-cid, cid_test.go. FR-04. */
static void cid_text_that_is_none_is_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {
    "",
    "1",
    "Q",
    "b",
    "Qm",
    "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zIII",
    QM "1",
    "z" QM, /* version 0 within multibase */
    "f1220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "f0070" FOO_HASH, /* version 0, 2, 3, 18 */
    "f0270" FOO_HASH,
    "f0370" FOO_HASH,
    "f1255" FOO_HASH,
    "f0155" FOO_HASH "00",
    "f810055" FOO_HASH, /* version not minimal */
    "f01d500" FOO_HASH,
    "f0155",
    "f01551200",
    "f015512",
    "/ipfs/" QM,
  };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    p2p_cid cid;
    if (p2p_cid_parse(wrong[i], &cid, NULL) != P2P_EINVAL) fail_msg("%s was taken", wrong[i]);
  }
}

/* FR-04. */
static void cid_cut_anywhere_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    p2p_cid cid;
    uint8_t bytes[P2P_CID_MAX];
    char text[P2P_CID_TEXT_MAX] = { 0 };
    assert_int_equal(p2p_cid_parse(vectors[i].text, &cid, NULL), 0);
    size_t len = (size_t)p2p_cid_write(&cid, bytes, sizeof bytes);
    for (size_t cut = 0; cut < len; cut++) {
      p2p__span copy = exact(p2p__bytes(bytes, cut));
      assert_int_equal(p2p_cid_read(p2p__span_bytes(copy), &cid), P2P_EINVAL);
      exact_free(copy);
    }
    for (size_t cut = 0; cut < strlen(vectors[i].text); cut++) {
      memcpy(text, vectors[i].text, cut);
      text[cut] = 0;
      assert_int_equal(p2p_cid_parse(text, &cid, NULL), P2P_EINVAL);
    }
  }
}

static void cid_made_by_hand_is_checked(void **state) {
  (void)state;
  uint8_t out[P2P_CID_MAX];
  p2p_cid cid;
  assert_int_equal(p2p_cid_parse(FOO, &cid, NULL), 0);
  p2p_cid wrong[] = { cid, cid, cid, cid };
  wrong[0].version = 2;
  wrong[1].version = 0; /* of raw */
  wrong[2].len = 33;
  wrong[3].len = 255;
  for (size_t i = 0; i < P2P_COUNT(wrong); i++)
    assert_int_equal(p2p_cid_write(&wrong[i], out, sizeof out), P2P_EINVAL);
  assert_int_equal(p2p_cid_parse(NULL, &cid, NULL), P2P_EINVAL);
  assert_int_equal(p2p_cid_read(p2p__bytes(NULL, 1), &cid), P2P_EINVAL);
  assert_string_equal(p2p_codec_name(0x55), "raw");
  assert_string_equal(p2p_codec_name(0x72), "libp2p-key");
  assert_string_equal(p2p_codec_name(0x129), "dag-json");
  assert_null(p2p_codec_name(7));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(cid_means_what_others_mean),
    cmocka_unit_test(cid_prints_in_every_base),
    cmocka_unit_test(cid_of_any_size_fits),
    cmocka_unit_test(cid_changes_its_version_when_it_can),
    cmocka_unit_test(cid_text_that_is_none_is_refused),
    cmocka_unit_test(cid_cut_anywhere_is_refused),
    cmocka_unit_test(cid_made_by_hand_is_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
