/* The p2p_io on libuv: birth, death, the clock, and the one call that blocks. */
#include "io/uv.h"
#include <assert.h>
#include <time.h>

/* ---- facts ---- */

void p2p__uv_fact_init(p2p__uv_fact *f, uint64_t token,
                       void (*told)(p2p__uv *io, p2p__uv_fact *f)) {
  *f = (p2p__uv_fact){ .token = token, .told = told };
  p2p__list_init(&f->link);
}

void p2p__uv_raise(p2p__uv *io, p2p__uv_fact *f, uint32_t what, int error) {
  f->what |= what;
  if (error) f->error = error;
  if (!p2p__list_linked(&f->link)) p2p__list_add(&io->ready, &f->link);
}

static int io_take_facts(p2p__uv *io, p2p_io_fact *out, int n) {
  int taken = 0;
  while (taken < n && !p2p__list_empty(&io->ready)) {
    p2p__uv_fact *f = P2P_CONTAINER(p2p__list_pop(&io->ready), p2p__uv_fact, link);
    out[taken++] = (p2p_io_fact){ .token = f->token, .what = f->what, .error = f->error };
    f->what = 0;
    if (f->told) f->told(io, f);
  }
  if (!p2p__list_empty(&io->ready)) p2p__uv_changed(io);
  return taken;
}

/* libuv tells the kernel of a new interest at the next uv_run, and facts left over are known to
 * nobody but us: whoever polls fd() must be called back for both. */
void p2p__uv_changed(p2p__uv *io) {
  if (io->embedded && !io->closing) uv_async_send(&io->async);
}

static void io_on_async(uv_async_t *async) {
  p2p__uv *io = async->data;
  if (atomic_exchange(&io->wake_asked, false)) p2p__uv_raise(io, &io->woken, P2P_IO_WOKEN, 0);
}

static void io_wake(p2p_io *base) {
  p2p__uv *io = p2p__uv_of(base);
  atomic_store(&io->wake_asked, true);
  uv_async_send(&io->async);
}

/* ---- time and chance ---- */

static p2p_time io_now(p2p_io *base) {
  (void)base;
  return uv_hrtime();
}

static int64_t io_unix_ns(p2p_io *base) {
  (void)base;
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * (int64_t)P2P_SECOND + t.tv_nsec;
}

static int io_random_bytes(p2p_io *base, void *buf, size_t len) {
  (void)base;
  return uv_random(NULL, NULL, buf, len, 0, NULL) ? P2P_EIO : 0;
}

static uint64_t io_thread(p2p_io *base) {
  (void)base;
  return (uint64_t)uv_thread_self();
}

/* ---- wait ---- */

static int io_wait(p2p_io *base, p2p_time until, p2p_io_fact *out, int n) {
  if (n <= 0) return P2P_EINVAL;
  p2p__uv *io = p2p__uv_of(base);
  bool late = until == 0;
  while (p2p__list_empty(&io->ready)) {
    if (!late && until != P2P_NEVER) {
      late = until <= uv_hrtime();
      if (!late) p2p__uv_timer_arm(io, until);
    }
    uv_run(&io->loop, late ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    if (late) break;
  }
  return io_take_facts(io, out, n);
}

static int io_fd(p2p_io *base) {
  p2p__uv *io = p2p__uv_of(base);
  if (!io->embedded) {
    io->embedded = true;
    uv_run(&io->loop, UV_RUN_NOWAIT); /* the wake-up itself must be known to the kernel */
    if (!p2p__list_empty(&io->ready)) p2p__uv_changed(io);
  }
  return uv_backend_fd(&io->loop);
}

/* ---- life ---- */

/* Work that runs, and a lookup in the system's resolver, cannot be called back: we wait for them. */
static void io_free(p2p_io *base) {
  if (!base) return;
  p2p__uv *io = p2p__uv_of(base);
  io->closing = true;
  p2p__uv_close_all(io);
  p2p__uv_resolve_close(io);
  p2p__uv_work_close(io);
  p2p__uv_ifwatch_close(io);
  p2p__uv_timer_close(io);
  uv_close((uv_handle_t *)&io->async, NULL);
  uv_run(&io->loop, UV_RUN_DEFAULT);
  p2p_io_fact facts[16];
  while (io_take_facts(io, facts, 16)) {} /* works free themselves when told */
  int busy = uv_loop_close(&io->loop);
  assert(busy == 0);
  (void)busy;
  p2p__mem mem = io->mem;
  p2p__release(&mem, P2P__MEM_LOOP, io->slots, (size_t)io->n_slots * sizeof *io->slots);
  p2p__release(&mem, P2P__MEM_LOOP, io, sizeof *io);
  assert(p2p__mem_used(&mem) == 0);
}

static const p2p_io_ops io_ops = {
  .size = sizeof(p2p_io_ops),
  .now = io_now,
  .unix_ns = io_unix_ns,
  .random = io_random_bytes,
  .wait = io_wait,
  .wake = io_wake,
  .fd = io_fd,
  .tcp_listen = p2p__uv_tcp_listen,
  .tcp_accept = p2p__uv_tcp_accept,
  .tcp_connect = p2p__uv_tcp_connect,
  .tcp_local = p2p__uv_tcp_local,
  .unix_listen = p2p__uv_unix_listen,
  .unix_accept = p2p__uv_unix_accept,
  .unix_connect = p2p__uv_unix_connect,
  .unix_adopt = p2p__uv_unix_adopt,
  .recv = p2p__uv_recv,
  .send = p2p__uv_send,
  .shutdown = p2p__uv_shutdown,
  .want = p2p__uv_want,
  .option = p2p__uv_option,
  .close = p2p__uv_close,
  .udp_open = p2p__uv_udp_open,
  .udp_recv = p2p__uv_udp_recv,
  .udp_send = p2p__uv_udp_send,
  .resolve = p2p__uv_resolve,
  .resolved = p2p__uv_resolved,
  .resolve_cancel = p2p__uv_resolve_cancel,
  .work = p2p__uv_work_start,
  .ifaddrs = p2p__uv_ifaddrs,
  .free = io_free,
  .thread = io_thread,
  .adopt = p2p__uv_adopt,
  .ifwatch = p2p__uv_ifwatch_set,
  .source = p2p__uv_source,
  .udp_errors = p2p__uv_udp_errors,
  .udp_adopt = p2p__uv_udp_adopt,
};

static int io_handles_init(p2p__uv *io) {
  int err = uv_async_init(&io->loop, &io->async, io_on_async);
  if (err) return p2p__uv_error(-err);
  io->async.data = io;
  io->loop.data = io;
  err = p2p__uv_timer_init(io);
  if (!err) return 0;
  uv_close((uv_handle_t *)&io->async, NULL);
  uv_run(&io->loop, UV_RUN_DEFAULT);
  return err;
}

int p2p_io_uv_new(p2p_io **out) {
  if (!out) return P2P_EINVAL;
  *out = NULL;
  p2p__mem mem;
  p2p__mem_init(&mem, NULL);
  p2p__uv *io = p2p__alloc(&mem, P2P__MEM_LOOP, sizeof *io);
  if (!io) return P2P_ENOMEM;
  io->io.ops = &io_ops;
  io->mem = mem;
  io->free_slot = -1;
  p2p__list_init(&io->ready);
  p2p__list_init(&io->lookups);
  p2p__list_init(&io->works);
  p2p__uv_fact_init(&io->woken, 0, NULL);
  p2p__uv_fact_init(&io->ifwatch.fact, 0, NULL);
  int err = uv_loop_init(&io->loop);
  if (err) {
    err = p2p__uv_error(-err);
    goto fail;
  }
  err = io_handles_init(io);
  if (err) goto fail_loop;
  *out = &io->io;
  return 0;
fail_loop:
  (void)uv_loop_close(&io->loop);
fail:
  mem = io->mem;
  p2p__release(&mem, P2P__MEM_LOOP, io, sizeof *io);
  return err;
}
