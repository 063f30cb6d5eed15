/* Agreeing on the protocol of a stream: multistream-select over the stream's own queues, with one
 * timeout for all. What exists only for it hangs off the stream until it is done. */
#include "swarm/internal.h"

enum { NEGO_GATHER = 2048 }; /* bytes looked at in one go: more than one line */

static void nego_trace(void *ctx, bool in, p2p_bytes line) {
  p2p__sstream *s = ctx;
  s->swarm->host.trace(s->swarm->host.ctx, s->conn->handle, s->handle, in, line);
}

/* No id fits: the first match function that takes it, or -1. What it took is kept as a name. */
static int match_any(p2p__sstream *s, p2p_bytes id) {
  p2p__swarm *w = s->swarm;
  p2p__name *name = NULL;
  int i = 0;
  for (p2p__list *n = w->served.next; n != &w->served; n = n->next, i++) {
    p2p__served *p = P2P_CONTAINER(n, p2p__served, node);
    if (!p->match) continue;
    if (!name && p2p__name_learn(&w->peers.names, id, &name) < 0) return -1;
    if (!p->match(p, name->text)) continue;
    p2p__name_unref(&w->peers.names, s->nego->matched);
    s->nego->matched = name;
    return i;
  }
  p2p__name_unref(&w->peers.names, name);
  return -1;
}

/* The place of a served protocol in the list, or -1. */
static int nego_match(void *ctx, p2p_bytes id) {
  const p2p__swarm *w = ((p2p__sstream *)ctx)->swarm;
  int i = 0;
  for (const p2p__list *n = w->served.next; n != &w->served; n = n->next, i++)
    if (p2p__bytes_eq(id, p2p__cstr(P2P_CONST_CONTAINER(n, p2p__served, node)->id))) return i;
  return match_any(ctx, id);
}

static void arm(p2p__swarm *w) {
  p2p_time at = P2P_NEVER;
  if (!p2p__list_empty(&w->negotiating))
    at = P2P_CONTAINER(w->negotiating.next, p2p__negotiation, node)->until;
  p2p__timer_set(&w->loop->timers, &w->negotiate_timer, at);
}

/* The timeout is one for all, so the list is in order of deadlines. It begins when the stream can
 * speak, that is when the link knows it. */
static void nego_begin(p2p__negotiation *g, p2p_time now) {
  p2p__swarm *w = g->stream->swarm;
  g->until = p2p__time_add(now, p2p__swarm_env(w)->limits->negotiate_timeout);
  p2p__list_add(&w->negotiating, &g->node);
  if (w->negotiating.next == &g->node) arm(w);
}

static int nego_new(p2p__sstream *s, p2p__negotiation **out) {
  p2p__negotiation *g = p2p__slab_take(&s->swarm->nego_slab);
  if (!g) return P2P_ENOMEM;
  p2p__list_init(&g->node);
  g->stream = s;
  if (s->swarm->host.trace) {
    g->offer.trace = nego_trace;
    g->offer.trace_ctx = s;
  }
  s->nego = g;
  *out = g;
  return 0;
}

void p2p__nego_free(p2p__sstream *s) {
  p2p__negotiation *g = s->nego;
  if (!g) return;
  p2p__mem *mem = p2p__swarm_env(s->swarm)->mem;
  p2p__step_free(g->step);
  p2p__name_unref(&s->swarm->peers.names, g->matched);
  for (size_t i = 0; i < g->n_ids; i++)
    if (g->ids[i]) p2p__release(mem, P2P__MEM_STREAM, g->ids[i], strlen(g->ids[i]) + 1);
  if (g->ids) p2p__release(mem, P2P__MEM_STREAM, g->ids, g->n_ids * sizeof *g->ids);
  p2p__list_del(&g->node);
  p2p__slab_give(&s->swarm->nego_slab, g);
  s->nego = NULL;
}

int p2p__nego_listen(p2p__sstream *s, p2p_time now) {
  p2p__negotiation *g;
  int err = nego_new(s, &g);
  if (err < 0) return err;
  g->offer.match = nego_match;
  g->offer.ctx = s;
  err = p2p__multistream_listen(p2p__swarm_env(s->swarm), &g->offer, P2P_NEVER, &g->step);
  if (err < 0) return err;
  nego_begin(g, now);
  return 0;
}

static int copy_ids(p2p__sstream *s, const char *const *ids, size_t n) {
  p2p__mem *mem = p2p__swarm_env(s->swarm)->mem;
  p2p__negotiation *g = s->nego;
  g->ids = p2p__alloc(mem, P2P__MEM_STREAM, n * sizeof *g->ids);
  if (!g->ids) return P2P_ENOMEM;
  g->n_ids = n;
  for (size_t i = 0; i < n; i++)
    if (!(g->ids[i] = p2p__strdup(mem, P2P__MEM_STREAM, ids[i], strlen(ids[i])))) return P2P_ENOMEM;
  return 0;
}

/* Puts the first id that the peer is known to speak in front. True when there is one. */
static bool prefer_known(p2p__sstream *s) {
  const p2p__peer *peer = s->conn->peer;
  char **ids = s->nego->ids;
  for (size_t i = 0; peer && i < s->nego->n_ids; i++) {
    if (!p2p__peer_speaks(peer, ids[i])) continue;
    char *known = ids[i];
    memmove(ids + 1, ids, i * sizeof *ids);
    ids[0] = known;
    return true;
  }
  return false;
}

int p2p__nego_dial(p2p__sstream *s, const char *const *ids, size_t n, p2p_time now) {
  p2p__negotiation *g = s->nego;
  int err = g ? 0 : nego_new(s, &g);
  if (err < 0 || (err = copy_ids(s, ids, n)) < 0) return err;
  s->optimistic = prefer_known(s) || n == 1;
  g->offer.ids = (const char *const *)g->ids;
  g->offer.n = n;
  err = p2p__multistream_dial(p2p__swarm_env(s->swarm), &g->offer, s->optimistic, P2P_NEVER,
                              &g->step);
  (void)now;
  return err;
}

/* What has arrived, without taking it: owned bytes first, then slices. */
static size_t gather(const p2p__sstream *s, uint8_t *out) {
  p2p_bytes v[64];
  size_t n = p2p__queue_view(&s->in, 0, NEGO_GATHER, v, P2P_COUNT(v)), len = 0;
  for (size_t i = 0; i < n; i++) {
    memcpy(out + len, v[i].p, v[i].len);
    len += v[i].len;
  }
  if (len < p2p__min(s->in.len, NEGO_GATHER)) return len; /* many small pieces: these first */
  for (const p2p__slice *x = s->slices; x && len < NEGO_GATHER; x = x->next) {
    size_t k = p2p__min(x->bytes.len, NEGO_GATHER - len);
    memcpy(out + len, x->bytes.p, k);
    len += k;
  }
  return len;
}

static void take(p2p__sstream *s, size_t n, p2p_time now) {
  p2p_bytes b;
  while (n && p2p__stream_peek(s, &b) == 1) {
    size_t k = p2p__min(n, b.len);
    p2p__stream_consume(s, k, now);
    s->bytes_in -= k; /* not the user's */
    n -= k;
  }
}

static p2p__served *served_at(p2p__swarm *w, int i) {
  for (p2p__list *n = w->served.next; n != &w->served; n = n->next)
    if (i-- == 0) return P2P_CONTAINER(n, p2p__served, node);
  return NULL;
}

static int agreed_inbound(p2p__sstream *s, int index) {
  p2p__served *p = served_at(s->swarm, index);
  if (!p) return P2P_ENOTFOUND;
  s->protocol = s->nego->matched; /* the reference, too */
  s->nego->matched = NULL;
  if (!s->protocol) s->protocol = p2p__name_ref(&s->swarm->peers.names, p2p__cstr(p->id));
  if (!s->protocol) return P2P_ENOMEM;
  s->conn->n_negotiating--;
  s->state = P2P__STREAM_OPEN;
  return p->accept(p, s);
}

static int agreed_outbound(p2p__sstream *s, int index) {
  s->protocol = p2p__name_ref(&s->swarm->peers.names, p2p__cstr(s->nego->ids[index]));
  if (!s->protocol) return P2P_ENOMEM;
  s->state = P2P__STREAM_OPEN;
  return 0;
}

int p2p__nego_recv(p2p__sstream *s, p2p_time now) {
  uint8_t bytes[NEGO_GATHER];
  for (;;) {
    size_t len = gather(s, bytes), used = 0;
    p2p__step *step = s->nego->step;
    int r = step->ops->recv(step, p2p__bytes(bytes, len), &used, now);
    take(s, used, now);
    if (r == 0 && used) continue; /* it looked at 2 KiB only: there may be more */
    if (r == 0) return len < NEGO_GATHER ? 0 : P2P_ELIMIT;
    if (r < 0) return r;
    p2p__step_result result = { .protocol = -1, .muxer = -1 };
    step->ops->take(step, &result);
    return s->inbound ? agreed_inbound(s, result.protocol) : agreed_outbound(s, result.protocol);
  }
}

int p2p__nego_send(p2p__sstream *s, p2p__queue *q) {
  p2p__negotiation *g = s->nego;
  uint8_t bytes[NEGO_GATHER];
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  g->step->ops->send(g->step, &w);
  if (!s->inbound && !p2p__list_linked(&g->node) && s->state == P2P__STREAM_NEGOTIATING)
    nego_begin(g, p2p__swarm_now(s->swarm));
  if (w.err) return w.err;
  return p2p__queue_put(q, p2p__wr_bytes(&w)) == w.len ? 0 : P2P_ENOMEM;
}

void p2p__nego_timer(p2p__timer *t, p2p_time now) {
  p2p__swarm *w = P2P_CONTAINER(t, p2p__swarm, negotiate_timer);
  while (!p2p__list_empty(&w->negotiating)) {
    p2p__negotiation *g = P2P_CONTAINER(w->negotiating.next, p2p__negotiation, node);
    if (g->until > now) break;
    p2p__list_del(&g->node);
    p2p__sstream *s = g->stream;
    if (s->opened && s->conn->link)
      p2p__link_down(s->conn->link, now, (p2p__down){ .kind = P2P__DOWN_RESET, .sid = s->sid });
    p2p__stream_close(s, P2P_ETIMEOUT, 0, false);
  }
  arm(w);
}
