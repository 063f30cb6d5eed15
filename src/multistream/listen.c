/* The responder of multistream-select: answers each proposal with its echo or with "na".
 * Spec: multiformats/multistream-select, "Protocol Selection", "Listing". */
#include "multistream/talk.h"

/* Answers wait here until send has room for all of them. They leave in the order of the questions:
 * na_before, the list, na_after, the echo. */
typedef struct listener {
  p2p__talk talk;
  uint64_t lines; /* proposals and `ls` so far */
  uint64_t na_before, na_after;
  bool list;
  bool accept;    /* the echo of `echo` is due */
  p2p_bytes echo; /* of our own list, or the copy */
  uint8_t *copy;  /* an accepted id that is not in the list: a match function knew it */
  size_t copy_len;
} listener;

/* The step is the first member of the first member. */
static listener *listener_of(p2p__step *s) { return (listener *)s; }

static int find_id(const p2p__multistream_offer *offer, p2p_bytes id) {
  if (offer->match) return offer->match(offer->ctx, id);
  for (size_t i = 0; i < offer->n; i++)
    if (p2p__talk_is(id, offer->ids[i])) return (int)i;
  return -1;
}

/* The echo outlives the caller's bytes: it is our own spelling of the id, else a copy. */
static int keep_echo(listener *l, p2p_bytes id) {
  const p2p__multistream_offer *offer = &l->talk.offer;
  size_t i = (size_t)l->talk.chosen;
  if (i < offer->n && p2p__talk_is(id, offer->ids[i])) {
    l->echo = p2p__cstr(offer->ids[i]);
    return 0;
  }
  l->copy = p2p__alloc_raw(l->talk.env->mem, P2P__MEM_LINK, id.len);
  if (!l->copy) return P2P_ENOMEM;
  l->copy_len = id.len;
  memcpy(l->copy, id.p, id.len);
  l->echo = p2p__bytes(l->copy, id.len);
  return 0;
}

/* A list is far longer than its question, so the next one is answered only after the last one was
 * taken: `ls` in a loop gains nothing. */
static int ask_list(listener *l) {
  if (l->list) return P2P_ELIMIT;
  l->list = true;
  return 0;
}

static int refuse(listener *l) {
  if (l->list)
    l->na_after++;
  else
    l->na_before++;
  return 0;
}

static int listener_on_line(p2p__talk *t, p2p_bytes line) {
  listener *l = P2P_CONTAINER(t, listener, talk);
  if (++l->lines > t->env->limits->multistream_lines) return P2P_ELIMIT;
  if (p2p__talk_is(line, P2P__MULTISTREAM_LS)) return ask_list(l);
  int found = line.len ? find_id(&t->offer, line) : -1;
  if (found < 0) return refuse(l);
  t->chosen = found;
  int err = keep_echo(l, line);
  if (err) return err;
  l->accept = true;
  return 1;
}

static int listener_recv(p2p__step *s, p2p_bytes in, size_t *used, p2p_time now) {
  return p2p__talk_recv(&listener_of(s)->talk, in, used, now, listener_on_line);
}

static void put_refusals(p2p__wr *w, uint64_t n) {
  for (uint64_t i = 0; i < n && !w->err; i++) p2p__talk_line(w, p2p__cstr(P2P__MULTISTREAM_NA));
}

/* One line that holds the lines of all ids, then a newline. */
static void put_list(p2p__wr *w, const p2p__multistream_offer *offer) {
  size_t len = 1;
  for (size_t i = 0; i < offer->n; i++) len += p2p__talk_line_len(strlen(offer->ids[i]));
  p2p__wr_varint(w, len);
  for (size_t i = 0; i < offer->n; i++) p2p__talk_line(w, p2p__cstr(offer->ids[i]));
  p2p__wr_u8(w, '\n');
}

static void trace_answers(const listener *l) {
  for (uint64_t i = 0; i < l->na_before; i++)
    p2p__talk_trace(&l->talk, false, p2p__cstr(P2P__MULTISTREAM_NA));
  if (l->list) p2p__talk_trace(&l->talk, false, p2p__cstr(P2P__MULTISTREAM_LS));
  for (uint64_t i = 0; i < l->na_after; i++)
    p2p__talk_trace(&l->talk, false, p2p__cstr(P2P__MULTISTREAM_NA));
  if (l->accept) p2p__talk_trace(&l->talk, false, l->echo);
}

static void listener_send(p2p__step *s, p2p__wr *out) {
  listener *l = listener_of(s);
  bool due = !l->talk.greeted || l->na_before || l->list || l->accept;
  if (!l->talk.heard || !due) return;
  p2p__wr w = *out;
  p2p__talk_greet(&l->talk, &w);
  put_refusals(&w, l->na_before);
  if (l->list) put_list(&w, &l->talk.offer);
  put_refusals(&w, l->na_after);
  if (l->accept) p2p__talk_line(&w, l->echo);
  if (!p2p__talk_commit(&l->talk, out, &w)) return;
  if (l->talk.offer.trace) trace_answers(l);
  l->na_before = l->na_after = 0;
  l->list = l->accept = false;
}

static void listener_free(p2p__step *s) {
  listener *l = listener_of(s);
  p2p__mem *mem = l->talk.env->mem;
  if (l->copy) p2p__release(mem, P2P__MEM_LINK, l->copy, l->copy_len);
  p2p__release(mem, P2P__MEM_LINK, l, sizeof *l);
}

static const p2p__step_ops listener_ops = {
  .recv = listener_recv,
  .send = listener_send,
  .deadline = p2p__talk_deadline,
  .take = p2p__talk_take,
  .free = listener_free,
};

int p2p__multistream_listen(p2p__env *env, const p2p__multistream_offer *offer, p2p_time deadline,
                            p2p__step **out) {
  *out = NULL;
  listener *l = p2p__alloc(env->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  int err = p2p__talk_init(&l->talk, env, offer, deadline);
  if (err) {
    p2p__release(env->mem, P2P__MEM_LINK, l, sizeof *l);
    return err;
  }
  l->talk.step.ops = &listener_ops;
  *out = &l->talk.step;
  return 0;
}
