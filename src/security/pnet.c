/* Private networks: a nonce of 24 bytes each way, then all is XSalsa20. It proves nothing by itself: who
 * has not the key reads and writes noise, which the negotiation above does not take for lines.
 * Spec: pnet/Private-Networks-PSK-V1.md, "Algorithm". */
#include "security/pnet.h"
#include "crypto/salsa20.h"

typedef struct pnet {
  p2p__shield shield;
  p2p__mem *mem;
  const p2p_psk *psk; /* borrowed */
  p2p__xsalsa20 out, in;
  uint8_t ours[P2P__XSALSA20_NONCE], theirs[P2P__XSALSA20_NONCE];
  size_t have;  /* bytes of theirs */
  uint64_t got; /* bytes opened */
} pnet;

static pnet *pnet_of(p2p__shield *s) { return P2P_CONTAINER(s, pnet, shield); }

static p2p_bytes pnet_greeting(const p2p__shield *s) {
  const pnet *n = P2P_CONST_CONTAINER(s, pnet, shield);
  return p2p__bytes(n->ours, sizeof n->ours);
}

/* A nonce that is ours comes from a mirror: it would make both ways one key stream, and a mirror needs
 * no key to answer. */
static int pnet_begin(pnet *n) {
  if (memcmp(n->ours, n->theirs, sizeof n->ours) == 0) return P2P_EAUTH;
  p2p__xsalsa20_init(&n->in, n->psk->key, n->theirs);
  return 0;
}

static ptrdiff_t pnet_open(p2p__shield *s, p2p__span in) {
  pnet *n = pnet_of(s);
  size_t nonce = p2p__min(in.len, sizeof n->theirs - n->have);
  if (nonce) {
    memcpy(n->theirs + n->have, in.p, nonce);
    n->have += nonce;
    int err = n->have == sizeof n->theirs ? pnet_begin(n) : 0;
    if (err < 0) return err;
  }
  size_t left = in.len - nonce;
  p2p__xsalsa20_xor(&n->in, n->got, p2p__bytes(in.p + nonce, left), in.p + nonce);
  n->got += left;
  return (ptrdiff_t)nonce;
}

static void pnet_seal(const p2p__shield *s, uint64_t at, p2p_bytes in, uint8_t *out) {
  p2p__xsalsa20_xor(&P2P_CONST_CONTAINER(s, pnet, shield)->out, at, in, out);
}

static void pnet_free(p2p__shield *s) {
  pnet *n = pnet_of(s);
  p2p__mem *mem = n->mem;
  p2p__wipe(n, sizeof *n);
  p2p__release(mem, P2P__MEM_RECORD, n, sizeof *n);
}

static const p2p__shield_ops pnet_ops = {
  .greeting = pnet_greeting,
  .open = pnet_open,
  .seal = pnet_seal,
  .free = pnet_free,
};

int p2p__pnet_new(p2p__env *env, const p2p_psk *psk, p2p__shield **out) {
  *out = NULL;
  pnet *n = p2p__alloc(env->mem, P2P__MEM_RECORD, sizeof *n);
  if (!n) return P2P_ENOMEM;
  n->shield.ops = &pnet_ops;
  n->mem = env->mem;
  n->psk = psk;
  int err = p2p__random(env, n->ours, sizeof n->ours);
  if (err < 0) {
    pnet_free(&n->shield);
    return err;
  }
  p2p__xsalsa20_init(&n->out, psk->key, n->ours);
  *out = &n->shield;
  return 0;
}
