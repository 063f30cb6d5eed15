/* A UDP socket: batches in, each datagram of a batch to whom it names; batches out, and one kept when the
 * kernel is full. One pass of sending follows all that arrived. */
#include "transport/quic_internal.h"

enum {
  BATCHES = 4,     /* taken in one call … */
  BATCH = 65535,   /* … of so many bytes each */
  CALLS = 8,       /* in one turn */
  CALLS_FAIR = 2,  /* … while others are ready too */
  WANTED = 8 << 20 /* kernel buffers: 7 ms at 10 Gbit/s */
};
_Static_assert(BATCHES *BATCH <= P2P__RX_SPACE, "the loop's buffer holds what one call takes");

static p2p_io *io_of(const quic_socket *s) { return s->transport->loop->io; }

/* ---- in ---- */
static void deliver(quic_socket *s, const p2p_dgrams *from, p2p_bytes datagram, p2p_time now) {
  quic_table *t = &s->transport->table;
  p2p__quic_header h;
  if (p2p__quic_header_read(datagram, &h) < 0) return;
  quic_names *n = p2p__quic_table_find(t, &h.dcid);
  if (!n && h.is_long) n = p2p__quic_table_find_first(t, &h.dcid);
  if (!n && !h.is_long) n = p2p__quic_table_find_reset(t, datagram);
  if (!n)
    p2p__quic_stranger(s, from, datagram, &h, now);
  else if (n->is_link)
    p2p__quic_link_recv(quic_link_of(n), s, from, datagram, now);
  else
    p2p__quic_grave_disturb(n);
}

static void sort(quic_socket *s, const p2p_dgrams *from, p2p_bytes datagram, p2p_time now) {
  switch (p2p__quic_first_byte(datagram)) {
  case P2P__QUIC_IS_QUIC: deliver(s, from, datagram, now); break;
  case P2P__QUIC_IS_STUN: s->stun++; break;
  case P2P__QUIC_IS_DTLS: s->dtls++; break;
  default: s->other++; break;
  }
}

/* A batch may hold datagrams of several connections: each is looked at by itself. */
static void split(quic_socket *s, p2p_dgrams *d, p2p_time now) {
  size_t step = d->segment ? d->segment : d->len;
  p2p__endpoint_canonical(&d->remote);
  p2p__endpoint_canonical(&d->local); /* an adopted socket may be one of both families */
  for (size_t at = 0; at < d->len; at += step)
    sort(s, d, p2p__bytes(d->data + at, p2p__min(step, d->len - at)), now);
}

static void tell_touched(quic_socket *s, p2p_time now) {
  for (p2p__list *node; (node = p2p__list_pop(&s->touched)) != NULL;)
    p2p__quic_link_tell(P2P_CONTAINER(node, quic_link, touched), now);
}

static int take(quic_socket *s, int most, p2p_time now) {
  p2p_dgrams d[BATCHES] = { 0 };
  p2p__loop *loop = s->transport->loop;
  for (int i = 0; i < most; i++) {
    d[i].data = loop->rx + (size_t)i * BATCH;
    d[i].cap = BATCH;
  }
  int n = io_of(s)->ops->udp_recv(io_of(s), s->sock, d, most);
  for (int i = 0; i < n; i++) split(s, &d[i], now);
  return n;
}

/* ---- out ---- */
/* What cannot be kept is lost, as the network may lose it: a last word or an answer to a stranger while
 * something is held already, and all without memory. */
static void hold(quic_socket *s, const p2p_dgrams *d, int n) {
  uint8_t *to = s->held;
  if (!to || s->n_held) return;
  for (int i = 0; i < n; i++) {
    s->held_batch[i] = d[i];
    s->held_batch[i].data = to;
    memcpy(to, d[i].data, d[i].len);
    to += d[i].len;
  }
  s->n_held = n;
  (void)io_of(s)->ops->want(io_of(s), s->sock, P2P_IO_READABLE | P2P_IO_WRITABLE);
}

int p2p__quic_socket_send(quic_socket *s, const p2p_dgrams *d, int n) {
  p2p__mem *mem = s->transport->loop->mem;
  while (n > 0) {
    int k = io_of(s)->ops->udp_send(io_of(s), s->sock, d, n);
    if (k == P2P_EAGAIN) {
      if (!s->held) s->held = p2p__alloc_raw(mem, P2P__MEM_LINK, P2P__QUIC_SPACE);
      hold(s, d, n);
      return 0;
    }
    if (k < 0) return k;
    d += k;
    n -= k;
  }
  return 0;
}

static void writable(quic_socket *s) {
  p2p_dgrams d[2];
  int n = s->n_held;
  for (int i = 0; i < n; i++) d[i] = s->held_batch[i];
  while (n > 0) {
    int k = io_of(s)->ops->udp_send(io_of(s), s->sock, d, n);
    if (k == P2P_EAGAIN) return;
    if (k < 0) break;
    n -= k;
    if (n) d[0] = d[1];
    s->held_batch[0] = d[0];
    s->n_held = n;
  }
  s->n_held = 0;
  (void)io_of(s)->ops->want(io_of(s), s->sock, P2P_IO_READABLE);
  for (p2p__list *node; (node = p2p__list_pop(&s->waiting)) != NULL;)
    p2p__quic_link_mark(P2P_CONTAINER(node, quic_link, waiting));
}

static void socket_ready(p2p__source *source, const p2p_io_fact *fact, p2p_time now) {
  quic_socket *s = P2P_CONTAINER(source, quic_socket, source);
  int calls = s->transport->loop->n_facts > 1 ? CALLS_FAIR : CALLS;
  s->users++; /* links that end here do not end it */
  if (fact->what & P2P_IO_WRITABLE && s->n_held) writable(s);
  if (fact->what & P2P_IO_ERRORS) p2p__quic_socket_errors(s, now);
  /* While handshakes come in, their steps are taken one by one: see loop.h. */
  int most = source->costly ? 1 : BATCHES;
  source->costly = false;
  while (calls-- > 0) {
    int n = take(s, most, now);
    tell_touched(s, now);
    if (n < most || source->costly) break;
  }
  p2p__quic_socket_unuse(s);
}

/* ---- life ---- */
static void socket_free(quic_socket *s) {
  p2p__loop *loop = s->transport->loop;
  if (s->sock >= 0) io_of(s)->ops->close(io_of(s), s->sock);
  p2p__loop_del(loop, &s->source);
  p2p__list_del(&s->node);
  p2p__release(loop->mem, P2P__MEM_LINK, s->held, P2P__QUIC_SPACE);
  p2p__release(loop->mem, P2P__MEM_LINK, s, sizeof *s);
}

void p2p__quic_socket_unuse(quic_socket *s) {
  if (--s->users == 0) socket_free(s);
}

/* What the kernel drops for want of space is sent again, so that small buffers cost speed. */
static void ask_for_buffers(quic_socket *s) {
  p2p_io *io = io_of(s);
  int in = io->ops->option(io, s->sock, P2P_IO_RECV_BUFFER, WANTED);
  int out = io->ops->option(io, s->sock, P2P_IO_SEND_BUFFER, WANTED);
  if (in == P2P_ELIMIT || out == P2P_ELIMIT)
    p2p__logf(&quic_env_of(s->transport)->log, P2P_LOG_INFO,
              "quic port=%u buffers=small wanted=%d hint=net.core.rmem_max,wmem_max", s->bound.port,
              WANTED);
}

static int sock_adopt(quic_socket *s, int fd) {
  p2p_io *io = io_of(s);
  bool can = io->ops->size >= offsetof(p2p_io_ops, udp_adopt) + sizeof io->ops->udp_adopt;
  if (!can || !io->ops->udp_adopt) return P2P_ENOTSUP;
  return io->ops->udp_adopt(io, fd, s->source.token, &s->bound);
}

/* at NULL: on the descriptor. */
static int socket_new(quic_transport *t, const p2p_endpoint *at, int fd, quic_socket **out) {
  quic_socket *s = p2p__alloc(t->loop->mem, P2P__MEM_LINK, sizeof *s);
  if (!s) return P2P_ENOMEM;
  *s = (quic_socket){ .source.ready = socket_ready, .transport = t, .sock = -1, .users = 1 };
  p2p__list_init(&s->node);
  p2p__list_init(&s->waiting);
  p2p__list_init(&s->touched);
  int err = p2p__loop_add(t->loop, &s->source);
  if (err >= 0)
    err = s->sock = at ? io_of(s)->ops->udp_open(io_of(s), at, s->source.token, &s->bound)
                       : sock_adopt(s, fd);
  if (err < 0) {
    socket_free(s);
    return err;
  }
  ask_for_buffers(s);
  p2p__list_add(&t->sockets, &s->node);
  *out = s;
  return 0;
}

int p2p__quic_socket_open(quic_transport *t, const p2p_endpoint *at, quic_socket **out) {
  return socket_new(t, at, -1, out);
}

int p2p__quic_socket_adopt(quic_transport *t, int fd, quic_socket **out) {
  return socket_new(t, NULL, fd, out);
}
