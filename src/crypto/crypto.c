/* What a loop keeps for its ciphers: the libraries, loaded at first use, and spare contexts. To fetch
 * a cipher of libcrypto by name costs a microsecond and a lock, a new context an allocation or
 * three; to ask ipsec-mb for its functions, 0.15 ms. */
#include "crypto/crypto.h"
#include "crypto/backend.h"
#include "crypto/contexts.h"

enum {
  SPARES_MAX = 32 /* contexts kept; about 1 KiB each */
};

typedef struct spare {
  void *ctx;
  uint8_t backend, cipher;
} spare;

struct p2p__crypto {
  p2p__mem *mem;
  p2p__cpu cpu;
  void *lib[P2P__AEAD_BACKENDS];
  spare spares[SPARES_MAX]; /* the oldest first */
  size_t n_spares;
};

static const p2p__aead_backend *backend_of(unsigned backend) {
  return p2p__aead_backend_at(backend - 1);
}

static unsigned last_backend(void) {
  unsigned backend = 1;
  while (backend_of(backend + 1)) backend++;
  return backend;
}

static int load(p2p__crypto *c, unsigned backend) {
  void **lib = &c->lib[backend - 1];
  return *lib ? 0 : backend_of(backend)->load(c->mem, lib);
}

int p2p__crypto_new(p2p__mem *mem, p2p__crypto **out) {
  *out = NULL;
  for (size_t i = 0; p2p__backend_at(i); i++) {
    int err = p2p__backend_at(i)->init();
    if (err) return err;
  }
  p2p__crypto *c = p2p__alloc(mem, P2P__MEM_LOOP, sizeof *c);
  if (!c) return P2P_ENOMEM;
  c->mem = mem;
  c->cpu = p2p__cpu_of_here();
  int err = load(c, last_backend()); /* libcrypto, at once: without it there is nothing */
  if (err) {
    p2p__crypto_free(c);
    return err;
  }
  *out = c;
  return 0;
}

void p2p__crypto_free(p2p__crypto *c) {
  if (!c) return;
  while (c->n_spares > 0) {
    spare *s = &c->spares[--c->n_spares];
    backend_of(s->backend)->free(s->ctx);
  }
  for (unsigned i = 0; i < P2P__AEAD_BACKENDS; i++) {
    if (c->lib[i]) p2p__aead_backend_at(i)->unload(c->lib[i]);
  }
  p2p__release(c->mem, P2P__MEM_LOOP, c, sizeof *c);
}

int p2p__crypto_choose(p2p__crypto *c, p2p__cipher cipher, bool packets) {
  for (unsigned backend = 1; backend_of(backend); backend++) {
    const p2p__aead_backend *b = backend_of(backend);
    if (!b->can(c->cpu, cipher, packets) || !b->wants(c->cpu, cipher, packets)) continue;
    int err = load(c, backend);
    if (err != P2P_ENOTSUP) return err ? err : (int)backend;
  }
  return P2P_ENOTSUP;
}

/* The youngest spare of a kind: its memory is the warmest. */
static void *take_spare(p2p__crypto *c, unsigned backend, p2p__cipher cipher) {
  for (size_t i = c->n_spares; i-- > 0;) {
    spare *s = &c->spares[i];
    if (s->backend != backend || s->cipher != cipher) continue;
    void *ctx = s->ctx;
    memmove(s, s + 1, (--c->n_spares - i) * sizeof *s);
    return ctx;
  }
  return NULL;
}

int p2p__crypto_take(p2p__crypto *c, unsigned backend, p2p__cipher cipher, const uint8_t *key,
                     bool seals, void **out) {
  const p2p__aead_backend *b = backend_of(backend);
  void *ctx = take_spare(c, backend, cipher);
  int err = ctx ? 0 : load(c, backend);
  if (err) return err;
  if (!ctx) ctx = b->make(c->lib[backend - 1], cipher);
  if (!ctx) return P2P_ENOMEM;
  err = b->key(ctx, key, seals);
  if (err)
    b->free(ctx);
  else
    *out = ctx;
  return err;
}

void p2p__crypto_give(p2p__crypto *c, unsigned backend, p2p__cipher cipher, void *ctx) {
  const p2p__aead_backend *b = backend_of(backend);
  if (!b->forget(ctx)) {
    b->free(ctx);
    return;
  }
  if (c->n_spares == SPARES_MAX) {
    backend_of(c->spares[0].backend)->free(c->spares[0].ctx);
    memmove(c->spares, c->spares + 1, --c->n_spares * sizeof *c->spares);
  }
  c->spares[c->n_spares++] = (spare){ ctx, (uint8_t)backend, (uint8_t)cipher };
}
