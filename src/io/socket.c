/* Sockets by number, and what is common to all of them: watching, options, closing. */
#include "io/uv.h"
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <unistd.h>

static uint32_t sock_wants(const p2p__uv_sock *s) {
  return s->connecting ? (uint32_t)P2P_IO_WRITABLE : s->want;
}

/* ---- slots ---- */

static int slots_grow(p2p__uv *io) {
  int n = io->n_slots ? 2 * io->n_slots : 16;
  void *slots = io->slots;
  int err = p2p__resize(&io->mem, P2P__MEM_LOOP, &slots, (size_t)io->n_slots * sizeof(p2p__uv_slot),
                        (size_t)n * sizeof(p2p__uv_slot));
  if (err) return err;
  io->slots = slots;
  for (int i = n - 1; i >= io->n_slots; i--) {
    io->slots[i] = (p2p__uv_slot){ .next_free = io->free_slot };
    io->free_slot = i;
  }
  io->n_slots = n;
  return 0;
}

static int slot_take(p2p__uv *io, p2p__uv_sock *s) {
  if (io->free_slot < 0) {
    int err = slots_grow(io);
    if (err) return err;
  }
  s->slot = io->free_slot;
  io->free_slot = io->slots[s->slot].next_free;
  io->slots[s->slot].sock = s;
  return s->slot;
}

static void slot_give(p2p__uv *io, int slot) {
  io->slots[slot] = (p2p__uv_slot){ .next_free = io->free_slot };
  io->free_slot = slot;
}

static p2p__uv_sock *sock_any(p2p__uv *io, int sock) {
  return sock >= 0 && sock < io->n_slots ? io->slots[sock].sock : NULL;
}

p2p__uv_sock *p2p__uv_sock_get(p2p__uv *io, int sock, p2p__uv_kind kind) {
  p2p__uv_sock *s = sock_any(io, sock);
  return s && s->kind == kind ? s : NULL;
}

/* ---- watching ---- */

static void sock_watch(p2p__uv_sock *s, uint32_t what);

/* The queue of errors keeps the socket's poll from resting: what nobody asked for goes. */
static void udp_failed(p2p__uv *io, p2p__uv_sock *s) {
  p2p_udp_error dropped;
  bool told = s->errors;
  while (told && p2p__uv_udp_errors(&io->io, s->slot, &dropped, 1) > 0) continue;
  s->errors = !told;
  uint32_t what = sock_wants(s) | (told ? 0 : P2P_IO_ERRORS);
  if (what) p2p__uv_raise(io, &s->fact, what, 0);
}

/* libuv reports an error condition as UV_EBADF and has stopped watching by then. Taking SO_ERROR
 * clears it in the kernel, so a stream keeps it: later reads would look like a clean end. */
static void sock_failed(p2p__uv *io, p2p__uv_sock *s) {
  int sys = 0;
  socklen_t len = sizeof sys;
  if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &sys, &len) != 0) sys = errno;
  if (sys && s->kind == P2P__UV_STREAM) s->error = p2p__uv_error(sys);
  uint32_t wanted = sock_wants(s);
  if (s->kind == P2P__UV_UDP)
    udp_failed(io, s);
  else if (wanted)
    p2p__uv_raise(io, &s->fact, wanted, s->error);
  sock_watch(s, wanted);
}

static void sock_on_poll(uv_poll_t *poll, int status, int events) {
  p2p__uv_sock *s = poll->data;
  p2p__uv *io = poll->loop->data;
  if (status < 0) {
    sock_failed(io, s);
    return;
  }
  uint32_t is = 0, wanted = sock_wants(s);
  if (events & UV_READABLE) is |= P2P_IO_READABLE;
  if (events & UV_WRITABLE) is |= P2P_IO_WRITABLE;
  if (is & wanted) p2p__uv_raise(io, &s->fact, is & wanted, s->error);
  if (is & ~wanted) sock_watch(s, wanted);
}

static void sock_watch(p2p__uv_sock *s, uint32_t what) {
  p2p__uv *io = s->poll.loop->data;
  int events = 0;
  if (what & P2P_IO_READABLE) events |= UV_READABLE;
  if (what & P2P_IO_WRITABLE) events |= UV_WRITABLE;
  s->polled = what;
  uv_poll_start(&s->poll, events, sock_on_poll); /* fails only for a closing handle */
  p2p__uv_changed(io);
}

static void sock_told(p2p__uv *io, p2p__uv_fact *f) {
  (void)io;
  p2p__uv_sock *s = P2P_CONTAINER(f, p2p__uv_sock, fact);
  if (!s->connecting) return;
  s->connecting = false;
  if (s->want & ~s->polled) sock_watch(s, s->want);
}

/* To watch more costs system calls; to watch less is put off until an event comes that nobody
 * wants: a reader that pauses often resumes before. */
int p2p__uv_want(p2p_io *base, int sock, uint32_t what) {
  p2p__uv *io = p2p__uv_of(base);
  p2p__uv_sock *s = sock_any(io, sock);
  if (!s || (what & ~(uint32_t)(P2P_IO_READABLE | P2P_IO_WRITABLE))) return P2P_EINVAL;
  s->want = what;
  if (s->connecting) return 0;
  s->fact.what &= what | P2P_IO_ERRORS;
  if (!s->fact.what) p2p__list_del(&s->fact.link);
  if (what & ~s->polled) sock_watch(s, what);
  return 0;
}

/* ---- life ---- */

int p2p__uv_sock_new(p2p__uv *io, int fd, p2p__uv_kind kind, uint64_t token, uint32_t watch,
                     p2p__uv_sock **out) {
  p2p__uv_sock *s = p2p__alloc(&io->mem, P2P__MEM_LOOP, sizeof *s);
  int slot = s ? slot_take(io, s) : P2P_ENOMEM;
  if (slot < 0) goto fail;
  int err = uv_poll_init(&io->loop, &s->poll, fd);
  if (err) {
    slot_give(io, slot);
    slot = p2p__uv_error(-err);
    goto fail;
  }
  s->fd = fd;
  s->kind = kind;
  s->want = watch;
  s->poll.data = s;
  p2p__uv_fact_init(&s->fact, token, sock_told);
  if (watch) sock_watch(s, watch);
  if (out) *out = s;
  return slot;
fail:
  p2p__release(&io->mem, P2P__MEM_LOOP, s, sizeof *s);
  close(fd);
  return slot;
}

static void sock_on_closed(uv_handle_t *handle) {
  p2p__uv *io = handle->loop->data;
  p2p__release(&io->mem, P2P__MEM_LOOP, handle->data, sizeof(p2p__uv_sock));
}

/* The number and the descriptor are free at once; libuv gives the handle back in its next turn. */
static void sock_close(p2p__uv *io, p2p__uv_sock *s) {
  p2p__list_del(&s->fact.link);
  slot_give(io, s->slot);
  uv_close((uv_handle_t *)&s->poll, sock_on_closed);
  p2p__uv_unix_forget(io, s);
  close(s->fd);
}

void p2p__uv_close(p2p_io *base, int sock) {
  p2p__uv *io = p2p__uv_of(base);
  p2p__uv_sock *s = sock_any(io, sock);
  if (s) sock_close(io, s);
}

void p2p__uv_close_all(p2p__uv *io) {
  for (int i = 0; i < io->n_slots; i++)
    if (io->slots[i].sock) sock_close(io, io->slots[i].sock);
}

/* ---- options ---- */

/* Linux tells twice what it was asked for, and takes what is too much for less. */
static bool is_smaller(int fd, int name, int asked) {
  int given = 0;
  socklen_t len = sizeof given;
  return getsockopt(fd, SOL_SOCKET, name, &given, &len) == 0 && given < asked;
}

int p2p__uv_option(p2p_io *base, int sock, p2p_io_option option, uint64_t value) {
  static const struct {
    int level, name;
  } names[] = {
    [P2P_IO_NOTSENT_LOWAT] = { IPPROTO_TCP, TCP_NOTSENT_LOWAT },
    [P2P_IO_SEND_BUFFER] = { SOL_SOCKET, SO_SNDBUF },
    [P2P_IO_RECV_BUFFER] = { SOL_SOCKET, SO_RCVBUF },
  };
  p2p__uv_sock *s = sock_any(p2p__uv_of(base), sock);
  if (!s || option < P2P_IO_NOTSENT_LOWAT || option > P2P_IO_RECV_BUFFER || value > INT_MAX)
    return P2P_EINVAL;
  int v = (int)value;
  int rc = setsockopt(s->fd, names[option].level, names[option].name, &v, sizeof v);
  if (rc) return p2p__uv_error(errno);
  bool buffer = option == P2P_IO_SEND_BUFFER || option == P2P_IO_RECV_BUFFER;
  return buffer && is_smaller(s->fd, names[option].name, v) ? P2P_ELIMIT : 0;
}
