/* The initiator of multistream-select: proposes one id after the other until one is echoed.
 * Spec: multiformats/multistream-select; connections/README.md, "multistream-select". */
#include "multistream/talk.h"
#include <assert.h>

/* Each proposal is SAID once and answered once: by its echo (done) or by "na" (next, or the end).
 *
 *   TO_SAY --send--> SAID --"na"--> TO_SAY (ids left, and nothing was built on the proposal)
 */
typedef struct dialer {
  p2p__talk talk;
  size_t at;       /* the proposal whose turn it is */
  bool said;       /* it left */
  bool optimistic; /* the next step may speak behind the first proposal */
  bool committed;  /* and did: after "na" its bytes would be read as lines */
} dialer;

/* The step is the first member of the first member. */
static dialer *dialer_of(p2p__step *s) { return (dialer *)s; }

static int dialer_refused(dialer *d) {
  if (d->committed || d->at + 1 == d->talk.offer.n) return P2P_ENOPROTO;
  d->at++;
  d->said = false;
  return 0;
}

static int dialer_on_line(p2p__talk *t, p2p_bytes line) {
  dialer *d = P2P_CONTAINER(t, dialer, talk);
  if (!d->said) return P2P_EPROTO; /* an answer before the question */
  if (p2p__talk_is(line, P2P__MULTISTREAM_NA)) return dialer_refused(d);
  if (!p2p__talk_is(line, t->offer.ids[d->at])) return P2P_EPROTO;
  t->chosen = (int)d->at;
  return 1;
}

static int dialer_recv(p2p__step *s, p2p_bytes in, size_t *used, p2p_time now) {
  return p2p__talk_recv(&dialer_of(s)->talk, in, used, now, dialer_on_line);
}

static void dialer_send(p2p__step *s, p2p__wr *out) {
  dialer *d = dialer_of(s);
  if (d->said || d->talk.end) return;
  p2p_bytes proposal = p2p__cstr(d->talk.offer.ids[d->at]);
  p2p__wr w = *out;
  p2p__talk_greet(&d->talk, &w);
  p2p__talk_line(&w, proposal);
  if (!p2p__talk_commit(&d->talk, out, &w)) return;
  p2p__talk_trace(&d->talk, false, proposal);
  d->said = true;
}

static bool dialer_early(const p2p__step *s) {
  const dialer *d = (const dialer *)s;
  return d->optimistic && d->at == 0 && d->said && !d->talk.end;
}

static void dialer_free(p2p__step *s) {
  dialer *d = dialer_of(s);
  p2p__release(d->talk.env->mem, P2P__MEM_LINK, d, sizeof *d);
}

static const p2p__step_ops dialer_ops = {
  .recv = dialer_recv,
  .send = dialer_send,
  .early = dialer_early,
  .deadline = p2p__talk_deadline,
  .take = p2p__talk_take,
  .free = dialer_free,
};

int p2p__multistream_dial(p2p__env *env, const p2p__multistream_offer *offer, bool optimistic,
                          p2p_time deadline, p2p__step **out) {
  *out = NULL;
  if (offer->n == 0) return P2P_EINVAL;
  dialer *d = p2p__alloc(env->mem, P2P__MEM_LINK, sizeof *d);
  if (!d) return P2P_ENOMEM;
  int err = p2p__talk_init(&d->talk, env, offer, deadline);
  if (err) {
    p2p__release(env->mem, P2P__MEM_LINK, d, sizeof *d);
    return err;
  }
  d->talk.step.ops = &dialer_ops;
  d->optimistic = optimistic;
  *out = &d->talk.step;
  return 0;
}

void p2p__multistream_committed(p2p__step *s) {
  assert(s->ops == &dialer_ops);
  dialer_of(s)->committed = true;
}
