/* QC-03: a server whose first flight ends in a 1-RTT packet that retires the connection id in use. Below
 * 1.22, ngtcp2 asserts in the client that this cannot be; the shield keeps the packet from it. */
#include "seal.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAME = 64 };

static pair p;
static bool sent;

static int start(void **state) {
  (void)state;
  sent = false;
  pair_begin(&p);
  return 0;
}

static int end(void **state) {
  (void)state;
  pair_end_all(&p);
  return 0;
}

/* NEW_CONNECTION_ID, sequence 1, retire prior to 1: RFC 9000, section 19.15. */
static size_t retire(uint8_t frame[FRAME]) {
  p2p__wr w = p2p__wr_of(frame, FRAME);
  p2p__wr_u8(&w, 0x18);
  p2p__wr_u8(&w, 1);
  p2p__wr_u8(&w, 1);
  p2p__wr_u8(&w, P2P__QUIC_CID);
  for (int i = 0; i < P2P__QUIC_CID + P2P__QUIC_RESET; i++) p2p__wr_u8(&w, (uint8_t)(0xa0 + i));
  return w.len;
}

/* The server's first flight, and behind it in the same datagram the packet that must not be looked at
 * yet. */
static bool add_retirement(pair *x, bool to_server, p2p_bytes datagram) {
  uint8_t space[2 * P2P__QUIC_PACKET], frame[FRAME];
  p2p__quic_header h;
  p2p__wr w = p2p__wr_of(space, sizeof space);
  if (to_server || sent || !x->server.traffic_len) return true;
  sent = true;
  x->mtu = sizeof space;
  assert_int_equal(p2p__quic_header_read(datagram, &h), 0);
  p2p__wr_bytes_in(&w, p2p__bytes(datagram.p, p2p__quic_long_part(datagram)));
  seal_short(&w, &x->server, &h.dcid, 0, p2p__bytes(frame, retire(frame)));
  pair_put(x, false, p2p__wr_bytes(&w));
  return false;
}

static bool client_is_secured(pair *x) { return x->client.secured_at != 0; }

static void shake_hands(bool shield) {
  p.client.shared->shield = shield;
  p.filter = add_retirement;
  pair_dial(&p, NULL);
  assert_true(pair_run(&p, 5 * P2P_SECOND, client_is_secured));
  (void)pair_run(&p, P2P_SECOND, NULL);
}

static void a_client_survives_an_id_retired_too_early(void **state) {
  (void)state;
  shake_hands(true);
  assert_true(sent);
  assert_false(p.client.ended);
  assert_true(p.server.secured_at != 0);
}

/* Proves that the packet above is the one: without the shield the process dies of it. */
static void the_library_alone_would_abort(void **state) {
  (void)state;
  if (!p2p__quic_is_shielded()) skip();
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    (void)signal(SIGABRT, SIG_DFL);
    (void)close(STDERR_FILENO);
    shake_hands(false);
    _exit(0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* Behind the flight that completes the handshake the same frame is a right of the server's. */
static void the_same_frame_is_taken_later(void **state) {
  (void)state;
  pair_connect(&p);
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_true(p.client.q->flown);
  assert_int_equal(p2p__quic_long_part(p2p__bytes((const uint8_t[]){ 0x40, 1, 2 }, 3)), 0);
}

static void only_long_headers_pass_the_shield(void **state) {
  (void)state;
  static const uint8_t head[] = { 0xc0, 0, 0, 0, 1, 1, 9, 1, 8, 0 /* token */, 2, 7, 7 };
  static const uint8_t handshake[] = { 0xe0, 0, 0, 0, 1, 1, 9, 1, 8, 0x40, 3, 7, 7, 7 };
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__wr_bytes_in(&w, p2p__bytes(head, sizeof head));
  p2p__wr_bytes_in(&w, p2p__bytes(handshake, sizeof handshake));
  size_t whole = w.len;
  assert_int_equal(p2p__quic_long_part(p2p__wr_bytes(&w)), whole);
  p2p__wr_u8(&w, 0x41);
  p2p__wr_u8(&w, 9);
  assert_int_equal(p2p__quic_long_part(p2p__wr_bytes(&w)), whole);
  /* what cannot be followed is the library's to judge, whole */
  space[10] = 60;
  assert_int_equal(p2p__quic_long_part(p2p__wr_bytes(&w)), w.len);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    T(a_client_survives_an_id_retired_too_early),
    T(the_library_alone_would_abort),
    T(the_same_frame_is_taken_later),
    T(only_long_headers_pass_the_shield),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
