/* Work off the loop, on libuv's pool of threads. */
#include "io/uv.h"

typedef struct work {
  uv_work_t req;
  p2p__list link; /* in p2p__uv.works until told */
  p2p__uv_fact fact;
  void (*fn)(void *arg);
  void *arg;
} work;

static void work_free(p2p__uv *io, work *w) {
  p2p__list_del(&w->link);
  p2p__release(&io->mem, P2P__MEM_LOOP, w, sizeof *w);
}

static void work_told(p2p__uv *io, p2p__uv_fact *f) { work_free(io, P2P_CONTAINER(f, work, fact)); }

static void work_run(uv_work_t *req) {
  work *w = P2P_CONTAINER(req, work, req);
  w->fn(w->arg);
}

static void work_done(uv_work_t *req, int status) {
  work *w = P2P_CONTAINER(req, work, req);
  p2p__uv_raise(req->loop->data, &w->fact, P2P_IO_WORKED, status ? P2P_ECANCELED : 0);
}

int p2p__uv_work_start(p2p_io *base, void (*fn)(void *arg), void *arg, uint64_t token) {
  p2p__uv *io = p2p__uv_of(base);
  if (!fn) return P2P_EINVAL;
  work *w = p2p__alloc(&io->mem, P2P__MEM_LOOP, sizeof *w);
  if (!w) return P2P_ENOMEM;
  w->fn = fn;
  w->arg = arg;
  p2p__uv_fact_init(&w->fact, token, work_told);
  p2p__list_add(&io->works, &w->link);
  int err = uv_queue_work(&io->loop, &w->req, work_run, work_done);
  if (!err) return 0;
  work_free(io, w);
  return p2p__uv_error(-err);
}

/* What has not begun never will; what runs is waited for by the loop. */
void p2p__uv_work_close(p2p__uv *io) {
  for (p2p__list *n = io->works.next; n != &io->works; n = n->next)
    uv_cancel((uv_req_t *)&P2P_CONTAINER(n, work, link)->req);
}
