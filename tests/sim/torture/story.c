/* Telling stories. */
#include "story.h"

#include "support/table.h"
#include "unit/base/test.h"
#include <p2p/key.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 11 };
#define QUIET (150 * P2P_SECOND) /* no wait is longer */
#define GOODBYE (10 * P2P_SECOND)

_Noreturn static void broken(const story *s, const char *what) {
  const story_fault *f = s->fault;
  fail_msg("%s over %s: %s (%s: %llu%s %s)", s->row->name, s->base->name, what,
           f->of_libraries ? "libraries"
           : f->side       ? "the listener"
                           : "the dialer",
           (unsigned long long)f->n, f->from_then_on ? " and on" : "",
           f->way ? f->way->name : "allocations");
  abort();
}

static void claim(const story *s, bool holds, const char *what) {
  if (!holds) broken(s, what);
}

/* ---- memory that fails ---- */

static void *scarce_alloc(void *user, size_t size) {
  story_memory *m = user;
  m->calls++;
  bool fails = m->fail_at && (m->calls == m->fail_at || (m->from_then_on && m->calls > m->fail_at));
  m->failed |= fails;
  void *p = fails ? NULL : malloc(size);
  if (p) m->live += size;
  return p;
}

static void scarce_release(void *user, void *p, size_t size) {
  ((story_memory *)user)->live -= size;
  free(p);
}

/* ---- hosts ---- */

static p2p_io *make_door(p2p_io *io, void *user) {
  faulty_io *f = user;
  faulty_io with = *f;
  faulty_io_init(f, io);
  f->way = with.way;
  f->fail_at = with.fail_at;
  f->kinds = with.kinds;
  f->n_kinds = with.n_kinds;
  return &f->io;
}

static story_conn *conn_of(story_side *side, p2p_conn c) {
  for (size_t i = 0; i < side->n_conns; i++)
    if (side->conns[i].id == c.id) return &side->conns[i];
  assert_true(side->n_conns < STORY_CONNS);
  side->conns[side->n_conns] = (story_conn){ .id = c.id };
  return &side->conns[side->n_conns++];
}

/* ---- datagrams ---- */

static uint8_t datagram_byte(uint32_t number, size_t i) { return (uint8_t)(number * 7 + i); }

static void datagram_came(story *s, int side, p2p_bytes d) {
  story_side *from = &s->sides[!side];
  uint32_t number = d.len ? d.p[0] / 7 : STORY_DATAGRAMS;
  claim(s, d.len && d.p[0] % 7 == 0 && number < from->datagrams, "a datagram that was not sent");
  claim(s, d.len == from->lens[number], "a datagram was cut");
  claim(s, !from->arrived[number], "a datagram came twice");
  for (size_t i = 0; i < d.len; i++)
    claim(s, d.p[i] == datagram_byte(number, i), "a datagram was changed");
  from->arrived[number] = true;
}

static void note(host_node *n, const p2p_event *e) {
  story_side *side = P2P_CONTAINER(n, story_side, n);
  if (e->kind == P2P_EV_DATAGRAM) datagram_came(n->user, (int)n->number - 1, e->datagram);
  if (e->kind == P2P_EV_CONN_OPEN) conn_of(side, e->conn)->opened++;
  if (e->kind == P2P_EV_CONN_CLOSED) conn_of(side, e->conn)->closed++;
  if (e->kind != P2P_EV_PERF) return;
  side->perfs_done += e->perf.done;
  side->perfs_failed += e->perf.done && e->err != 0;
}

static bool nobody(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  (void)user;
  (void)peer;
  (void)addr;
  (void)dir;
  return false;
}

static void listen_addr(const story *s, int side, char *out, size_t cap) {
  switch (s->base->over) {
  case OVER_TCP: snprintf(out, cap, "/ip4/10.0.0.%d/tcp/4001", side + 1); break;
  case OVER_QUIC: snprintf(out, cap, "/ip4/10.0.0.%d/udp/4001/quic-v1", side + 1); break;
  case OVER_MEMORY: snprintf(out, cap, "/memory/%d", side + 1); break;
  }
}

static void arm(story *s, int which) {
  story_side *side = &s->sides[which];
  if (which != s->fault->side || s->fault->of_libraries) return;
  side->door.kinds = s->kinds;
  side->door.n_kinds = s->n_kinds;
  if (s->fault->n && !s->fault->way) {
    side->memory.fail_at = s->fault->n;
    side->memory.from_then_on = s->fault->from_then_on;
  } else if (s->fault->n) {
    side->door.way = s->fault->way;
    side->door.fail_at = s->fault->n;
  }
}

/* Of a type, for a side: made once, since that takes memory and long. RSA's is libp2p's test key, which
 * only the listener has. */
static const p2p_identity *identity_of(int key, int side) {
  static p2p_identity made[4][2];
  p2p_key_type type = (p2p_key_type)(key - 1);
  if (!key || (type == P2P_KEY_RSA && side == 0)) return NULL;
  p2p_identity *id = &made[type][side];
  if (id->size) return id;
  if (type == P2P_KEY_RSA) {
    table t;
    table_open(&t, "keys.txt");
    while (table_next(&t) && !is_word(t.words[0], "rsa")) {}
    p2p__span bytes = table_bytes(&t, 1);
    assert_int_equal(p2p_identity_import(id, p2p__span_bytes(bytes)), 0);
    exact_free(bytes);
    table_close(&t);
  } else {
    p2p_io *io;
    p2p_sim *sim = p2p_sim_new(SEED + (uint64_t)side);
    const p2p_sim_node_opts node = { .ip = { host_node_ip(1) }, .n_ip = 1 };
    assert_int_equal(p2p_sim_node(sim, &node, &io), 0);
    assert_int_equal(p2p_identity_generate(id, type, io), 0);
    p2p_sim_free(sim);
  }
  return id;
}

static int begin_host(story *s, int which) {
  story_side *side = &s->sides[which];
  char addr[64];
  const char *listen[] = { addr };
  const char *security[] = { which && s->row->security ? s->row->security : s->base->security };
  const char *muxer[] = { which && s->row->muxer ? s->row->muxer : s->base->muxer };
  p2p_allocator allocator = { scarce_alloc, scarce_release, &side->memory };
  p2p_host_opts opts = { .size = sizeof opts,
                         .allocator = &allocator,
                         .serve_perf = true,
                         .identity = identity_of(s->base->key, which),
                         .memory = s->hub,
                         .listen = listen,
                         .n_listen = which ? 1 : 0 };
  static const p2p_psk psk = { { 5 } };
  listen_addr(s, which, addr, sizeof addr);
  if (s->base->in_private) opts.psk = &psk;
  if (*security) opts.security = security, opts.n_security = 1;
  if (*muxer) opts.muxers = muxer, opts.n_muxers = 1;
  if (which) opts.limits = s->row->limits, opts.n_limits = s->row->n_limits;
  if (which && s->row->gated) opts.gate = nobody;
  arm(s, which);
  int err = host_node_init_behind(&side->n, s->sim, (uint8_t)(which + 1), &opts, make_door,
                                  &side->door);
  side->n.on_event = note;
  side->n.user = s;
  return err < 0 ? err : flow_serve(&side->n);
}

/* ---- for plots ---- */

p2p_host *story_host(story *s, int side) { return s->sides[side].n.host; }

void story_go(story *s, p2p_time so_long) {
  int r = p2p_sim_run(s->sim, p2p_sim_now(s->sim) + so_long, NULL, NULL);
  claim(s, r >= 0, "somebody spins");
}

const char *story_addr(const story *s, bool peer, char *out, size_t cap) {
  char id[P2P_PEER_ID_TEXT_MAX];
  listen_addr(s, 1, out, cap);
  const p2p_host *h = s->sides[1].n.host;
  size_t len = strlen(out);
  if (peer && h && p2p_peer_id_print(p2p_host_peer(h), id, sizeof id) > 0)
    snprintf(out + len, cap - len, "/p2p/%s", id);
  return out;
}

void story_dial(story *s, const char *const *addrs, size_t n) {
  p2p_conn c;
  if (!story_host(s, 0)) return;
  if (p2p_dial_addrs(story_host(s, 0), addrs, n, &c) >= 0) conn_of(&s->sides[0], c)->dialed++;
  host_node_poke(&s->sides[0].n);
}

void story_meet(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  const char *addrs[] = { story_addr(s, true, addr, sizeof addr) };
  story_dial(s, addrs, 1);
  story_go(s, P2P_SECOND);
}

flow *story_open(story *s, const char *const *ids, size_t n, uint64_t bytes) {
  flow *f;
  if (!story_host(s, 0) || !story_host(s, 1)) return NULL;
  const p2p_peer_id *to = p2p_host_peer(story_host(s, 1));
  uint8_t salt = (uint8_t)(s->n_flows + 2);
  assert_true(s->n_flows < STORY_FLOWS);
  if (flow_open_any(&s->sides[0].n, to, NULL, ids, n, bytes, salt, &f) < 0) return NULL;
  s->flows[s->n_flows++] = f;
  return f;
}

flow *story_send(story *s, const char *id, uint64_t bytes) { return story_open(s, &id, 1, bytes); }

void story_ping(story *s, int side) {
  const p2p_host *other = story_host(s, !side);
  p2p_host *h = story_host(s, side);
  if (h && other && p2p_ping(h, p2p_host_peer(other)) >= 0) s->sides[side].pings++;
  host_node_poke(&s->sides[side].n);
}

void story_perf(story *s, uint64_t up, uint64_t down) {
  uint64_t id;
  p2p_host *h = story_host(s, 0);
  if (h && story_host(s, 1) && p2p_perf(h, p2p_host_peer(story_host(s, 1)), up, down, &id) >= 0)
    s->sides[0].perfs++;
  host_node_poke(&s->sides[0].n);
}

void story_datagram(story *s, int side, size_t len) {
  uint8_t bytes[1200];
  story_side *from = &s->sides[side];
  if (!from->n.host) return;
  assert_true(len > 0 && len <= sizeof bytes && from->datagrams < 36); /* what a byte can name */
  for (size_t i = 0; i < len; i++) bytes[i] = datagram_byte(from->datagrams, i);
  if (p2p_datagram_send(from->n.host, from->n.conn, p2p__bytes(bytes, len)) == 0)
    from->lens[from->datagrams++] = len;
  host_node_poke(&from->n);
}

static int deaf_step(void *user) { return p2p_host_step(((host_node *)user)->host, 0); }
static p2p_time deaf_deadline(void *user) { return p2p_host_deadline(((host_node *)user)->host); }

void story_deafen(story *s, int side) {
  host_node *n = &s->sides[side].n;
  const p2p_sim_actor actor = { .step = deaf_step, .deadline = deaf_deadline, .user = n };
  if (n->host) p2p_sim_attach(n->io, &actor);
}

void story_hear(story *s, int side) {
  host_node *n = &s->sides[side].n;
  if (n->host) host_node_attach(n);
  host_node_poke(n);
}

void story_free(story *s, int side) {
  host_node *n = &s->sides[side].n;
  p2p_sim_attach(n->io, NULL);
  p2p_host_free(n->host);
  n->host = NULL;
}

/* ---- the end ---- */

static void claim_flows(story *s, const host_node *n) {
  for (p2p__list *at = n->flows.next; at != &n->flows; at = at->next) {
    const flow *f = P2P_CONTAINER(at, flow, link);
    const char *rule = flow_broken_rule(f);
    claim(s, !rule, rule);
    if (f->template || !n->host || f->closed == 1) continue;
    print_message("node %d, %s %s: sent %llu, received %llu, opened %u, finished %d, ended %d\n",
                  n->number, f->inbound ? "inbound" : "our", f->echo ? "echo" : "sink",
                  (unsigned long long)f->sent, (unsigned long long)f->received, f->opened,
                  f->finished, f->ended);
    broken(s, "a stream was not told CLOSED");
  }
}

/* Before anybody says goodbye: all waits have ended by themselves. */
static void claim_quiet(story *s, int which) {
  const host_node *n = &s->sides[which].n;
  if (!n->host) return;
  p2p_host_stats stats = { .size = sizeof stats };
  p2p_host_get(n->host, &stats);
  claim_flows(s, n);
  claim(s, !stats.dials && !stats.half_open, "a dial or handshake hangs");
  claim(s, n->pings == s->sides[which].pings, "a ping was not answered for");
  claim(s, s->sides[which].perfs_done == s->sides[which].perfs, "a measurement hangs");
}

static void goodbye(story *s, int which) {
  host_node *n = &s->sides[which].n;
  if (!n->host) return;
  claim(s, p2p_host_close(n->host, GOODBYE) == 0, "it cannot be closed");
  host_node_poke(n);
  story_go(s, GOODBYE + P2P_SECOND);
}

static void claim_closed(story *s, int which) {
  story_side *side = &s->sides[which];
  if (!side->n.host) return;
  p2p_host_stats stats = { .size = sizeof stats };
  p2p_host_get(side->n.host, &stats);
  claim_flows(s, &side->n);
  claim(s, p2p_host_step(side->n.host, 0) == P2P_ECLOSED, "a host does not close");
  claim(s, !stats.conns && !stats.streams && !stats.dials && !stats.half_open, "something is left");
  claim(s, side->n.late == 0, "a deadline was missed");
  for (size_t i = 0; i < side->n_conns; i++) {
    claim(s, side->conns[i].opened <= 1, "a connection was told OPEN twice");
    claim(s, !side->conns[i].opened || !s->row->apart, "a connection opened that must not");
    claim(s, side->conns[i].closed == 1, "a connection was not told CLOSED once");
  }
}

static uint64_t mix(uint64_t sum, uint64_t value) { return (sum ^ value) * 0x100000001b3u; }

static uint64_t sum_of(const story *s) {
  uint64_t sum = 7;
  for (int i = 0; i < 2; i++) {
    const story_side *side = &s->sides[i];
    uint64_t whole = 0;
    if (!side->n.io) continue;
    for (p2p__list *at = side->n.flows.next; at != &side->n.flows; at = at->next)
      whole += flow_is_whole(P2P_CONTAINER(at, flow, link));
    sum = mix(mix(sum, whole), side->n.conns_opened);
    sum = mix(mix(sum, side->n.ping_errors), side->perfs_failed);
    sum = mix(sum, side->n.identified);
    for (uint32_t k = 0; k < side->datagrams; k++) sum = mix(sum, side->arrived[k]);
  }
  return sum;
}

static int begin(story *s) {
  p2p_sim_path path = { .latency = 5 * P2P_MS, .bits_per_second = 4000000 };
  s->sim = p2p_sim_new(SEED);
  p2p_sim_default(s->sim, &path);
  if (s->base->over == OVER_MEMORY) assert_int_equal(p2p_memory_new(&s->hub), 0);
  int err = s->row->mute ? 0 : begin_host(s, 1);
  return err < 0 ? err : begin_host(s, 0);
}

static void middle(story *s) {
  s->row->plot(s);
  story_go(s, QUIET);
  claim_quiet(s, 0);
  claim_quiet(s, 1);
  goodbye(s, 0);
  goodbye(s, 1);
  claim_closed(s, 0);
  claim_closed(s, 1);
}

static bool absent(const story *s, int err) {
  return !s->fault->n && (err == P2P_ENOTFOUND || err == P2P_ENOTSUP);
}

story_end story_tell(const story_row *row, const story_base *base, const story_fault *fault,
                     uint8_t *kinds, size_t n_kinds) {
  static story space;
  story *s = &space;
  *s = (story){ .row = row, .base = base, .fault = fault, .kinds = kinds, .n_kinds = n_kinds };
  for (int i = 0; i < 2; i++) (void)identity_of(base->key, i);
  if (fault->of_libraries) library_memory_watch(fault->n, fault->from_then_on);
  int err = begin(s);
  story_end end = { .told = !absent(s, err) };
  claim(s, err >= 0 || fault->n || !end.told, p2p_error_name(err));
  if (err >= 0) {
    middle(s);
    end.sum = sum_of(s);
  }
  for (int i = 0; i < 2; i++) {
    const story_side *side = &s->sides[i];
    host_node_fini(&s->sides[i].n);
    claim(s, side->memory.live == 0, "memory leaks");
    end.allocs[i] = side->memory.calls;
    end.calls[i] = side->door.calls;
    end.failed |= side->memory.failed || side->door.begun;
  }
  p2p_sim_free(s->sim);
  p2p_memory_free(s->hub);
  library_memory_end();
  end.libraries = library_memory_now();
  if (fault->of_libraries) end.failed = end.libraries.failed;
  return end;
}
