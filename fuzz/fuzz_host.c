/* Two whole hosts behind plaintext in the simulator, and somebody between them who changes bytes: what
 * multistream, the handshake, the muxer, identify and the swarm make of it, while their users do
 * whatever comes to their mind. Nobody crashes or spins, every stream and connection ends once, and
 * nothing is left.
 *
 * Input: one byte of flags, then instructions: a byte that says what, and what it needs. */
#include "../tests/support/faulty_io.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "sim/flow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 64, EDITS = 8, SOFT = 4096 };

/* The next bytes that leave a host: so many as they are, then one that is changed. */
typedef struct editor {
  p2p_io_ops ops;
  p2p_io *of;
  struct {
    uint32_t after;
    uint8_t to;
  } edits[EDITS];
  size_t n;
} editor;

typedef struct side {
  faulty_io door; /* first: its io is the host's */
  editor editor;
  p2p__mem mem;
  host_node n;
} side;

static void must(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

static void *counted(void *user, size_t size) { return p2p__alloc_raw(user, P2P__MEM_HOST, size); }

static void uncounted(void *user, void *p, size_t size) {
  p2p__release(user, P2P__MEM_HOST, p, size);
}

static ptrdiff_t send_edited(p2p_io *io, int sock, const p2p_bytes *v, size_t n) {
  side *s = (side *)io;
  editor *e = &s->editor;
  p2p_io *of = s->door.of;
  if (!e->n || !n || !v[0].len) return of->ops->send(of, sock, v, n);
  size_t len = p2p__min(v[0].len, SOFT);
  uint8_t copy[SOFT];
  memcpy(copy, v[0].p, len);
  bool here = e->edits[0].after < len;
  if (here) copy[e->edits[0].after] ^= e->edits[0].to;
  p2p_bytes piece = { copy, here ? (size_t)e->edits[0].after + 1 : len };
  ptrdiff_t sent = of->ops->send(of, sock, &piece, 1);
  if (sent <= 0) return sent;
  if (here && (size_t)sent == piece.len) {
    e->n--;
    memmove(e->edits, e->edits + 1, e->n * sizeof *e->edits);
  } else {
    e->edits[0].after -= (uint32_t)sent;
  }
  return sent;
}

static p2p_io *make_door(p2p_io *io, void *user) {
  side *s = user;
  faulty_io_init(&s->door, io);
  s->editor.ops = *s->door.io.ops;
  s->editor.ops.send = send_edited;
  s->door.io.ops = &s->editor.ops;
  return &s->door.io;
}

static void begin(side *s, p2p_sim *sim, uint8_t number, bool mplex) {
  static const char *const plain[] = { "plaintext" }, *const muxers[] = { "yamux", "mplex" };
  p2p__mem_init(&s->mem, NULL);
  p2p_allocator allocator = { .alloc = counted, .release = uncounted, .user = &s->mem };
  p2p_host_opts opts = { .size = sizeof opts,
                         .allocator = &allocator,
                         .security = plain,
                         .n_security = 1,
                         .muxers = muxers + mplex,
                         .n_muxers = 1,
                         .serve_perf = true };
  must(host_node_init_behind(&s->n, sim, number, &opts, make_door, s) == 0, "no host");
  must(flow_serve(&s->n) == 0, "nothing is served");
}

static void edit(side *s, p2p__rd *in) {
  editor *e = &s->editor;
  uint32_t after = p2p__rd_be16(in) % 2048;
  uint8_t to = p2p__rd_u8(in);
  if (e->n == EDITS) return;
  e->edits[e->n].after = after;
  e->edits[e->n++].to = to;
}

static void instruct(side *s, side *other, p2p__rd *in) {
  uint8_t what = p2p__rd_u8(in), value = p2p__rd_u8(in);
  const p2p_peer_id *to = p2p_host_peer(other->n.host);
  flow *f = flow_alive(&s->n) ? flow_alive_at(&s->n, value % flow_alive(&s->n)) : NULL;
  uint64_t id;
  p2p_conn c;
  switch (what >> 1 & 15) {
  case 0: (void)!host_node_dial(&s->n, &other->n, &c); break;
  case 1: (void)!flow_open(&s->n, to, NULL, FLOW_ECHO, value * 97u, value, &f); break;
  case 2: (void)!flow_open(&s->n, to, NULL, FLOW_SINK, value * 997u, value, &f); break;
  case 3: (void)!flow_open(&s->n, to, NULL, "/none", value, value, &f); break;
  case 4:
    if (f) (void)p2p_reset(s->n.host, f->stream, value);
    break;
  case 5:
    if (f && p2p_stop(s->n.host, f->stream, value) == 0) f->wild = true;
    break;
  case 6: (void)!p2p_ping(s->n.host, to); break;
  case 7: (void)!p2p_perf(s->n.host, to, value * 100u, value * 10u, &id); break;
  case 8: (void)p2p_conn_close(s->n.host, s->n.conn, value); break;
  case 9:
    if (f) f->paused = true;
    break;
  case 10:
    if (f && f->paused) flow_resume(f);
    break;
  default: edit(s, in); break;
  }
  host_node_poke(&s->n);
  p2p_time until = p2p_sim_now(s->n.sim) + (what >> 5) * 2 * P2P_MS;
  must(p2p_sim_run(s->n.sim, until, NULL, NULL) >= 0, "somebody spins");
}

/* Bytes are not what was sent: that is the point. All else that is told must be right. */
static void end(side *s) {
  for (p2p__list *at = s->n.flows.next; at != &s->n.flows; at = at->next) {
    const flow *f = P2P_CONTAINER(at, flow, link);
    must(f->template || (f->opened <= 1 && f->closed == 1 && !f->told_after_end), "a wrong end");
  }
  must(p2p_host_step(s->n.host, 0) == P2P_ECLOSED, "a host does not close");
  host_node_fini(&s->n);
  must(p2p__mem_used(&s->mem) == 0, "memory is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static side a, b;
  memset(&a, 0, sizeof a);
  memset(&b, 0, sizeof b);
  p2p__rd in = p2p__rd_of(p2p__bytes(data, size));
  uint8_t flags = p2p__rd_u8(&in);
  p2p_sim *sim = p2p_sim_new(flags);
  begin(&b, sim, 2, flags & 1);
  begin(&a, sim, 1, flags & 1);
  p2p_conn c;
  (void)!host_node_dial(&a.n, &b.n, &c);
  for (int i = 0; i < STEPS && p2p__rd_left(&in) > 1; i++) {
    bool first = in.p < in.end && !(*in.p & 1);
    instruct(first ? &a : &b, first ? &b : &a, &in);
  }
  (void)p2p_host_close(a.n.host, 5 * P2P_SECOND);
  (void)p2p_host_close(b.n.host, 5 * P2P_SECOND);
  host_node_poke(&a.n);
  host_node_poke(&b.n);
  must(p2p_sim_run(sim, p2p_sim_now(sim) + 6 * P2P_SECOND, NULL, NULL) >= 0, "somebody spins");
  end(&a);
  end(&b);
  p2p_sim_free(sim);
  return 0;
}
