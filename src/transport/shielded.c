/* A pipe whose bytes are hidden by a shield. Nothing is kept of what the inner pipe did not take: its
 * place in the key stream is asked for again, maybe with other bytes, and the first have not left. */
#include "transport/shielded.h"

enum { SHIELDED_PART = 32768 }; /* bytes hidden for one send, on the stack */

typedef struct shielded {
  p2p__pipe base;
  p2p__pipe_user user; /* the inner pipe's */
  p2p__loop *loop;
  p2p__pipe *inner;
  p2p__shield *shield;
  size_t greeted; /* bytes of the greeting that left */
  uint64_t sent;  /* bytes after it */
  uint32_t want;
  bool initiator;
} shielded;

static shielded *shielded_of(p2p__pipe *pipe) { return P2P_CONTAINER(pipe, shielded, base); }

/* What is left of the greeting. */
static p2p_bytes greeting(const shielded *p) {
  p2p_bytes all = p->shield->ops->greeting(p->shield);
  return p2p__bytes(all.p + p->greeted, all.len - p->greeted);
}

/* A greeting that nothing of ours will take along. */
static bool must_greet(const shielded *p) { return !p->initiator && greeting(p).len; }

static void want_inner(shielded *p) {
  p->inner->ops->want(p->inner, p->want | (must_greet(p) ? P2P_IO_WRITABLE : 0));
}

/* One send of at most a part of b, behind what is left of the greeting. How much of b left. */
static ptrdiff_t send_part(shielded *p, p2p_bytes b) {
  uint8_t hidden[SHIELDED_PART];
  p2p_bytes hello = greeting(p), v[2];
  size_t n = 0;
  bool greets = must_greet(p);
  b.len = p2p__min(b.len, sizeof hidden);
  p->shield->ops->seal(p->shield, p->sent, b, hidden);
  if (hello.len) v[n++] = hello;
  if (b.len) v[n++] = p2p__bytes(hidden, b.len);
  ptrdiff_t k = p->inner->ops->send(p->inner, v, n);
  if (k < 0) return k;
  size_t greeted = p2p__min((size_t)k, hello.len), left = (size_t)k - greeted;
  p->greeted += greeted;
  p->sent += left;
  if (greets && !must_greet(p)) want_inner(p); /* else it is told for ever that there is room */
  return (ptrdiff_t)left;
}

static ptrdiff_t pipe_send(p2p__pipe *base, const p2p_bytes *v, size_t n) {
  shielded *p = shielded_of(base);
  size_t sent = 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t at = 0; at < v[i].len;) {
      size_t part = p2p__min(v[i].len - at, SHIELDED_PART);
      ptrdiff_t k = send_part(p, p2p__bytes(v[i].p + at, part));
      if (k < 0 && k != P2P_EAGAIN && !sent) return k;
      if (k > 0) sent += (size_t)k;
      if (k < (ptrdiff_t)part) return sent ? (ptrdiff_t)sent : P2P_EAGAIN;
      at += part;
    }
  }
  return (ptrdiff_t)sent;
}

static ptrdiff_t pipe_recv(p2p__pipe *base, void *buf, size_t cap) {
  shielded *p = shielded_of(base);
  ptrdiff_t k = p->inner->ops->recv(p->inner, buf, cap);
  if (k <= 0) return k;
  ptrdiff_t skip = p->shield->ops->open(p->shield, p2p__span_of(buf, (size_t)k));
  if (skip < 0) return skip;
  if (skip == k) return P2P_EAGAIN;
  if (skip) memmove(buf, (uint8_t *)buf + skip, (size_t)(k - skip));
  return k - skip;
}

static void pipe_want(p2p__pipe *base, uint32_t what) {
  shielded *p = shielded_of(base);
  p->want = what;
  want_inner(p);
}

static void pipe_lowat(p2p__pipe *base, size_t unsent) {
  shielded *p = shielded_of(base);
  if (p->inner->ops->lowat) p->inner->ops->lowat(p->inner, unsent);
}

static void pipe_shutdown(p2p__pipe *base) {
  shielded *p = shielded_of(base);
  p->inner->ops->shutdown(p->inner);
}

static void pipe_costly(p2p__pipe *base, bool on) {
  shielded *p = shielded_of(base);
  if (p->inner->ops->costly) p->inner->ops->costly(p->inner, on);
}

static int pipe_local(const p2p__pipe *base, p2p__wr *out) {
  const p2p__pipe *inner = P2P_CONST_CONTAINER(base, shielded, base)->inner;
  return inner->ops->local ? inner->ops->local(inner, out) : P2P_ENOTFOUND;
}

void p2p__shielded_drop(p2p__pipe *pipe) {
  shielded *p = shielded_of(pipe);
  p2p__shield_free(p->shield);
  p2p__release(p->loop->mem, P2P__MEM_LINK, p, sizeof *p);
}

static void pipe_free(p2p__pipe *base) {
  shielded *p = shielded_of(base);
  p->inner->ops->free(p->inner);
  p2p__shielded_drop(base);
}

static const p2p__pipe_ops shielded_ops = {
  .recv = pipe_recv,
  .send = pipe_send,
  .want = pipe_want,
  .lowat = pipe_lowat,
  .shutdown = pipe_shutdown,
  .costly = pipe_costly,
  .local = pipe_local,
  .free = pipe_free,
};

/* 0, or why the pipe is of no more use: nobody above writes before the greeting has left, so nobody else
 * would meet the error, and the socket stays writable for ever. */
static int greet(shielded *p) {
  if (!must_greet(p)) return 0;
  ptrdiff_t k = send_part(p, p2p__bytes(NULL, 0));
  return k < 0 && k != P2P_EAGAIN ? (int)k : 0;
}

static void inner_ready(p2p__pipe_user *user, uint32_t what, int error, p2p_time now) {
  shielded *p = P2P_CONTAINER(user, shielded, user);
  if (what & P2P_IO_WRITABLE && !error) error = greet(p);
  p->base.user->ready(p->base.user, what, error, now);
}

int p2p__shielded_new(const p2p__upgrades *upgrades, p2p__pipe *inner, bool initiator,
                      p2p__pipe **out) {
  *out = NULL;
  p2p__loop *loop = upgrades->loop;
  shielded *p = p2p__alloc(loop->mem, P2P__MEM_LINK, sizeof *p);
  if (!p) return P2P_ENOMEM;
  *p = (shielded){ .base.ops = &shielded_ops,
                   .user.ready = inner_ready,
                   .loop = loop,
                   .inner = inner,
                   .initiator = initiator };
  const p2p__shielding *s = &upgrades->shielding;
  int err = s->make(s->ctx, &loop->env, &p->shield);
  if (err < 0) {
    p2p__shielded_drop(&p->base);
    return err;
  }
  inner->user = &p->user;
  (void)greet(p); /* what fails now fails again when the pipe is ready */
  *out = &p->base;
  return 0;
}
