/* The life of an mplex stream: found, opened, ended.
 * Spec: mplex/README.md, "Opening a new stream", "Closing a stream". */
#include "muxer/mplex_internal.h"

p2p__mplex_stream *p2p__mplex_find(p2p__mplex *x, uint64_t sid) {
  if (P2P_LIKELY(x->hit && x->hit->sid == sid)) return x->hit;
  p2p__mplex_stream *s = p2p__u64map_find(&x->streams, sid);
  if (s) x->hit = s;
  return s;
}

int p2p__mplex_stream_new(p2p__mplex *x, uint64_t sid, p2p__mplex_stream **out) {
  *out = NULL;
  p2p__mplex_stream *s = p2p__slab_take(x->slab);
  if (!s) return P2P_ENOMEM;
  int err = p2p__u64map_add(&x->streams, sid, s);
  if (err) {
    p2p__slab_give(x->slab, s);
    return err;
  }
  p2p__queue_init(&s->sendq, x->env->pool, x->budget);
  s->sid = sid;
  s->opening = p2p__mplex_is_ours(sid);
  if (!s->opening) x->inbound++;
  p2p__mplex_ring(x, s);
  *out = s;
  return 0;
}

/* Out of every place that may name it; only its memory is left. */
static void stream_detach(p2p__mplex *x, p2p__mplex_stream *s) {
  p2p__u64map_del(&x->streams, s->sid);
  if (x->hit == s) x->hit = NULL;
  if (x->rx.s == s) x->rx.s = NULL;
  p2p__list_del(&s->ring);
  p2p__list_del(&s->roomy);
  p2p__list_del(&s->order);
  p2p__queue_fini(&s->sendq);
  if (!p2p__mplex_is_ours(s->sid)) x->inbound--;
}

void p2p__mplex_stream_free(p2p__mplex *x, p2p__mplex_stream *s) {
  stream_detach(x, s);
  p2p__slab_give(x->slab, s);
}

void p2p__mplex_stream_lose(p2p__mplex *x, p2p__mplex_stream *s, int err) {
  stream_detach(x, s);
  s->err = err;
  p2p__list_add(&x->lost, &s->ring);
}

/* Both sides have closed. The owner still hears of its last bytes: room frees the stream then. */
static void stream_end(p2p__mplex *x, p2p__mplex_stream *s) {
  if (!s->freed) {
    p2p__mplex_stream_free(x, s);
    return;
  }
  stream_detach(x, s);
  s->ended = true;
  p2p__list_add(&x->roomy, &s->roomy);
}

/* Nobody reads, and our Close is out: a peer that pushed more than a whole queue, or does not close in
 * time, is reset. Before our Close is out a reset would tear down what we write. */
static bool stream_linger(p2p__mplex *x, p2p__mplex_stream *s) {
  if (s->discarded > x->env->limits->mplex_recv_queue) {
    p2p__mplex_rst(x, s->sid);
    p2p__mplex_stream_lose(x, s, P2P_ELIMIT);
    return true;
  }
  if (!p2p__list_linked(&s->order)) {
    s->since = x->now;
    p2p__list_add(&x->lingering, &s->order);
  }
  return false;
}

bool p2p__mplex_stream_settle(p2p__mplex *x, p2p__mplex_stream *s) {
  if (!s->fin_sent) return false;
  if (s->fin_got) {
    stream_end(x, s);
    return true;
  }
  return s->stopped && stream_linger(x, s);
}

void p2p__mplex_ring(p2p__mplex *x, p2p__mplex_stream *s) {
  bool turn = s->opening || s->sendq.len || (s->finishing && !s->fin_sent);
  if (!turn) {
    p2p__list_del(&s->ring);
  } else if (!p2p__list_linked(&s->ring)) {
    p2p__list_add(&x->ring, &s->ring);
  }
}
