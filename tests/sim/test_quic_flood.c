/* A listener under fire: clients that never hear an answer, as from spoofed addresses, and noise. Honest
 * peers connect meanwhile, and what the others cost is bounded. */
#include "crypto/hpmask.h"
#include "transport/quic_internal.h"
#include "troupe.h"
#include "unit/base/test.h"
#include <p2p/addr.h>
#include <stdio.h>
#include <string.h>

static troupe t;

static void join(player *p, uint8_t number, const p2p_setting *limits, size_t n) {
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

static void dial(player *from) {
  char addr[P2P_ADDR_TEXT_MAX], id[P2P_PEER_ID_TEXT_MAX];
  p2p_conn c;
  assert_true(p2p_peer_id_print(p2p_host_peer(t.b.host), id, sizeof id) > 0);
  snprintf(addr, sizeof addr, "/ip4/10.0.0.2/udp/4001/quic-v1/p2p/%s", id);
  assert_int_equal(p2p_dial(from->host, addr, &c), 0);
  player_poke(from);
}

static bool is_up(void *user) { return ((player *)user)->n[P2P_EV_CONN_OPEN] > 0; }

/* c's answers get lost, so that each of its dials stays a first packet. */
static void begin(const p2p_setting *limits, size_t n) {
  static const p2p_setting many[] = { { "conns_pending_out", 100000 } };
  troupe_begin(&t, 77);
  join(&t.a, 1, NULL, 0);
  join(&t.b, 2, limits, n);
  join(&t.c, 3, many, 1);
  p2p_sim_path lost = { .latency = P2P_MS, .loss_ppm = 1000000 };
  p2p_sim_link_one_way(t.sim, t.b.node.io, t.c.node.io, &lost);
}

static void fire(int shots) {
  for (int i = 0; i < shots; i++) {
    dial(&t.c);
    if (i % 16 == 15) troupe_wait(&t, P2P_MS);
  }
  troupe_wait(&t, 20 * P2P_MS);
}

static void an_honest_peer_connects(void) {
  dial(&t.a);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, is_up, &t.a));
}

static size_t memory_of(player *p) { return p2p__mem_used(&p->host->mem); }

/* QC-13: all but a few, for each address that they say is theirs. */
static void spoofed_clients_are_asked_for_their_address(void **state) {
  (void)state;
  begin(NULL, 0);
  size_t before = memory_of(&t.b);
  fire(500);
  assert_int_equal(player_stats(&t.b).half_open, 8); /* pending_in_per_ip */
  assert_true(memory_of(&t.b) - before < 8 * 65536);
  an_honest_peer_connects();
  assert_true(troupe_until(&t, P2P_SECOND, is_up, &t.b));
  troupe_wait(&t, 60 * P2P_SECOND); /* nothing of them is left after the handshake's deadline */
  assert_int_equal(player_stats(&t.b).half_open, 0);
  troupe_end(&t);
}

/* QC-12: even where few are asked, those who have proven their address are let in. */
static void silent_clients_do_not_keep_others_out(void **state) {
  (void)state;
  static const p2p_setting limits[] = { { "quic_retry_above", 100000 },
                                        { "pending_in_per_ip", 100000 },
                                        { "conns_pending_in", 32 } };
  begin(limits, 3);
  fire(200);
  assert_int_equal(player_stats(&t.b).half_open, 32);
  an_honest_peer_connects();
  assert_true(troupe_until(&t, P2P_SECOND, is_up, &t.b));
  assert_int_equal(player_stats(&t.b).half_open, 31); /* one made room for it */
  troupe_end(&t);
}

/* The places that liars took in the name of its address are not its own. */
static void who_is_lied_about_is_served(void **state) {
  (void)state;
  begin(NULL, 0);
  fire(100);
  assert_int_equal(player_stats(&t.b).half_open, 8);
  p2p_sim_path found = { .latency = P2P_MS };
  p2p_sim_link_one_way(t.sim, t.b.node.io, t.c.node.io, &found);
  t.c.n[P2P_EV_CONN_OPEN] = 0;
  dial(&t.c);
  assert_true(
      troupe_until(&t, 100 * P2P_MS, is_up, &t.c)); /* before any of the others is sent again */
  troupe_end(&t);
}

/* QC-14, and other noise. */
static void noise_is_dropped(void **state) {
  (void)state;
  begin(NULL, 0);
  p2p_sim_node_opts opts = { .ip = { { .family = 4, .ip = { 10, 0, 0, 9 } } }, .n_ip = 1 };
  p2p_endpoint at = { .family = 4, .ip = { 10, 0, 0, 9 } };
  p2p_endpoint to = { .family = 4, .port = 4001, .ip = { 10, 0, 0, 2 } };
  uint8_t bytes[1200];
  p2p_io *io;
  assert_int_equal(p2p_sim_node(t.sim, &opts, &io), 0);
  int sock = io->ops->udp_open(io, &at, 1, NULL);
  assert_true(sock >= 0);
  size_t before = memory_of(&t.b);
  for (int i = 0; i < 5000; i++) {
    for (size_t k = 0; k < sizeof bytes; k++) bytes[k] = (uint8_t)p2p_sim_random(t.sim, 256);
    p2p_dgrams d = { .remote = to, .data = bytes };
    d.len = i % 3 == 0 ? 0 : (size_t)p2p_sim_random(t.sim, sizeof bytes);
    assert_int_equal(io->ops->udp_send(io, sock, &d, 1), 1);
    if (i % 50 == 49) troupe_wait(&t, 2 * P2P_MS);
  }
  assert_int_equal(player_stats(&t.b).half_open, 0);
  assert_true(memory_of(&t.b) <= before + 4096);
  an_honest_peer_connects();
  troupe_end(&t);
}

/* Resets answer packets of unknown connections, and only so many a second. */
static void resets_are_few(void **state) {
  (void)state;
  static const p2p_setting limits[] = { { "quic_resets", 10 } };
  begin(limits, 1);
  p2p_sim_node_opts opts = { .ip = { { .family = 4, .ip = { 10, 0, 0, 9 } } }, .n_ip = 1 };
  p2p_endpoint at = { .family = 4, .ip = { 10, 0, 0, 9 } };
  p2p_endpoint to = { .family = 4, .port = 4001, .ip = { 10, 0, 0, 2 } };
  uint8_t bytes[100] = { 0x40 }, back[65535];
  p2p_io *io;
  assert_int_equal(p2p_sim_node(t.sim, &opts, &io), 0);
  int sock = io->ops->udp_open(io, &at, 1, NULL), resets = 0;
  for (int i = 0; i < 200; i++) {
    p2p_dgrams d = { .remote = to, .data = bytes, .len = sizeof bytes };
    assert_int_equal(io->ops->udp_send(io, sock, &d, 1), 1);
  }
  troupe_wait(&t, 100 * P2P_MS);
  p2p_dgrams d = { .data = back, .cap = sizeof back };
  for (; io->ops->udp_recv(io, sock, &d, 1) == 1; resets++) assert_true(d.len < sizeof bytes);
  assert_int_equal(resets, 10);
  troupe_end(&t);
}

static const quic_transport *quic_of(const player *p) {
  const p2p__swarm *w = &p->host->swarm;
  size_t i = 0;
  while (strcmp(w->transports[i]->ops->name, "quic-v1") != 0) i++;
  return P2P_CONST_CONTAINER(w->transports[i], quic_transport, base);
}

/* ---- who is asked ---- */
/* The first packet of a client whose hello begins later than at its beginning: RFC 9001, section 5.2. */
static void hello_in_pieces(uint8_t datagram[1200], uint8_t id) {
  enum { PN_AT = 18, PN = 4, TEXT_AT = PN_AT + PN, TEXT = 1200 - TEXT_AT - P2P__AEAD_TAG };
  const uint8_t header[TEXT_AT] = { 0xc3, 0, 0, 0, 1, 8, id, 2, 3, 4, 5, 6, 7, 8, 0, 0 };
  static const uint8_t salt[20] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
  static const uint8_t text[TEXT] = { 0x06, 10, 5, 1, 2, 3, 4, 5 }; /* CRYPTO at 10; padding */
  static const p2p_bytes none = { 0 };
  p2p__crypto *crypto = t.b.host->env.crypto;
  uint8_t secret[32], client[32], key[16], iv[P2P__AEAD_NONCE], mask[P2P__HP_MASK];
  p2p__aead a;
  p2p__hpmask h;
  p2p__hkdf_extract(P2P__SHA256, p2p__bytes(salt, sizeof salt), p2p__bytes(header + 6, 8), secret);
  p2p__hkdf_expand_label(P2P__SHA256, secret, "client in", none, client, sizeof client);
  p2p__hkdf_expand_label(P2P__SHA256, client, "quic key", none, key, sizeof key);
  p2p__hkdf_expand_label(P2P__SHA256, client, "quic iv", none, iv, sizeof iv);
  memcpy(datagram, header, sizeof header);
  p2p__put_be16(datagram + PN_AT - 2, 0x4000 | (1200 - PN_AT));
  p2p__aead_init(&a, crypto, P2P__AES_128_GCM, true, key);
  assert_int_equal(p2p__aead_seal(&a, iv, p2p__bytes(datagram, TEXT_AT), p2p__bytes(text, TEXT),
                                  datagram + TEXT_AT),
                   0);
  p2p__aead_fini(&a);
  p2p__hkdf_expand_label(P2P__SHA256, client, "quic hp", none, key, sizeof key);
  p2p__hpmask_init(&h, crypto, P2P__AES_128_GCM, key);
  assert_int_equal(p2p__hpmask_of(&h, datagram + PN_AT + PN, mask), 0);
  p2p__hpmask_fini(&h);
  datagram[0] ^= mask[0] & 0x0f;
  for (size_t i = 0; i < PN; i++) datagram[PN_AT + i] ^= mask[1 + i];
}

/* A hello out of order is not kept for everybody: who it comes from is asked for its address, and again when
 * the question was lost. */
static void who_brings_a_hello_in_pieces_is_asked_until_it_has_heard(void **state) {
  (void)state;
  begin(NULL, 0);
  p2p_sim_node_opts opts = { .ip = { { .family = 4, .ip = { 10, 0, 0, 9 } } }, .n_ip = 1 };
  p2p_endpoint at = { .family = 4, .ip = { 10, 0, 0, 9 } };
  p2p_endpoint to = { .family = 4, .port = 4001, .ip = { 10, 0, 0, 2 } };
  uint8_t hello[1200], back[65535];
  p2p_io *io;
  assert_int_equal(p2p_sim_node(t.sim, &opts, &io), 0);
  int sock = io->ops->udp_open(io, &at, 1, NULL);
  hello_in_pieces(hello, 1);
  for (int i = 0; i < 3; i++) {
    p2p_dgrams d = { .remote = to, .data = hello, .len = sizeof hello };
    assert_int_equal(io->ops->udp_send(io, sock, &d, 1), 1);
    troupe_wait(&t, 100 * P2P_MS);
    d = (p2p_dgrams){ .data = back, .cap = sizeof back };
    assert_int_equal(io->ops->udp_recv(io, sock, &d, 1), 1);
    assert_int_equal(back[0] & 0xf0, 0xf0); /* Retry */
    assert_int_equal(io->ops->udp_recv(io, sock, &d, 1), P2P_EAGAIN);
    assert_int_equal(quic_of(&t.b)->table.firsts.n, 1);
    assert_int_equal(player_stats(&t.b).half_open, 0);
  }
  troupe_wait(&t, 60 * P2P_SECOND);
  assert_int_equal(quic_of(&t.b)->table.ids.n + quic_of(&t.b)->table.firsts.n, 0);
  troupe_end(&t);
}

/* Each has a connection begun and ended, and something is left of it: no more of them than of others who may
 * not be where they say. */
static void hellos_in_pieces_take_the_places_of_the_unproven(void **state) {
  (void)state;
  static const p2p_setting limits[] = { { "quic_retry_above", 4 } };
  begin(limits, 1);
  p2p_sim_node_opts opts = { .ip = { { .family = 4, .ip = { 10, 0, 0, 9 } } }, .n_ip = 1 };
  p2p_endpoint at = { .family = 4, .ip = { 10, 0, 0, 9 } };
  p2p_endpoint to = { .family = 4, .port = 4001, .ip = { 10, 0, 0, 2 } };
  uint8_t hello[1200];
  p2p_io *io;
  assert_int_equal(p2p_sim_node(t.sim, &opts, &io), 0);
  int sock = io->ops->udp_open(io, &at, 1, NULL);
  for (int i = 0; i < 50; i++) {
    hello_in_pieces(hello, (uint8_t)i);
    p2p_dgrams d = { .remote = to, .data = hello, .len = sizeof hello };
    assert_int_equal(io->ops->udp_send(io, sock, &d, 1), 1);
    troupe_wait(&t, 2 * P2P_MS);
  }
  assert_int_equal(quic_of(&t.b)->n_graves, 4);
  an_honest_peer_connects();
  troupe_wait(&t, 60 * P2P_SECOND);
  assert_int_equal(quic_of(&t.b)->n_graves, 0);
  assert_int_equal(quic_of(&t.b)->n_unproven, 0);
  troupe_end(&t);
}

static bool b_has_no_conns(void *user) {
  (void)user;
  return player_stats(&t.b).conns == 0;
}

/* QC-19: what is remembered of closed connections is bounded, and goes after a while. */
static void closed_connections_are_remembered_for_a_while(void **state) {
  (void)state;
  static const p2p_setting limits[] = { { "quic_closing", 4 } };
  begin(limits, 1);
  for (int i = 0; i < 20; i++) {
    t.a.n[P2P_EV_CONN_OPEN] = t.b.n[P2P_EV_CONN_OPEN] = 0;
    dial(&t.a);
    assert_true(troupe_until(&t, 5 * P2P_SECOND, is_up, &t.b));
    p2p_conn c = t.b.last[P2P_EV_CONN_OPEN].conn;
    assert_int_equal(p2p_conn_close(t.b.host, c, 0), 0);
    player_poke(&t.b);
    assert_true(troupe_until(&t, 5 * P2P_SECOND, b_has_no_conns, NULL));
    assert_in_range(quic_of(&t.b)->n_graves, 1, 4);
  }
  troupe_wait(&t, 60 * P2P_SECOND);
  assert_int_equal(quic_of(&t.b)->n_graves, 0);
  assert_int_equal(quic_of(&t.b)->table.ids.n + quic_of(&t.b)->table.firsts.n, 0);
  assert_int_equal(quic_of(&t.b)->table.resets.n, 0);
  troupe_end(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(spoofed_clients_are_asked_for_their_address),
    cmocka_unit_test(silent_clients_do_not_keep_others_out),
    cmocka_unit_test(who_is_lied_about_is_served),
    cmocka_unit_test(noise_is_dropped),
    cmocka_unit_test(resets_are_few),
    cmocka_unit_test(who_brings_a_hello_in_pieces_is_asked_until_it_has_heard),
    cmocka_unit_test(hellos_in_pieces_take_the_places_of_the_unproven),
    cmocka_unit_test(closed_connections_are_remembered_for_a_while),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
