/* /perf/1.0.0, the serving side: eight bytes say how much to send; what follows is read to its end;
 * then as much is sent and the stream finished. */
#include "perf_serve.h"

#include "mem.h"

const uint8_t perf_zeros[PERF_BLOCK] = { 0 };

typedef struct perf_state {
  uint64_t left;   /* to send */
  unsigned header; /* bytes of the header read */
  bool sending;    /* the remote has finished */
} perf_state;

static void on_open(p2p_host *h, p2p_stream s, void *user) {
  (void)user;
  perf_state *p = mem_zeroed(1, sizeof *p);
  if (p)
    p2p_stream_set_user(h, s, p);
  else
    p2p_reset(h, s, 0);
}

static void send_zeros(p2p_host *h, p2p_stream s, perf_state *p) {
  while (p->left > 0) {
    size_t len = p->left < PERF_BLOCK ? (size_t)p->left : PERF_BLOCK;
    ptrdiff_t n = p2p_write(h, s, perf_zeros, len);
    if (n == P2P_EAGAIN) return;
    if (n < 0) {
      p2p_reset(h, s, 0);
      return;
    }
    p->left -= (uint64_t)n;
  }
  p2p_finish(h, s);
}

/* What of `in` still belongs to the header: a big-endian number. */
static void take_header(perf_state *p, p2p_bytes in) {
  for (size_t i = 0; i < in.len && p->header < PERF_HEADER; i++, p->header++)
    p->left = p->left << 8 | in.p[i];
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  perf_state *p = user;
  p2p_bytes in;
  int err;
  if (!p) return;
  while ((err = p2p_peek(h, s, &in)) >= 0 && in.len > 0) {
    take_header(p, in);
    p2p_consume(h, s, in.len);
  }
  if (err != P2P_EEOF || p->sending) return;
  p->sending = true;
  if (p->header == PERF_HEADER)
    send_zeros(h, s, p);
  else
    p2p_reset(h, s, 0); /* it ended within its header */
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  perf_state *p = user;
  if (p && p->sending) send_zeros(h, s, p);
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  (void)h;
  (void)s;
  (void)err;
  (void)code;
  mem_free(user);
}

int perf_serve_add(p2p_host *h) {
  const p2p_handler handler = { .size = sizeof handler,
                                .on_open = on_open,
                                .on_readable = on_readable,
                                .on_writable = on_writable,
                                .on_close = on_close };
  return p2p_protocol_add(h, PERF_ID, &handler);
}
