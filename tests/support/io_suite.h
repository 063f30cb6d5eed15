/* What every p2p_io must do, written once over the interface: run on real loopback by tests/net, on
 * the simulator by tests/sim. */
#ifndef P2P_TESTS_IO_SUITE_H
#define P2P_TESTS_IO_SUITE_H

#include <p2p/io.h>

enum { IO_TOKENS = 64 };

/* Two places to act in; a and b may be one instance. */
typedef struct io_world {
  p2p_io *a, *b;
  p2p_endpoint at_a, at_b; /* addresses to listen on, port 0 */
  const char *name;        /* a host name that stands for at_b's address */
  const char *path;        /* of b; nothing is there */
  const char *no_name; /* one that stands for nothing; NULL: such a lookup may ask the network */
  /* Lets time pass, until something happens that may make a fact. false: nothing ever will. */
  bool (*idle)(struct io_world *w);
  void (*settle)(struct io_world *w); /* what is under way arrives, where time is ours */
  p2p_time patience;                  /* how long wait may block; 0: it must not */
  struct {
    uint32_t what;
    int error;
  } seen[IO_TOKENS]; /* facts by token, since they were last cleared */
} io_world;

/* X(name): the behaviours. Each is `void io_suite_NAME(io_world *w)`, with a fresh world. */
#define IO_SUITE(X)                                                                                \
  X(connect_and_accept_tell_the_same_addresses)                                                    \
  X(connecting_where_nobody_listens_is_refused)                                                    \
  X(accept_says_again_when_nobody_came)                                                            \
  X(bytes_arrive_in_order_and_halves_close_apart)                                                  \
  X(writer_is_held_until_the_reader_reads)                                                         \
  X(close_takes_pending_facts_back)                                                                \
  X(facts_no_longer_wanted_are_taken_back)                                                         \
  X(facts_that_do_not_fit_come_next)                                                               \
  X(facts_repeat_while_true)                                                                       \
  X(connect_outcome_is_told_once_whatever_is_wanted)                                               \
  X(peer_that_closes_on_unread_bytes_resets)                                                       \
  X(bytes_before_a_reset_are_still_read)                                                           \
  X(writing_after_the_end_is_an_error_and_no_signal)                                               \
  X(closed_listener_leaves_nobody_hanging)                                                         \
  X(address_in_use_is_said)                                                                        \
  X(port_of_a_closed_listener_is_free_again)                                                       \
  X(unix_sockets_carry_bytes_both_ways)                                                            \
  X(unix_paths_are_judged)                                                                         \
  X(unix_path_of_a_closed_listener_is_free_again)                                                  \
  X(wakes_make_one_fact_with_token_zero)                                                           \
  X(names_are_resolved)                                                                            \
  X(unknown_names_are_errors)                                                                      \
  X(canceled_lookup_says_nothing)                                                                  \
  X(work_is_done_and_told)                                                                         \
  X(datagrams_carry_both_addresses)                                                                \
  X(batches_of_datagrams_are_split)                                                                \
  X(datagram_longer_than_the_buffer_is_dropped)                                                    \
  X(numbers_of_no_socket_are_refused)                                                              \
  X(interfaces_have_addresses)                                                                     \
  X(one_address_is_used_for_each_way)                                                              \
  X(watching_interfaces_begins_and_ends)                                                           \
  X(clock_never_goes_back_and_chance_differs)

#define IO_SUITE_DECLARE(name) void io_suite_##name(io_world *w);
IO_SUITE(IO_SUITE_DECLARE)
#undef IO_SUITE_DECLARE

/* Helpers, for the tests that only one of the two worlds has. */
void io_clear(io_world *w);
/* Until a fact with token and one of the bits came: its error. Fails the test when none comes. */
int io_expect(io_world *w, uint64_t token, uint32_t what);
/* Takes everything that is there now, and asserts that nothing came for token. */
void io_expect_silence(io_world *w, uint64_t token);
/* A connection from a (token 1) to b (token 2). */
typedef struct io_pair {
  int listener, a, b;
} io_pair;
io_pair io_connect(io_world *w);
void io_unconnect(io_world *w, io_pair p);
void io_send_all(io_world *w, p2p_io *io, int sock, uint64_t token, const void *p, size_t len);
/* Reads exactly len bytes. */
void io_recv_all(io_world *w, p2p_io *io, int sock, uint64_t token, void *p, size_t len);
/* What recv says that is not P2P_EAGAIN. */
ptrdiff_t io_recv(io_world *w, p2p_io *io, int sock, uint64_t token, void *p, size_t cap);

#endif
