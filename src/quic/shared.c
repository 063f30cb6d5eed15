/* What the QUIC connections of one host share: keys of ids, tokens and resets, memory, the TLS context. */
#include "quic/internal.h"

static int keys_make(p2p__quic_shared *s, const uint8_t secret[32]) {
  static const p2p_bytes none = { 0 };
  p2p__hkdf_expand_label(P2P__SHA256, secret, "libp2p quic reset", none, s->reset_key,
                         sizeof s->reset_key);
  p2p__hkdf_expand_label(P2P__SHA256, secret, "libp2p quic cid", none, s->cid_key,
                         sizeof s->cid_key);
  return p2p__random(s->env, s->token_key, sizeof s->token_key); /* a Retry outlives no process */
}

int p2p__quic_shared_new(p2p__env *env, const uint8_t secret[32], p2p__tls_context *tls,
                         p2p__quic_shared **out) {
  *out = NULL;
  p2p__quic_shared *s = p2p__alloc(env->mem, P2P__MEM_QUIC, sizeof *s);
  if (!s) return P2P_ENOMEM;
  s->env = env;
  s->tls = tls;
  s->windows.max = env->limits->quic_windows_host;
  s->shield = p2p__quic_is_shielded();
  p2p__quic_mem_init(&s->mem, env->mem);
  p2p__slab_init(&s->streams, env->mem, P2P__MEM_QUIC, sizeof(quic_stream));
  int err = keys_make(s, secret);
  if (err < 0) {
    p2p__quic_shared_free(s);
    return err;
  }
  *out = s;
  return 0;
}

void p2p__quic_shared_free(p2p__quic_shared *s) {
  if (!s) return;
  p2p__mem *mem = s->env->mem;
  p2p__slab_fini(&s->streams);
  p2p__wipe(s, sizeof *s);
  p2p__release(mem, P2P__MEM_QUIC, s, sizeof *s);
}

const char *p2p__quic_library(void) { return ngtcp2_version(0)->version_str; }

bool p2p__quic_is_shielded(void) { return ngtcp2_version(0)->version_num < QUIC_SHIELD_BELOW; }
