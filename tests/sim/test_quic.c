/* Hosts that meet over QUIC in virtual time: properties, not traces, since TLS brings randomness of its
 * own. */
#include "troupe.h"
#include "unit/base/test.h"
#include <p2p/addr.h>
#include <stdio.h>
#include <string.h>

static troupe t;
static told x, served;
static uint8_t chunk[16384];

/* ---- hosts ---- */
static void join_limited(player *p, uint8_t number, const p2p_setting *limits, size_t n) {
  char at[64];
  snprintf(at, sizeof at, "/ip4/10.0.0.%u/udp/4001/quic-v1", number);
  const char *listen[] = { at };
  troupe_join(&t, p,
              &(p2p_host_opts){ .size = sizeof(p2p_host_opts),
                                .listen = listen,
                                .n_listen = 1,
                                .limits = limits,
                                .n_limits = n });
}

static void join(player *p, uint8_t number) { join_limited(p, number, NULL, 0); }

static int start(void **state) {
  (void)state;
  x = served = (told){ 0 };
  troupe_begin(&t, 41);
  join(&t.a, 1);
  join(&t.b, 2);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static p2p_conn dial_as(player *from, uint8_t number, const p2p_peer_id *peer) {
  char addr[P2P_ADDR_TEXT_MAX];
  char id[P2P_PEER_ID_TEXT_MAX];
  p2p_conn c;
  assert_true(p2p_peer_id_print(peer, id, sizeof id) > 0);
  snprintf(addr, sizeof addr, "/ip4/10.0.0.%u/udp/4001/quic-v1/p2p/%s", number, id);
  assert_int_equal(p2p_dial(from->host, addr, &c), 0);
  player_poke(from);
  return c;
}

static p2p_conn dial(player *from, player *to, uint8_t number) {
  return dial_as(from, number, p2p_host_peer(to->host));
}

static bool is_up(void *user) { return ((player *)user)->n[P2P_EV_CONN_OPEN] > 0; }
static bool is_down(void *user) { return ((player *)user)->n[P2P_EV_CONN_CLOSED] > 0; }
static bool both_identified(void *user) {
  (void)user;
  return t.a.n[P2P_EV_IDENTIFIED] && t.b.n[P2P_EV_IDENTIFIED];
}

static void path(p2p_time latency, uint32_t loss_ppm) {
  p2p_sim_path p = { .latency = latency, .loss_ppm = loss_ppm, .bits_per_second = 50000000 };
  p2p_sim_default(t.sim, &p);
}

static void meet(void) {
  (void)dial(&t.a, &t.b, 2);
  assert_true(troupe_until(&t, 30 * P2P_SECOND, both_identified, NULL));
  t.a.node.conn = t.a.last[P2P_EV_CONN_OPEN].conn;
}

/* ---- meeting ---- */
static void hosts_know_each_other_and_how_they_are_connected(void **state) {
  (void)state;
  meet();
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(t.b.host, t.b.last[P2P_EV_CONN_OPEN].conn, &info), 0);
  assert_true(p2p_peer_id_eq(&info.peer, p2p_host_peer(t.a.host)));
  assert_int_equal(info.direction, P2P_INBOUND);
  assert_string_equal(info.security, "/tls/1.0.0");
  assert_string_equal(info.muxer, "/quic-v1");
  assert_in_range(info.rtt, P2P_MS, 10 * P2P_MS);
  char addr[P2P_ADDR_TEXT_MAX];
  assert_true(p2p_conn_addr(t.b.host, t.b.last[P2P_EV_CONN_OPEN].conn, addr, sizeof addr) > 0);
  /* a dial leaves by the socket that listens */
  assert_non_null(strstr(addr, "/ip4/10.0.0.1/udp/4001/quic-v1/p2p/"));
  p2p_peer_info peer = { .size = sizeof peer };
  assert_int_equal(p2p_peer_get(t.a.host, p2p_host_peer(t.b.host), &peer), 0);
  assert_string_equal(peer.observed, "/ip4/10.0.0.1/udp/4001/quic-v1");
}

static void echo(p2p_host *h, p2p_stream s, void *user) {
  told *e = user;
  uint8_t buf[64];
  ptrdiff_t n;
  while ((n = p2p_read(h, s, buf, sizeof buf)) > 0) {
    e->got += (size_t)n;
    assert_int_equal(p2p_write(h, s, buf, (size_t)n), n);
  }
}

static bool x_got_something(void *user) {
  (void)user;
  return x.got > 0;
}

static p2p_time first_answer(void) {
  enum { ONE_WAY = 50 };
  path(ONE_WAY * P2P_MS, 0);
  p2p_handler h = told_handler(&served);
  h.on_readable = echo;
  assert_int_equal(p2p_protocol_add(t.b.host, "/echo", &h), 0);
  p2p_time from = p2p_sim_now(t.sim);
  p2p_conn c = dial(&t.a, &t.b, 2);
  told_open_on(&t, &t.a, c, (const char *const[]){ "/echo" }, 1, &x);
  assert_int_equal(p2p_write(t.a.host, x.stream, "hello", 5), 5);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, x_got_something, NULL));
  return (x.first_at - from) / (ONE_WAY * P2P_MS);
}

static void the_first_answered_byte_takes_two_round_trips(void **state) {
  (void)state;
  assert_int_equal(first_answer(), 4);
}

static void a_server_under_load_asks_for_the_address_first(void **state) {
  (void)state;
  player *c = &t.c;
  join_limited(c, 3, (const p2p_setting[]){ { "quic_retry_above", 0 } }, 1);
  path(50 * P2P_MS, 0);
  p2p_time from = p2p_sim_now(t.sim);
  (void)dial(&t.a, c, 3);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_up, &t.a));
  assert_int_equal((p2p_sim_now(t.sim) - from) / (50 * P2P_MS), 4);
}

static void another_peer_than_the_dialed_is_refused(void **state) {
  (void)state;
  (void)dial_as(&t.a, 2, p2p_host_peer(t.b.host)); /* one that works … */
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_up, &t.a));
  troupe_wait(&t, P2P_SECOND);
  join(&t.c, 3);
  (void)dial_as(&t.c, 2, p2p_host_peer(t.a.host)); /* … and one to somebody else's address */
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_down, &t.c));
  assert_int_equal(t.c.last[P2P_EV_CONN_CLOSED].err, P2P_EPEER);
  assert_int_equal(t.c.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_IDENTITY);
  assert_int_equal(t.b.n[P2P_EV_CONN_OPEN], 1);
}

static void nobody_there_is_a_timeout_of_the_dial(void **state) {
  (void)state;
  (void)dial_as(&t.a, 9, p2p_host_peer(t.b.host));
  assert_true(troupe_until(&t, 20 * P2P_SECOND, is_down, &t.a));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_CONNECT);
}

static bool refuse(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  (void)user;
  (void)peer;
  (void)addr;
  (void)dir;
  return false;
}

/* The dialer is up when its own handshake is done; that it is not wanted reaches it a round trip later. */
static char words[256];
static void note_words(host_node *n, const p2p_event *e) {
  player *p = P2P_CONTAINER(n, player, node);
  p->n[e->kind]++;
  p->last[e->kind] = *e;
  if (e->kind == P2P_EV_CONN_CLOSED && e->reason) snprintf(words, sizeof words, "%s", e->reason);
}

static void who_is_gated_hears_why(void **state) {
  (void)state;
  t.b.host->gate = refuse;
  t.a.node.on_event = note_words;
  (void)dial(&t.a, &t.b, 2);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_down, &t.a));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ECLOSED);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].code, 0x1007);
  assert_string_equal(words, "connection gated");
  assert_int_equal(t.b.n[P2P_EV_CONN_OPEN], 0);
}

/* ---- moving bytes ---- */
static size_t to_send;

static void push(void) {
  while (to_send) {
    ptrdiff_t n = p2p_write(t.a.host, x.stream, chunk, p2p__min(to_send, sizeof chunk));
    if (n <= 0) break;
    to_send -= (size_t)n;
  }
  if (!to_send) (void)p2p_finish(t.a.host, x.stream);
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  (void)h;
  (void)s;
  (void)user;
  push();
}

static void begin_transfer(size_t bytes) {
  served.answers = true;
  told_serve(&t, &t.b, "/x", &served);
  x.sim = t.sim;
  x.host = t.a.host;
  p2p_handler h = told_handler(&x);
  h.on_writable = on_writable;
  const char *id = "/x";
  assert_int_equal(p2p_stream_open_on(t.a.host, t.a.node.conn, &id, 1, &h, &x.stream), 0);
  to_send = bytes;
  push();
  player_poke(&t.a);
}

static void transfer(size_t bytes, p2p_time within) {
  begin_transfer(bytes);
  assert_true(troupe_until(&t, within, told_is_closed, &x));
  assert_int_equal(x.err, 0);
  assert_int_equal(served.got, bytes);
  assert_true(served.ended);
}

static void bytes_survive(p2p_time latency, uint32_t loss_ppm, size_t bytes) {
  path(latency, loss_ppm);
  meet();
  transfer(bytes, 1000 * P2P_SECOND);
}

static void bytes_survive_one_percent_of_loss(void **state) {
  (void)state;
  bytes_survive(20 * P2P_MS, 10000, 2000000);
}
static void bytes_survive_ten_percent_of_loss(void **state) {
  (void)state;
  bytes_survive(20 * P2P_MS, 100000, 500000);
}
static void bytes_survive_thirty_percent_of_loss(void **state) {
  (void)state;
  bytes_survive(20 * P2P_MS, 300000, 100000);
}
static void bytes_cross_two_hundred_milliseconds(void **state) {
  (void)state;
  bytes_survive(200 * P2P_MS, 0, 5000000);
}

static void bytes_survive_reordering_and_copies(void **state) {
  (void)state;
  p2p_sim_path p = { .latency = 20 * P2P_MS,
                     .jitter = 5 * P2P_MS,
                     .reorder_ppm = 200000,
                     .reorder_by = 30 * P2P_MS,
                     .duplicate_ppm = 100000 };
  p2p_sim_default(t.sim, &p);
  meet();
  transfer(1000000, 100 * P2P_SECOND);
}

static void a_path_of_1280_bytes_is_enough(void **state) {
  (void)state;
  p2p_sim_path p = { .latency = 20 * P2P_MS, .mtu = 1280 };
  p2p_sim_default(t.sim, &p);
  meet();
  transfer(500000, 100 * P2P_SECOND);
}

static void a_short_partition_is_survived(void **state) {
  (void)state;
  meet();
  begin_transfer(3000000);
  troupe_wait(&t, 50 * P2P_MS);
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, true);
  troupe_wait(&t, 10 * P2P_SECOND);
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, false);
  assert_true(troupe_until(&t, 60 * P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, 0);
  assert_int_equal(served.got, 3000000);
}

static void a_long_partition_ends_the_connection_on_both_sides(void **state) {
  (void)state;
  meet();
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, true);
  assert_true(troupe_until(&t, 100 * P2P_SECOND, is_down, &t.a));
  assert_true(troupe_until(&t, 100 * P2P_SECOND, is_down, &t.b));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
}

/* A path that is cut: what is under way is held for it, up to the limit. */
static void what_waits_for_acknowledgements_is_bounded(void **state) {
  (void)state;
  join_limited(&t.c, 3, (const p2p_setting[]){ { "quic_send_queue", 65536 } }, 1);
  (void)dial(&t.c, &t.b, 2);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_up, &t.c));
  told_serve(&t, &t.b, "/x", &served);
  t.c.node.conn = t.c.last[P2P_EV_CONN_OPEN].conn;
  told_open(&t, &t.c, "/x", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_open, &x));
  p2p_sim_cut(t.sim, t.b.node.io, t.c.node.io, true);
  for (int i = 0; i < 40 && !x.closed; i++) {
    (void)p2p_write(t.c.host, x.stream, chunk, sizeof chunk);
    player_poke(&t.c);
    troupe_wait(&t, P2P_MS);
    assert_true(t.c.host->mem.used[P2P__MEM_BLOCK] < 65536 + 5 * 65536);
  }
  assert_int_equal(x.err, P2P_ELIMIT);
  assert_int_equal(t.c.n[P2P_EV_CONN_CLOSED], 0);
}

/* ---- a socket that takes nothing for a while ---- */
static struct {
  const p2p_io_ops *real;
  p2p_io_ops ops;
  bool full;
  int sock;
  size_t held,
      first; /* bytes of the batch that was refused first, and of the one sent first after it */
  unsigned turns;
} dam;

static int dam_send(p2p_io *io, int sock, const p2p_dgrams *d, int n) {
  if (dam.full) {
    dam.sock = sock;
    if (!dam.held) dam.held = d->len;
    return P2P_EAGAIN;
  }
  if (dam.held && !dam.first) dam.first = d->len;
  return dam.real->udp_send(io, sock, d, n);
}

static int dam_want(p2p_io *io, int sock, uint32_t what) {
  return dam.real->want(io, sock, dam.full ? what & ~(uint32_t)P2P_IO_WRITABLE : what);
}

static int dam_wait(p2p_io *io, p2p_time until, p2p_io_fact *out, int n) {
  if (dam.full) assert_true(++dam.turns < 1000); /* it does not turn without time passing */
  return dam.real->wait(io, until, out, n);
}

/* A host whose sockets are full from now on, in the midst of sending to t.b. */
static void dam_begin(void) {
  p2p_io *io = t.a.node.io;
  memset(&dam, 0, sizeof dam);
  path(10 * P2P_MS, 0);
  meet();
  dam.real = io->ops;
  dam.ops = *io->ops;
  dam.ops.udp_send = dam_send;
  dam.ops.want = dam_want;
  dam.ops.wait = dam_wait;
  io->ops = &dam.ops;
  begin_transfer(3000000);
  troupe_wait(&t, 100 * P2P_MS);
  dam.full = true;
  troupe_wait(&t, 20 * P2P_MS);
  assert_true(dam.held > 1000);
}

static void dam_end(void) {
  p2p_io *io = t.a.node.io;
  dam.full = false;
  assert_int_equal(io->ops->want(io, dam.sock, P2P_IO_READABLE | P2P_IO_WRITABLE), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 30 * P2P_SECOND, told_is_closed, &x));
  assert_int_equal(served.got, 3000000);
}

static void a_full_socket_is_waited_for(void **state) {
  (void)state;
  dam_begin();
  troupe_wait(&t, 5 * P2P_SECOND);
  dam_end();
}

/* … or strangers could have us lose what we send to others. */
static void answers_to_strangers_do_not_displace_what_waits(void **state) {
  (void)state;
  join(&t.c, 3);
  t.a.host->limits.quic_retry_above = 0;
  dam_begin();
  (void)dial(&t.c, &t.a, 1);
  troupe_wait(&t, 100 * P2P_MS);
  dam_end();
  assert_int_equal(dam.first, dam.held);
}

/* Its end was heard in the same turn: the bytes go nowhere, and are no reason to wait. */
static void what_is_written_to_a_stream_that_is_over_counts_as_left(void **state) {
  (void)state;
  path(50 * P2P_MS, 0);
  meet();
  told_serve(&t, &t.b, "/x", &served);
  told_open(&t, &t.a, "/x", &x);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, told_is_open, &x));
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(p2p_finish(t.b.host, served.stream), 0);
  assert_int_equal(p2p_stop(t.b.host, served.stream, 7), 0);
  player_poke(&t.b);
  troupe_wait(&t, 100 * P2P_MS);
  player_sleep(&t.a); /* its reset is acknowledged: nothing of the stream is left */
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(p2p_write(t.a.host, x.stream, chunk, 1000), 1000);
  player_wake(&t.a);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(p2p_write(t.a.host, x.stream, chunk, 1000), P2P_ESTOPPED);
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
}

/* Its user has finished, and would learn it from no write. */
static void who_stops_before_all_was_sent_makes_no_good_end(void **state) {
  (void)state;
  path(50 * P2P_MS, 0);
  meet();
  served.paused = true;
  told_serve(&t, &t.b, "/x", &served);
  told_open(&t, &t.a, "/x", &x);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, told_is_open, &x));
  while (p2p_write(t.a.host, x.stream, chunk, sizeof chunk) > 0) continue;
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  player_poke(&t.a);
  assert_int_equal(p2p_finish(t.b.host, served.stream), 0);
  assert_int_equal(p2p_stop(t.b.host, served.stream, 7), 0);
  player_poke(&t.b);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, P2P_ESTOPPED);
}

/* ---- restarts ---- */
static void a_restart_is_noticed_at_once(p2p_key_type type) {
  p2p_identity identity;
  const char *listen[] = { "/ip4/10.0.0.3/udp/4001/quic-v1" };
  p2p_host_opts opts = {
    .size = sizeof opts, .identity = &identity, .listen = listen, .n_listen = 1
  };
  assert_int_equal(p2p_identity_generate(&identity, type, t.b.node.io), 0);
  troupe_join(&t, &t.c, &opts);
  p2p_conn c = dial(&t.a, &t.c, 3);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_up, &t.c));
  troupe_wait(&t, P2P_SECOND);
  host_node_stop(&t.c.node); /* without a word */
  assert_int_equal(host_node_start(&t.c.node, &opts), 0);
  t.c.host = t.c.node.host;
  told_open_on(&t, &t.a, c, (const char *const[]){ "/x" }, 1, &x);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 100 * P2P_MS, is_down, &t.a));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ERESET);
  host_node_fini(&t.c.node);
  t.c.host = NULL;
  p2p_identity_fini(&identity);
}

static void a_peer_that_restarted_says_so(void **state) {
  (void)state;
  a_restart_is_noticed_at_once(P2P_KEY_ED25519);
}

/* … though its signatures, of which the certificate is made, are others each time. */
static void a_peer_with_an_ecdsa_key_that_restarted_says_so(void **state) {
  (void)state;
  a_restart_is_noticed_at_once(P2P_KEY_ECDSA);
}

/* ---- ends ---- */
static void an_idle_connection_lives_on(void **state) {
  (void)state;
  meet();
  troupe_wait(&t, 300 * P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED] + t.b.n[P2P_EV_CONN_CLOSED], 0);
}

/* What was written arrives before the goodbye, though packets are lost. */
static void closing_waits_for_what_was_written(void **state) {
  (void)state;
  path(20 * P2P_MS, 100000);
  meet();
  told_serve(&t, &t.b, "/x", &served);
  told_open(&t, &t.a, "/x", &x);
  assert_int_equal(p2p_write(t.a.host, x.stream, chunk, sizeof chunk), (ptrdiff_t)sizeof chunk);
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 7), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 60 * P2P_SECOND, is_down, &t.b));
  assert_int_equal(served.got, sizeof chunk);
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].code, 7);
  assert_true(troupe_until(&t, 60 * P2P_SECOND, is_down, &t.a));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, 0);
}

/* A goodbye that is lost is said again to whoever still talks. */
static void a_lost_goodbye_is_repeated(void **state) {
  (void)state;
  meet();
  told_serve(&t, &t.b, "/x", &served);
  p2p_sim_path lost = { .latency = P2P_MS, .loss_ppm = 1000000 };
  p2p_sim_path good = { .latency = P2P_MS };
  p2p_sim_link_one_way(t.sim, t.a.node.io, t.b.node.io, &lost);
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 9), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_down, &t.a));
  p2p_sim_link_one_way(t.sim, t.a.node.io, t.b.node.io, &good);
  assert_false(is_down(&t.b));
  told_open_on(&t, &t.b, t.b.last[P2P_EV_CONN_OPEN].conn, (const char *const[]){ "/y" }, 1, &x);
  assert_true(troupe_until(&t, P2P_SECOND, is_down, &t.b));
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].code, 9);
}

static bool has_no_conns(void *user) {
  const player *p = user;
  p2p_host_stats s = player_stats(p);
  return !s.conns && !s.dials && !s.half_open;
}

/* QC-19 */
static void many_connections_leave_nothing_behind(void **state) {
  (void)state;
  size_t before[2] = { 0 };
  for (int i = 0; i < 300; i++) {
    p2p_conn c = dial(&t.a, &t.b, 2);
    t.a.n[P2P_EV_CONN_OPEN] = 0;
    assert_true(troupe_until(&t, 5 * P2P_SECOND, is_up, &t.a));
    assert_int_equal(p2p_conn_close(t.a.host, c, 0), 0);
    player_poke(&t.a);
    assert_true(troupe_until(&t, 5 * P2P_SECOND, has_no_conns, &t.a));
    assert_true(troupe_until(&t, 5 * P2P_SECOND, has_no_conns, &t.b));
    if (i % 100) continue;
    troupe_wait(&t, 60 * P2P_SECOND);
    size_t now[2] = { p2p__mem_used(&t.a.host->mem), p2p__mem_used(&t.b.host->mem) };
    if (i > 100) assert_true(now[0] <= before[0] && now[1] <= before[1]);
    memcpy(before, now, sizeof now);
  }
}

/* QC-20 */
static void both_sides_close_at_once(void **state) {
  (void)state;
  meet();
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 1), 0);
  assert_int_equal(p2p_conn_close(t.b.host, t.b.last[P2P_EV_CONN_OPEN].conn, 2), 0);
  player_poke(&t.a);
  player_poke(&t.b);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, has_no_conns, &t.a));
  assert_true(troupe_until(&t, 5 * P2P_SECOND, has_no_conns, &t.b));
  troupe_wait(&t, 60 * P2P_SECOND);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    T(hosts_know_each_other_and_how_they_are_connected),
    T(the_first_answered_byte_takes_two_round_trips),
    T(a_server_under_load_asks_for_the_address_first),
    T(another_peer_than_the_dialed_is_refused),
    T(nobody_there_is_a_timeout_of_the_dial),
    T(who_is_gated_hears_why),
    T(bytes_survive_one_percent_of_loss),
    T(bytes_survive_ten_percent_of_loss),
    T(bytes_survive_thirty_percent_of_loss),
    T(bytes_cross_two_hundred_milliseconds),
    T(bytes_survive_reordering_and_copies),
    T(a_path_of_1280_bytes_is_enough),
    T(a_short_partition_is_survived),
    T(a_long_partition_ends_the_connection_on_both_sides),
    T(what_waits_for_acknowledgements_is_bounded),
    T(what_is_written_to_a_stream_that_is_over_counts_as_left),
    T(who_stops_before_all_was_sent_makes_no_good_end),
    T(a_full_socket_is_waited_for),
    T(answers_to_strangers_do_not_displace_what_waits),
    T(a_peer_that_restarted_says_so),
    T(a_peer_with_an_ecdsa_key_that_restarted_says_so),
    T(an_idle_connection_lives_on),
    T(closing_waits_for_what_was_written),
    T(a_lost_goodbye_is_repeated),
    T(many_connections_leave_nothing_behind),
    T(both_sides_close_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
