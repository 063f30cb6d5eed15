/* Bytes of a stranger against both sides of multistream-select, in pieces as the input says: the
 * first byte picks the side and the size of the pieces. Whatever comes, memory comes back, a step
 * that ended stays ended, and the outcome does not depend on the pieces. */
#include "multistream/multistream.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const ids[] = { "/noise", "/yamux/1.0.0", "/ipfs/ping/1.0.0" };

static void check(bool ok) {
  if (!ok) abort();
}

typedef struct outcome {
  int end;
  size_t eaten;
} outcome;

static void drain(p2p__step *s) {
  uint8_t out[16384];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  s->ops->send(s, &w);
  check(!w.err);
}

/* Gives the bytes in pieces; send is asked between them only when `talk` says so. */
static outcome feed(p2p__step *s, p2p_bytes in, size_t piece, bool talk) {
  outcome o = { 0 };
  size_t shown = 0;
  if (talk) drain(s);
  while (!o.end && shown < in.len) {
    size_t used = SIZE_MAX;
    shown = p2p__min(in.len, shown + piece);
    p2p_bytes view = p2p__bytes(in.p + o.eaten, shown - o.eaten);
    o.end = s->ops->recv(s, view, &used, 0);
    check(used <= view.len);
    o.eaten += used;
  }
  if (o.end) {
    size_t used;
    check(s->ops->recv(s, in, &used, 0) == o.end && used == 0);
  }
  drain(s);
  return o;
}

static outcome run(p2p__env *env, bool dials, p2p_bytes in, size_t piece) {
  const p2p__multistream_offer offer = { .ids = ids, .n = P2P_COUNT(ids) };
  p2p__step *s;
  int err = dials ? p2p__multistream_dial(env, &offer, true, P2P_NEVER, &s)
                  : p2p__multistream_listen(env, &offer, P2P_NEVER, &s);
  check(err == 0);
  outcome o = feed(s, in, piece, dials);
  p2p__step_free(s);
  check(p2p__mem_used(env->mem) == 0);
  return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  p2p__mem mem;
  p2p__limits limits;
  p2p__mem_init(&mem, NULL);
  p2p__limits_default(&limits);
  p2p__env env = { .mem = &mem, .limits = &limits };
  p2p_bytes in = p2p__bytes(data + 1, size - 1);
  bool dials = data[0] & 1;
  outcome whole = run(&env, dials, in, SIZE_MAX / 2);
  outcome pieces = run(&env, dials, in, 1u + (data[0] >> 1));
  check(whole.end == pieces.end && whole.eaten == pieces.eaten);
  return 0;
}
