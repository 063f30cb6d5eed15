/* Connections over QUIC whose addresses change, and what ICMP says of dials: RFC 9000, sections 9 and
 * 14.2.1. */
#include "quic/internal.h"
#include "transport/quic_internal.h"
#include "troupe.h"
#include "unit/base/test.h"
#include <p2p/addr.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 3000000 };

static troupe t;
static told x, served;
static uint8_t chunk[16384];
static size_t to_send;

/* ---- hosts ---- */
/* Last numbers of addresses that nobody may be at; 0: all may. */
static uint8_t not_accepted, not_secured;

static bool gate_accept(void *user, p2p_bytes addr) {
  (void)user;
  return !not_accepted || addr.p[4] != not_accepted;
}

static bool gate_secured(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  (void)user;
  assert_true(peer->len > 0);
  return dir == P2P_OUTBOUND || !not_secured || addr.p[4] != not_secured;
}

static void join(player *p, const char *at) {
  static const p2p_gater gater = { .size = sizeof gater,
                                   .accept = gate_accept,
                                   .secured = gate_secured };
  troupe_join(
      &t, p,
      &(p2p_host_opts){
          .size = sizeof(p2p_host_opts), .listen = &at, .n_listen = at ? 1 : 0, .gater = &gater });
}

static void join_at_any(player *p) { join(p, "/ip4/0.0.0.0/udp/4001/quic-v1"); }

static int start(void **state) {
  static const p2p_sim_path path = { .latency = 20 * P2P_MS, .bits_per_second = 50000000 };
  (void)state;
  x = served = (told){ 0 };
  not_accepted = not_secured = 0;
  troupe_begin(&t, 61);
  p2p_sim_default(t.sim, &path);
  join(&t.b, "/ip4/10.0.0.2/udp/4001/quic-v1");
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static p2p_conn dial_to(const player *to, unsigned number, uint16_t port) {
  char addr[P2P_ADDR_TEXT_MAX], id[P2P_PEER_ID_TEXT_MAX];
  p2p_conn c;
  assert_true(p2p_peer_id_print(p2p_host_peer(to->host), id, sizeof id) > 0);
  snprintf(addr, sizeof addr, "/ip4/10.0.0.%u/udp/%u/quic-v1/p2p/%s", number, port, id);
  assert_int_equal(p2p_dial(t.a.host, addr, &c), 0);
  player_poke(&t.a);
  return c;
}

static p2p_conn dial(uint16_t port) { return dial_to(&t.b, 2, port); }

static bool is_down(void *user) { return ((player *)user)->n[P2P_EV_CONN_CLOSED] > 0; }
static bool both_identified(void *user) {
  (void)user;
  return t.a.n[P2P_EV_IDENTIFIED] && t.b.n[P2P_EV_IDENTIFIED];
}
static bool both_moved(void *user) {
  (void)user;
  return t.a.n[P2P_EV_CONN_ADDR] && t.b.n[P2P_EV_CONN_ADDR];
}

static void meet(void) {
  (void)dial(4001);
  assert_true(troupe_until(&t, 30 * P2P_SECOND, both_identified, NULL));
  t.a.node.conn = t.a.last[P2P_EV_CONN_OPEN].conn;
  t.b.node.conn = t.b.last[P2P_EV_CONN_OPEN].conn;
}

static p2p_endpoint ip(uint8_t number) {
  return (p2p_endpoint){ .family = 4, .ip = { 10, 0, 0, number } };
}

static void readdress(const player *p, uint8_t first, uint8_t second) {
  p2p_endpoint all[2] = { ip(first), ip(second) };
  assert_int_equal(p2p_sim_readdress(p->node.io, all, (first > 0) + (second > 0)), 0);
}

/* ---- moving bytes ---- */
static void push(p2p_host *h, p2p_stream s, void *user) {
  (void)user;
  while (to_send) {
    ptrdiff_t n = p2p_write(h, s, chunk, p2p__min(to_send, sizeof chunk));
    if (n <= 0) break;
    to_send -= (size_t)n;
  }
  if (!to_send) (void)p2p_finish(h, s);
}

static void begin_transfer(void) {
  const char *id = "/x";
  served.answers = true;
  told_serve(&t, &t.b, id, &served);
  x.sim = t.sim;
  x.host = t.a.host;
  p2p_handler h = told_handler(&x);
  h.on_writable = push;
  assert_int_equal(p2p_stream_open_on(t.a.host, t.a.node.conn, &id, 1, &h, &x.stream), 0);
  to_send = BYTES;
  push(t.a.host, x.stream, NULL);
  player_poke(&t.a);
  troupe_wait(&t, 200 * P2P_MS);
  assert_true(served.got > 0 && served.got < BYTES / 2);
}

static void end_transfer(void) {
  assert_true(troupe_until(&t, 60 * P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, 0);
  assert_int_equal(served.got, BYTES);
  assert_true(served.ended);
}

/* Both were told once that a's address is another one, and the getters say which. */
static void assert_moved(uint8_t number) {
  char want[64], addr[P2P_ADDR_TEXT_MAX];
  snprintf(want, sizeof want, "/ip4/10.0.0.%u/udp/", number);
  assert_int_equal(t.a.n[P2P_EV_CONN_ADDR], 1);
  assert_int_equal(t.b.n[P2P_EV_CONN_ADDR], 1);
  assert_true(t.a.last[P2P_EV_CONN_ADDR].conn.id == t.a.node.conn.id);
  assert_true(t.b.last[P2P_EV_CONN_ADDR].conn.id == t.b.node.conn.id);
  assert_true(p2p_conn_local_addr(t.a.host, t.a.node.conn, addr, sizeof addr) > 0);
  assert_memory_equal(addr, want, strlen(want));
  assert_true(p2p_conn_addr(t.b.host, t.b.node.conn, addr, sizeof addr) > 0);
  assert_memory_equal(addr, want, strlen(want));
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED] + t.b.n[P2P_EV_CONN_CLOSED], 0);
}

static void survive_another_address(void) {
  meet();
  begin_transfer();
  readdress(&t.a, 11, 0);
  assert_true(troupe_until(&t, 2 * P2P_SECOND, both_moved, NULL));
  end_transfer();
  assert_moved(11);
}

static void who_only_dials_survives_another_address(void **state) {
  (void)state;
  join(&t.a, NULL);
  survive_another_address();
}

static void who_listens_everywhere_survives_another_address(void **state) {
  (void)state;
  join_at_any(&t.a);
  char addr[P2P_ADDR_TEXT_MAX];
  survive_another_address();
  assert_true(p2p_conn_addr(t.b.host, t.b.node.conn, addr, sizeof addr) > 0);
  assert_non_null(strstr(addr, "/udp/4001/")); /* the socket that listens is what it goes on with */
  assert_int_equal(t.a.n[P2P_EV_ADDRS], 2);    /* it listens; and at another address */
  assert_true(p2p_host_addr(t.a.host, 0, addr, sizeof addr) > 0);
  assert_non_null(strstr(addr, "/ip4/10.0.0.11/"));
}

static void who_listens_at_the_lost_address_survives_by_another_socket(void **state) {
  (void)state;
  join(&t.a, "/ip4/10.0.0.1/udp/4001/quic-v1");
  survive_another_address();
  assert_int_equal(t.a.n[P2P_EV_ADDRS], 1);
}

static bool peer_knows_the_new_address(void *user) {
  (void)user;
  char addr[P2P_ADDR_TEXT_MAX];
  const p2p_peer_id *a = p2p_host_peer(t.a.host);
  for (size_t i = 0; p2p_peer_addr(t.b.host, a, i, addr, sizeof addr) > 0; i++)
    if (strstr(addr, "/ip4/10.0.0.11/udp/4001")) return true;
  return false;
}

static void the_peer_is_told_where_we_listen_now(void **state) {
  (void)state;
  join_at_any(&t.a);
  meet();
  assert_false(peer_knows_the_new_address(NULL));
  readdress(&t.a, 11, 0);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, peer_knows_the_new_address, NULL));
}

static void a_better_way_is_taken_when_it_was_proven(void **state) {
  (void)state;
  join_at_any(&t.a);
  meet();
  begin_transfer();
  readdress(&t.a, 11, 1); /* the first is what the system would send from */
  assert_true(troupe_until(&t, 2 * P2P_SECOND, both_moved, NULL));
  end_transfer();
  assert_moved(11);
}

static bool is_up(void *user) { return ((player *)user)->n[P2P_EV_CONN_OPEN] > 0; }

/* A client may not move before the server has confirmed the handshake: it tries again. */
static void a_fresh_connection_moves_when_it_may(void **state) {
  (void)state;
  static const p2p_sim_path slow = { .latency = 200 * P2P_MS };
  p2p_sim_default(t.sim, &slow);
  join_at_any(&t.a);
  t.a.node.conn = dial(4001);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_up, &t.a));
  readdress(&t.a, 11, 1);
  troupe_wait(&t, 100 * P2P_MS);
  assert_int_equal(p2p_conn_migrate(t.a.host, t.a.node.conn, NULL), P2P_EAGAIN);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, both_moved, NULL));
  t.b.node.conn = t.b.last[P2P_EV_CONN_OPEN].conn;
  assert_moved(11);
}

static quic_transport *quic_of(const player *p) {
  const p2p__swarm *w = &p->host->swarm;
  size_t i = 0;
  while (strcmp(w->transports[i]->ops->name, "quic-v1") != 0) i++;
  return P2P_CONTAINER(w->transports[i], quic_transport, base);
}

/* Nothing but the next attempt would wake it for many seconds. */
static void an_idle_connection_that_may_not_move_yet_tries_again_soon(void **state) {
  (void)state;
  join(&t.a, NULL); /* it has nothing to tell its peer of new addresses */
  meet();
  troupe_wait(&t, 5 * P2P_SECOND);
  quic_link *l = P2P_CONTAINER(quic_of(&t.a)->clients.next, quic_link, client_node);
  l->quic->confirmed = false;
  readdress(&t.a, 11, 0);
  troupe_wait(&t, 60 * P2P_MS);
  l->quic->confirmed = true;
  assert_true(troupe_until(&t, 500 * P2P_MS, both_moved, NULL));
  assert_moved(11);
}

static p2p_io_ops counting;
static const p2p_io_ops *counted;
static unsigned n_ifaddrs;
static int counting_ifaddrs(p2p_io *io, p2p_endpoint *out, int n) {
  n_ifaddrs++;
  return counted->ifaddrs(io, out, n);
}

static bool a_knows_two(void *user) {
  (void)user;
  return t.a.n[P2P_EV_IDENTIFIED] == 2 && t.c.n[P2P_EV_IDENTIFIED];
}
static bool a_moved_twice(void *user) {
  (void)user;
  return t.a.n[P2P_EV_CONN_ADDR] == 2;
}

static void count_ifaddrs(p2p_io *io) {
  counted = io->ops;
  counting = *io->ops;
  counting.ifaddrs = counting_ifaddrs;
  io->ops = &counting;
  n_ifaddrs = 0;
}

/* Identify lists our addresses one by one: each is of some interface. */
static void listing_our_addresses_asks_the_machine_once(void **state) {
  (void)state;
  static const char *const at[] = { "/ip4/0.0.0.0/udp/4001/quic-v1", "/ip4/0.0.0.0/tcp/4001" };
  troupe_join(&t, &t.a,
              &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .listen = at, .n_listen = 2 });
  readdress(&t.a, 1, 11);
  troupe_wait(&t, P2P_SECOND);
  count_ifaddrs(t.a.node.io);
  meet();
  troupe_wait(&t, P2P_SECOND);
  assert_in_range(n_ifaddrs, 1, 2); /* asked by its peer, and told to it */
  t.a.node.io->ops = counted;
}

static void addresses_are_asked_for_once_however_many_connections_there_are(void **state) {
  (void)state;
  join_at_any(&t.a);
  join(&t.c, "/ip4/10.0.0.3/udp/4001/quic-v1");
  meet();
  (void)dial_to(&t.c, 3, 4001);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, a_knows_two, NULL));
  count_ifaddrs(t.a.node.io);
  readdress(&t.a, 11, 0);
  p2p__quic_interfaces(quic_of(&t.a), p2p_sim_now(t.sim));
  assert_int_equal(n_ifaddrs, 1);
  t.a.node.io->ops = counted;
  player_poke(&t.a);
  assert_true(troupe_until(&t, 2 * P2P_SECOND, a_moved_twice, NULL));
}

static void an_address_more_moves_nobody(void **state) {
  (void)state;
  join_at_any(&t.a);
  meet();
  begin_transfer();
  readdress(&t.a, 1, 11);
  end_transfer();
  assert_int_equal(t.a.n[P2P_EV_CONN_ADDR] + t.b.n[P2P_EV_CONN_ADDR], 0);
  assert_int_equal(t.a.n[P2P_EV_ADDRS], 2); /* but it is an address more to be reached at */
}

static void a_while_without_any_address_is_survived(void **state) {
  (void)state;
  join(&t.a, NULL);
  meet();
  begin_transfer();
  readdress(&t.a, 0, 0);
  troupe_wait(&t, 5 * P2P_SECOND);
  readdress(&t.a, 11, 0);
  end_transfer();
  assert_moved(11);
}

/* … by validation of our new path, and by probes of the peer's: both give up, nothing else happens. */
static void an_address_that_leads_nowhere_is_left_for_one_that_does(void **state) {
  (void)state;
  join(&t.a, NULL);
  meet();
  begin_transfer();
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, true);
  readdress(&t.a, 11, 0);
  troupe_wait(&t, 4 * P2P_SECOND);
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, false);
  readdress(&t.a, 12, 0);
  end_transfer();
  assert_moved(12);
}

static void a_server_whose_address_is_gone_does_not_move(void **state) {
  (void)state;
  join_at_any(&t.a);
  meet();
  readdress(&t.b, 22, 0);
  assert_true(troupe_until(&t, 100 * P2P_SECOND, is_down, &t.a));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
  assert_int_equal(t.a.n[P2P_EV_CONN_ADDR] + t.b.n[P2P_EV_CONN_ADDR], 0);
}

/* ---- where a peer may not be ---- */
static void assert_turned_away(void) {
  readdress(&t.a, 11, 0);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_down, &t.b));
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].err, P2P_EGATED);
  assert_int_equal(t.b.n[P2P_EV_CONN_ADDR], 0);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_down, &t.a)); /* it is told */
}

static void a_peer_that_moves_where_nobody_may_come_from_is_turned_away(void **state) {
  (void)state;
  join_at_any(&t.a);
  meet();
  not_accepted = 11;
  assert_turned_away();
}

static void a_peer_that_moves_where_it_may_not_be_is_turned_away(void **state) {
  (void)state;
  join_at_any(&t.a);
  meet();
  begin_transfer();
  not_secured = 11;
  assert_turned_away();
}

/* ---- when the user says so ---- */
static void the_user_moves_a_connection_to_another_port(void **state) {
  (void)state;
  char addr[P2P_ADDR_TEXT_MAX];
  join_at_any(&t.a);
  meet();
  begin_transfer();
  assert_int_equal(p2p_conn_migrate(t.a.host, t.a.node.conn, NULL), 0);
  assert_int_equal(p2p_conn_migrate(t.a.host, t.a.node.conn, NULL), P2P_EAGAIN);
  player_poke(&t.a);
  end_transfer();
  assert_moved(1);
  assert_true(p2p_conn_addr(t.b.host, t.b.node.conn, addr, sizeof addr) > 0);
  assert_null(strstr(addr, "/udp/4001/"));
}

static void the_user_moves_a_connection_to_another_address(void **state) {
  (void)state;
  join_at_any(&t.a);
  readdress(&t.a, 1, 11);
  meet();
  begin_transfer();
  assert_int_equal(p2p_conn_migrate(t.a.host, t.a.node.conn, "/ip4/10.0.0.11/udp/0/quic-v1"), 0);
  player_poke(&t.a);
  end_transfer();
  assert_moved(11);
}

static void what_cannot_move_is_said(void **state) {
  (void)state;
  join_at_any(&t.a);
  p2p_conn c = dial(4001);
  assert_int_equal(p2p_conn_migrate(t.a.host, c, NULL), P2P_EAGAIN);
  assert_true(troupe_until(&t, 30 * P2P_SECOND, both_identified, NULL));
  assert_int_equal(p2p_conn_migrate(t.a.host, c, "/ip4/10.0.0.1/tcp/0"), P2P_EADDR);
  assert_int_equal(p2p_conn_migrate(t.a.host, c, "/ip6/::1/udp/0/quic-v1"), P2P_EADDR);
  assert_int_equal(p2p_conn_migrate(t.a.host, c, "/ip4/10.0.0.9/udp/0/quic-v1"), P2P_EUNREACH);
  p2p_conn theirs = t.b.last[P2P_EV_CONN_OPEN].conn;
  assert_int_equal(p2p_conn_migrate(t.b.host, theirs, NULL), P2P_ENOTSUP);
  assert_int_equal(p2p_conn_close(t.a.host, c, 0), 0);
  assert_int_equal(p2p_conn_migrate(t.a.host, c, NULL), P2P_ECLOSED);
}

/* ---- what ICMP says ---- */
static void a_dial_where_nobody_listens_is_refused_at_once(void **state) {
  (void)state;
  join_at_any(&t.a);
  p2p_sim_refuse(t.b.node.io, true);
  player_deafen(&t.a);
  p2p_conn c = dial(4999);
  troupe_wait(&t, 50 * P2P_MS);
  p2p_report_entry e = { .size = sizeof e };
  assert_int_equal(p2p_conn_report(t.a.host, c, 0, &e), 0);
  assert_int_equal(e.err, P2P_EREFUSED);
  assert_int_equal(e.stage, P2P_STAGE_CONNECT);
  assert_true(e.remote && e.elapsed < 50 * P2P_MS);
  player_wake(&t.a);
  player_poke(&t.a);
  assert_true(troupe_until(&t, P2P_SECOND, is_down, &t.a));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EREFUSED);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_CONNECT);
}

/* A port of zero, say: peers do tell such addresses. */
static void a_dial_that_the_system_takes_for_impossible_fails_at_once(void **state) {
  (void)state;
  join_at_any(&t.a);
  (void)dial(0);
  assert_true(troupe_until(&t, P2P_SECOND, is_down, &t.a));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EINVAL);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_CONNECT);
}

/* The network's word about a dial, as somebody else changes it on its way. */
static struct {
  p2p_io_ops ops;
  const p2p_io_ops *real;
  bool cut;       /* the quote ends early */
  uint8_t port;   /* another port was dialed than the one it speaks of */
  unsigned words; /* so many came */
} forger;

static int forged_errors(p2p_io *io, int sock, p2p_udp_error *out, int n) {
  enum { OUR_ID = 1 + 4 + 1 + 18 + 1 };
  int got = forger.real->udp_errors(io, sock, out, n);
  for (int i = 0; i < got; i++) {
    assert_true(out[i].quote_len > OUR_ID + 8);
    if (!forger.cut) out[i].quote[OUR_ID] ^= 1;
    if (forger.cut) out[i].quote_len = 8;
    out[i].remote.port = (uint16_t)(out[i].remote.port + forger.port);
  }
  forger.words += (unsigned)got;
  return got;
}

static p2p_time dial_forged(bool cut, uint8_t port) {
  join_at_any(&t.a);
  p2p_io *io = t.a.node.io;
  forger.real = io->ops;
  forger.ops = *io->ops;
  forger.ops.udp_errors = forged_errors;
  forger.cut = cut;
  forger.port = port;
  forger.words = 0;
  io->ops = &forger.ops;
  p2p_sim_refuse(t.b.node.io, true);
  p2p_time from = p2p_sim_now(t.sim);
  (void)dial(4999);
  assert_true(troupe_until(&t, 20 * P2P_SECOND, is_down, &t.a));
  assert_true(forger.words > 0);
  return p2p_sim_now(t.sim) - from;
}

static void a_word_about_another_connection_id_ends_no_dial(void **state) {
  (void)state;
  assert_true(dial_forged(false, 0) >= 15 * P2P_SECOND);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
}

static void a_word_about_another_port_ends_no_dial(void **state) {
  (void)state;
  assert_true(dial_forged(true, 1) >= 15 * P2P_SECOND);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
}

/* Routers that repeat eight bytes behind the IP header, as RFC 792 asks, repeat no id. */
static void a_word_without_an_id_is_believed_of_a_dial(void **state) {
  (void)state;
  assert_true(dial_forged(true, 0) < P2P_SECOND);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EREFUSED);
}

/* QC-07: whoever sees its packets can forge what ICMP says of them. */
static void no_word_ends_what_is_established(void **state) {
  (void)state;
  join_at_any(&t.a);
  join(&t.c, NULL);
  meet();
  begin_transfer();
  readdress(&t.b, 22, 0); /* another machine has the address, and nobody listens there */
  readdress(&t.c, 3, 2);
  p2p_sim_refuse(t.c.node.io, true);
  troupe_wait(&t, 5 * P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 0);
  readdress(&t.c, 3, 0);
  readdress(&t.b, 2, 0);
  end_transfer();
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    T(who_only_dials_survives_another_address),
    T(who_listens_everywhere_survives_another_address),
    T(who_listens_at_the_lost_address_survives_by_another_socket),
    T(the_peer_is_told_where_we_listen_now),
    T(a_better_way_is_taken_when_it_was_proven),
    T(a_fresh_connection_moves_when_it_may),
    T(an_idle_connection_that_may_not_move_yet_tries_again_soon),
    T(listing_our_addresses_asks_the_machine_once),
    T(addresses_are_asked_for_once_however_many_connections_there_are),
    T(an_address_more_moves_nobody),
    T(a_while_without_any_address_is_survived),
    T(an_address_that_leads_nowhere_is_left_for_one_that_does),
    T(a_server_whose_address_is_gone_does_not_move),
    T(a_peer_that_moves_where_nobody_may_come_from_is_turned_away),
    T(a_peer_that_moves_where_it_may_not_be_is_turned_away),
    T(the_user_moves_a_connection_to_another_port),
    T(the_user_moves_a_connection_to_another_address),
    T(what_cannot_move_is_said),
    T(a_dial_where_nobody_listens_is_refused_at_once),
    T(a_dial_that_the_system_takes_for_impossible_fails_at_once),
    T(a_word_about_another_connection_id_ends_no_dial),
    T(a_word_about_another_port_ends_no_dial),
    T(a_word_without_an_id_is_believed_of_a_dial),
    T(no_word_ends_what_is_established),
  };
  return cmocka_run_group_tests_name("sim.quic_paths", tests, NULL, NULL);
}
