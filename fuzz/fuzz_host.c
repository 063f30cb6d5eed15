/* Two whole hosts in the simulator (TCP, QUIC, memory, Unix sockets, a private network, all at once; any
 * security, any muxer, any identity, small limits, bad paths), somebody between them who changes what
 * they send, a stranger, memory and system calls that fail; and their users do whatever comes to their
 * mind, also inside of callbacks. Nobody crashes or spins, every stream and connection ends once, no
 * byte is lost, doubled or out of order where the channel is protected, and nothing is left.
 *
 * Input: three bytes that say what hosts are made of (support/host_world.c), then instructions: a byte
 * that says what (the low six bits) and how long to wait then, one that says who and how, and what it
 * needs. */
#include "support/host_world.h"
#include <p2p/report.h>
#include <string.h>

enum { STEPS = 96, TEXT = 8192, BULK = 200000 };

typedef void op(world *w, world_side *s, uint8_t v);

static world now_world;
static bool acting; /* inside a call into a host */
static uint8_t bulk[BULK];

static void act(world *w, unsigned most);

static const p2p_peer_id *peer_of(const world_side *s) { return p2p_host_peer(s->n.host); }

static flow *some_flow(const world_side *s, uint8_t v) {
  size_t n = flow_alive(&s->n);
  return n ? flow_alive_at(&s->n, v % n) : NULL;
}

/* One it was told of, or the last that is up. */
static p2p_conn some_conn(const world_side *s, uint8_t v) {
  if (v & 1 || !s->n_conns) return s->n.conn;
  return (p2p_conn){ s->conns[v % s->n_conns].id };
}

/* ---- wild streams ---- */

static world_wild *wild_new(world *w, world_side *s) {
  if (w->n_wilds == WORLD_WILD) return NULL;
  w->wilds[w->n_wilds] = (world_wild){ .side = s };
  return &w->wilds[w->n_wilds++];
}

/* One of s's, dead or alive. */
static const world_wild *some_wild(const world *w, const world_side *s, uint8_t v) {
  for (size_t i = 0; i < w->n_wilds; i++) {
    const world_wild *x = &w->wilds[(v + i) % w->n_wilds];
    if (x->side == s && x->s.id) return x;
  }
  return NULL;
}

static void read_some(p2p_host *h, p2p_stream s, uint8_t v) {
  p2p_bytes view;
  ptrdiff_t n = 0;
  uint8_t buf[2048];
  switch (v & 3) {
  case 0:
    while ((n = p2p_read(h, s, buf, 1 + v * 8u)) > 0) continue;
    break;
  case 1:
    while (p2p_peek(h, s, &view) == 0 && view.len)
      (void)p2p_consume(h, s, 1 + view.len * (v >> 2) / 64);
    break;
  case 2:
    while ((n = p2p_read(h, s, buf, sizeof buf)) > 0) (void)p2p_write(h, s, buf, (size_t)n);
    break;
  default: return;
  }
  if (n == P2P_EEOF) (void)p2p_finish(h, s);
}

static void wild_open(p2p_host *h, p2p_stream s, void *user) {
  world_wild *x = user;
  must(!acting, "a callback inside of a call");
  if (!x) { /* inbound */
    world_side *side = &now_world.sides[h == now_world.sides[1].n.host];
    x = wild_new(&now_world, side);
    if (!x) return;
    x->s = s;
    (void)p2p_stream_set_user(h, s, x);
  }
  must(!x->opened && !x->closed, "OPEN is told twice, or late");
  x->opened++;
  act(&now_world, 2);
}

static void wild_readable(p2p_host *h, p2p_stream s, void *user) {
  const world_wild *x = user;
  must(!acting && (!x || (x->opened && !x->closed)), "bytes before OPEN, or after CLOSED");
  read_some(h, s, p2p__rd_u8(&now_world.in));
  act(&now_world, 2);
}

static void wild_writable(p2p_host *h, p2p_stream s, void *user) {
  const world_wild *x = user;
  must(!acting && (!x || !x->closed), "WRITABLE after CLOSED");
  (void)p2p_write(h, s, bulk, p2p__rd_u8(&now_world.in) * 512u);
  act(&now_world, 2);
}

static void wild_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  world_wild *x = user;
  (void)err;
  (void)code;
  must(!acting && (!x || !x->closed), "CLOSED is told twice");
  if (x) x->closed++;
  act(&now_world, 2);
  read_some(h, s, 0);
  (void)p2p_reset(h, s, 1);
}

static p2p_handler handler_of(world_wild *x) {
  return (p2p_handler){ .size = sizeof(p2p_handler),
                        .on_open = wild_open,
                        .on_readable = wild_readable,
                        .on_writable = wild_writable,
                        .on_close = wild_close,
                        .user = x };
}

static const char *const ids[] = { "/wild/1", "/family/7", "/evented", FLOW_ECHO, "/none" };

static void open_wild(world *w, world_side *s, uint8_t v) {
  world_wild *x = wild_new(w, s);
  if (!x) return;
  const char *list[] = { ids[v % 5], ids[v / 5 % 5] };
  p2p_handler handler = handler_of(x);
  int err = v & 128
                ? p2p_stream_open_on(s->n.host, some_conn(s, v), list, 1 + (v & 1), &handler, &x->s)
                : p2p_stream_open(s->n.host, peer_of(world_other(s)), list, 1 + (v & 1), &handler,
                                  &x->s);
  if (err < 0) w->n_wilds--;
}

static void write_wild(world *w, world_side *s, uint8_t v) {
  const world_wild *x = some_wild(w, s, v);
  void *room;
  size_t len;
  if (!x) return;
  if (v & 1) {
    (void)p2p_write(s->n.host, x->s, bulk, (size_t)v * v * 3);
  } else if (p2p_reserve(s->n.host, x->s, v * 100u, &room, &len) == 0) {
    memset(room, v, len);
    (void)p2p_commit(s->n.host, x->s, v & 2 ? len : len / 2 + (v & 4));
  }
}

static void read_wild(world *w, world_side *s, uint8_t v) {
  const world_wild *x = some_wild(w, s, v);
  if (x) read_some(s->n.host, x->s, v);
}

static void end_wild(world *w, world_side *s, uint8_t v) {
  const world_wild *x = some_wild(w, s, v);
  if (!x) return;
  if (v & 64) (void)p2p_reset(s->n.host, x->s, v);
  if (v & 128) (void)p2p_stop(s->n.host, x->s, v);
  if (v < 64) (void)p2p_finish(s->n.host, x->s);
}

static void rehandle_wild(world *w, world_side *s, uint8_t v) {
  const world_wild *x = some_wild(w, s, v);
  if (!x || x->closed) return;
  p2p_handler handler = handler_of(&w->wilds[x - w->wilds]);
  (void)p2p_stream_set_handler(s->n.host, x->s, &handler);
}

/* ---- connections ---- */

static void dial(world *w, world_side *s, uint8_t v) {
  char addr[P2P_ADDR_TEXT_MAX];
  p2p_conn c;
  world_addr(w, world_other(s), v, addr, sizeof addr);
  (void)!p2p_dial(s->n.host, addr, &c);
}

static void dial_several(world *w, world_side *s, uint8_t v) {
  char text[4][P2P_ADDR_TEXT_MAX];
  const char *list[4];
  p2p_conn c;
  size_t n = 1 + (v & 3);
  for (size_t i = 0; i < n; i++) {
    world_addr(w, world_other(s), p2p__rd_u8(&w->in), text[i], sizeof text[i]);
    list[i] = text[i];
  }
  (void)!p2p_dial_addrs(s->n.host, list, n, &c);
}

static void dial_peer(world *w, world_side *s, uint8_t v) {
  p2p_conn c;
  (void)w;
  (void)!p2p_dial_peer(s->n.host, peer_of(v & 1 ? s : world_other(s)), &c);
}

static void add_addr(world *w, world_side *s, uint8_t v) {
  char addr[P2P_ADDR_TEXT_MAX];
  world_addr(w, v & 128 ? s : world_other(s), v | 32, addr, sizeof addr);
  (void)p2p_peer_add_addr(s->n.host, addr);
}

static void close_conn(world *w, world_side *s, uint8_t v) {
  (void)w;
  (void)p2p_conn_close(s->n.host, some_conn(s, v), v);
}

static void adopt(world *w, world_side *s, uint8_t v) {
  p2p_conn c;
  p2p_listener l;
  (void)w;
  p2p_direction dir = v & 4 ? P2P_INBOUND : P2P_OUTBOUND;
  const p2p_peer_id *expected = v & 8 ? peer_of(world_other(s)) : NULL;
  if (v & 2)
    (void)!p2p_listen_fd(s->n.host, v & 1 ? 2 : 3, &l);
  else
    (void)!p2p_adopt(s->n.host, v & 1, dir, dir ? NULL : expected, &c);
}

static void listen_again(world *w, world_side *s, uint8_t v) {
  char addr[P2P_ADDR_TEXT_MAX];
  p2p_listener l;
  if (v & 128) {
    (void)p2p_listener_close(s->n.host, s->listener);
    return;
  }
  world_addr(w, s, v & 95, addr, sizeof addr); /* also at taken and at impossible places */
  char *port = strstr(addr, "4001");
  if (port && v & 64) port[3] = '2';
  if (p2p_listen(s->n.host, addr, &l) == 0) s->listener = l;
}

static void datagram(world *w, world_side *s, uint8_t v) {
  p2p_conn_info info = { .size = sizeof info };
  p2p_conn c = some_conn(s, 1);
  (void)w;
  if (p2p_conn_get(s->n.host, c, &info) < 0) return;
  size_t len = v & 1 ? info.datagram_max + (v & 2) : v * 4u;
  for (int i = 0; i <= v >> 5; i++)
    (void)!p2p_datagram_send(s->n.host, c, p2p__bytes(bulk, p2p__min(len, BULK)));
}

/* ---- streams that know what they must carry ---- */

static void send_echo(world *w, world_side *s, uint8_t v) {
  flow *f;
  (void)w;
  (void)!flow_open(&s->n, peer_of(world_other(s)), NULL, FLOW_ECHO, v * 97u, v, &f);
}

static void send_sink(world *w, world_side *s, uint8_t v) {
  flow *f;
  (void)w;
  (void)!flow_open(&s->n, peer_of(world_other(s)), NULL, FLOW_SINK, v < 250 ? v * 97u : v * 1997u,
                   v, &f); /* seldom much */
}

static void send_any(world *w, world_side *s, uint8_t v) {
  static const char *const some[] = { "/none", "/nor/this", FLOW_ECHO };
  p2p_conn c = some_conn(s, v);
  flow *f;
  (void)w;
  (void)!flow_open_any(&s->n, peer_of(world_other(s)), v & 2 ? &c : NULL, some, 1 + v % 3, v, v,
                       &f);
}

static void reset_flow(world *w, world_side *s, uint8_t v) {
  const flow *f = some_flow(s, v);
  (void)w;
  if (f) (void)p2p_reset(s->n.host, f->stream, v);
}

static void stop_flow(world *w, world_side *s, uint8_t v) {
  flow *f = some_flow(s, v);
  (void)w;
  if (f && p2p_stop(s->n.host, f->stream, v) == 0) f->wild = true;
}

static void pause_flow(world *w, world_side *s, uint8_t v) {
  flow *f = some_flow(s, v);
  (void)w;
  if (f) f->paused = true;
}

static void resume_flow(world *w, world_side *s, uint8_t v) {
  flow *f = some_flow(s, v);
  (void)w;
  if (f && f->paused) flow_resume(f);
}

/* Near, past, and taken back. */
static void set_deadline(world *w, world_side *s, uint8_t v) {
  const flow *f = some_flow(s, v >> 2);
  const world_wild *x = some_wild(w, s, v);
  p2p_time within = v & 4 ? P2P_NEVER : (p2p_time)(v >> 3) * 20 * P2P_MS;
  if (!f && !x) return;
  (void)p2p_stream_set_deadline(s->n.host, f ? f->stream : x->s, (p2p_deadline)(v & 3), within);
}

static void set_priority(world *w, world_side *s, uint8_t v) {
  const flow *f = some_flow(s, v >> 2);
  (void)w;
  if (f) (void)p2p_stream_set_priority(s->n.host, f->stream, (p2p_priority)(v & 3));
}

/* ---- protocols ---- */

static bool matches(void *user, const char *id) {
  (void)user;
  return strncmp(id, "/family/", 8) == 0;
}

static void serve(world *w, world_side *s, uint8_t v) {
  p2p_handler handler = handler_of(NULL);
  (void)w;
  switch (v % 6) {
  case 0: (void)!p2p_protocol_add(s->n.host, "/wild/1", &handler); break;
  case 1: (void)!p2p_protocol_add(s->n.host, "/evented", NULL); break;
  case 2:
    (void)!p2p_protocol_add_match(s->n.host, "/family", matches, NULL, v & 64 ? &handler : NULL);
    break;
  case 3: (void)p2p_protocol_remove(s->n.host, "/wild/1"); break;
  case 4: (void)p2p_protocol_remove(s->n.host, "/family"); break;
  default: (void)p2p_protocol_remove(s->n.host, "/evented"); break;
  }
}

static void ping(world *w, world_side *s, uint8_t v) {
  (void)w;
  (void)!p2p_ping(s->n.host, peer_of(v & 1 ? s : world_other(s)));
}

static void perf(world *w, world_side *s, uint8_t v) {
  uint64_t id;
  (void)w;
  (void)!p2p_perf(s->n.host, peer_of(world_other(s)), v * 997u, v & 1 ? v * 4999u : v, &id);
}

/* ---- questions ---- */

static void ask_conn(world *w, world_side *s, uint8_t v) {
  static char text[TEXT];
  p2p_report_entry e = { .size = sizeof e };
  p2p_conn_info info = { .size = sizeof info };
  p2p_conn c = some_conn(s, v);
  (void)w;
  for (size_t i = 0; p2p_conn_report(s->n.host, c, i, &e) == 0; i++) {
    must(p2p_report_print(&e, text, sizeof text) > 0, "a report is not printed");
    must(p2p_report_json(&e, text, sizeof text) > 0, "a report is not printed");
    must(p2p_report_json(&e, text, v) != 0, "a report of nothing");
  }
  if (p2p_conn_get(s->n.host, c, &info) < 0) return;
  (void)p2p_conn_addr(s->n.host, c, text, sizeof text);
  (void)p2p_conn_local_addr(s->n.host, c, text, v & 2 ? sizeof text : v);
  (void)p2p_conn_set_user(s->n.host, c, s);
  must(p2p_conn_user(s->n.host, c) == s, "a connection's user is not kept");
}

static void ask_host(world *w, world_side *s, uint8_t v) {
  static char text[TEXT];
  p2p_host_stats stats = { .size = sizeof stats };
  p2p_limit limit = { .size = sizeof limit };
  size_t bytes;
  (void)w;
  for (size_t i = 0; p2p_host_addr(s->n.host, i, text, v & 1 ? sizeof text : v) > 0; i++)
    must(p2p_addr_parse(text, bulk, BULK, NULL) > 0, "an address of ours is none");
  must(p2p_host_get(s->n.host, &stats) == 0, "a host has no numbers");
  for (size_t i = 0; p2p_host_memory(s->n.host, i, &bytes); i++) stats.memory -= bytes;
  must(stats.memory == 0, "memory without a purpose");
  must(p2p_limit_info(v, &limit) == 0 || v > 8, "a limit is missing");
  for (size_t i = 0; p2p_feature(i); i++) must(p2p_has(p2p_feature(i)), "a feature is missing");
  must(!p2p_has("none") && p2p_version() && p2p_libraries(), "no library");
  (void)p2p_host_io(s->n.host);
  (void)p2p_host_fd(s->n.host);
}

static void ask_peer(world *w, world_side *s, uint8_t v) {
  static char text[TEXT];
  p2p_peer_info info = { .size = sizeof info };
  const p2p_peer_id *peer = peer_of(v & 1 ? s : world_other(s));
  (void)w;
  if (p2p_peer_get(s->n.host, peer, &info) < 0) return;
  size_t n = 0;
  while (p2p_peer_protocol(s->n.host, peer, n)) n++;
  must(n == info.n_protocols, "a peer's protocols are not as many as told");
  for (n = 0; p2p_peer_addr(s->n.host, peer, n, text, sizeof text) > 0; n++) continue;
  must(n == info.n_addrs, "a peer's addresses are not as many as told");
}

static void ask_stream(world *w, world_side *s, uint8_t v) {
  const world_wild *x = some_wild(w, s, v);
  p2p_stream_info info = { .size = sizeof info };
  if (!x || p2p_stream_get(s->n.host, x->s, &info) < 0) return;
  must(info.direction == P2P_INBOUND || info.direction == P2P_OUTBOUND, "no direction");
  (void)p2p_stream_user(s->n.host, x->s);
}

static p2p_stream strange_stream(const world *w, const world_side *s, uint8_t v) {
  const world_wild *x = some_wild(w, world_other(&w->sides[s - w->sides]), v);
  return x ? x->s : (p2p_stream){ v };
}

/* What nobody should ask for. */
static void misuse(world *w, world_side *s, uint8_t v) {
  p2p_host *h = s->n.host;
  p2p_stream strange = strange_stream(w, s, v);
  p2p_conn conn = { v };
  p2p_listener listener = { v };
  const char *none[1] = { NULL };
  p2p_bytes view;
  must(p2p_read(h, strange, bulk, 1) == P2P_ESTALE, "a strange stream is read");
  must(p2p_write(h, strange, bulk, 1) == P2P_ESTALE, "a strange stream is written");
  must(p2p_peek(h, strange, &view) == P2P_ESTALE, "a strange stream is seen");
  must(p2p_finish(h, strange) == P2P_ESTALE && p2p_stop(h, strange, 0) == P2P_ESTALE &&
           p2p_reset(h, strange, 0) == P2P_ESTALE,
       "a strange stream is ended");
  must(p2p_conn_close(h, conn, 0) == P2P_ESTALE, "a strange connection is closed");
  must(p2p_listener_close(h, listener) == P2P_ESTALE, "a strange listener is closed");
  must(p2p_dial_addrs(h, none, 1, &conn) < 0, "nothing is dialed");
  must(p2p_dial_addrs(h, NULL, 0, &conn) == P2P_EINVAL, "nothing is dialed");
  must(p2p_peer_add_addr(h, "/ip4/1.2.3.4/tcp/1") < 0, "an address of nobody is kept");
  must(p2p_protocol_add(h, "", NULL) < 0, "a protocol without a name is served");
  must(!p2p_stream_user(h, strange) && !p2p_conn_user(h, conn), "strangers have users");
}

static void posted(p2p_host *h, void *arg) {
  (void)h;
  ((world_side *)arg)->told++;
}

static void post(world *w, world_side *s, uint8_t v) {
  (void)w;
  for (int i = 0; i <= v; i++) (void)!p2p_host_post(s->n.host, posted, s);
}

/* ---- what goes wrong ---- */

static void fail_memory(world *w, world_side *s, uint8_t v) {
  (void)w;
  s->mem.fail_at = s->mem.calls + 1 + v;
  s->mem.fail_on = v & 128 && v & 64;
}

static void heal_memory(world *w, world_side *s, uint8_t v) {
  (void)w;
  (void)v;
  s->mem.fail_at = 0;
  s->mem.fail_on = false;
}

static void fail_call(world *w, world_side *s, uint8_t v) {
  s->door.way = &faulty_ways[v % n_faulty_ways];
  s->door.fail_at = s->door.calls + 1 + p2p__rd_u8(&w->in);
  s->door.begun = false;
}

static void shut_gate(world *w, world_side *s, uint8_t v) {
  (void)w;
  s->shut = v & 1 ? 0 : (uint8_t)(1u << (v >> 1) % 8);
}

static world_edit read_edit(world *w, uint8_t v) {
  world_edit e = { .how = v % WORLD_HOWS };
  e.after = p2p__rd_be16(&w->in) % 2048;
  e.to = p2p__rd_u8(&w->in);
  e.at = (uint16_t)(e.to * 5u);
  return e;
}

static void edit_bytes(world *w, world_side *s, uint8_t v) { world_edit_bytes(s, read_edit(w, v)); }

static void edit_dgrams(world *w, world_side *s, uint8_t v) {
  world_edit e = read_edit(w, v);
  e.after %= 16;
  e.at = (uint16_t)(e.at + (v >> 3));
  world_edit_dgrams(s, e);
}

static void cut_path(world *w, world_side *s, uint8_t v) {
  p2p_sim_cut(w->sim, s->n.io, world_other(s)->n.io, v & 1);
}

/* ---- a stranger ---- */

static void knock(world *w, world_side *s, uint8_t v) {
  static const uint16_t ports[] = { 4001, 4900, 4901, 9 };
  p2p_io *io = w->stranger;
  int *sock = &w->socks[v % WORLD_SOCKS];
  p2p_endpoint to = host_node_ip((uint8_t)(s - w->sides + 1));
  to.port = ports[v >> 2 & 3];
  if (*sock >= 0) io->ops->close(io, *sock);
  *sock = io->ops->tcp_connect(io, NULL, &to, 1);
}

static void say(world *w, world_side *s, uint8_t v) {
  static const char hello[] = "\x13/multistream/1.0.0\n", plain[] = "\x11/plaintext/2.0.0\n",
                    noise[] = "\x07/noise\n", tls[] = "\x0b/tls/1.0.0\n";
  static const char *const words[] = { hello, plain, noise, tls };
  p2p_io *io = w->stranger;
  int sock = w->socks[v % WORLD_SOCKS];
  (void)s;
  p2p_bytes said = p2p__rd_bytes(&w->in, p2p__min(v >> 2 & 31, p2p__rd_left(&w->in)));
  if (v & 128) said = p2p__cstr(words[v >> 2 & 3]);
  if (sock >= 0 && said.len) (void)io->ops->send(io, sock, &said, 1);
  if (sock >= 0 && !said.len) (void)io->ops->shutdown(io, sock);
}

/* Bytes of its own, or the last packet of somebody again, perhaps with a byte changed. */
static void send_packet(world *w, world_side *s, uint8_t v) {
  p2p_io *io = w->stranger;
  uint8_t packet[WORLD_PACKET] = { 0 };
  const world_side *of = v & 1 ? s : world_other(s);
  p2p_dgrams d = { .data = packet, .len = of->last_len, .remote = of->last_to };
  memcpy(packet, of->last, of->last_len);
  if (v & 2) {
    p2p_bytes own = p2p__rd_bytes(&w->in, p2p__min(v, p2p__rd_left(&w->in)));
    d.len = v & 4 ? 1200 : own.len;
    if (own.len) memcpy(packet, own.p, own.len);
    d.remote = host_node_ip((uint8_t)(s - w->sides + 1));
    d.remote.port = 4001;
  } else if (v & 8 && d.len) {
    packet[p2p__rd_be16(&w->in) % d.len] ^= v;
  }
  if (v & 16) d.len /= 2;
  if (w->udp >= 0 && d.len && d.remote.family) (void)io->ops->udp_send(io, w->udp, &d, 1);
}

/* ---- time, and the end ---- */

static void wait_long(world *w, world_side *s, uint8_t v) {
  (void)s;
  if (!acting) world_go(w, P2P_MS << v % 16);
}

static void close_host(world *w, world_side *s, uint8_t v) {
  (void)w;
  if (v & 7) return; /* seldom: little happens after it */
  (void)p2p_host_close(s->n.host, v * 20 * P2P_MS);
}

static op *const ops[] = {
  dial,          dial_several, dial_peer,    add_addr,    close_conn,  adopt,       listen_again,
  datagram,      send_echo,    send_sink,    send_any,    reset_flow,  stop_flow,   pause_flow,
  resume_flow,   set_deadline, set_priority, open_wild,   write_wild,  read_wild,   end_wild,
  rehandle_wild, serve,        ping,         perf,        ask_conn,    ask_host,    ask_peer,
  ask_stream,    misuse,       post,         fail_memory, heal_memory, fail_call,   shut_gate,
  edit_bytes,    edit_dgrams,  cut_path,     knock,       say,         send_packet, wait_long,
  close_host,
};

/* One instruction; returns how long to wait then. */
static p2p_time instruct(world *w) {
  static const p2p_time waits[] = { 0, P2P_MS, 20 * P2P_MS, 300 * P2P_MS };
  uint8_t what = p2p__rd_u8(&w->in), v = p2p__rd_u8(&w->in);
  world_side *s = &w->sides[p2p__rd_u8(&w->in) & 1];
  bool outer = acting;
  acting = ops[what % 64 % P2P_COUNT(ops)] != wait_long || outer;
  ops[what % 64 % P2P_COUNT(ops)](w, s, v);
  acting = outer;
  host_node_poke(&s->n);
  return waits[what >> 6];
}

/* Inside of a callback: no time passes. */
static void act(world *w, unsigned most) {
  unsigned n = p2p__rd_left(&w->in) ? p2p__rd_u8(&w->in) % (most + 1) : 0;
  for (; n && p2p__rd_left(&w->in) > 2; n--) {
    acting = true;
    (void)instruct(w);
    acting = false;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  world *w = &now_world;
  if (world_begin(w, p2p__bytes(data, size)))
    for (int i = 0; i < STEPS && p2p__rd_left(&w->in) > 2; i++) {
      p2p_time so_long = instruct(w);
      world_go(w, so_long);
    }
  world_end(w);
  return 0;
}
