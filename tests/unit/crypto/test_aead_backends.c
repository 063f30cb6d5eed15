/* Every AEAD backend that runs on this processor: against Wycheproof's vectors, against libcrypto on
 * random pieces, when memory is out, and what stays behind of a key. */
#include "support/table.h"

#include "crypto/contexts.h"
#include "unit/base/rng.h"

/* An allocator that knows what is live. */
enum { BLOCKS = 256 };
typedef struct heap {
  struct {
    uint8_t *p;
    size_t size;
  } blocks[BLOCKS];
} heap;

static void *heap_alloc(void *user, size_t size) {
  heap *h = user;
  for (size_t i = 0; i < BLOCKS; i++) {
    if (h->blocks[i].p) continue;
    h->blocks[i].p = malloc(size);
    h->blocks[i].size = size;
    return h->blocks[i].p;
  }
  return NULL;
}

static void heap_release(void *user, void *p, size_t size) {
  heap *h = user;
  for (size_t i = 0; i < BLOCKS; i++) {
    if (h->blocks[i].p != p) continue;
    assert_int_equal(h->blocks[i].size, size);
    h->blocks[i].p = NULL;
  }
  free(p);
}

static bool heap_holds(const heap *h, const uint8_t *bytes, size_t len) {
  for (size_t i = 0; i < BLOCKS; i++) {
    const uint8_t *p = h->blocks[i].p;
    for (size_t at = 0; p && at + len <= h->blocks[i].size; at++) {
      if (memcmp(p + at, bytes, len) == 0) return true;
    }
  }
  return false;
}

typedef struct fixture {
  heap heap;
  p2p__mem mem;
  p2p__crypto *crypto;
} fixture;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  *state = f;
  p2p_allocator allocator = { .user = &f->heap, .alloc = heap_alloc, .release = heap_release };
  p2p__mem_init(&f->mem, &allocator);
  return p2p__crypto_new(&f->mem, &f->crypto);
}

static int teardown(void **state) {
  fixture *f = *state;
  p2p__crypto_free(f->crypto);
  size_t left = f->mem.total;
  free(f);
  return left == 0 ? 0 : -1;
}

/* ---- what there is to run ---- */

static const p2p__aead_kind kinds[] = { P2P__CHACHA20_POLY1305, P2P__AES_128_GCM,
                                        P2P__AES_256_GCM };

/* One backend at one kind and use. */
typedef struct subject {
  unsigned backend;
  p2p__aead_kind kind;
  bool packets;
} subject;

static p2p__cipher cipher_of(p2p__aead_kind kind) {
  return (p2p__cipher)(kind - P2P__CHACHA20_POLY1305 + P2P__CIPHER_CHACHA20_POLY1305);
}

/* The i-th of them on this processor. */
static bool subject_at(size_t i, subject *out) {
  p2p__cpu cpu = p2p__cpu_of_here();
  for (unsigned b = 0; p2p__aead_backend_at(b); b++) {
    for (size_t k = 0; k < 2 * P2P_COUNT(kinds); k++) {
      *out = (subject){ b + 1, kinds[k / 2], k % 2 };
      if (!p2p__aead_backend_at(b)->can(cpu, cipher_of(out->kind), out->packets)) continue;
      if (i-- == 0) return true;
    }
  }
  return false;
}

static void init(p2p__aead *a, p2p__crypto *c, const subject *s, bool seals, const uint8_t *key) {
  if (s->packets)
    p2p__aead_init_packets(a, c, s->kind, seals, key);
  else
    p2p__aead_init(a, c, s->kind, seals, key);
  a->backend = (uint8_t)s->backend;
}

static const char *name_of(const subject *s) { return p2p__aead_backend_at(s->backend - 1)->name; }

/* ---- vectors ---- */

static void check_vector(p2p__crypto *crypto, const subject *s, const table *t) {
  p2p__span key = table_bytes(t, 2), nonce = table_bytes(t, 3), aad = table_bytes(t, 4);
  p2p__span text = table_bytes(t, 5), sealed = table_bytes(t, 6), tag = table_bytes(t, 7);
  p2p__span made = exact(p2p__span_bytes(text)), whole;
  bool valid = is_word(t->words[1], "valid");
  uint8_t made_tag[P2P__AEAD_TAG];
  p2p__aead seal, open;
  whole = p2p__span_of(malloc(text.len + P2P__AEAD_TAG), text.len + P2P__AEAD_TAG);
  init(&seal, crypto, s, true, key.p);
  init(&open, crypto, s, false, key.p);
  if (valid && !s->packets) {
    assert_int_equal(p2p__aead_start(&seal, nonce.p, p2p__span_bytes(aad)), 0);
    assert_int_equal(p2p__aead_add(&seal, p2p__span_bytes(text), made.p), 0);
    assert_int_equal(p2p__aead_finish(&seal, made_tag), 0);
    assert_true(p2p__bytes_eq(p2p__span_bytes(made), p2p__span_bytes(sealed)));
    assert_memory_equal(made_tag, tag.p, P2P__AEAD_TAG);
  }
  if (valid) {
    assert_int_equal(
        p2p__aead_seal(&seal, nonce.p, p2p__span_bytes(aad), p2p__span_bytes(text), whole.p), 0);
    assert_true(p2p__bytes_eq(p2p__bytes(whole.p, text.len), p2p__span_bytes(sealed)));
    assert_memory_equal(whole.p + text.len, tag.p, P2P__AEAD_TAG);
  }
  if (sealed.len) memcpy(whole.p, sealed.p, sealed.len);
  memcpy(whole.p + sealed.len, tag.p, P2P__AEAD_TAG);
  int err = p2p__aead_open(&open, nonce.p, p2p__span_bytes(aad), whole.p, sealed.len,
                           s->packets ? whole.p + sealed.len : tag.p);
  if (err != (valid ? 0 : P2P_EAUTH)) fail_msg("%s, vector %s: %d", name_of(s), t->words[0], err);
  if (valid) assert_true(p2p__bytes_eq(p2p__bytes(whole.p, sealed.len), p2p__span_bytes(text)));
  p2p__aead_fini(&seal);
  p2p__aead_fini(&open);
  p2p__span all[] = { key, nonce, aad, text, sealed, tag, made, whole };
  for (size_t i = 0; i < P2P_COUNT(all); i++) exact_free(all[i]);
}

static void every_aead_agrees_with_wycheproof(void **state) {
  fixture *f = *state;
  subject s;
  for (size_t i = 0; subject_at(i, &s); i++) {
    table t;
    bool chacha = s.kind == P2P__CHACHA20_POLY1305;
    table_open(&t, chacha ? "wycheproof_chacha20_poly1305.txt" : "wycheproof_aes_gcm.txt");
    while (table_next(&t)) {
      if (strlen(t.words[2]) == 2 * p2p__aead_key_len(s.kind)) check_vector(f->crypto, &s, &t);
    }
    table_close(&t);
  }
}

/* ---- against libcrypto ---- */

enum { TEXT_MAX = 65535, AAD_MAX = 300 };

typedef struct message {
  uint8_t key[P2P__AEAD_KEY], nonce[P2P__AEAD_NONCE], aad[AAD_MAX], text[TEXT_MAX];
  size_t aad_len, len;
} message;

static void fill(rng *r, uint8_t *p, size_t len) {
  for (size_t i = 0; i < len; i++) p[i] = (uint8_t)(rng_next(r) >> 7);
}

/* Short, about a packet, or of any length. */
static void message_of(rng *r, message *m) {
  static const size_t most[] = { 64, 1500, TEXT_MAX };
  fill(r, m->key, sizeof m->key);
  fill(r, m->nonce, sizeof m->nonce);
  m->aad_len = rng_next(r) % 4 ? rng_next(r) % 32 : rng_next(r) % (AAD_MAX + 1);
  m->len = rng_next(r) % (most[rng_next(r) % 3] + 1);
  fill(r, m->aad, m->aad_len);
  fill(r, m->text, m->len);
}

static p2p_bytes aad_of(const message *m) { return p2p__bytes(m->aad, m->aad_len); }

/* Seals in random pieces, in place or from elsewhere. out: text, then tag. */
static void seal_pieces(p2p__aead *a, rng *r, const message *m, uint8_t *out) {
  bool in_place = rng_next(r) & 1;
  size_t most = rng_next(r) & 1 ? 40 : m->len + 1, n;
  if (in_place && m->len) memcpy(out, m->text, m->len);
  assert_int_equal(p2p__aead_start(a, m->nonce, aad_of(m)), 0);
  for (size_t at = 0; at < m->len; at += n) {
    n = p2p__min(rng_next(r) % (most + 1), m->len - at);
    assert_int_equal(p2p__aead_add(a, p2p__bytes(in_place ? out + at : m->text + at, n), out + at),
                     0);
  }
  assert_int_equal(p2p__aead_finish(a, out + m->len), 0);
}

static void check_open(p2p__aead *a, rng *r, const message *m, const uint8_t *sealed) {
  uint8_t *wire = malloc(m->len + P2P__AEAD_TAG), *out = malloc(m->len + 1);
  p2p_bytes in = p2p__bytes(wire, m->len + P2P__AEAD_TAG);
  memcpy(wire, sealed, in.len);
  assert_int_equal(p2p__aead_open_to(a, m->nonce, aad_of(m), in, out), 0);
  assert_memory_equal(out, m->text, m->len);
  assert_int_equal(p2p__aead_open(a, m->nonce, aad_of(m), wire, m->len, wire + m->len), 0);
  assert_memory_equal(wire, m->text, m->len);

  memcpy(wire, sealed, in.len);
  wire[rng_next(r) % in.len] ^= (uint8_t)(1 + rng_next(r) % 255);
  assert_int_equal(p2p__aead_open_to(a, m->nonce, aad_of(m), in, out), P2P_EAUTH);
  for (size_t i = 0; i < m->len; i++) assert_int_equal(out[i], 0);
  free(wire);
  free(out);
}

static void every_aead_makes_what_libcrypto_makes(void **state) {
  fixture *f = *state;
  static message m;
  static uint8_t want[TEXT_MAX + P2P__AEAD_TAG], got[TEXT_MAX + P2P__AEAD_TAG];
  rng r = { 20 };
  unsigned libcrypto = 1;
  while (p2p__aead_backend_at(libcrypto)) libcrypto++;
  for (size_t round = 0; round < 60; round++) {
    subject s;
    message_of(&r, &m);
    for (size_t i = 0; subject_at(i, &s); i++) {
      p2p__aead reference, seal, open;
      subject by = { libcrypto, s.kind, true };
      init(&reference, f->crypto, &by, true, m.key);
      init(&seal, f->crypto, &s, true, m.key);
      init(&open, f->crypto, &s, false, m.key);
      p2p_bytes text = p2p__bytes(m.text, m.len);
      assert_int_equal(p2p__aead_seal(&reference, m.nonce, aad_of(&m), text, want), 0);
      if (s.packets)
        assert_int_equal(p2p__aead_seal(&seal, m.nonce, aad_of(&m), text, got), 0);
      else
        seal_pieces(&seal, &r, &m, got);
      if (memcmp(got, want, m.len + P2P__AEAD_TAG) != 0)
        fail_msg("%s, kind %d, %zu bytes", name_of(&s), s.kind, m.len);
      check_open(&open, &r, &m, want);
      p2p__aead_fini(&reference);
      p2p__aead_fini(&seal);
      p2p__aead_fini(&open);
    }
  }
}

/* ---- contexts ---- */

static void every_aead_goes_on_with_another_context(void **state) {
  fixture *f = *state;
  static const uint8_t key[P2P__AEAD_KEY] = { 9 }, nonce[P2P__AEAD_NONCE] = { 8 };
  subject s;
  for (size_t i = 0; subject_at(i, &s); i++) {
    uint8_t one[40] = { 0 }, two[40] = { 0 };
    p2p_bytes none = p2p__bytes(NULL, 0);
    p2p__aead a;
    init(&a, f->crypto, &s, true, key);
    assert_int_equal(p2p__aead_seal(&a, nonce, none, p2p__bytes(one, 24), one), 0);
    p2p__aead_idle(&a);
    assert_null(a.ctx);
    assert_int_equal(p2p__aead_seal(&a, nonce, none, p2p__bytes(two, 24), two), 0);
    assert_memory_equal(one, two, sizeof one);
    p2p__aead_fini(&a);
  }
}

/* Of a key nothing is left in our memory when its channel is idle but the channel's own copy. */
static void spare_contexts_hold_no_key(void **state) {
  fixture *f = *state;
  uint8_t key[P2P__AEAD_KEY], nonce[P2P__AEAD_NONCE] = { 1 };
  p2p_bytes none = p2p__bytes(NULL, 0);
  subject s;
  rng r = { 5 };
  fill(&r, key, sizeof key);
  for (size_t i = 0; subject_at(i, &s); i++) {
    uint8_t text[100] = { 0 };
    p2p__aead a;
    init(&a, f->crypto, &s, true, key);
    assert_int_equal(p2p__aead_seal(&a, nonce, none, p2p__bytes(text, 80), text), 0);
    if (strcmp(name_of(&s), "ipsec-mb") == 0) assert_true(heap_holds(&f->heap, key, 16));
    p2p__aead_idle(&a);
    assert_false(heap_holds(&f->heap, key, 16));
    assert_false(heap_holds(&f->heap, text, 16)); /* nor of the key stream */
    p2p__aead_fini(&a);
  }
}

/* libcrypto's contexts are in memory of its own: found through what they encrypt. */
static void a_spare_of_libcrypto_has_the_key_of_nobody(void **state) {
  (void)state;
  static const uint8_t zero[P2P__AEAD_KEY], key[P2P__AEAD_KEY] = { 1, 2, 3 };
  const p2p__aead_backend *b = &p2p__aead_openssl;
  p2p__mem mem;
  void *lib;
  p2p__mem_init(&mem, NULL);
  assert_int_equal(b->load(&mem, &lib), 0);
  for (p2p__cipher cipher = 0; cipher <= P2P__CIPHER_AES_256_GCM; cipher++) {
    uint8_t known[32] = { 0 }, found[32] = { 0 };
    void *fresh = b->make(lib, cipher), *spare = b->make(lib, cipher);
    assert_int_equal(b->key(fresh, zero, true), 0);
    assert_int_equal(b->start(fresh, zero, p2p__bytes(NULL, 0)), 0);
    assert_int_equal(b->add(fresh, p2p__bytes(known, 32), known), 0);
    assert_int_equal(b->key(spare, key, true), 0);
    assert_int_equal(b->start(spare, key, p2p__bytes(NULL, 0)), 0);
    assert_int_equal(b->add(spare, p2p__bytes(found, 32), found), 0);
    assert_true(b->forget(spare));
    memset(found, 0, sizeof found);
    assert_int_equal(b->start(spare, zero, p2p__bytes(NULL, 0)), 0);
    assert_int_equal(b->add(spare, p2p__bytes(found, 32), found), 0);
    assert_memory_equal(found, known, sizeof known);
    b->free(fresh);
    b->free(spare);
  }
  b->unload(lib);
  assert_int_equal(mem.total, 0);
}

/* More idle channels than there are spares, of all kinds: the oldest go, and no memory stays. */
static void spares_are_bounded(void **state) {
  fixture *f = *state;
  enum { CHANNELS = 100 };
  static p2p__aead a[CHANNELS];
  static const uint8_t key[P2P__AEAD_KEY], nonce[P2P__AEAD_NONCE];
  size_t before = f->mem.total;
  for (size_t round = 0; round < 3; round++) {
    for (size_t i = 0; i < CHANNELS; i++) {
      uint8_t text[P2P__AEAD_TAG];
      p2p__aead_init(&a[i], f->crypto, kinds[i % P2P_COUNT(kinds)], true, key);
      assert_int_equal(p2p__aead_seal(&a[i], nonce, p2p__bytes(NULL, 0), p2p__bytes(NULL, 0), text),
                       0);
    }
    for (size_t i = 0; i < CHANNELS; i++) p2p__aead_fini(&a[i]);
    assert_in_range(f->mem.total - before, 0, 32 * 1400);
  }
}

/* Each allocation of the first use fails once. */
static void every_aead_says_when_memory_is_out(void **state) {
  (void)state;
  static const uint8_t key[P2P__AEAD_KEY], nonce[P2P__AEAD_NONCE];
  subject s;
  for (size_t i = 0; subject_at(i, &s); i++) {
    int err = P2P_ENOMEM;
    for (uint64_t at = 1; err; at++) {
      uint8_t text[4 + P2P__AEAD_TAG] = { 0 };
      p2p__mem mem;
      p2p__crypto *crypto;
      p2p__aead a;
      p2p__mem_init(&mem, NULL);
      assert_int_equal(p2p__crypto_new(&mem, &crypto), 0);
      init(&a, crypto, &s, true, key);
      mem.fail_at = mem.calls + at;
      err = p2p__aead_seal(&a, nonce, p2p__bytes(NULL, 0), p2p__bytes(text, 4), text);
      assert_int_equal(err, mem.failed ? P2P_ENOMEM : 0);
      p2p__aead_fini(&a);
      p2p__crypto_free(crypto);
      assert_int_equal(mem.total, 0);
    }
  }
}

/* ---- the choice ---- */

static void processors_are_told_apart(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool aes, wide;
  } here[] = {
    { "OPENSSL_ia32cap=0xfffa3203078bffff:0x405fc6f1bf07ab", true, true },
    { "OPENSSL_ia32cap=0xfffa3203078bffff:0x405fc6f1bf07ab:0x1:0x0 env:x", true, true },
    { "OPENSSL_ia32cap=0xfffa3203078bffff:0x405dc6f1bf07ab", true, false }, /* no VAES */
    { "OPENSSL_ia32cap=0xfffa3203078bffff:0x405fc6f1be07ab", true, false }, /* no AVX-512 */
    { "OPENSSL_ia32cap=0x7ffaf3ffffebffff:0x427aa", true, false },          /* valgrind */
    { "OPENSSL_ia32cap=0xfdfa3203078bffff:0x405fc6f1bf07ab", false, false },
    { "OPENSSL_ia32cap=0xfffa3203078bffff", true, false },
    { "OPENSSL_ia32cap=", false, false },
    { "OPENSSL_armcap=0xbd", false, false },
    { "", false, false },
    { NULL, false, false },
  };
  for (size_t i = 0; i < P2P_COUNT(here); i++) {
    p2p__cpu cpu = p2p__cpu_from(here[i].text);
    if (cpu.aes != here[i].aes || cpu.wide != here[i].wide) fail_msg("%s", here[i].text);
  }
}

/* What is chosen can do it, nothing before it in the table wanted to, and libcrypto takes the rest. */
static void the_first_that_wants_to_is_chosen(void **state) {
  fixture *f = *state;
  p2p__cpu cpu = p2p__cpu_of_here();
  for (p2p__cipher cipher = 0; cipher < P2P__CIPHERS; cipher++) {
    for (int packets = 0; packets < 2; packets++) {
      int chosen = p2p__crypto_choose(f->crypto, cipher, packets);
      assert_true(chosen > 0);
      const p2p__aead_backend *b = p2p__aead_backend_at((size_t)chosen - 1);
      assert_true(b->can(cpu, cipher, packets) && b->wants(cpu, cipher, packets));
      for (size_t i = 0; i + 1 < (size_t)chosen; i++)
        assert_false(p2p__aead_backend_at(i)->wants(cpu, cipher, packets));
      if (!packets) assert_non_null(b->start);
      if (cipher >= P2P__CIPHER_CHACHA20) assert_ptr_equal(b, &p2p__aead_openssl);
    }
  }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
    WITH(every_aead_agrees_with_wycheproof),
    WITH(every_aead_makes_what_libcrypto_makes),
    WITH(every_aead_goes_on_with_another_context),
    WITH(spare_contexts_hold_no_key),
    cmocka_unit_test(a_spare_of_libcrypto_has_the_key_of_nobody),
    WITH(spares_are_bounded),
    cmocka_unit_test(every_aead_says_when_memory_is_out),
    cmocka_unit_test(processors_are_told_apart),
    WITH(the_first_that_wants_to_is_chosen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
