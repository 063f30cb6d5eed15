/* The stories. */
#include "story.h"
#include <string.h>

enum {
  NOISE,
  NOISE_MPLEX,
  PLAIN,
  PLAIN_MPLEX,
  TLS,
  TLS_MPLEX,
  MEMORY,
  MEMORY_NOISE,
  QUIC,
  PRIVATE,
  NOISE_SECP256K1,
  NOISE_ECDSA,
  NOISE_RSA,
  TLS_SECP256K1,
  TLS_ECDSA,
  TLS_RSA,
  BULK = 40000,
  MUCH = 300000 /* more than a window */
};

const story_base story_bases[] = {
#define TCP(text, with, over_it, ...)                                                              \
  { .name = text, .over = OVER_TCP, .security = with, .muxer = over_it, __VA_ARGS__ }
  [NOISE] = TCP("noise+yamux", "noise", "yamux", .key = 0),
  [NOISE_MPLEX] = TCP("noise+mplex", "noise", "mplex", .key = 0),
  [PLAIN] = TCP("plaintext+yamux", "plaintext", "yamux", .key = 0),
  [PLAIN_MPLEX] = TCP("plaintext+mplex", "plaintext", "mplex", .key = 0),
  [TLS] = TCP("tls+yamux", "tls", "yamux", .key = 0),
  [TLS_MPLEX] = TCP("tls+mplex", "tls", "mplex", .key = 0),
  [PRIVATE] = TCP("private+noise+mplex", "noise", "mplex", .in_private = true),
  [NOISE_SECP256K1] = TCP("noise, secp256k1", "noise", "yamux", .key = 1 + P2P_KEY_SECP256K1),
  [NOISE_ECDSA] = TCP("noise, ecdsa", "noise", "yamux", .key = 1 + P2P_KEY_ECDSA),
  [NOISE_RSA] = TCP("noise, rsa", "noise", "yamux", .key = 1 + P2P_KEY_RSA),
  [TLS_SECP256K1] = TCP("tls, secp256k1", "tls", "yamux", .key = 1 + P2P_KEY_SECP256K1),
  [TLS_ECDSA] = TCP("tls, ecdsa", "tls", "yamux", .key = 1 + P2P_KEY_ECDSA),
  [TLS_RSA] = TCP("tls, rsa", "tls", "yamux", .key = 1 + P2P_KEY_RSA),
#undef TCP
  [MEMORY] = { .name = "memory", .over = OVER_MEMORY, .security = "plaintext", .muxer = "yamux" },
  [MEMORY_NOISE] = { .name = "memory+noise", .over = OVER_MEMORY },
  [QUIC] = { .name = "quic", .over = OVER_QUIC },
};
const int n_story_bases = P2P_COUNT(story_bases);

#define ON(base) (1u << (base))
#define EVERY                                                                                      \
  (ON(NOISE) | ON(NOISE_MPLEX) | ON(PLAIN) | ON(PLAIN_MPLEX) | ON(TLS) | ON(TLS_MPLEX) |           \
   ON(MEMORY) | ON(MEMORY_NOISE) | ON(QUIC) | ON(PRIVATE))
#define KEYS                                                                                       \
  (ON(NOISE_SECP256K1) | ON(NOISE_ECDSA) | ON(NOISE_RSA) | ON(TLS_SECP256K1) | ON(TLS_ECDSA) |     \
   ON(TLS_RSA))
#define MUXERS (ON(PLAIN) | ON(PLAIN_MPLEX) | ON(QUIC))

/* More than can be sent in time; where bytes take none, a lot. */
static uint64_t endless(const story *s) { return s->base->over == OVER_MEMORY ? MUCH : UINT64_MAX; }

/* ---- connections ---- */

static void hang_up(story *s, int side) {
  host_node *n = &s->sides[side].n;
  if (!n->host) return;
  (void)p2p_conn_close(n->host, n->conn, 3);
  host_node_poke(n);
}

static void dialer_hangs_up(story *s) {
  story_meet(s);
  hang_up(s, 0);
}

static void listener_hangs_up(story *s) {
  story_meet(s);
  hang_up(s, 1);
}

static void dial_is_canceled(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  const char *addrs[] = { story_addr(s, true, addr, sizeof addr) };
  story_dial(s, addrs, 1);
  story_go(s, 12 * P2P_MS); /* within the handshake */
  if (s->sides[0].n_conns)
    (void)p2p_conn_close(story_host(s, 0), (p2p_conn){ s->sides[0].conns[0].id }, 0);
  host_node_poke(&s->sides[0].n);
}

static void nobody_there(story *s) {
  story_dial(s, (const char *[]){ "/ip4/10.0.0.1/tcp/9" }, 1);
  story_go(s, P2P_SECOND);
}

/* A machine that says so. */
static void no_port_there(story *s) {
  if (s->sides[1].n.io) p2p_sim_refuse(s->sides[1].n.io, true);
  story_dial(s, (const char *[]){ "/ip4/10.0.0.2/udp/9/quic-v1" }, 1);
  story_go(s, 5 * P2P_SECOND);
}

/* Of two machines, of which the second is the listener's. */
static void a_name(story *s) {
  const p2p_endpoint nobody = host_node_ip(9), peer = host_node_ip(2);
  p2p_sim_name(s->sim, "b.example", &nobody);
  p2p_sim_name(s->sim, "b.example", &peer);
  const char *addr = s->base->over == OVER_QUIC ? "/dns4/b.example/udp/4001/quic-v1"
                                                : "/dns4/b.example/tcp/4001";
  story_dial(s, &addr, 1);
  story_go(s, 5 * P2P_SECOND);
  (void)story_send(s, FLOW_ECHO, 100);
}

static void known_address(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  if (story_host(s, 0))
    (void)p2p_peer_add_addr(story_host(s, 0), story_addr(s, true, addr, sizeof addr));
  (void)story_send(s, FLOW_ECHO, 100);
  story_go(s, P2P_SECOND);
}

/* A machine's address is another one from now on: QUIC goes on, TCP ends some day. */
static void moved(story *s, int side) {
  const p2p_endpoint other = host_node_ip((uint8_t)(11 + side));
  if (s->sides[side].n.io) (void)!p2p_sim_readdress(s->sides[side].n.io, &other, 1);
  host_node_poke(&s->sides[side].n);
}

static void dialer_moves(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_SINK, MUCH);
  story_go(s, 20 * P2P_MS);
  moved(s, 0);
  story_go(s, 5 * P2P_SECOND);
  (void)story_send(s, FLOW_ECHO, 100);
}

static void listener_moves(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_SINK, MUCH);
  story_go(s, 20 * P2P_MS);
  moved(s, 1);
  story_go(s, 5 * P2P_SECOND);
}

/* The fourth answers. */
static void several_addresses(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  story_dial(s,
             (const char *[]){ "/ip4/10.0.0.2/tcp/9", "/ip4/10.0.0.2/tcp/10", "/ip4/10.0.0.9/tcp/1",
                               story_addr(s, true, addr, sizeof addr) },
             4);
  story_go(s, 5 * P2P_SECOND);
  (void)story_send(s, FLOW_ECHO, 100);
}

static void twice_the_same(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  const char *addrs[] = { story_addr(s, true, addr, sizeof addr) };
  for (int i = 0; i < 3; i++) story_dial(s, addrs, 1);
  story_go(s, P2P_SECOND);
  (void)story_send(s, FLOW_ECHO, 100);
}

static void wrong_peer(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  static const char other[] = "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
  (void)story_addr(s, false, addr, sizeof addr);
  memcpy(addr + strlen(addr), other, sizeof other);
  story_dial(s, (const char *[]){ addr }, 1);
}

static void stranger(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  story_dial(s, (const char *[]){ story_addr(s, false, addr, sizeof addr) }, 1);
  story_go(s, P2P_SECOND);
}

/* ---- streams ---- */

static void echo(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_ECHO, 3000);
}

/* All that can wait for the handshake does. */
static void echo_at_once(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  story_dial(s, (const char *[]){ story_addr(s, true, addr, sizeof addr) }, 1);
  (void)story_send(s, FLOW_ECHO, 3000);
  (void)story_send(s, FLOW_SINK, 10);
}

static void bulk(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_SINK, MUCH);
}

static void slow_reader(story *s) {
  story_meet(s);
  flow *f = story_send(s, FLOW_ECHO, MUCH);
  if (f) f->paused = true;
  story_go(s, 5 * P2P_SECOND);
  if (f) flow_resume(f);
}

static void many_streams(story *s) {
  story_meet(s);
  for (int i = 0; i < 12; i++) (void)story_send(s, i & 1 ? FLOW_ECHO : FLOW_SINK, 500);
}

static void empty_stream(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_SINK, 0);
}

static void reset(story *s) {
  story_meet(s);
  const flow *f = story_send(s, FLOW_ECHO, endless(s));
  story_go(s, P2P_SECOND);
  if (f) (void)p2p_reset(story_host(s, 0), f->stream, 5);
  host_node_poke(&s->sides[0].n);
}

/* A stream that a fault keeps from arriving until later has nobody else to end it than its dialer. */
static void reset_by_listener(story *s) {
  story_meet(s);
  const flow *own = story_send(s, FLOW_ECHO, endless(s));
  story_go(s, P2P_SECOND);
  const flow *f = flow_alive_at(&s->sides[1].n, 0);
  int side = f ? 1 : 0;
  if (!f) f = own;
  if (f) (void)p2p_reset(story_host(s, side), f->stream, 5);
  host_node_poke(&s->sides[side].n);
}

static void stop(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_SINK, endless(s));
  story_go(s, P2P_SECOND);
  flow *f = flow_inbound(&s->sides[1].n, 0);
  if (f && p2p_stop(story_host(s, 1), f->stream, 5) == 0) f->wild = true;
  host_node_poke(&s->sides[1].n);
  story_go(s, P2P_SECOND);
  if (s->n_flows) (void)p2p_reset(story_host(s, 0), s->flows[0]->stream, 5);
  host_node_poke(&s->sides[0].n);
}

static void unknown_protocol(story *s) {
  story_meet(s);
  (void)story_send(s, "/nobody/speaks/this", 10);
}

static void second_protocol(story *s) {
  story_meet(s);
  (void)story_open(s, (const char *[]){ "/nobody/speaks/this", "/nor/this", FLOW_ECHO }, 3, 100);
}

/* ---- datagrams ---- */

enum { DATAGRAM = 1000 };

static void datagrams(story *s) {
  story_meet(s);
  for (int i = 0; i < 12; i++) {
    story_datagram(s, 0, DATAGRAM);
    story_datagram(s, 1, (size_t)(1 + i));
    story_go(s, 20 * P2P_MS);
  }
}

/* More at once than may wait, and a stream that wants the same packets. */
static void datagrams_amid_bulk(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_SINK, BULK);
  for (int i = 0; i < 30; i++) story_datagram(s, 0, DATAGRAM);
  story_go(s, P2P_SECOND);
}

/* The oldest are dropped when more come than the limit lets wait. */
static void nobody_takes_datagrams(story *s) {
  story_meet(s);
  story_deafen(s, 1);
  for (int i = 0; i < 20; i++) {
    story_datagram(s, 0, DATAGRAM);
    story_go(s, 20 * P2P_MS);
  }
  story_hear(s, 1);
  story_go(s, P2P_SECOND);
}

static void datagrams_in_flight(story *s) {
  story_meet(s);
  for (int i = 0; i < 12; i++) story_datagram(s, i & 1, DATAGRAM);
  hang_up(s, 0);
  for (int i = 0; i < 4; i++) story_datagram(s, i & 1, DATAGRAM);
}

static void datagrams_nobody_can_take(story *s) {
  story_meet(s);
  story_datagram(s, 0, DATAGRAM);
  story_datagram(s, 1, DATAGRAM);
  (void)story_send(s, FLOW_ECHO, 100);
}

/* ---- what comes with a host ---- */

static void ping(story *s) {
  story_meet(s);
  story_ping(s, 0);
  story_ping(s, 1);
  story_go(s, P2P_SECOND);
  story_ping(s, 0);
}

static void perf(story *s) {
  story_meet(s);
  story_perf(s, BULK, BULK);
}

static void identify_push(story *s) {
  story_meet(s);
  for (int i = 0; i < 2; i++) {
    if (!story_host(s, i)) continue;
    (void)!p2p_protocol_add(story_host(s, i), "/new/1", NULL);
    host_node_poke(&s->sides[i].n);
    story_go(s, P2P_SECOND);
    (void)p2p_protocol_remove(story_host(s, i), "/new/1");
    host_node_poke(&s->sides[i].n);
  }
  story_go(s, P2P_SECOND);
}

static void listen_again(story *s) {
  p2p_listener l;
  char addr[P2P_ADDR_TEXT_MAX] = "/ip4/10.0.0.1/tcp/4002";
  if (s->base->over == OVER_QUIC) memcpy(addr, "/ip4/10.0.0.1/udp/4002/quic-v1", 31);
  if (s->base->over == OVER_MEMORY) memcpy(addr, "/memory/77", 11);
  story_meet(s);
  for (int i = 0; i < 2; i++) {
    if (p2p_listen(story_host(s, 0), addr, &l) < 0) continue;
    host_node_poke(&s->sides[0].n);
    story_go(s, P2P_SECOND / 2);
    (void)p2p_listener_close(story_host(s, 0), l);
    host_node_poke(&s->sides[0].n);
  }
}

/* ---- ends ---- */

static void close_host(story *s, int side) {
  if (story_host(s, side)) (void)p2p_host_close(story_host(s, side), P2P_SECOND);
  host_node_poke(&s->sides[side].n);
  story_go(s, 2 * P2P_SECOND);
}

static void dialer_closes_amid_all(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_ECHO, 3000);
  (void)story_send(s, FLOW_SINK, endless(s));
  story_go(s, P2P_MS);
  close_host(s, 0);
}

static void listener_closes_amid_all(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_ECHO, 3000);
  (void)story_send(s, FLOW_SINK, endless(s));
  story_go(s, P2P_MS);
  close_host(s, 1);
}

static void closed_in_handshake(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  story_dial(s, (const char *[]){ story_addr(s, true, addr, sizeof addr) }, 1);
  story_go(s, 12 * P2P_MS);
  close_host(s, 1);
}

static void listener_vanishes(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_SINK, MUCH);
  story_go(s, P2P_MS * 20);
  story_free(s, 1);
}

static void dialer_vanishes(story *s) {
  story_meet(s);
  (void)story_send(s, FLOW_SINK, MUCH);
  story_go(s, P2P_MS * 20);
  story_free(s, 0);
}

static void everything(story *s) {
  char addr[P2P_ADDR_TEXT_MAX];
  story_dial(s, (const char *[]){ story_addr(s, true, addr, sizeof addr) }, 1);
  (void)story_send(s, FLOW_ECHO, 3000);
  (void)story_send(s, FLOW_SINK, BULK);
  (void)story_send(s, FLOW_ECHO, endless(s));
  story_ping(s, 0);
  story_go(s, P2P_SECOND);
  if (s->n_flows) (void)p2p_reset(story_host(s, 0), s->flows[s->n_flows - 1]->stream, 5);
  (void)story_send(s, "/nobody/speaks/this", 10);
  story_perf(s, BULK, BULK);
}

/* ---- the table ---- */

static const p2p_setting few_conns[] = { { "conns_max", 1 } };
static const p2p_setting few_datagrams[] = { { "datagrams_in", 6000 } };
static const p2p_setting few_streams[] = { { "streams_max", 2 } };

const story_row story_rows[] = {
  { .name = "everything", .plot = everything, .bases = EVERY },
  { .name = "echo", .plot = echo, .bases = EVERY | KEYS },
  { .name = "echo at once", .plot = echo_at_once, .bases = EVERY },
  { .name = "bulk", .plot = bulk, .bases = MUXERS | ON(NOISE) | ON(TLS) | ON(MEMORY) },
  { .name = "slow reader", .plot = slow_reader, .bases = ON(PLAIN) | ON(QUIC) },
  { .name = "many streams", .plot = many_streams, .bases = MUXERS | ON(NOISE) },
  { .name = "empty stream", .plot = empty_stream, .bases = MUXERS },
  { .name = "reset", .plot = reset, .bases = MUXERS | ON(NOISE), .varies = true },
  { .name = "reset by listener", .plot = reset_by_listener, .bases = MUXERS, .varies = true },
  { .name = "stop", .plot = stop, .bases = MUXERS, .varies = true },
  { .name = "unknown protocol", .plot = unknown_protocol, .bases = MUXERS },
  { .name = "second protocol", .plot = second_protocol, .bases = MUXERS },
  { .name = "dialer hangs up", .plot = dialer_hangs_up, .bases = EVERY },
  { .name = "listener hangs up", .plot = listener_hangs_up, .bases = EVERY },
  { .name = "dial is canceled",
    .plot = dial_is_canceled,
    .bases = ON(NOISE) | ON(TLS) | ON(QUIC),
    .varies = true },
  { .name = "nobody there", .plot = nobody_there, .bases = ON(NOISE), .mute = true, .apart = true },
  { .name = "no port there",
    .plot = no_port_there,
    .bases = ON(QUIC),
    .varies = true,
    .apart = true },
  { .name = "a name", .plot = a_name, .bases = ON(NOISE) | ON(QUIC), .varies = true },
  { .name = "known address", .plot = known_address, .bases = ON(NOISE) | ON(QUIC) },
  { .name = "dialer moves", .plot = dialer_moves, .bases = ON(PLAIN) | ON(QUIC), .varies = true },
  { .name = "listener moves",
    .plot = listener_moves,
    .bases = ON(PLAIN) | ON(QUIC),
    .varies = true },
  { .name = "several addresses",
    .plot = several_addresses,
    .bases = ON(NOISE) | ON(QUIC),
    .varies = true },
  { .name = "twice the same",
    .plot = twice_the_same,
    .bases = ON(NOISE) | ON(MEMORY) | ON(QUIC),
    .varies = true },
  { .name = "wrong peer",
    .plot = wrong_peer,
    .bases = ON(NOISE) | ON(PLAIN) | ON(TLS) | ON(QUIC),
    .apart = true },
  { .name = "stranger", .plot = stranger, .bases = ON(NOISE) | ON(PLAIN) | ON(TLS) | ON(QUIC) },
  { .name = "other security",
    .plot = echo,
    .bases = ON(NOISE) | ON(PLAIN),
    .security = "tls",
    .apart = true },
  { .name = "other muxer",
    .plot = echo,
    .bases = ON(NOISE) | ON(PLAIN) | ON(TLS),
    .muxer = "mplex" },
  { .name = "gated", .plot = echo, .bases = ON(NOISE) | ON(TLS) | ON(QUIC), .gated = true },
  { .name = "few connections",
    .plot = twice_the_same,
    .bases = ON(NOISE) | ON(QUIC),
    .limits = few_conns,
    .n_limits = 1,
    .varies = true },
  { .name = "few streams",
    .plot = many_streams,
    .bases = ON(PLAIN) | ON(QUIC),
    .limits = few_streams,
    .n_limits = 1,
    .varies = true },
  { .name = "datagrams", .plot = datagrams, .bases = ON(QUIC) },
  { .name = "datagrams amid bulk", .plot = datagrams_amid_bulk, .bases = ON(QUIC), .varies = true },
  { .name = "datagrams nobody takes",
    .plot = nobody_takes_datagrams,
    .bases = ON(QUIC),
    .limits = few_datagrams,
    .n_limits = 1,
    .varies = true },
  { .name = "datagrams in flight", .plot = datagrams_in_flight, .bases = ON(QUIC), .varies = true },
  { .name = "datagrams over streams", .plot = datagrams_nobody_can_take, .bases = ON(NOISE) },
  { .name = "ping", .plot = ping, .bases = MUXERS | ON(NOISE) },
  { .name = "perf", .plot = perf, .bases = MUXERS | ON(NOISE) },
  { .name = "identify push", .plot = identify_push, .bases = ON(PLAIN) | ON(QUIC) },
  { .name = "listen again", .plot = listen_again, .bases = ON(NOISE) | ON(MEMORY) | ON(QUIC) },
  { .name = "dialer closes amid all",
    .plot = dialer_closes_amid_all,
    .bases = EVERY,
    .varies = true },
  { .name = "listener closes amid all",
    .plot = listener_closes_amid_all,
    .bases = EVERY,
    .varies = true },
  { .name = "closed in handshake",
    .plot = closed_in_handshake,
    .bases = ON(NOISE) | ON(TLS) | ON(QUIC),
    .varies = true },
  { .name = "dialer vanishes",
    .plot = dialer_vanishes,
    .bases = MUXERS | ON(NOISE),
    .varies = true },
  { .name = "listener vanishes",
    .plot = listener_vanishes,
    .bases = MUXERS | ON(NOISE),
    .varies = true },
};
const int n_story_rows = P2P_COUNT(story_rows);
