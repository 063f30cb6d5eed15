/* Protection of QUIC packets: the samples of RFC 9001, appendix A. */
#include "unit/crypto/vectors.h"

#include "crypto/hpmask.h"

typedef struct fixture {
  p2p__mem mem;
  p2p__crypto *crypto;
} fixture;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  *state = f;
  p2p__mem_init(&f->mem, NULL);
  return p2p__crypto_new(&f->mem, &f->crypto);
}

static int teardown(void **state) {
  fixture *f = *state;
  p2p__crypto_free(f->crypto);
  size_t left = f->mem.total;
  free(f);
  return left == 0 ? 0 : -1;
}

static const p2p_bytes none;

static void expand(const uint8_t *secret, const char *label, uint8_t *out, size_t len) {
  p2p__hkdf_expand_label(P2P__SHA256, secret, label, none, out, len);
}

/* A.1: keys of the packets to a connection id. */
static void initial_keys_are_those_of_rfc_9001(void **state) {
  (void)state;
  uint8_t salt[20], id[8], initial[32], secret[32], out[16];
  unhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", salt, sizeof salt);
  unhex("8394c8f03e515708", id, sizeof id);
  p2p__hkdf_extract(P2P__SHA256, p2p__bytes(salt, sizeof salt), p2p__bytes(id, sizeof id), initial);
  assert_hex(initial, 32, "7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44");
  expand(initial, "client in", secret, 32);
  assert_hex(secret, 32, "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea");
  expand(secret, "quic key", out, 16);
  assert_hex(out, 16, "1f369613dd76d5467730efcbe3b1a22d");
  expand(secret, "quic iv", out, 12);
  assert_hex(out, 12, "fa044b2f42a3fd3b46fb255c");
  expand(secret, "quic hp", out, 16);
  assert_hex(out, 16, "9f50449e04a0e810283a1e9933adedd2");
  expand(initial, "server in", secret, 32);
  assert_hex(secret, 32, "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b");
}

/* A packet as the appendix gives it: header in the clear, frames, what goes over the wire. */
typedef struct packet {
  p2p__aead_kind kind;
  const char *secret;
  uint32_t number;
  uint8_t number_len;
  const char *header, *frames;
  size_t padded; /* bytes of frames with PADDING behind */
  const char *begins, *ends;
} packet;

static const packet packets[] = {
  { P2P__AES_128_GCM, "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea", 2, 4,
    "c300000001088394c8f03e5157080000449e00000002",
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c0000041301"
    "1302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007"
    "000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f5"
    "0f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00"
    "024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f0"
    "3e51570806048000ffff",
    1162, "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b",
    "e221af44860018ab0856972e194cd934" },
  { P2P__AES_128_GCM, "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b", 1, 2,
    "c1000000010008f067a5502a4262b50040750001",
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a12"
    "00130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a00"
    "2b00020304",
    99, "cf000000010008f067a5502a4262b5004075c0d9",
    "5a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3"
    "f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f5889"
    "1850abbdca3d20398c276456cbc42158407dd074ee" },
  { P2P__CHACHA20_POLY1305, "9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b",
    654360564, 3, "4200bff4", "01", 1, "4cfe4189655e5cd55c41f69080575d7999c25a5bfb", "" },
};

static void check_packet(p2p__crypto *crypto, const packet *p) {
  uint8_t secret[32], key[32], iv[12], hp_key[32], mask[P2P__HP_MASK];
  uint8_t wire[1250] = { 0 }, text[1250], header[32];
  size_t key_len = p2p__aead_key_len(p->kind), at = unhex(p->header, header, sizeof header);
  p2p__aead seal, open;
  p2p__hpmask hp;
  unhex(p->secret, secret, sizeof secret);
  expand(secret, "quic key", key, key_len);
  expand(secret, "quic iv", iv, sizeof iv);
  expand(secret, "quic hp", hp_key, key_len);
  for (size_t i = 0; i < 4; i++) iv[8 + i] ^= (uint8_t)(p->number >> (24 - 8 * i));
  p2p__aead_init_packets(&seal, crypto, p->kind, true, key);
  p2p__aead_init_packets(&open, crypto, p->kind, false, key);
  p2p__hpmask_init(&hp, crypto, p->kind, hp_key);

  memcpy(wire, header, at);
  unhex(p->frames, wire + at, sizeof wire - at);
  memcpy(text, wire + at, p->padded);
  p2p_bytes ad = p2p__bytes(header, at);
  assert_int_equal(p2p__aead_seal(&seal, iv, ad, p2p__bytes(wire + at, p->padded), wire + at), 0);
  size_t len = at + p->padded + P2P__AEAD_TAG, number_at = at - p->number_len;
  for (int again = 0; again < 2; again++) { /* a context that was away makes the same */
    assert_int_equal(p2p__hpmask_of(&hp, wire + number_at + 4, mask), 0);
    p2p__hpmask_idle(&hp);
  }
  wire[0] ^= mask[0] & (wire[0] & 0x80 ? 0x0f : 0x1f);
  for (size_t i = 0; i < p->number_len; i++) wire[number_at + i] ^= mask[1 + i];
  assert_hex(wire, strlen(p->begins) / 2, p->begins);
  assert_hex(wire + len - strlen(p->ends) / 2, strlen(p->ends) / 2, p->ends);

  p2p_bytes sealed = p2p__bytes(wire + at, len - at);
  uint8_t out[1250];
  assert_int_equal(p2p__aead_open_to(&open, iv, ad, sealed, out), 0);
  assert_memory_equal(out, text, p->padded);
  p2p__aead_fini(&seal);
  p2p__aead_fini(&open);
  p2p__hpmask_fini(&hp);
}

/* A.2, A.3, A.5. */
static void packets_are_those_of_rfc_9001(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < P2P_COUNT(packets); i++) check_packet(f->crypto, &packets[i]);
}

static void open_to_wipes_what_is_not_authentic_and_refuses_less_than_a_tag(void **state) {
  fixture *f = *state;
  static const uint8_t zero[40];
  uint8_t key[32] = { 1 }, nonce[12] = { 2 }, wire[40 + P2P__AEAD_TAG], out[40];
  for (int kind = P2P__CHACHA20_POLY1305; kind <= P2P__AES_256_GCM; kind++) {
    p2p__aead seal, open;
    p2p__aead_init(&seal, f->crypto, (p2p__aead_kind)kind, true, key);
    p2p__aead_init(&open, f->crypto, (p2p__aead_kind)kind, false, key);
    assert_int_equal(p2p__aead_seal(&seal, nonce, none, p2p__bytes(zero, 40), wire), 0);
    for (size_t len = 0; len < sizeof wire; len++) {
      memset(out, 0x55, sizeof out);
      p2p__span cut = exact(p2p__bytes(wire, len));
      assert_int_equal(p2p__aead_open_to(&open, nonce, none, p2p__span_bytes(cut), out), P2P_EAUTH);
      if (len > P2P__AEAD_TAG) assert_memory_equal(out, zero, len - P2P__AEAD_TAG);
      exact_free(cut);
    }
    assert_int_equal(p2p__aead_open_to(&open, nonce, none, p2p__bytes(wire, sizeof wire), wire), 0);
    assert_memory_equal(wire, zero, sizeof zero); /* in place, too */
    p2p__aead_fini(&seal);
    p2p__aead_fini(&open);
  }
}

static void masks_of_a_batch_are_those_of_each(void **state) {
  fixture *f = *state;
  enum { BATCH = 37 };
  static const uint8_t key[P2P__AEAD_KEY] = { 7, 7 };
  uint8_t samples[BATCH * P2P__HP_SAMPLE], masks[BATCH * P2P__HP_MASK], one[P2P__HP_MASK];
  for (size_t i = 0; i < sizeof samples; i++) samples[i] = (uint8_t)(i * 131);
  for (int kind = P2P__CHACHA20_POLY1305; kind <= P2P__AES_256_GCM; kind++) {
    p2p__hpmask h;
    p2p__hpmask_init(&h, f->crypto, (p2p__aead_kind)kind, key);
    assert_int_equal(p2p__hpmask_many(&h, samples, BATCH, masks), 0);
    for (size_t i = 0; i < BATCH; i++) {
      assert_int_equal(p2p__hpmask_of(&h, samples + i * P2P__HP_SAMPLE, one), 0);
      assert_memory_equal(one, masks + i * P2P__HP_MASK, P2P__HP_MASK);
    }
    p2p__hpmask_fini(&h);
  }
}

static void hpmask_fini_wipes_the_key(void **state) {
  fixture *f = *state;
  static const uint8_t zero[P2P__AEAD_KEY], key[P2P__AEAD_KEY] = { 1, 2, 3 };
  uint8_t mask[P2P__HP_MASK];
  for (int kind = P2P__CHACHA20_POLY1305; kind <= P2P__AES_256_GCM; kind++) {
    p2p__hpmask h;
    p2p__hpmask_init(&h, f->crypto, (p2p__aead_kind)kind, key);
    assert_int_equal(p2p__hpmask_of(&h, zero, mask), 0);
    p2p__hpmask_fini(&h);
    assert_memory_equal(h.key, zero, sizeof zero);
    assert_null(h.ctx);
  }
  p2p__hpmask_fini(NULL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(initial_keys_are_those_of_rfc_9001),
    WITH(packets_are_those_of_rfc_9001),
    WITH(open_to_wipes_what_is_not_authentic_and_refuses_less_than_a_tag),
    WITH(masks_of_a_batch_are_those_of_each),
    WITH(hpmask_fini_wipes_the_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
