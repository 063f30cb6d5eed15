/* The simulator's NAT boxes do what RFC 4787 and RFC 5382 say of each kind. */
#include "base/attr.h"
#include "sim/nat.h"
#include "unit/base/test.h"
#include <string.h>

enum { PORT = 5000, CAP = 2048 };

static p2p_sim *sim;

/* Somebody with a UDP socket at PORT. */
typedef struct person {
  p2p_io *io;
  p2p_endpoint at;
  int sock;
} person;

static p2p_endpoint ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
  return (p2p_endpoint){ .family = 4, .ip = { a, b, c, d }, .port = port };
}

static person person_at(p2p_endpoint at, p2p_io *box) {
  p2p_sim_node_opts opts = { .ip = { at }, .n_ip = 1, .gateway = box };
  person p = { .at = at };
  p.at.port = PORT;
  assert_int_equal(p2p_sim_node(sim, &opts, &p.io), 0);
  p.sock = p.io->ops->udp_open(p.io, &p.at, 1, NULL);
  assert_true(p.sock >= 0);
  return p;
}

static p2p_io *box_of(p2p_sim_nat_opts opts) {
  p2p_io *box;
  assert_int_equal(p2p_sim_nat(sim, &opts, &box), 0);
  return box;
}

static int start(void **state) {
  (void)state;
  sim = p2p_sim_new(51);
  return 0;
}

static int end(void **state) {
  (void)state;
  p2p_sim_free(sim);
  return 0;
}

static void wait_for(p2p_time so_long) { p2p_sim_advance(sim, p2p_sim_now(sim) + so_long); }

static void send_from(person *from, int sock, p2p_endpoint to) {
  uint8_t word[] = "hello";
  p2p_dgrams d = { .remote = to, .data = word, .len = sizeof word };
  assert_int_equal(from->io->ops->udp_send(from->io, sock, &d, 1), 1);
  wait_for(P2P_SECOND);
}

/* Whom the oldest datagram is from; family 0: there is none. */
static p2p_endpoint heard(person *p) {
  uint8_t room[CAP];
  p2p_dgrams d = { .data = room, .cap = sizeof room };
  if (p->io->ops->udp_recv(p->io, p->sock, &d, 1) != 1) return (p2p_endpoint){ 0 };
  return d.remote;
}

/* How `from` is seen by `to`. */
static p2p_endpoint seen(person *from, person *to) {
  send_from(from, from->sock, to->at);
  p2p_endpoint e = heard(to);
  assert_int_equal(e.family, 4);
  return e;
}

static bool reaches(person *from, int sock, p2p_endpoint to, person *who) {
  send_from(from, sock, to);
  return heard(who).family != 0;
}

static bool same(p2p_endpoint a, p2p_endpoint b) {
  return a.port == b.port && memcmp(a.ip, b.ip, sizeof a.ip) == 0;
}

static int second_socket(person *p) {
  p2p_endpoint at = p->at;
  at.port = PORT + 1;
  int sock = p->io->ops->udp_open(p->io, &at, 2, NULL);
  assert_true(sock >= 0);
  return sock;
}

static void ports_are_mapped_as_the_kind_says(void **state) {
  (void)state;
  static const struct {
    p2p_sim_nat_kind kind;
    bool other_port, other_address; /* the same there, too */
  } rows[] = { { P2P_SIM_ENDPOINT_INDEPENDENT, true, true },
               { P2P_SIM_ADDRESS_DEPENDENT, true, false },
               { P2P_SIM_PORT_DEPENDENT, false, false } };
  person s = person_at(ip4(9, 0, 0, 1, 0), NULL), t = person_at(ip4(9, 0, 0, 2, 0), NULL), u = s;
  u.sock = second_socket(&s);
  u.at.port = PORT + 1;
  for (uint8_t i = 0; i < P2P_COUNT(rows); i++) {
    p2p_sim_nat_opts opts = { .ip = ip4(8, 0, 0, i, 0), .mapping = rows[i].kind };
    person a = person_at(ip4(192, 168, 0, 2, 0), box_of(opts));
    p2p_endpoint first = seen(&a, &s);
    assert_memory_equal(first.ip, opts.ip.ip, 4);
    assert_true(same(first, seen(&a, &s)));
    assert_int_equal(same(first, seen(&a, &u)), rows[i].other_port);
    assert_int_equal(same(first, seen(&a, &t)), rows[i].other_address);
  }
}

static void strangers_are_let_in_as_the_kind_says(void **state) {
  (void)state;
  static const struct {
    p2p_sim_nat_kind kind;
    bool other_port, other_address;
  } rows[] = { { P2P_SIM_ENDPOINT_INDEPENDENT, true, true },
               { P2P_SIM_ADDRESS_DEPENDENT, true, false },
               { P2P_SIM_PORT_DEPENDENT, false, false } };
  person s = person_at(ip4(9, 0, 0, 1, 0), NULL), t = person_at(ip4(9, 0, 0, 2, 0), NULL);
  int other = second_socket(&s);
  for (uint8_t i = 0; i < P2P_COUNT(rows); i++) {
    p2p_sim_nat_opts opts = { .ip = ip4(8, 0, 0, i, 0), .filter = rows[i].kind };
    person a = person_at(ip4(192, 168, 0, 2, 0), box_of(opts));
    p2p_endpoint out = seen(&a, &s);
    assert_true(reaches(&s, s.sock, out, &a));
    assert_int_equal(reaches(&s, other, out, &a), rows[i].other_port);
    assert_int_equal(reaches(&t, t.sock, out, &a), rows[i].other_address);
    p2p_endpoint nobodys = out;
    nobodys.port ^= 1;
    assert_false(reaches(&s, s.sock, nobodys, &a));
  }
}

static void mapping_lives_as_long_as_its_insider_sends(void **state) {
  (void)state;
  p2p_sim_nat_opts opts = { .ip = ip4(8, 0, 0, 1, 0), .keeps_port = true };
  p2p_io *box = box_of(opts);
  person a = person_at(ip4(192, 168, 0, 2, 0), box), s = person_at(ip4(9, 0, 0, 1, 0), NULL);
  p2p_endpoint out = seen(&a, &s);
  assert_int_equal(out.port, PORT);
  for (int i = 0; i < 3; i++) {
    wait_for(100 * P2P_SECOND);
    assert_true(same(out, seen(&a, &s)));
  }
  wait_for(100 * P2P_SECOND);
  assert_true(reaches(&s, s.sock, out, &a)); /* keeps nothing open */
  wait_for(30 * P2P_SECOND);
  assert_false(reaches(&s, s.sock, out, &a));
  assert_int_equal(p2p_sim_nat_mappings(box), 0);
}

static void rebinding_gives_another_port(void **state) {
  (void)state;
  p2p_io *box = box_of((p2p_sim_nat_opts){ .ip = ip4(8, 0, 0, 1, 0), .keeps_port = true });
  person a = person_at(ip4(192, 168, 0, 2, 0), box), s = person_at(ip4(9, 0, 0, 1, 0), NULL);
  p2p_endpoint before = seen(&a, &s);
  p2p_sim_nat_rebind(box);
  assert_false(reaches(&s, s.sock, before, &a));
  assert_false(same(before, seen(&a, &s)));
  p2p_endpoint elsewhere = ip4(8, 0, 0, 7, 0);
  assert_int_equal(p2p_sim_readdress(box, &elsewhere, 1), 0);
  assert_memory_equal(seen(&a, &s).ip, elsewhere.ip, 4);
}

static void insiders_meet_outside_only_by_hairpin(void **state) {
  (void)state;
  for (uint8_t hairpin = 0; hairpin < 2; hairpin++) {
    p2p_io *box = box_of((p2p_sim_nat_opts){ .ip = ip4(8, 0, 0, hairpin, 0), .hairpin = hairpin });
    person a = person_at(ip4(192, 168, 0, 2, 0), box), b = person_at(ip4(192, 168, 0, 3, 0), box);
    person s = person_at(ip4(9, 0, 0, hairpin, 0), NULL);
    p2p_endpoint out = seen(&b, &s);
    assert_int_equal(reaches(&a, a.sock, out, &b), hairpin);
    assert_true(same(seen(&a, &b), a.at)); /* beside the box they do anyway */
  }
}

static void networks_behind_boxes_are_their_own(void **state) {
  (void)state;
  p2p_io *x = box_of((p2p_sim_nat_opts){ .ip = ip4(8, 0, 0, 1, 0) });
  p2p_io *y = box_of((p2p_sim_nat_opts){ .ip = ip4(8, 0, 0, 2, 0) });
  p2p_io *inner = box_of((p2p_sim_nat_opts){ .ip = ip4(192, 168, 0, 9, 0), .gateway = y });
  person a = person_at(ip4(192, 168, 0, 2, 0), x), b = person_at(ip4(192, 168, 0, 2, 0), y);
  person c = person_at(ip4(192, 168, 0, 2, 0), inner), s = person_at(ip4(9, 0, 0, 1, 0), NULL);
  person d = person_at(ip4(192, 168, 0, 3, 0), x);
  assert_true(same(seen(&d, &a), d.at));
  assert_int_equal(heard(&b).family, 0);
  send_from(&s, s.sock, a.at); /* outside it is nobody's */
  assert_int_equal(heard(&a).family, 0);
  p2p_endpoint out = seen(&c, &s);
  assert_int_equal(out.ip[3], 2);            /* through both boxes, … */
  assert_true(reaches(&s, s.sock, out, &c)); /* … and back */
}

/* Both send to where the other is seen; who is in between drops the first of one of them. */
static bool punch(p2p_sim_nat_opts left, p2p_sim_nat_opts right) {
  person a = person_at(ip4(192, 168, 0, 2, 0), box_of(left));
  person b = person_at(ip4(192, 168, 0, 2, 0), box_of(right));
  person s = person_at(ip4(9, 0, 0, left.ip.ip[2], 0), NULL);
  p2p_endpoint a_out = seen(&a, &s), b_out = seen(&b, &s);
  send_from(&a, a.sock, b_out);
  bool there = reaches(&b, b.sock, a_out, &a);
  return there && reaches(&a, a.sock, b_out, &b);
}

static void holes_can_be_punched_unless_both_sides_are_symmetric(void **state) {
  (void)state;
  p2p_sim_nat_opts a = { .ip = ip4(8, 0, 0, 1, 0), .filter = P2P_SIM_PORT_DEPENDENT };
  p2p_sim_nat_opts b = { .ip = ip4(8, 0, 0, 2, 0), .filter = P2P_SIM_PORT_DEPENDENT };
  assert_true(punch(a, b));
  a.ip.ip[2] = b.ip.ip[2] = 1;
  a.mapping = P2P_SIM_PORT_DEPENDENT;
  assert_false(punch(a, b));
}

/* ---- TCP ---- */

static int outcome(p2p_io *io) {
  p2p_io_fact fact;
  while (io->ops->wait(io, 0, &fact, 1) == 1)
    if (fact.what & P2P_IO_WRITABLE) return fact.error;
  return 1;
}

static int listen_at(person *p) {
  int sock = p->io->ops->tcp_listen(p->io, &p->at, 8, 7, NULL);
  assert_true(sock >= 0);
  return sock;
}

static int accept_at(person *p, int listener, p2p_endpoint *from) {
  return p->io->ops->tcp_accept(p->io, listener, 8, NULL, from);
}

static void tcp_goes_out_and_strangers_do_not_come_in(void **state) {
  (void)state;
  for (uint8_t refuses = 0; refuses < 2; refuses++) {
    p2p_io *box = box_of((p2p_sim_nat_opts){ .ip = ip4(8, 0, 0, refuses, 0), .refuses = refuses });
    person a = person_at(ip4(192, 168, 0, 2, 0), box),
           s = person_at(ip4(9, 0, 0, refuses, 0), NULL);
    int listener = listen_at(&s);
    p2p_endpoint from;
    int out = a.io->ops->tcp_connect(a.io, NULL, &s.at, 1);
    wait_for(P2P_SECOND);
    assert_int_equal(outcome(a.io), 0);
    assert_true(accept_at(&s, listener, &from) >= 0);
    assert_int_equal(from.ip[0], 8);
    from.port ^= 1;
    assert_true(s.io->ops->tcp_connect(s.io, NULL, &from, 1) >= 0);
    wait_for(P2P_SECOND);
    assert_int_equal(outcome(s.io), refuses ? P2P_EREFUSED : 1);
    p2p_sim_nat_rebind(box); /* the server knows no such connection any more, and says so */
    p2p_bytes word = { (const uint8_t *)"x", 1 };
    assert_int_equal(a.io->ops->send(a.io, out, &word, 1), 1);
    wait_for(P2P_SECOND);
    char room[4];
    assert_int_equal(a.io->ops->recv(a.io, out, room, sizeof room), P2P_ERESET);
  }
}

static void tcp_holes_are_punched_by_connecting_at_once(void **state) {
  (void)state;
  p2p_sim_nat_opts opts[2] = {
    { .ip = ip4(8, 0, 0, 1, 0), .filter = P2P_SIM_PORT_DEPENDENT, .keeps_port = true },
    { .ip = ip4(8, 0, 0, 2, 0), .filter = P2P_SIM_PORT_DEPENDENT, .keeps_port = true }
  };
  person p[2];
  int sock[2];
  p2p_sim_split(sim, 0);
  for (int i = 0; i < 2; i++) p[i] = person_at(ip4(192, 168, 0, 2, 0), box_of(opts[i]));
  for (int i = 0; i < 2; i++) {
    p2p_endpoint to = opts[!i].ip;
    to.port = PORT;
    sock[i] = p[i].io->ops->tcp_connect(p[i].io, &p[i].at, &to, 1);
  }
  wait_for(P2P_SECOND);
  for (int i = 0; i < 2; i++) {
    p2p_bytes word = { (const uint8_t *)"x", 1 };
    assert_int_equal(outcome(p[i].io), 0);
    assert_int_equal(p[i].io->ops->send(p[i].io, sock[i], &word, 1), 1);
  }
  wait_for(P2P_SECOND);
  for (int i = 0; i < 2; i++) {
    char room[4];
    assert_int_equal(p[i].io->ops->recv(p[i].io, sock[i], room, sizeof room), 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(ports_are_mapped_as_the_kind_says),
    TEST(strangers_are_let_in_as_the_kind_says),
    TEST(mapping_lives_as_long_as_its_insider_sends),
    TEST(rebinding_gives_another_port),
    TEST(insiders_meet_outside_only_by_hairpin),
    TEST(networks_behind_boxes_are_their_own),
    TEST(holes_can_be_punched_unless_both_sides_are_symmetric),
    TEST(tcp_goes_out_and_strangers_do_not_come_in),
    TEST(tcp_holes_are_punched_by_connecting_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
