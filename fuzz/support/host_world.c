/* Two hosts, of any make, and what lies between them. */
#include "host_world.h"
#include "crypto/crypto.h"
#include <p2p/addr.h>
#include <string.h>

enum { OVER_TCP, OVER_QUIC, OVER_MEMORY, OVER_UNIX, OVER_PRIVATE, OVER_ALL, OVERS };
enum { SECURITY_PLAINTEXT, SECURITY_NOISE, SECURITY_TLS, SECURITY_DEFAULT, SECURITIES };
enum { MUXER_YAMUX, MUXER_MPLEX, MUXER_BOTH, MUXERS };
enum { IDENTITY_OWN, IDENTITY_SECP256K1, IDENTITY_ECDSA, IDENTITY_MODULE, IDENTITIES };
enum {
  OPTION_PERF = 1,
  OPTION_GATER = 2,
  OPTION_TRACE = 4,
  OPTION_GATE = 8,
  OPTION_DEAF = 16,
  OPTION_SCARCE = 32,
  OPTION_LOSSY = 64,
  OPTION_SLOW = 128
};
enum { PORT = 4001, UNIX_PORT = 4900, ADOPTED_PORT = 4901 };
#define GOODBYE (5 * P2P_SECOND)

world_side *world_other(const world_side *s) {
  world *w = s->w;
  return s == &w->sides[0] ? &w->sides[1] : &w->sides[0];
}

static uint8_t number_of(const world_side *s) { return (uint8_t)(s - s->w->sides + 1); }

/* ---- memory ---- */

static void *counted(void *user, size_t size) { return p2p__alloc_raw(user, P2P__MEM_HOST, size); }

static void uncounted(void *user, void *p, size_t size) {
  p2p__release(user, P2P__MEM_HOST, p, size);
}

/* ---- what is changed on the way: streams of bytes ---- */

void world_edit_bytes(world_side *s, world_edit e) {
  if (s->bytes.n < WORLD_EDITS) s->bytes.v[s->bytes.n++] = e;
}

void world_edit_dgrams(world_side *s, world_edit e) {
  if (s->dgrams.n < WORLD_EDITS) s->dgrams.v[s->dgrams.n++] = e;
}

static world_edit edits_take(world_edits *e) {
  world_edit first = e->v[0];
  e->n--;
  memmove(e->v, e->v + 1, e->n * sizeof *e->v);
  return first;
}

/* Whether nothing but the transport's own means would notice. */
static bool is_open(const world *w) {
  return w->security == SECURITY_PLAINTEXT && w->over != OVER_QUIC && w->over != OVER_MEMORY;
}

static ptrdiff_t send_edited_byte(world_side *s, int sock, uint8_t byte) {
  world_edit e = s->bytes.v[0];
  uint8_t b[2] = { e.to, byte };
  p2p_bytes piece = { b, 2 };
  if (e.how == WORLD_CHANGE) b[0] = byte ^ e.to;
  if (e.how != WORLD_ADD) piece.len = 1;
  s->w->forged |= is_open(s->w);
  ptrdiff_t sent = e.how == WORLD_DROP ? 1 : s->below->send(&s->door.io, sock, &piece, 1);
  if (sent <= 0) return sent;
  (void)edits_take(&s->bytes);
  return sent == 2 || e.how != WORLD_ADD ? 1 : P2P_EAGAIN; /* what was added left, byte did not */
}

static ptrdiff_t send_edited(p2p_io *io, int sock, const p2p_bytes *v, size_t n) {
  world_side *s = (world_side *)io;
  if (!s->bytes.n || !n || !v[0].len) return s->below->send(io, sock, v, n);
  if (s->bytes.v[0].after == 0) return send_edited_byte(s, sock, v[0].p[0]);
  p2p_bytes piece = { v[0].p, p2p__min(v[0].len, s->bytes.v[0].after) };
  ptrdiff_t sent = s->below->send(io, sock, &piece, 1);
  if (sent > 0) s->bytes.v[0].after -= (uint32_t)sent;
  return sent;
}

/* ---- what is changed on the way: datagrams ---- */

static int send_spoofed(world_side *s, p2p_dgrams d) {
  p2p_io *io = s->w->stranger;
  d.local = (p2p_endpoint){ 0 };
  return s->w->udp < 0 ? 1 : io->ops->udp_send(io, s->w->udp, &d, 1);
}

static int send_edited_dgram(world_side *s, int sock, p2p_dgrams d) {
  world_edit e = edits_take(&s->dgrams);
  switch (e.how) {
  case WORLD_DROP: return 1;
  case WORLD_ADD:
    if (s->below->udp_send(&s->door.io, sock, &d, 1) < 0) return 1;
    break;
  case WORLD_CUT: d.len = 1 + e.at % d.len; break;
  case WORLD_SPOOF: return send_spoofed(s, d);
  default: d.data[e.at % d.len] ^= e.to; break;
  }
  return s->below->udp_send(&s->door.io, sock, &d, 1);
}

/* One at a time, as a copy; what the network does not take after the first is lost in it. */
static int send_apart(world_side *s, int sock, const p2p_dgrams *d) {
  size_t step = d->segment ? d->segment : d->len;
  for (size_t at = 0; at < d->len; at += step) {
    uint8_t copy[WORLD_PACKET];
    p2p_dgrams one = { .local = d->local, .remote = d->remote, .data = copy, .ecn = d->ecn };
    one.len = p2p__min(p2p__min(step, d->len - at), sizeof copy);
    memcpy(copy, d->data + at, one.len);
    bool here = s->dgrams.n && s->dgrams.v[0].after == 0;
    if (s->dgrams.n && !here) s->dgrams.v[0].after--;
    int sent = here ? send_edited_dgram(s, sock, one)
                    : s->below->udp_send(&s->door.io, sock, &one, 1);
    if (sent < 1 && at == 0) return sent;
  }
  return 1;
}

static int udp_send_edited(p2p_io *io, int sock, const p2p_dgrams *d, int n) {
  world_side *s = (world_side *)io;
  if (n > 0 && d->len) {
    s->last_len = p2p__min(d->segment ? d->segment : d->len, sizeof s->last);
    memcpy(s->last, d->data, s->last_len);
    s->last_to = d->remote;
  }
  if (!s->dgrams.n || n < 1 || !d->len) return s->below->udp_send(io, sock, d, n);
  return send_apart(s, sock, d);
}

/* ---- Unix sockets reach the other node, and descriptors there are none ---- */

static p2p_endpoint at_port(uint8_t number, uint16_t port) {
  p2p_endpoint at = host_node_ip(number);
  at.port = port;
  return at;
}

/* "/1/sock" and "/2/sock" are those of the two hosts. */
static uint8_t number_in(const char *path) { return path[1] == '2' ? 2 : 1; }

static int unix_listen(p2p_io *io, const char *path, int backlog, uint64_t token) {
  world_side *s = (world_side *)io;
  p2p_endpoint at = at_port(number_of(s), UNIX_PORT), bound;
  (void)path;
  return s->below->tcp_listen(io, &at, backlog, token, &bound);
}

static int unix_accept(p2p_io *io, int listener, uint64_t token, char *path, size_t cap) {
  world_side *s = (world_side *)io;
  p2p_endpoint local, remote;
  if (cap < 8) return P2P_ELIMIT;
  int sock = s->below->tcp_accept(io, listener, token, &local, &remote);
  if (sock >= 0) memcpy(path, number_of(s) == 2 ? "/2/sock" : "/1/sock", 8);
  return sock;
}

static int unix_connect(p2p_io *io, const char *path, uint64_t token) {
  world_side *s = (world_side *)io;
  p2p_endpoint to = at_port(number_in(path), UNIX_PORT);
  return s->below->tcp_connect(io, NULL, &to, token);
}

/* Descriptor 0 leads to the other host, 1 to nobody, 2 is a listener. */
static int adopt(p2p_io *io, int fd, bool listens, uint64_t token, p2p_endpoint *local,
                 p2p_endpoint *remote) {
  world_side *s = (world_side *)io;
  if (fd > 2 || fd < 0 || listens != (fd == 2)) return P2P_EINVAL;
  p2p_endpoint at = at_port(number_of(s), ADOPTED_PORT), bound;
  p2p_endpoint to = at_port(number_of(world_other(s)), fd ? 9 : PORT);
  if (remote) *remote = to;
  if (!listens) return s->below->tcp_connect(io, NULL, &to, token);
  if (local) *local = at;
  return s->below->tcp_listen(io, &at, 8, token, &bound);
}

static int unix_adopt(p2p_io *io, int fd, uint64_t token, char *path, size_t cap) {
  if (fd != 3) return P2P_EINVAL;
  if (cap < 8) return P2P_ELIMIT;
  memcpy(path, "/3/sock", 8);
  return unix_listen(io, path, 8, token);
}

/* ---- what hosts are made of ---- */

static int module_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  *len = 64;
  return p2p__ed25519_sign(ctx, msg, sig);
}

static void make_module(world_side *s) {
  static const uint8_t head[] = { 0x08, P2P_KEY_ED25519, 0x12, 32 };
  uint8_t pub[36], seed[32] = { number_of(s) };
  must(p2p__ed25519_from_seed(&s->module, seed) == 0, "no key");
  memcpy(pub, head, sizeof head);
  memcpy(pub + sizeof head, s->module.pub, 32);
  must(p2p_identity_from_signer(&s->identity, p2p__bytes(pub, 36), module_sign, NULL, &s->module) ==
           0,
       "no identity of a module");
}

static void make_identity(world_side *s, p2p_io *io) {
  switch (s->w->identity) {
  case IDENTITY_OWN: return;
  case IDENTITY_MODULE: make_module(s); return;
  default: {
    bool secp = s->w->identity == IDENTITY_SECP256K1;
    p2p_key_type type = secp ? P2P_KEY_SECP256K1 : P2P_KEY_ECDSA;
    must(p2p_identity_generate(&s->identity, type, io) == 0, "no identity");
  }
  }
}

static p2p_io *make_door(p2p_io *io, void *user) {
  world_side *s = user;
  make_identity(s, io);
  faulty_io_init(&s->door, io);
  s->below = s->door.io.ops;
  s->ops = *s->below;
  s->ops.send = send_edited;
  s->ops.udp_send = udp_send_edited;
  s->ops.unix_listen = unix_listen;
  s->ops.unix_accept = unix_accept;
  s->ops.unix_connect = unix_connect;
  s->ops.adopt = adopt;
  s->ops.unix_adopt = unix_adopt;
  s->door.io.ops = &s->ops;
  return &s->door.io;
}

/* ---- the gater, and others who are told ---- */

static bool passes(void *user, int point) {
  world_side *s = user;
  s->told++;
  return !(s->shut & 1 << point);
}

/* A socket that was adopted may have none. */
static bool is_addr(p2p_bytes addr) { return !addr.len || p2p_addr_check(addr) == 0; }

static bool gate(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  (void)dir;
  must(peer->len && is_addr(addr), "a gate is asked of nobody");
  return passes(user, 0);
}

static bool gate_peer(void *user, const p2p_peer_id *peer) {
  must(peer->len, "a gater is asked of nobody");
  return passes(user, 1);
}

static bool gate_addr(void *user, const p2p_peer_id *peer, p2p_bytes addr) {
  (void)peer;
  must(is_addr(addr), "a gater is asked of no address");
  return passes(user, 2);
}

static bool gate_accept(void *user, p2p_bytes addr) {
  must(is_addr(addr), "a gater is asked of no address");
  return passes(user, 3);
}

static bool gate_secured(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  (void)addr;
  (void)dir;
  must(peer->len, "a gater is asked of nobody");
  return passes(user, 4);
}

static bool gate_upgraded(void *user, p2p_conn conn, const p2p_peer_id *peer, p2p_bytes addr,
                          p2p_direction dir) {
  (void)addr;
  (void)dir;
  must(peer->len && conn.id, "a gater is asked of nothing");
  return passes(user, 5);
}

static void hear_line(void *user, p2p_log_level level, const char *line) {
  (void)level;
  must(*line && !strchr(line, '\n'), "no line of a log");
  ((world_side *)user)->told++;
}

static void hear_trace(void *user, p2p_conn conn, p2p_stream stream, bool in, p2p_bytes line) {
  (void)conn;
  (void)stream;
  (void)in;
  (void)line;
  ((world_side *)user)->told++;
}

static world_conn *conn_of(world_side *s, uint64_t id) {
  for (size_t i = 0; i < s->n_conns; i++)
    if (s->conns[i].id == id) return &s->conns[i];
  if (s->n_conns == WORLD_CONNS) return NULL;
  s->conns[s->n_conns] = (world_conn){ .id = id };
  return &s->conns[s->n_conns++];
}

static void hear_event(host_node *n, const p2p_event *e) {
  world_side *s = P2P_CONTAINER(n, world_side, n);
  bool opened = e->kind == P2P_EV_CONN_OPEN, closed = e->kind == P2P_EV_CONN_CLOSED;
  world_conn *c = opened || closed ? conn_of(s, e->conn.id) : NULL;
  if (c) {
    must(!c->closed && (closed || !c->opened), "a connection is told of twice");
    c->opened += opened;
    c->closed += closed;
  }
  /* Nobody's streams: what comes in goes out. */
  uint8_t buf[512];
  ptrdiff_t len = 0;
  if (e->kind == P2P_EV_STREAM_READABLE)
    while ((len = p2p_read(n->host, e->stream, buf, sizeof buf)) > 0)
      (void)p2p_write(n->host, e->stream, buf, (size_t)len);
  if (len == P2P_EEOF) (void)p2p_finish(n->host, e->stream);
}

/* ---- options ---- */

#define SET(...) { __VA_ARGS__ }
static const p2p_setting few[] = SET({ "conns_max", 3 }, { "streams_max", 6 }, { "events_max", 16 },
                                     { "conns_pending_in", 1 }, { "conns_pending_out", 2 },
                                     { "streams_per_conn", 3 }, { "negotiating_per_conn", 2 },
                                     { "backoffs", 1 }, { "peers_max", 16 }, { "quic_streams", 2 },
                                     { "quic_closing", 1 }, { "conns_per_peer", 1 });
static const p2p_setting narrow[] = SET(
    { "stream_send_queue", 4096 }, { "conn_send_queue", 65536 }, { "conn_recv_queue", 1048576 },
    { "quic_window", 16384 }, { "quic_window_conn", 65536 }, { "datagrams_in", 1200 },
    { "datagrams_out", 4096 }, { "quic_send_queue", 65536 }, { "host_buffers", 1048576 },
    { "carry_max", 4096 }, { "multistream_line", 64 }, { "multistream_lines", 4 });
static const p2p_setting hasty[] = SET(
    { "handshake_timeout", 100 * P2P_MS }, { "dial_timeout", 100 * P2P_MS }, { "close_timeout", 0 },
    { "negotiate_timeout", 100 * P2P_MS }, { "dial_stagger", 0 }, { "redundant_linger", 0 },
    { "resolve_timeout", 100 * P2P_MS }, { "ping_timeout", 100 * P2P_MS }, { "dial_parallel", 1 },
    { "yamux_keepalive", 200 * P2P_MS }, { "yamux_keepalive_timeout", P2P_SECOND },
    { "identify_timeout", 100 * P2P_MS }, { "quic_idle", P2P_SECOND });
static const p2p_setting odd[] = SET(
    { "early_muxer", 0 }, { "quic_retry_above", 0 }, { "quic_resets", 1 }, { "datagrams_in", 0 },
    { "redundant_linger", 20 * P2P_MS }, { "backoff_first", P2P_MS }, { "backoff_max", 2 * P2P_MS },
    { "identify_addrs", 1 }, { "identify_protocols", 1 }, { "identify_string", 16 },
    { "peer_addrs", 1 }, { "ping_streams_in", 1 }, { "identify_push_interval", 0 });
#undef SET

static const struct {
  const p2p_setting *v;
  size_t n;
} limits[] = { { NULL, 0 },
               { few, P2P_COUNT(few) },
               { narrow, P2P_COUNT(narrow) },
               { hasty, P2P_COUNT(hasty) },
               { odd, P2P_COUNT(odd) } };

static const char *listen_at(const world *w, uint8_t number, int i, char *out, size_t cap) {
  static const char *const forms[] = { "/ip4/10.0.0.%d/tcp/4001", "/ip4/10.0.0.%d/udp/4001/quic-v1",
                                       "/memory/%d", "/unix/%d/sock" };
  int form = w->over == OVER_ALL ? i : w->over == OVER_PRIVATE ? OVER_TCP : w->over;
  snprintf(out, cap, forms[form], number);
  return out;
}

void world_addr(const world *w, const world_side *of, uint8_t kind, char *out, size_t cap) {
  static const char *const odd_ones[] = { "/ip4/10.0.0.77/tcp/4001",
                                          "/dns4/b.example/tcp/4001",
                                          "/dns/b.example/udp/4001/quic-v1",
                                          "/dns6/none.example/tcp/4001",
                                          "/dnsaddr/b.example",
                                          "/ip4/10.0.0.2/tcp/9",
                                          "/ip6/fe80::1/tcp/4001",
                                          "/ip4/10.0.0.2/udp/9/quic-v1",
                                          "/memory/99",
                                          "/unix/9/none",
                                          "/ip4/1.2.3.4/tcp/0/ws",
                                          "no address",
                                          "/ip4/8.8.8.8/udp/4001/quic-v1",
                                          "/ip6/2001:db8::1/tcp/4001" };
  char id[P2P_PEER_ID_TEXT_MAX];
  uint8_t i = kind % 32;
  if (i >= 16) {
    snprintf(out, cap, "%s", odd_ones[i % P2P_COUNT(odd_ones)]);
    return;
  }
  (void)listen_at(w, number_of(of), i & 3, out, cap);
  const world_side *named = kind & 64 ? world_other(of) : of; /* or wrongly so */
  size_t len = strlen(out);
  if (kind & 32 && p2p_peer_id_print(p2p_host_peer(named->n.host), id, sizeof id) > 0)
    snprintf(out + len, cap - len, "/p2p/%s", id);
}

static void choose(const world *w, p2p_host_opts *o) {
  static const char *const securities[] = { "plaintext", "noise", "tls" };
  static const char *const muxers[] = { "yamux", "mplex" };
  static const p2p_psk psk = { { 5 } };
  if (w->security != SECURITY_DEFAULT) o->security = &securities[w->security], o->n_security = 1;
  o->muxers = &muxers[w->muxer % MUXER_BOTH];
  o->n_muxers = w->muxer == MUXER_BOTH ? 2 : 1;
  if (w->over == OVER_PRIVATE) o->psk = &psk;
  o->serve_perf = w->options & OPTION_PERF;
  o->limits = limits[w->limits].v;
  o->n_limits = limits[w->limits].n;
}

static void guard(world_side *s, p2p_host_opts *o, p2p_gater *gater) {
  *gater = (p2p_gater){ .size = sizeof *gater,
                        .peer_dial = gate_peer,
                        .addr_dial = gate_addr,
                        .accept = gate_accept,
                        .secured = gate_secured,
                        .upgraded = gate_upgraded,
                        .user = s };
  if (s->w->options & OPTION_GATER) o->gater = gater;
  if (s->w->options & OPTION_GATE) o->gate = gate, o->gate_user = s;
  if (!(s->w->options & OPTION_TRACE)) return;
  o->trace = hear_trace;
  o->trace_user = s;
  o->log = hear_line;
  o->log_user = s;
  o->log_level = P2P_LOG_DEBUG;
}

static bool begin_side(world *w, world_side *s, uint64_t fail_at) {
  char text[4][64];
  const char *listen[4];
  p2p_gater gater;
  p2p_allocator allocator = { .alloc = counted, .release = uncounted, .user = &s->mem };
  p2p_host_opts o = { .size = sizeof o, .allocator = &allocator, .memory = w->hub };
  s->w = w;
  p2p__mem_init(&s->mem, NULL);
  s->mem.fail_at = fail_at;
  for (int i = 0; i < 4; i++) listen[i] = listen_at(w, number_of(s), i, text[i], sizeof text[i]);
  o.listen = listen;
  o.n_listen = w->over == OVER_ALL ? 4 : 1;
  if (w->options & OPTION_DEAF && s == &w->sides[0]) o.n_listen = 0;
  choose(w, &o);
  guard(s, &o, &gater);
  int err = host_node_init_behind(&s->n, w->sim, number_of(s), &o, make_door, s);
  s->n.on_event = hear_event;
  if (err >= 0) err = flow_serve(&s->n);
  must(err >= 0 || s->mem.failed || err == P2P_ENOTFOUND || err == P2P_ENOTSUP, "no host");
  return err >= 0;
}

/* ---- a world ---- */

static void read_head(world *w) {
  uint8_t made = p2p__rd_u8(&w->in), who = p2p__rd_u8(&w->in);
  w->over = made % OVERS;
  w->security = made / OVERS % SECURITIES;
  w->muxer = made / OVERS / SECURITIES % MUXERS;
  w->identity = who % IDENTITIES;
  w->limits = who / IDENTITIES % P2P_COUNT(limits);
  w->options = p2p__rd_u8(&w->in);
}

static void begin_stranger(world *w) {
  p2p_sim_node_opts opts = { .ip = { host_node_ip(3) }, .n_ip = 1 };
  must(p2p_sim_node(w->sim, &opts, &w->stranger) == 0, "no stranger");
  p2p_endpoint at = at_port(3, PORT), bound;
  w->udp = w->stranger->ops->udp_open(w->stranger, &at, 1, &bound);
  for (int i = 0; i < WORLD_SOCKS; i++) w->socks[i] = -1;
}

bool world_begin(world *w, p2p_bytes in) {
  memset(w, 0, sizeof *w);
  w->in = p2p__rd_of(in);
  read_head(w);
  w->sim = p2p_sim_new(w->options);
  p2p_sim_path path = { .latency = 2 * P2P_MS };
  if (w->options & OPTION_LOSSY)
    path.loss_ppm = 50000, path.reorder_ppm = 50000, path.reorder_by = P2P_MS;
  if (w->options & OPTION_LOSSY) path.duplicate_ppm = 20000, path.tcp = P2P_SIM_NEWRENO;
  if (w->options & OPTION_SLOW) path.bits_per_second = 1000000, path.latency = 50 * P2P_MS;
  p2p_sim_default(w->sim, &path);
  must(p2p_memory_new(&w->hub) == 0, "no hub");
  const p2p_endpoint b = host_node_ip(2);
  p2p_sim_name(w->sim, "b.example", &b);
  begin_stranger(w);
  uint64_t fail_at = w->options & OPTION_SCARCE ? p2p__rd_be16(&w->in) : 0;
  return begin_side(w, &w->sides[1], 0) && begin_side(w, &w->sides[0], fail_at);
}

void world_go(world *w, p2p_time so_long) {
  for (int i = 0; i < 2; i++)
    if (w->sides[i].n.host) host_node_poke(&w->sides[i].n);
  must(p2p_sim_run(w->sim, p2p_sim_now(w->sim) + so_long, NULL, NULL) >= 0, "somebody spins");
}

static void claim_flows(const world *w, const world_side *s) {
  for (p2p__list *at = s->n.flows.next; at != &s->n.flows; at = at->next) {
    const flow *f = P2P_CONTAINER(at, flow, link);
    const char *broken = flow_broken_rule(f);
    must(w->forged || !broken, broken ? broken : "");
    must(f->template || (f->opened <= 1 && f->closed == 1 && !f->told_after_end), "a wrong end");
  }
}

static void end_side(world *w, world_side *s) {
  if (s->n.host) {
    must(p2p_host_step(s->n.host, 0) == P2P_ECLOSED, "a host does not close");
    claim_flows(w, s);
    for (size_t i = 0; i < s->n_conns; i++)
      must(s->conns[i].closed == 1, "a connection was not told CLOSED");
  }
  host_node_fini(&s->n);
  p2p_identity_fini(&s->identity);
  must(p2p__mem_used(&s->mem) == 0, "memory is left");
}

void world_end(world *w) {
  for (int i = 0; i < 2; i++)
    if (w->sides[i].n.host) (void)p2p_host_close(w->sides[i].n.host, GOODBYE);
  world_go(w, GOODBYE + P2P_SECOND);
  for (size_t i = 0; i < w->n_wilds; i++)
    must(w->wilds[i].closed == 1, "a wild stream was not told CLOSED");
  end_side(w, &w->sides[0]);
  end_side(w, &w->sides[1]);
  p2p_sim_free(w->sim);
  p2p_memory_free(w->hub);
}
