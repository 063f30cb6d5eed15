/* Two engines that talk: handshake, streams, flow control, loss, moving, ends. */
#include "pair.h"

static pair p;

static int start(void **state) {
  (void)state;
  pair_begin(&p);
  return 0;
}

static int end(void **state) {
  (void)state;
  pair_end_all(&p);
  return 0;
}

/* ---- handshake ---- */
static void both_know_who_is_there_after_the_handshake(void **state) {
  (void)state;
  p2p_time from = p.now;
  pair_connect(&p);
  assert_true(p2p_peer_id_eq(&p.client.peer, &p.server.identity.peer));
  assert_true(p2p_peer_id_eq(&p.server.peer, &p.client.identity.peer));
  assert_int_equal(p.client.secured_at - from, 2 * p.latency);
  assert_int_equal(p.server.secured_at - from, 3 * p.latency);
}

/* The client asks as soon as it may, the server answers as soon as it heard. */
static void ask_or_answer(pair *x, pair_end *e, const p2p__quic_event *ev) {
  (void)x;
  if (!e->server && ev->kind == P2P__QUIC_SECURED) {
    assert_int_equal(p2p__quic_open(e->q, 0), 0);
    pair_write(e, 0, 100);
  }
  if (e->server && ev->kind == P2P__QUIC_DATA) pair_write(e, 0, 100);
}
static bool client_got(pair *x) { return pair_stream_of(&x->client, 0)->got == 100; }

static void first_answer_comes_after_two_round_trips(void **state) {
  (void)state;
  p2p_time from = p.now;
  p.told = ask_or_answer;
  pair_dial(&p, &p.server.identity.peer);
  assert_true(pair_run(&p, P2P_SECOND, client_got));
  assert_int_equal(p.now - from, 4 * p.latency);
}

/* The server sends back what came, the client goes on until it has PINGS answers. */
enum { PINGS = 100, PING = 32 };
static void ping_or_pong(pair *x, pair_end *e, const p2p__quic_event *ev) {
  (void)x;
  if (ev->kind != P2P__QUIC_DATA || ev->sid != 0) return;
  if (e->server || pair_stream_of(e, 0)->got < (uint64_t)PINGS * PING) pair_write(e, 0, PING);
}
static bool all_answered(pair *x) {
  return pair_stream_of(&x->client, 0)->got == (uint64_t)PINGS * PING;
}

/* On a short way ngtcp2 would send each in a packet of its own. */
static void acknowledgements_go_along_with_answers(void **state) {
  (void)state;
  p.latency = 20 * P2P_US;
  pair_connect(&p);
  (void)pair_run(&p, P2P_SECOND, NULL); /* until it is quiet */
  uint64_t asked = p.client.datagrams_out, answered = p.server.datagrams_out;
  p.told = ping_or_pong;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, PING);
  assert_true(pair_run(&p, P2P_SECOND, all_answered));
  assert_in_range(p.client.datagrams_out - asked, PINGS, PINGS + PINGS / 10);
  assert_in_range(p.server.datagrams_out - answered, PINGS, PINGS + PINGS / 10);
}

static void another_peer_than_the_dialed_is_refused(void **state) {
  (void)state;
  pair_dial(&p, &p.client.identity.peer);
  assert_true(pair_run(&p, 5 * P2P_SECOND, pair_is_over));
  assert_int_equal(p.client.secured_at, 0);
  assert_int_equal(p.client.end.err, P2P_EPEER);
  assert_int_equal(p.client.end.stage, P2P_STAGE_IDENTITY);
  assert_int_equal(p.server.secured_at, 0); /* no stream, no event before the identity */
  assert_true(p.server.end.err != 0 && p.server.end.remote);
}

static void nobody_there_is_left_to_the_owners_deadline(void **state) {
  (void)state;
  p.deaf = true;
  pair_dial(&p, NULL);
  assert_false(pair_run(&p, 10 * P2P_SECOND, pair_is_over));
  assert_false(p.client.ended);
  assert_in_range(p.client.datagrams_out, 4, 30);
}

static void retry_proves_the_address_first(void **state) {
  (void)state;
  p.retry = true;
  p2p_time from = p.now;
  pair_connect(&p);
  assert_int_equal(p.client.secured_at - from, 4 * p.latency);
}

/* QC-17 */
static void server_sends_no_more_than_three_times_what_it_got(void **state) {
  (void)state;
  pair_dial(&p, NULL);
  pair_send(&p, &p.client);
  uint64_t sent = p.client.bytes_out;
  p.client.mute = true;
  (void)pair_run(&p, 20 * P2P_SECOND, NULL);
  assert_true(p.server.bytes_out > 0);
  assert_true(p.server.bytes_out <= 3 * sent);
}

/* ---- streams ---- */
static uint64_t wanted;
static bool all_at_server(pair *x) {
  pair_stream *s = pair_stream_of(&x->server, 0);
  return s->fin && s->got == wanted;
}

static void move(size_t n, p2p_time within) {
  wanted = n;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, n);
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, within, all_at_server));
  assert_false(pair_stream_of(&p.server, 0)->wrong);
}

static bool client_is_flushed(pair *x) { return p2p__quic_is_flushed(x->client.q); }

static void bytes_arrive_whole_and_memory_returns_when_they_did(void **state) {
  (void)state;
  pair_connect(&p);
  move(3000000, 20 * P2P_SECOND);
  assert_int_equal(pair_stream_of(&p.client, 0)->room, 3000000);
  assert_true(pair_run(&p, P2P_SECOND, client_is_flushed));
  assert_int_equal(p2p__quic_stream_find(p.client.q, 0)->out.len, 0);
}

static void move_with_loss(unsigned loss, unsigned reorder) {
  pair_connect(&p);
  p.loss = loss;
  p.reorder = reorder;
  move(300000, 600 * P2P_SECOND);
}

static void bytes_survive_one_percent_of_loss(void **state) {
  (void)state;
  move_with_loss(1, 0);
}
static void bytes_survive_thirty_percent_of_loss(void **state) {
  (void)state;
  move_with_loss(30, 0);
}
static void bytes_survive_reordering(void **state) {
  (void)state;
  move_with_loss(0, 20);
}

static void a_path_of_1280_bytes_is_enough(void **state) {
  (void)state;
  p.mtu = 1280;
  pair_connect(&p);
  move(100000, 20 * P2P_SECOND);
}

static void a_reader_that_does_not_read_holds_the_writer_back(void **state) {
  (void)state;
  pair_connect(&p);
  p.server.reads = false;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 3000000);
  (void)pair_run(&p, 10 * P2P_SECOND, NULL);
  uint64_t window = p.server.world.limits.quic_window;
  assert_int_equal(pair_stream_of(&p.server, 0)->got, window);
  p2p__quic_consumed(p.server.q, 0, window, p.now);
  (void)pair_run(&p, 10 * P2P_SECOND, NULL);
  assert_in_range(pair_stream_of(&p.server, 0)->got, 2 * window, 4 * window);
}

/* A flow that its window holds back: 50 ms away, the reader is faster than the way. */
static uint64_t window_after_much(void) {
  p2p__quic_stats stats;
  p.latency = 25 * P2P_MS;
  pair_connect(&p);
  move(12000000, 100 * P2P_SECOND);
  p2p__quic_stats_get(p.server.q, &stats);
  return stats.window;
}

static void windows_follow_the_way(void **state) {
  (void)state;
  assert_in_range(window_after_much(), 2 << 20, 32 << 20);
  assert_true(p.server.shared->windows.used > 0);
  p2p__quic_free(p.server.q);
  p.server.q = NULL;
  assert_int_equal(p.server.shared->windows.used, 0);
}

/* The window, when halves of it are consumed so far apart by a reader 0.1 ms away. */
static uint64_t window_after_halves(p2p_time apart) {
  p2p__quic_stats stats;
  p.latency = 50 * P2P_US;
  pair_connect(&p);
  p.server.reads = false;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 5000000);
  (void)pair_run(&p, 50 * P2P_MS, NULL);
  for (int i = 0; i < 2; i++) {
    p2p__quic_consumed(p.server.q, 0, p.server.world.limits.quic_window / 2, p.now);
    (void)pair_run(&p, apart, NULL);
  }
  p2p__quic_stats_get(p.server.q, &stats);
  return stats.window;
}

/* However near the other side is, a process may have to wait for its core. */
static void windows_of_a_near_peer_hold_what_arrives_in_a_millisecond(void **state) {
  (void)state;
  uint64_t begin = p.server.world.limits.quic_window;
  assert_int_equal(window_after_halves(900 * P2P_US), 2 * begin);
  end(state);
  start(state);
  assert_int_equal(window_after_halves(1100 * P2P_US), begin);
}

static void windows_stay_below_their_limit(void **state) {
  (void)state;
  p.server.world.limits.quic_window_max = 1500000;
  assert_int_equal(window_after_much(), 1500000);
}

static void windows_of_a_connection_grow_within_the_hosts_budget(void **state) {
  (void)state;
  p.server.shared->windows.max = 2 << 20;
  (void)window_after_much();
  assert_true(p.server.shared->windows.used <= 2 << 20);
  assert_true(p.server.q->window.size <= (2 << 20) + (3 << 19));
}

static bool server_fin(pair *x) { return pair_stream_of(&x->server, 0)->fin; }
static bool server_reset(pair *x) { return pair_stream_of(&x->server, 0)->reset; }
static bool client_stopped(pair *x) { return pair_stream_of(&x->client, 0)->stopped; }

static void an_end_without_bytes_arrives(void **state) {
  (void)state;
  pair_connect(&p);
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, P2P_SECOND, server_fin));
  assert_int_equal(pair_stream_of(&p.server, 0)->got, 0);
  assert_true(pair_run(&p, P2P_SECOND, client_is_flushed));
}

static void a_reset_carries_its_code(void **state) {
  (void)state;
  pair_connect(&p);
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 10);
  (void)pair_run(&p, P2P_SECOND, NULL);
  p2p__quic_reset(p.client.q, 0, 77);
  assert_true(pair_run(&p, P2P_SECOND, server_reset));
  assert_int_equal(pair_stream_of(&p.server, 0)->code, 77);
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_null(p2p__quic_stream_find(p.client.q, 0));
  assert_null(p2p__quic_stream_find(p.server.q, 0));
}

static void a_writer_hears_that_nobody_reads(void **state) {
  (void)state;
  pair_connect(&p);
  p.server.reads = false;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 3000000); /* more than the window: it waits for credit */
  (void)pair_run(&p, 5 * P2P_SECOND, NULL);
  p2p__quic_stop(p.server.q, 0, 5);
  assert_true(pair_run(&p, 5 * P2P_SECOND, client_stopped));
  assert_int_equal(pair_stream_of(&p.client, 0)->room, 3000000);
  assert_null(p2p__quic_sendq(p.client.q, 0));
}

/* Or who cannot send, its socket being full, would be told the same time without end. */
static void a_tick_leaves_no_deadline_behind(void **state) {
  (void)state;
  pair_connect(&p);
  p.server.reads = false;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 3000000); /* more than the window: it is tried again from time to time */
  (void)pair_run(&p, 5 * P2P_SECOND, NULL);
  p.now = p2p__quic_deadline(p.client.q);
  p2p__quic_tick(p.client.q, p.now);
  assert_true(p2p__quic_deadline(p.client.q) > p.now);
}

static bool server_stopped(pair *x) { return pair_stream_of(&x->server, 0)->stopped; }

/* Its own side has ended, so nothing is left of the stream in the end; who has nothing to send just then
 * would not learn it otherwise. */
static void a_writer_hears_it_also_when_the_stream_is_over(void **state) {
  (void)state;
  pair_connect(&p);
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 100);
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, P2P_SECOND, server_fin));
  p2p__quic_stop(p.client.q, 0, 5);
  assert_true(pair_run(&p, P2P_SECOND, server_stopped));
  assert_null(p2p__quic_stream_find(p.server.q, 0));
}

/* What waited for credit then counts as left, or its writer waits for ever. */
static void bytes_that_a_stopped_stream_never_sent_are_told(void **state) {
  (void)state;
  pair_connect(&p);
  p.client.reads = false;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 100);
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, P2P_SECOND, server_fin));
  pair_write(&p.server, 0, 3000000);
  (void)pair_run(&p, 5 * P2P_SECOND, NULL);
  p2p__quic_stop(p.client.q, 0, 5);
  assert_true(pair_run(&p, P2P_SECOND, server_stopped));
  assert_int_equal(pair_stream_of(&p.server, 0)->room, 3000000);
  assert_true(pair_stream_of(&p.server, 0)->room_when_stopped <
              3000000); /* what was sent comes first */
}

/* The packet of the end overtakes those of the bytes, and so does its acknowledgement. */
static unsigned held_back;
static bool hold_data_back(pair *x, bool to_server, p2p_bytes datagram) {
  (void)x;
  if (!to_server || datagram.len < 200 || held_back) return true;
  held_back++;
  return false;
}

static void an_end_may_be_acknowledged_before_the_bytes(void **state) {
  (void)state;
  pair_connect(&p);
  (void)pair_run(&p, P2P_SECOND, NULL);
  held_back = 0;
  p.filter = hold_data_back;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 1000);
  pair_send(&p, &p.client);
  assert_int_equal(held_back, 1);
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, 5 * P2P_SECOND, server_fin));
  assert_int_equal(pair_stream_of(&p.server, 0)->got, 1000);
  assert_true(pair_run(&p, P2P_SECOND, client_is_flushed));
}

/* The client's first datagram arrives, and nothing else: as when it lied about its address. */
static uint64_t heard, answered;
static bool count_answers(pair *x, bool to_server, p2p_bytes datagram) {
  (void)x;
  if (!to_server) answered += datagram.len;
  if (!to_server || heard) return false;
  heard = datagram.len;
  return true;
}

static void the_last_word_is_no_more_than_may_be_said(void **state) {
  (void)state;
  uint8_t space[P2P__QUIC_SPACE];
  p2p_dgrams word;
  heard = answered = 0;
  p.filter = count_answers;
  pair_dial(&p, &p.server.identity.peer);
  (void)pair_run(&p, 5 * P2P_SECOND, NULL);
  p2p__quic_goodbye(p.server.q, 7, "a few words for people", p2p__span_of(space, sizeof space),
                    &word, p.now);
  assert_true(heard >= 1200 && answered > 2 * heard);
  assert_true(answered + word.len <= 3 * heard);
  p.tolerant = true;
}

static void credit_of_a_stopped_stream_returns_to_the_connection(void **state) {
  (void)state;
  pair_connect(&p);
  p.server.reads = false;
  for (uint64_t sid = 0; sid < 40; sid += 4) {
    assert_int_equal(p2p__quic_open(p.client.q, sid), 0);
    pair_write(&p.client, sid, 800000);
    (void)pair_run(&p, 5 * P2P_SECOND, NULL);
    assert_true(pair_stream_of(&p.server, sid)->got > 0);
    p2p__quic_stop(p.server.q, sid, 0);
    (void)pair_run(&p, 5 * P2P_SECOND, NULL);
  }
}

/* More than the peer allows at once: the others wait their turn, in order. */
static void streams_wait_until_the_peer_allows_more(void **state) {
  (void)state;
  p.server.world.limits.quic_streams = 10;
  pair_connect(&p);
  for (uint64_t i = 0; i < 250; i++) {
    assert_int_equal(p2p__quic_open(p.client.q, 4 * i), 0);
    pair_write(&p.client, 4 * i, 50);
    p2p__quic_finish(p.client.q, 4 * i);
    if (i == 20) p2p__quic_reset(p.client.q, 4 * 15, 1);
  }
  (void)pair_run(&p, P2P_SECOND, NULL);
  for (uint64_t i = 0; i < 10; i++) {
    assert_int_equal(pair_stream_of(&p.server, 4 * i)->got, 50);
    p2p__quic_finish(p.server.q, 4 * i);
  }
  assert_false(pair_stream_of(&p.server, 40)->opened);
  for (uint64_t i = 10; i < 250; i++) {
    (void)pair_run(&p, 100 * P2P_MS, NULL);
    pair_stream *s = pair_stream_of(&p.server, 4 * i);
    assert_true(s->opened);
    assert_int_equal(s->got, i == 15 ? 0 : 50);
    p2p__quic_finish(p.server.q, 4 * i);
  }
}

/* It is for the peer to say when it may be opened: what was written is not kept until then. */
static void a_stream_that_was_reset_before_it_was_opened_keeps_nothing(void **state) {
  (void)state;
  p.server.world.limits.quic_streams = 1;
  pair_connect(&p);
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  assert_int_equal(p2p__quic_open(p.client.q, 4), 0);
  pair_write(&p.client, 4, 500);
  assert_false(p2p__quic_is_flushed(p.client.q));
  p2p__quic_reset(p.client.q, 4, 77);
  assert_true(p2p__quic_is_flushed(p.client.q));
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, P2P_SECOND, server_fin));
  p2p__quic_finish(p.server.q, 0);
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_true(pair_stream_of(&p.server, 4)->reset);
  assert_int_equal(pair_stream_of(&p.server, 4)->code, 77);
  assert_null(p2p__quic_stream_find(p.client.q, 4));
}

/* The owner's had no memory: its number is spent. The peer sees it end, the next one is in its place. */
static void a_number_that_was_not_used_costs_no_other_stream(void **state) {
  (void)state;
  p.server.world.limits.quic_streams = 2;
  pair_connect(&p);
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 500);
  p2p__quic_finish(p.client.q, 0);
  assert_int_equal(p2p__quic_open(p.client.q, 12), 0);
  pair_write(&p.client, 12, 500);
  (void)pair_run(&p, P2P_SECOND, NULL);
  p2p__quic_finish(p.server.q, 0);
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_false(p.client.ended || p.server.ended);
  assert_true(pair_stream_of(&p.server, 4)->reset && pair_stream_of(&p.server, 8)->reset);
  assert_int_equal(pair_stream_of(&p.server, 12)->got, 500);
}

static void writers_share_the_way_evenly(void **state) {
  (void)state;
  pair_connect(&p);
  for (uint64_t sid = 0; sid < 16; sid += 4) {
    assert_int_equal(p2p__quic_open(p.client.q, sid), 0);
    pair_write(&p.client, sid, 400000);
  }
  (void)pair_run(&p, 5 * p.latency + 1, NULL);
  uint64_t least = UINT64_MAX, most = 0;
  for (uint64_t sid = 0; sid < 16; sid += 4) {
    uint64_t got = pair_stream_of(&p.server, sid)->got;
    least = p2p__time_min(least, got);
    most = p2p__max(most, got);
  }
  assert_true(most > 0 && most - least <= 3 * 8192);
}

/* ---- paths, keys ---- */
static bool server_moved(pair *x) { return x->server.moved > 0; }

static void a_new_port_in_mid_transfer_is_followed(void **state) {
  (void)state;
  pair_connect(&p);
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 1000000);
  (void)pair_run(&p, 3 * p.latency, NULL);
  p.client.at.port = 6001; /* the NAT forgot */
  assert_true(pair_run(&p, 5 * P2P_SECOND, server_moved));
  assert_int_equal(p.server.remote.port, 6001);
  wanted = 1000000;
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, 60 * P2P_SECOND, all_at_server));
}

static bool client_moved(pair *x) { return x->client.moved > 0; }
static bool client_stayed(pair *x) { return x->client.stayed > 0; }

/* In the midst of sending: the handshake is confirmed, ids to spare have come. */
static p2p_endpoint begin_to_move(size_t bytes) {
  p.client.by_path = true;
  pair_connect(&p);
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, bytes);
  (void)pair_run(&p, 6 * p.latency, NULL);
  assert_true(p.server.streams[0].got > 0 && p.server.streams[0].got < bytes);
  return (p2p_endpoint){ .family = 4, .port = 7001, .ip = { 10, 0, 0, 77 } };
}

static void finish_the_move(const p2p_endpoint *to, size_t bytes) {
  assert_int_equal(p.client.local.port, to->port);
  assert_true(pair_run(&p, 5 * P2P_SECOND, server_moved));
  assert_int_equal(p.server.remote.port, to->port);
  assert_memory_equal(p.server.remote.ip, to->ip, 4);
  wanted = bytes;
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, 60 * P2P_SECOND, all_at_server));
  assert_false(pair_stream_of(&p.server, 0)->wrong);
  assert_true(p.client.moved == 1 && p.server.moved == 1);
  assert_true(p.client.stayed == 0 && p.server.stayed == 0);
}

static void a_client_moves_when_the_new_path_was_proven(void **state) {
  (void)state;
  p2p_endpoint to = begin_to_move(1000000);
  assert_int_equal(p2p__quic_move(p.client.q, &to, false, p.now), 0);
  assert_int_equal(p2p__quic_move(p.client.q, &to, false, p.now), P2P_EAGAIN);
  assert_true(pair_run(&p, P2P_SECOND, client_moved));
  finish_the_move(&to, 1000000);
}

static void a_client_whose_address_is_gone_moves_at_once(void **state) {
  (void)state;
  p2p_endpoint to = begin_to_move(1000000);
  p.gone = p.client.at.port;
  assert_int_equal(p2p__quic_move(p.client.q, &to, true, p.now), 0);
  assert_int_equal(p2p__quic_move(p.client.q, &to, true, p.now), P2P_EEXIST);
  assert_true(pair_run(&p, P2P_SECOND, client_moved));
  finish_the_move(&to, 1000000);
}

/* What tells two moves apart for whoever watches both ways: RFC 9000, section 9.5. */
static p2p__quic_cid ids[2];
static bool note_ids(pair *x, bool to_server, p2p_bytes d) {
  p2p__quic_header h;
  bool reads = to_server && p2p__quic_header_read(d, &h) == 0 && !h.is_long;
  if (reads) ids[x->client.local.port == 7001] = h.dcid;
  return true;
}

static void a_moved_client_uses_an_id_that_was_not_seen(void **state) {
  (void)state;
  p2p_endpoint to = begin_to_move(1000000);
  p.filter = note_ids;
  assert_int_equal(p2p__quic_move(p.client.q, &to, false, p.now), 0);
  assert_true(pair_run(&p, P2P_SECOND, client_moved));
  finish_the_move(&to, 1000000);
  assert_true(ids[0].len == P2P__QUIC_CID && ids[1].len == P2P__QUIC_CID);
  assert_memory_not_equal(ids[0].b, ids[1].b, P2P__QUIC_CID);
}

static void a_path_without_answers_is_not_taken(void **state) {
  (void)state;
  p2p_endpoint to = begin_to_move(1000000);
  p.gone = to.port;
  assert_int_equal(p2p__quic_move(p.client.q, &to, false, p.now), 0);
  assert_true(pair_run(&p, 20 * P2P_SECOND, client_stayed));
  wanted = 1000000;
  p2p__quic_finish(p.client.q, 0);
  assert_true(pair_run(&p, 60 * P2P_SECOND, all_at_server));
  assert_int_equal(p.client.moved + p.server.moved, 0);
}

static void only_a_confirmed_client_moves(void **state) {
  (void)state;
  p2p_endpoint to = { .family = 4, .port = 7001, .ip = { 10, 0, 0, 77 } };
  p.client.by_path = true;
  pair_dial(&p, &p.server.identity.peer);
  assert_int_equal(p2p__quic_move(p.client.q, &to, false, p.now), P2P_EAGAIN);
  assert_true(pair_run(&p, 20 * P2P_SECOND, pair_both_secured));
  assert_int_equal(p2p__quic_move(p.server.q, &to, false, p.now), P2P_ENOTSUP);
}

static void a_peer_that_wants_nobody_to_move_is_respected(void **state) {
  (void)state;
  p2p_endpoint to = begin_to_move(1000000);
  /* no peer of ours says so: its word is put where ngtcp2 keeps what it said */
  union {
    const ngtcp2_transport_params *theirs;
    ngtcp2_transport_params *mine;
  } said = { .theirs = ngtcp2_conn_get_remote_transport_params(p.client.q->conn) };
  said.mine->disable_active_migration = 1;
  assert_int_equal(p2p__quic_move(p.client.q, &to, false, p.now), P2P_ENOTSUP);
  assert_int_equal(p2p__quic_move(p.client.q, &to, true, p.now), P2P_ENOTSUP);
  assert_int_equal(p.client.local.port, 0);
}

static void keys_change_without_a_byte_lost(void **state) {
  (void)state;
  pair_connect(&p);
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_int_equal(ngtcp2_conn_initiate_key_update(p.client.q->conn, p.now), 0);
  move(100000, 20 * P2P_SECOND);
}

/* ---- ends ---- */
static void silence_ends_a_connection(void **state) {
  (void)state;
  pair_connect(&p);
  (void)pair_run(&p, P2P_SECOND, NULL);
  p.loss = 100;
  assert_true(pair_run(&p, 100 * P2P_SECOND, pair_is_over));
  assert_int_equal(p.client.end.err, P2P_ETIMEOUT);
  assert_int_equal(p.server.end.err, P2P_ETIMEOUT);
}

/* A machine slept with answers under way, and takes its sleep for round trips: three PTO are minutes now. */
static void silence_ends_a_connection_whatever_the_round_trip(void **state) {
  (void)state;
  pair_connect(&p);
  p.latency = 12 * P2P_SECOND;
  (void)pair_run(&p, 150 * P2P_SECOND, NULL);
  assert_false(p.client.ended || p.server.ended);
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(p.client.q->conn, &info);
  assert_true(info.smoothed_rtt > 3 * P2P_SECOND);
  p.loss = 100;
  p2p_time begun = p.now, most = 2 * p.client.world.limits.quic_idle + p.latency;
  assert_true(pair_run(&p, 1000 * P2P_SECOND, pair_is_over));
  assert_true(p.now - begun <= most);
  assert_int_equal(p.client.end.err, P2P_ETIMEOUT);
  assert_int_equal(p.server.end.err, P2P_ETIMEOUT);
}

static void an_idle_connection_lives_by_its_pings(void **state) {
  (void)state;
  pair_connect(&p);
  uint64_t before = p.client.datagrams_out + p.server.datagrams_out;
  (void)pair_run(&p, 300 * P2P_SECOND, NULL);
  assert_false(p.client.ended || p.server.ended);
  assert_in_range(p.client.datagrams_out + p.server.datagrams_out - before, 20, 120);
}

/* It says that it bears no silence at all: that must not have us talk without pause. */
static void a_hasty_peer_is_not_pinged_without_pause(void **state) {
  (void)state;
  p.latency = 100 * P2P_MS;
  p.server.world.limits.quic_idle = 4 * P2P_MS;
  pair_connect(&p);
  (void)pair_run(&p, 300 * P2P_MS, NULL);
  p.server.mute = true;
  uint64_t before = p.client.datagrams_out;
  (void)pair_run(&p, 300 * P2P_MS, NULL);
  assert_false(p.client.ended);
  assert_true(p.client.datagrams_out - before < 10);
}

static void goodbye(pair_end *e, uint32_t code, const char *reason) {
  uint8_t space[P2P__QUIC_SPACE];
  p2p_dgrams d;
  p2p__quic_goodbye(e->q, code, reason, p2p__span_of(space, sizeof space), &d, p.now);
  assert_true(d.len > 0);
  e->mute = true;
  pair_put(&p, !e->server, p2p__bytes(d.data, d.len));
}

static bool server_ended(pair *x) { return x->server.ended; }

static void goodbye_carries_its_code_and_words(void **state) {
  (void)state;
  pair_connect(&p);
  goodbye(&p.client, 0x1007, "no\nmore");
  assert_true(pair_run(&p, P2P_SECOND, server_ended));
  assert_int_equal(p.server.end.err, P2P_ECLOSED);
  assert_int_equal(p.server.end.code, 0x1007);
  assert_true(p2p__bytes_eq(p.server.end.reason, p2p__cstr("no\nmore")));
  assert_true(p.server.end.remote);
}

static void goodbye_without_code_is_good_order(void **state) {
  (void)state;
  pair_connect(&p);
  goodbye(&p.client, 0, NULL);
  assert_true(pair_run(&p, P2P_SECOND, server_ended));
  assert_int_equal(p.server.end.err, 0);
  assert_int_equal(p.server.end.reason.len, 0);
}

static bool client_ended(pair *x) { return x->client.ended; }

/* The server lost its memory, not its key: it says so to the next packet. */
static void a_stateless_reset_ends_the_connection(void **state) {
  (void)state;
  pair_connect(&p);
  (void)pair_run(&p, P2P_SECOND, NULL);
  p2p__quic_free(p.server.q);
  p.server.q = NULL;
  p.server.n_names = 0;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 10);
  assert_true(pair_run(&p, P2P_SECOND, client_ended));
  assert_int_equal(p.client.end.err, P2P_ERESET);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    T(both_know_who_is_there_after_the_handshake),
    T(first_answer_comes_after_two_round_trips),
    T(acknowledgements_go_along_with_answers),
    T(another_peer_than_the_dialed_is_refused),
    T(nobody_there_is_left_to_the_owners_deadline),
    T(retry_proves_the_address_first),
    T(server_sends_no_more_than_three_times_what_it_got),
    T(bytes_arrive_whole_and_memory_returns_when_they_did),
    T(bytes_survive_one_percent_of_loss),
    T(bytes_survive_thirty_percent_of_loss),
    T(bytes_survive_reordering),
    T(a_path_of_1280_bytes_is_enough),
    T(a_reader_that_does_not_read_holds_the_writer_back),
    T(windows_follow_the_way),
    T(windows_of_a_near_peer_hold_what_arrives_in_a_millisecond),
    T(windows_stay_below_their_limit),
    T(windows_of_a_connection_grow_within_the_hosts_budget),
    T(an_end_without_bytes_arrives),
    T(a_reset_carries_its_code),
    T(a_writer_hears_that_nobody_reads),
    T(a_tick_leaves_no_deadline_behind),
    T(a_writer_hears_it_also_when_the_stream_is_over),
    T(bytes_that_a_stopped_stream_never_sent_are_told),
    T(an_end_may_be_acknowledged_before_the_bytes),
    T(the_last_word_is_no_more_than_may_be_said),
    T(credit_of_a_stopped_stream_returns_to_the_connection),
    T(streams_wait_until_the_peer_allows_more),
    T(a_stream_that_was_reset_before_it_was_opened_keeps_nothing),
    T(a_number_that_was_not_used_costs_no_other_stream),
    T(writers_share_the_way_evenly),
    T(a_new_port_in_mid_transfer_is_followed),
    T(a_client_moves_when_the_new_path_was_proven),
    T(a_client_whose_address_is_gone_moves_at_once),
    T(a_moved_client_uses_an_id_that_was_not_seen),
    T(a_path_without_answers_is_not_taken),
    T(only_a_confirmed_client_moves),
    T(a_peer_that_wants_nobody_to_move_is_respected),
    T(keys_change_without_a_byte_lost),
    T(silence_ends_a_connection),
    T(silence_ends_a_connection_whatever_the_round_trip),
    T(an_idle_connection_lives_by_its_pings),
    T(a_hasty_peer_is_not_pinged_without_pause),
    T(goodbye_carries_its_code_and_words),
    T(goodbye_without_code_is_good_order),
    T(a_stateless_reset_ends_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
