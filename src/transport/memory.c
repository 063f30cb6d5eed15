/* The memory transport: two ends, each with a bounded queue of what the other wrote. See memory.h.
 *
 * An end speaks to its user only from its own loop's tasks, so that what one host does never runs
 * code of another. */
#include "transport/memory.h"
#include "transport/byte_link.h"

enum { MEMORY_CAPACITY = 262144 }; /* bytes written and not read, each way */

struct p2p_memory {
  p2p__mem mem;
  p2p__list listeners;
};

typedef struct memory {
  p2p__transport base;
  const p2p__upgrades *upgrades;
  p2p_memory *hub;
} memory;

typedef struct memory_end {
  p2p__pipe base;
  p2p__task task;
  p2p__list pending; /* of a listener that has not accepted it yet */
  p2p__loop *loop;
  struct memory_end *other; /* NULL: gone */
  p2p__queue in;
  p2p__budget budget;
  uint32_t want;
  bool finished; /* the other end writes no more */
} memory_end;

struct p2p__listening {
  p2p__list node; /* of the hub */
  p2p__list arrived;
  p2p__task task;
  memory *memory;
  p2p__acceptor *acceptor;
  uint64_t number;
};

/* ---- ends ---- */
static size_t end_room(const memory_end *e) {
  return e->other ? MEMORY_CAPACITY - p2p__min(e->other->in.len, MEMORY_CAPACITY) : 1;
}

static uint32_t end_ready(const memory_end *e) {
  uint32_t what = e->in.len || e->finished || !e->other ? P2P_IO_READABLE : 0;
  if (end_room(e)) what |= P2P_IO_WRITABLE;
  return what & e->want;
}

/* Its loop shall look at it, now or when it next turns. */
static void end_wake(memory_end *e) {
  if (!e || !end_ready(e)) return;
  p2p__loop_mark_later(e->loop, &e->task);
  e->loop->io->ops->wake(e->loop->io);
}

static void end_run(p2p__task *t, p2p_time now) {
  memory_end *e = P2P_CONTAINER(t, memory_end, task);
  uint32_t what = end_ready(e);
  if (!what) return;
  p2p__loop_mark_later(e->loop, t); /* level triggered: again until it is not so any more */
  e->base.user->ready(e->base.user, what, 0, now);
}

static ptrdiff_t end_recv(p2p__pipe *base, void *buf, size_t cap) {
  memory_end *e = P2P_CONTAINER(base, memory_end, base);
  if (!e->in.len) return e->finished ? 0 : e->other ? P2P_EAGAIN : P2P_ERESET;
  size_t n = p2p__queue_get(&e->in, buf, cap);
  end_wake(e->other);
  return (ptrdiff_t)n;
}

static ptrdiff_t end_send(p2p__pipe *base, const p2p_bytes *v, size_t n) {
  memory_end *e = P2P_CONTAINER(base, memory_end, base);
  if (!e->other) return P2P_ERESET;
  size_t room = end_room(e), sent = 0;
  for (size_t i = 0; i < n && sent < room; i++) {
    p2p_bytes piece = p2p__bytes(v[i].p, p2p__min(v[i].len, room - sent));
    size_t k = p2p__queue_put(&e->other->in, piece);
    sent += k;
    if (k < v[i].len) break;
  }
  end_wake(e->other);
  if (!sent && room) return P2P_ENOMEM; /* "again" would be said for ever: the end stays writable */
  return sent ? (ptrdiff_t)sent : P2P_EAGAIN;
}

static void end_want(p2p__pipe *base, uint32_t what) {
  memory_end *e = P2P_CONTAINER(base, memory_end, base);
  e->want = what;
  end_wake(e);
}

static void end_shutdown(p2p__pipe *base) {
  memory_end *e = P2P_CONTAINER(base, memory_end, base);
  if (e->other) e->other->finished = true;
  end_wake(e->other);
}

static void end_free(p2p__pipe *base) {
  memory_end *e = P2P_CONTAINER(base, memory_end, base);
  if (e->other) {
    e->other->other = NULL;
    end_wake(e->other);
  }
  p2p__loop_unmark(&e->task);
  p2p__list_del(&e->pending);
  p2p__queue_fini(&e->in);
  p2p__release(e->loop->mem, P2P__MEM_LINK, e, sizeof *e);
}

static const p2p__pipe_ops end_ops = {
  .recv = end_recv,
  .send = end_send,
  .want = end_want,
  .shutdown = end_shutdown,
  .free = end_free,
};

static memory_end *end_new(p2p__loop *loop) {
  memory_end *e = p2p__alloc(loop->mem, P2P__MEM_LINK, sizeof *e);
  if (!e) return NULL;
  e->base.ops = &end_ops;
  e->task.run = end_run;
  e->loop = loop;
  e->budget.max = 2 * (size_t)MEMORY_CAPACITY; /* blocks are charged whole */
  p2p__queue_init(&e->in, &loop->pool, &e->budget);
  return e;
}

/* ---- the transport ---- */
static bool memory_number(p2p_bytes addr, uint64_t *number) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  if (p2p__ma_next(&r, &part) != 1 || part.code != P2P__MA_MEMORY || !p2p__rd_done(&r))
    return false;
  p2p__rd value = p2p__rd_of(part.value);
  *number = p2p__rd_be64(&value);
  return p2p__rd_done(&value);
}

static bool memory_claims(const p2p__transport *t, p2p_bytes addr, bool listen) {
  uint64_t number;
  (void)t;
  (void)listen;
  return memory_number(addr, &number);
}

static p2p__listening *listener_at(const p2p_memory *hub, uint64_t number) {
  for (p2p__list *n = hub->listeners.next; n != &hub->listeners; n = n->next) {
    p2p__listening *l = P2P_CONTAINER(n, p2p__listening, node);
    if (l->number == number) return l;
  }
  return NULL;
}

static int memory_dial(p2p__transport *base, p2p_bytes addr, const p2p__link_spec *spec,
                       p2p_time now, p2p__link **out) {
  memory *m = P2P_CONTAINER(base, memory, base);
  uint64_t number;
  *out = NULL;
  p2p__listening *l = memory_number(addr, &number) ? listener_at(m->hub, number) : NULL;
  if (!l) return P2P_EREFUSED;
  memory_end *ours = end_new(m->upgrades->loop), *theirs = end_new(l->memory->upgrades->loop);
  int err = ours && theirs ? 0 : P2P_ENOMEM;
  if (err >= 0) {
    ours->other = theirs;
    theirs->other = ours;
    err = p2p__byte_link_new(m->upgrades, &ours->base, true, true, spec, now, out);
  }
  if (err < 0) {
    if (ours) end_free(&ours->base);
    if (theirs) end_free(&theirs->base);
    return err;
  }
  p2p__list_add(&l->arrived, &theirs->pending);
  p2p__loop_mark_later(theirs->loop, &l->task);
  theirs->loop->io->ops->wake(theirs->loop->io);
  return 0;
}

static void listener_accept(p2p__listening *l, memory_end *e, p2p_time now) {
  uint8_t space[16], number[8] = { 0 };
  p2p__wr addr = p2p__wr_of(space, sizeof space);
  p2p_bytes none = p2p__bytes(number, sizeof number); /* dialers have no number */
  p2p__ma_add(&addr, P2P__MA_MEMORY, none);
  p2p__byte_link_accept(l->memory->upgrades, &e->base, l->acceptor, p2p__wr_bytes(&addr), now);
}

static void listener_run(p2p__task *t, p2p_time now) {
  p2p__listening *l = P2P_CONTAINER(t, p2p__listening, task);
  for (p2p__list *n; (n = p2p__list_pop(&l->arrived)) != NULL;)
    listener_accept(l, P2P_CONTAINER(n, memory_end, pending), now);
}

static int memory_listen(p2p__transport *base, p2p_bytes addr, p2p__acceptor *acceptor,
                         p2p__listening **out, p2p__wr *bound) {
  memory *m = P2P_CONTAINER(base, memory, base);
  uint64_t number;
  *out = NULL;
  if (!memory_number(addr, &number)) return P2P_EADDR;
  if (listener_at(m->hub, number)) return P2P_EADDRINUSE;
  p2p__listening *l = p2p__alloc(m->upgrades->loop->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  *l = (p2p__listening){ .memory = m, .acceptor = acceptor, .number = number };
  l->task.run = listener_run;
  p2p__list_init(&l->arrived);
  p2p__list_add(&m->hub->listeners, &l->node);
  p2p__wr_bytes_in(bound, addr);
  *out = l;
  return 0;
}

static void memory_unlisten(p2p__transport *base, p2p__listening *l) {
  memory *m = P2P_CONTAINER(base, memory, base);
  for (p2p__list *n; (n = p2p__list_pop(&l->arrived)) != NULL;)
    end_free(&P2P_CONTAINER(n, memory_end, pending)->base);
  p2p__list_del(&l->node);
  p2p__loop_unmark(&l->task);
  p2p__release(m->upgrades->loop->mem, P2P__MEM_LINK, l, sizeof *l);
}

static void memory_free(p2p__transport *base) {
  memory *m = P2P_CONTAINER(base, memory, base);
  p2p__release(m->upgrades->loop->mem, P2P__MEM_HOST, m, sizeof *m);
}

static const p2p__transport_ops memory_ops = {
  .name = "memory",
  .claims = memory_claims,
  .dial = memory_dial,
  .listen = memory_listen,
  .unlisten = memory_unlisten,
  .free = memory_free,
};

int p2p__memory_new(const p2p__upgrades *upgrades, p2p_memory *hub, p2p__transport **out) {
  memory *m = p2p__alloc(upgrades->loop->mem, P2P__MEM_HOST, sizeof *m);
  if (!m) return P2P_ENOMEM;
  m->base.ops = &memory_ops;
  m->upgrades = upgrades;
  m->hub = hub;
  *out = &m->base;
  return 0;
}

/* ---- the hub ---- */
int p2p_memory_new(p2p_memory **out) {
  if (!out) return P2P_EINVAL;
  p2p__mem mem;
  p2p__mem_init(&mem, NULL);
  p2p_memory *hub = p2p__alloc(&mem, P2P__MEM_HOST, sizeof *hub);
  *out = hub;
  if (!hub) return P2P_ENOMEM;
  hub->mem = mem;
  p2p__list_init(&hub->listeners);
  return 0;
}

void p2p_memory_free(p2p_memory *hub) {
  if (!hub) return;
  p2p__mem mem = hub->mem;
  p2p__release(&mem, P2P__MEM_HOST, hub, sizeof *hub);
}
