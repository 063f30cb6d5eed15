/* Bytes of a stranger against the plaintext exchange. Whatever comes, memory comes back, and a
 * peer is met only when the id it sent is its key's own. */
#include "security/plaintext.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void check_met(p2p__step *s) {
  p2p__step_result r = { .protocol = -1, .muxer = -1 };
  p2p_peer_id id;
  s->ops->take(s, &r);
  check(r.record != NULL);
  check(p2p_peer_id_from_pubkey(p2p__bytes(r.pubkey, r.pubkey_len), &id) == 0);
  check(p2p_peer_id_eq(&id, &r.peer));
  p2p__record_free(r.record);
}

static int run(p2p__env *env, p2p_bytes in, size_t piece) {
  static const p2p_identity nobody = { .size = sizeof nobody, .pubkey_len = 36 };
  p2p__step *s;
  check(p2p__plaintext_step(env, &nobody, NULL, P2P_NEVER, &s) == 0);
  int end = 0;
  for (size_t shown = 0; !end && shown < in.len;) {
    size_t used = SIZE_MAX;
    shown = p2p__min(in.len, shown + piece);
    end = s->ops->recv(s, p2p__bytes(in.p, shown), &used, 0);
    check(used <= shown && (end || used == 0));
  }
  if (end == 1) check_met(s);
  p2p__step_free(s);
  check(p2p__mem_used(env->mem) == 0);
  return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p__mem mem;
  p2p__limits limits;
  p2p__mem_init(&mem, NULL);
  p2p__limits_default(&limits);
  p2p__env env = { .mem = &mem, .limits = &limits };
  p2p_bytes in = p2p__bytes(data, size);
  check(run(&env, in, SIZE_MAX / 2) == run(&env, in, 7));
  return 0;
}
