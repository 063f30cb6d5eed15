/* /echo/1.0.0, the serving side. A stream needs no state of ours: what could not be written stays
 * unread, so the remote's window closes while it does not read its own echo. */
#include "echo_serve.h"

/* The remote reads no more: nobody to echo to. Over QUIC that is how an implementation without resets
 * drops a stream. */
static void give_up(p2p_host *h, p2p_stream s, const echo_serve *e) {
  p2p_reset(h, s, 0);
  if (e->on_reset) e->on_reset(e->user, 0);
}

static void pump(p2p_host *h, p2p_stream s, void *user) {
  p2p_bytes in;
  for (;;) {
    int err = p2p_peek(h, s, &in);
    if (err == P2P_EEOF) p2p_finish(h, s);
    if (err < 0 || in.len == 0) return;
    ptrdiff_t n = p2p_write(h, s, in.p, in.len);
    if (n == P2P_EAGAIN) return; /* on_writable comes back here */
    if (n < 0) {
      if (n == P2P_ESTOPPED) give_up(h, s, user);
      return;
    }
    p2p_consume(h, s, (size_t)n);
  }
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  const echo_serve *e = user;
  (void)h;
  (void)s;
  bool dropped = err == P2P_ERESET || err == P2P_ESTOPPED;
  if (dropped && e->on_reset) e->on_reset(e->user, code);
}

int echo_serve_add(p2p_host *h, echo_serve *e) {
  const p2p_handler handler = { .size = sizeof handler,
                                .on_readable = pump,
                                .on_writable = pump,
                                .on_close = on_close,
                                .user = e };
  return p2p_protocol_add(h, ECHO_ID, &handler);
}
