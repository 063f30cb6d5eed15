/* The driver of behaviours: gives each its facts and its time, does what it asks for. */
#include "swarm/drive.h"
#include <assert.h>

/* ---- actions ---- */

/* Something an action brought about at once; told before the next action is taken. */
static void tell_at_once(p2p__driven *d, const p2p__fact *f) {
  d->b->ops->fact(d->b, f, p2p__swarm_now(d->drive->w));
}

static void act_open(p2p__driven *d, const p2p__act *a) {
  int err = p2p__dstream_open(d, a);
  if (err >= 0) return;
  p2p__fact f = { .kind = a->kind == P2P__ACT_ASK ? P2P__FACT_ANSWER : P2P__FACT_CLOSED,
                  .peer = a->peer,
                  .conn = a->conn,
                  .tag = a->tag,
                  .protocol = a->protocol,
                  .err = err };
  tell_at_once(d, &f);
}

static void act_send(p2p__driven *d, const p2p__act *a) {
  p2p__dstream *ds = p2p__dstream_of(d, a->stream);
  if (!ds || p2p__dstream_send(ds, a) != P2P_EAGAIN) return;
  p2p__fact f = p2p__dstream_fact(ds, P2P__FACT_FULL);
  tell_at_once(d, &f);
}

static void act_finish(p2p__driven *d, const p2p__act *a) {
  p2p__dstream *ds = p2p__dstream_of(d, a->stream);
  if (ds) (void)p2p__stream_finish(ds->s);
}

static void act_reset(p2p__driven *d, const p2p__act *a) {
  p2p__dstream *ds = p2p__dstream_of(d, a->stream);
  if (ds) p2p__dstream_reset(ds, a->code, 0);
}

static void act_emit(p2p__driven *d, const p2p__act *a) {
  p2p__swarm *w = d->drive->w;
  p2p_event event = a->event;
  const p2p__peer *peer = p2p__peer_at(&w->peers, a->peer);
  if (peer) event.peer = peer->id;
  w->host.emit(w->host.ctx, &event);
}

static void (*const acts[])(p2p__driven *d, const p2p__act *a) = {
  [P2P__ACT_OPEN] = act_open,   [P2P__ACT_SEND] = act_send, [P2P__ACT_FINISH] = act_finish,
  [P2P__ACT_RESET] = act_reset, [P2P__ACT_ASK] = act_open,  [P2P__ACT_EMIT] = act_emit,
};

/* ---- facts ---- */

static void driven_arm(p2p__driven *d) {
  p2p_time at = d->b->ops->deadline ? d->b->ops->deadline(d->b) : P2P_NEVER;
  p2p__timer_set(&d->drive->w->loop->timers, &d->timer, at);
}

void p2p__driven_tell(p2p__driven *d, const p2p__fact *f) {
  assert(!d->drive->running);
  d->drive->running = true;
  tell_at_once(d, f);
  for (;;) {
    p2p__act a = { 0 };
    if (!d->b->ops->next(d->b, &a)) break;
    assert(a.kind >= P2P__ACT_OPEN && a.kind < P2P_COUNT(acts));
    acts[a.kind](d, &a);
  }
  d->drive->running = false;
  driven_arm(d);
}

static void driven_fire(p2p__timer *t, p2p_time now) {
  (void)now;
  p2p__driven_tell(P2P_CONTAINER(t, p2p__driven, timer), &(p2p__fact){ .kind = P2P__FACT_TICK });
}

void p2p__drive_fact(p2p__swarm *w, const p2p__fact *f) {
  p2p__drive *drive = w->drive;
  if (!drive) return;
  for (p2p__list *n = drive->behaviours.next; n != &drive->behaviours; n = n->next) {
    p2p__driven_tell(P2P_CONTAINER(n, p2p__driven, node), f);
  }
}

void p2p__swarm_call(p2p__swarm *w, p2p__behaviour *b, uint32_t call, uint32_t peer, uint64_t tag) {
  p2p__drive *drive = w->drive;
  p2p__loop_refresh(w->loop);
  p2p__fact f = { .kind = P2P__FACT_CALL, .call = call, .peer = peer, .tag = tag };
  for (p2p__list *n = drive->behaviours.next; n != &drive->behaviours; n = n->next) {
    p2p__driven *d = P2P_CONTAINER(n, p2p__driven, node);
    if (d->b == b) p2p__driven_tell(d, &f);
  }
}

/* ---- life ---- */

static p2p__drive *drive_get(p2p__swarm *w) {
  if (w->drive) return w->drive;
  p2p__env *env = p2p__swarm_env(w);
  p2p__drive *drive = p2p__alloc(env->mem, P2P__MEM_HOST, sizeof *drive);
  if (!drive) return NULL;
  drive->w = w;
  p2p__list_init(&drive->behaviours);
  p2p__slab_init(&drive->streams, env->mem, P2P__MEM_STREAM, sizeof(p2p__dstream));
  p2p__slab_init(&drive->crowds, env->mem, P2P__MEM_STREAM, sizeof(p2p__crowd));
  p2p__u64map_init(&drive->by_crowd, env->mem, P2P__MEM_STREAM, env->hash_key);
  w->drive = drive;
  return drive;
}

static size_t driven_size(size_t n_lines) {
  return sizeof(p2p__driven) + n_lines * sizeof(p2p__driven_line);
}

static void driven_free(p2p__driven *d) {
  p2p__swarm *w = d->drive->w;
  while (!p2p__list_empty(&d->streams)) {
    p2p__dstream *ds = P2P_CONTAINER(d->streams.next, p2p__dstream, node);
    ds->s->ops = NULL;
    p2p__dstream_free(ds);
  }
  for (size_t i = 0; i < d->n_lines; i++) {
    if (p2p__list_linked(&d->lines[i].served.node)) p2p__swarm_unserve(&d->lines[i].served);
  }
  p2p__timer_clear(&w->loop->timers, &d->timer);
  p2p__timers_unreserve(&w->loop->timers);
  p2p__list_del(&d->node);
  d->b->ops->free(d->b);
  p2p__release(p2p__swarm_env(w)->mem, P2P__MEM_HOST, d, driven_size(d->n_lines));
}

/* The behaviour's place in the driver, without its protocols; takes b when it succeeds. */
static p2p__driven *driven_new(p2p__drive *drive, p2p__behaviour *b) {
  p2p__swarm *w = drive->w;
  size_t n = 0;
  while (b->protocols && b->protocols[n].id) n++;
  p2p__driven *d = p2p__alloc(p2p__swarm_env(w)->mem, P2P__MEM_HOST, driven_size(n));
  if (!d) return NULL;
  if (p2p__timers_reserve(&w->loop->timers) < 0) {
    p2p__release(p2p__swarm_env(w)->mem, P2P__MEM_HOST, d, driven_size(n));
    return NULL;
  }
  d->b = b;
  d->drive = drive;
  d->n_lines = n;
  d->timer.fire = driven_fire;
  p2p__list_init(&d->streams);
  p2p__list_add(&drive->behaviours, &d->node);
  return d;
}

static int driven_serve(p2p__driven *d) {
  for (unsigned i = 0; i < d->n_lines; i++) {
    p2p__driven_line *l = &d->lines[i];
    *l = (p2p__driven_line){ .driven = d,
                             .line = &d->b->protocols[i],
                             .index = i,
                             .key = d->drive->n_lines++,
                             .served = { .id = d->b->protocols[i].id,
                                         .accept = p2p__dstream_accept } };
    if (l->line->in_per_peer == 0) continue;
    int err = p2p__swarm_serve(d->drive->w, &l->served);
    if (err < 0) return err;
  }
  return 0;
}

int p2p__swarm_add(p2p__swarm *w, p2p__behaviour *b) {
  p2p__drive *drive = drive_get(w);
  p2p__driven *d = drive ? driven_new(drive, b) : NULL;
  if (!d) {
    b->ops->free(b);
    return P2P_ENOMEM;
  }
  int err = driven_serve(d);
  if (err < 0) {
    driven_free(d);
    return err;
  }
  p2p__driven_tell(d, &(p2p__fact){ .kind = P2P__FACT_START });
  return 0;
}

void p2p__drive_fini(p2p__swarm *w) {
  p2p__drive *drive = w->drive;
  if (!drive) return;
  while (!p2p__list_empty(&drive->behaviours)) {
    driven_free(P2P_CONTAINER(drive->behaviours.next, p2p__driven, node));
  }
  p2p__u64map_fini(&drive->by_crowd);
  p2p__slab_fini(&drive->crowds);
  p2p__slab_fini(&drive->streams);
  p2p__release(p2p__swarm_env(w)->mem, P2P__MEM_HOST, drive, sizeof *drive);
  w->drive = NULL;
}
