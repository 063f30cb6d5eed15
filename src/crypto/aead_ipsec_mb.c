/* ChaCha20-Poly1305 and AES-GCM over Intel ipsec-mb on vectors of 512 bits (AVX-512, VAES). Empty
 * where ipsec-mb was not found.
 *
 * Its manager (200 KB, most of it for jobs in queues) is only asked for the functions that belong to
 * this processor, then given back: what is used of the library needs none. */
#include "crypto/aead_backend.h"

#ifdef P2P_HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#include <stddef.h>

enum { ALIGN = 64 }; /* of an expanded key */

typedef struct gcm_functions {
  aes_gcm_pre_t key;
  aes_gcm_init_t start;
  aes_gcm_enc_dec_update_t add[2]; /* [seals] */
  aes_gcm_enc_dec_finalize_t finish[2];
  aes_gcm_enc_dec_t whole[2];
} gcm_functions;

typedef struct chacha_functions {
  chacha_poly_init_t start;
  chacha_poly_enc_dec_update_t add[2];
  chacha_poly_finalize_t finish;
} chacha_functions;

typedef struct library {
  p2p__mem *mem;
  gcm_functions aes_128, aes_256;
  chacha_functions chacha;
} library;

typedef struct aes_state {
  _Alignas(ALIGN) struct gcm_key_data key;
  struct gcm_context_data text;
} aes_state;

typedef struct chacha_state {
  _Alignas(ALIGN) uint8_t key[32];
  struct chacha20_poly1305_context_data text;
} chacha_state;

/* Only as long as its cipher's state needs; the state stays last. */
typedef struct context {
  const library *lib;
  const gcm_functions *aes; /* NULL: ChaCha20-Poly1305 */
  bool seals;
  void *base; /* of the allocation, which need not be aligned */
  size_t size;
  union {
    aes_state aes;
    chacha_state chacha;
  } state;
} context;

static bool can(p2p__cpu cpu, p2p__cipher cipher, bool packets) {
  (void)packets;
  return cpu.wide && cipher <= P2P__CIPHER_AES_256_GCM;
}

static void copy_functions(library *lib, const IMB_MGR *m) {
  lib->aes_128 = (gcm_functions){
    .key = m->gcm128_pre,
    .start = m->gcm128_init,
    .add = { m->gcm128_dec_update, m->gcm128_enc_update },
    .finish = { m->gcm128_dec_finalize, m->gcm128_enc_finalize },
    .whole = { m->gcm128_dec, m->gcm128_enc },
  };
  lib->aes_256 = (gcm_functions){
    .key = m->gcm256_pre,
    .start = m->gcm256_init,
    .add = { m->gcm256_dec_update, m->gcm256_enc_update },
    .finish = { m->gcm256_dec_finalize, m->gcm256_enc_finalize },
    .whole = { m->gcm256_dec, m->gcm256_enc },
  };
  lib->chacha = (chacha_functions){
    .start = m->chacha20_poly1305_init,
    .add = { m->chacha20_poly1305_dec_update, m->chacha20_poly1305_enc_update },
    .finish = m->chacha20_poly1305_finalize,
  };
}

/* The first multiple of ALIGN in an allocation of ALIGN - 1 bytes more. */
static void *aligned(uint8_t *base) {
  size_t over = (uintptr_t)base % ALIGN;
  return base + (over ? ALIGN - over : 0);
}

static void unload(void *lib) {
  library *l = lib;
  p2p__release(l->mem, P2P__MEM_LOOP, l, sizeof *l);
}

static int load(p2p__mem *mem, void **out) {
  const uint64_t needs = IMB_CPUFLAGS_AVX512_T2 | IMB_FEATURE_SAFE_DATA;
  size_t size = imb_get_mb_mgr_size() + ALIGN - 1;
  int err = P2P_ENOMEM;
  library *lib = p2p__alloc(mem, P2P__MEM_LOOP, sizeof *lib);
  void *base = p2p__alloc(mem, P2P__MEM_LOOP, size);
  if (!lib || !base) goto fail;
  err = P2P_ENOTSUP;
  IMB_MGR *manager = imb_set_pointers_mb_mgr(aligned(base), 0, 1);
  if (!manager || (manager->features & needs) != needs) goto fail;
  init_mb_mgr_avx512(manager);
  if (imb_get_errno(manager)) goto fail; /* its self-test */
  copy_functions(lib, manager);
  lib->mem = mem;
  p2p__release(mem, P2P__MEM_LOOP, base, size);
  *out = lib;
  return 0;
fail:
  p2p__release(mem, P2P__MEM_LOOP, base, size);
  p2p__release(mem, P2P__MEM_LOOP, lib, sizeof *lib);
  return err;
}

static void *make(void *ctx, p2p__cipher cipher) {
  const library *lib = ctx;
  bool chacha = cipher == P2P__CIPHER_CHACHA20_POLY1305;
  size_t state = chacha ? sizeof(chacha_state) : sizeof(aes_state);
  size_t size = offsetof(context, state) + state + ALIGN - 1;
  uint8_t *base = p2p__alloc(lib->mem, P2P__MEM_LOOP, size);
  if (!base) return NULL;
  context *c = aligned(base);
  c->lib = lib;
  c->base = base;
  c->size = size;
  if (!chacha) c->aes = cipher == P2P__CIPHER_AES_128_GCM ? &lib->aes_128 : &lib->aes_256;
  return c;
}

static int key(void *ctx, const uint8_t *key, bool seals) {
  context *c = ctx;
  c->seals = seals;
  if (c->aes)
    c->aes->key(key, &c->state.aes.key);
  else
    memcpy(c->state.chacha.key, key, sizeof c->state.chacha.key);
  return 0;
}

static bool forget(void *ctx) {
  context *c = ctx;
  if (c->aes)
    p2p__wipe(&c->state.aes, sizeof c->state.aes);
  else
    p2p__wipe(&c->state.chacha, sizeof c->state.chacha);
  return true;
}

static void free_context(void *ctx) {
  context *c = ctx;
  forget(c);
  p2p__release(c->lib->mem, P2P__MEM_LOOP, c->base, c->size);
}

/* It refuses null pointers, also to nothing. */
static const uint8_t *some(const uint8_t *p) {
  static const uint8_t nothing[1] = { 0 };
  return p ? p : nothing;
}

static int start(void *ctx, const uint8_t *nonce, p2p_bytes aad) {
  context *c = ctx;
  if (c->aes) {
    aes_state *s = &c->state.aes;
    c->aes->start(&s->key, &s->text, nonce, some(aad.p), aad.len);
  } else {
    chacha_state *s = &c->state.chacha;
    c->lib->chacha.start(s->key, &s->text, nonce, some(aad.p), aad.len);
  }
  return 0;
}

static int add(void *ctx, p2p_bytes in, uint8_t *out) {
  context *c = ctx;
  if (in.len == 0) return 0;
  if (c->aes) {
    aes_state *s = &c->state.aes;
    c->aes->add[c->seals](&s->key, &s->text, out, in.p, in.len);
  } else {
    chacha_state *s = &c->state.chacha;
    c->lib->chacha.add[c->seals](s->key, &s->text, out, in.p, in.len);
  }
  return 0;
}

static int finish(void *ctx, uint8_t *tag) {
  context *c = ctx;
  if (c->aes)
    c->aes->finish[c->seals](&c->state.aes.key, &c->state.aes.text, tag, P2P__AEAD_TAG);
  else
    c->lib->chacha.finish(&c->state.chacha.text, tag, P2P__AEAD_TAG);
  return 0;
}

/* Either way: from in to out, and the tag of it. */
static void whole(context *c, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, uint8_t *out,
                  uint8_t *tag) {
  if (c->aes) {
    aes_state *s = &c->state.aes;
    uint8_t nowhere[1];
    c->aes->whole[c->seals](&s->key, &s->text, out ? out : nowhere, some(in.p), in.len, nonce,
                            some(aad.p), aad.len, tag, P2P__AEAD_TAG);
    return;
  }
  (void)start(c, nonce, aad);
  (void)add(c, in, out);
  (void)finish(c, tag);
}

static int seal(void *ctx, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, uint8_t *out) {
  whole(ctx, nonce, aad, in, out, out + in.len);
  return 0;
}

static int open(void *ctx, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in, const uint8_t *tag,
                uint8_t *out) {
  uint8_t expected[P2P__AEAD_TAG], got[P2P__AEAD_TAG];
  memcpy(got, tag, sizeof got); /* out may lie over it */
  whole(ctx, nonce, aad, in, out, expected);
  return p2p__ct_eq(expected, got, sizeof expected) ? 0 : P2P_EAUTH;
}

const p2p__aead_backend p2p__aead_ipsec_mb = {
  .name = "ipsec-mb",
  .can = can,
  .wants = can,
  .load = load,
  .unload = unload,
  .make = make,
  .key = key,
  .forget = forget,
  .free = free_context,
  .start = start,
  .add = add,
  .finish = finish,
  .seal = seal,
  .open = open,
};
#endif
