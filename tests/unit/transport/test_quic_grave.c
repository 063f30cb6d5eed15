/* Graves: what is left of closed connections, until when, and what it answers. See
 * transport/quic_internal.h; RFC 9000, section 10.2. */
#include "transport/quic_internal.h"
#include "unit/base/test.h"

enum { GRAVES = 2, LINKS = 3, SEED = 0x1234567, STREAM = 64, SOCK = 7 };

static const uint8_t word_bytes[] = "closed";

/* A transport whose socket counts what is sent, and links that are nothing but names. */
typedef struct world {
  p2p_io io;
  p2p__mem mem;
  p2p__limits limits;
  p2p__loop loop;
  quic_transport transport;
  quic_socket *socket;
  quic_link links[LINKS];
  p2p_dgrams word;
  unsigned sent;
  bool closed;
} world;

static p2p_time io_now(p2p_io *io) {
  (void)io;
  return P2P_SECOND;
}

static int io_open(p2p_io *io, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound) {
  (void)io;
  (void)token;
  *bound = *at;
  return SOCK;
}

static int io_option(p2p_io *io, int sock, p2p_io_option option, uint64_t value) {
  (void)io;
  (void)sock;
  (void)option;
  (void)value;
  return 0;
}

static int io_send(p2p_io *io, int sock, const p2p_dgrams *d, int n) {
  world *w = P2P_CONTAINER(io, world, io);
  assert_true(sock == SOCK && n == 1 && !w->closed);
  assert_int_equal(d->len, sizeof word_bytes);
  assert_memory_equal(d->data, word_bytes, sizeof word_bytes);
  assert_int_equal(d->remote.port, w->word.remote.port);
  w->sent++;
  return 1;
}

static void io_close(p2p_io *io, int sock) {
  assert_int_equal(sock, SOCK);
  P2P_CONTAINER(io, world, io)->closed = true;
}

/* ---- links and their names ---- */
static p2p__quic_cid cid_of(size_t link) {
  return (p2p__quic_cid){ .len = P2P__QUIC_CID, .b = { (uint8_t)(link + 1) } };
}

static quic_names *found(world *w, size_t link) {
  p2p__quic_cid cid = cid_of(link);
  return p2p__quic_table_find(&w->transport.table, &cid);
}

static void name(world *w, size_t link) {
  quic_link *l = &w->links[link];
  p2p__quic_cid cid = cid_of(link);
  uint8_t token[P2P__QUIC_RESET] = { (uint8_t)link };
  *l = (quic_link){ .names.is_link = true, .transport = &w->transport, .socket = w->socket };
  p2p__list_init(&l->names.entries);
  assert_int_equal(p2p__quic_table_add(&w->transport.table, &l->names, &cid, true), 0);
  assert_int_equal(p2p__quic_table_add(&w->transport.table, &l->names, &cid, false), 0);
  assert_int_equal(p2p__quic_table_add_reset(&w->transport.table, &l->names, token), 0);
}

static void bury(world *w, size_t link, p2p_time until) {
  name(w, link);
  p2p__quic_grave_dig(&w->links[link], &w->word, until);
}

static size_t n_names(const world *w) {
  const quic_table *t = &w->transport.table;
  return t->ids.n + t->firsts.n + t->resets.n;
}

static void let_pass(world *w, p2p_time until) {
  for (p2p__timer *t; (t = p2p__timers_due(&w->loop.timers, until)) != NULL;) t->fire(t, until);
}

/* ---- each test's own ---- */
static int setup(void **state) {
  static const p2p_io_ops ops = { .size = sizeof ops,
                                  .now = io_now,
                                  .udp_open = io_open,
                                  .udp_send = io_send,
                                  .option = io_option,
                                  .close = io_close };
  static world w;
  static uint8_t bytes[sizeof word_bytes];
  memcpy(bytes, word_bytes, sizeof bytes);
  w = (world){ .io.ops = &ops };
  w.word = (p2p_dgrams){ .remote = { .family = 4, .port = 4001 },
                         .data = bytes,
                         .len = sizeof bytes };
  p2p__mem_init(&w.mem, NULL);
  p2p__limits_default(&w.limits);
  w.limits.quic_closing = GRAVES;
  p2p__env env = { .mem = &w.mem, .limits = &w.limits };
  if (p2p__loop_init(&w.loop, &w.io, &env, SEED, STREAM) < 0) return -1;
  w.transport.loop = &w.loop;
  p2p__quic_table_init(&w.transport.table, &w.loop.env);
  p2p__list_init(&w.transport.sockets);
  p2p__list_init(&w.transport.graves);
  *state = &w;
  return p2p__quic_socket_open(&w.transport, &(p2p_endpoint){ .family = 4 }, &w.socket);
}

static int teardown(void **state) {
  world *w = *state;
  p2p__quic_graves_fini(&w->transport);
  if (!w->closed) p2p__quic_socket_unuse(w->socket);
  assert_true(w->closed);
  assert_int_equal(n_names(w), 0);
  p2p__quic_table_fini(&w->transport.table);
  p2p__loop_fini(&w->loop);
  return p2p__mem_used(&w->mem) == 0 ? 0 : -1;
}

static void a_grave_takes_over_all_names(void **state) {
  world *w = *state;
  name(w, 0);
  assert_true(found(w, 0)->is_link);
  p2p__quic_grave_dig(&w->links[0], &w->word, 2 * P2P_SECOND);
  assert_true(p2p__list_empty(&w->links[0].names.entries));
  assert_int_equal(n_names(w), 3);
  assert_non_null(found(w, 0));
  assert_false(found(w, 0)->is_link);
}

/* Who sends much more must not be answered as much. */
static void the_last_word_is_repeated_ever_more_rarely(void **state) {
  world *w = *state;
  bury(w, 0, 2 * P2P_SECOND);
  memset(w->word.data, 0, w->word.len); /* it was copied */
  for (unsigned i = 1; i <= 100; i++) {
    p2p__quic_grave_disturb(found(w, 0));
    if (i == 4) assert_int_equal(w->sent, 3);
  }
  assert_int_equal(w->sent, 7); /* 1, 2, 4 … 64 */
}

/* RFC 9000, section 10.2.2. */
static void who_closed_is_not_answered(void **state) {
  world *w = *state;
  w->word = (p2p_dgrams){ 0 };
  bury(w, 0, 2 * P2P_SECOND);
  for (int i = 0; i < 8; i++) p2p__quic_grave_disturb(found(w, 0));
  assert_int_equal(w->sent, 0);
}

static void a_grave_ends_in_time_and_its_socket_with_it(void **state) {
  world *w = *state;
  bury(w, 0, 3 * P2P_SECOND);
  p2p__quic_socket_unuse(w->socket); /* the last other user */
  assert_false(w->closed);
  let_pass(w, 3 * P2P_SECOND - 1);
  assert_non_null(found(w, 0));
  let_pass(w, 3 * P2P_SECOND);
  assert_null(found(w, 0));
  assert_true(w->closed);
  assert_int_equal(w->transport.n_graves, 0);
}

/* A peer that answered late has made probe timeouts long. */
static void no_grave_outlasts_the_silence_that_would_be_borne(void **state) {
  world *w = *state;
  p2p_time end = w->loop.now + w->limits.quic_idle;
  bury(w, 0, P2P_NEVER);
  let_pass(w, end - 1);
  assert_non_null(found(w, 0));
  let_pass(w, end);
  assert_null(found(w, 0));
}

static void the_oldest_makes_room(void **state) {
  world *w = *state;
  for (size_t i = 0; i < LINKS; i++) bury(w, i, (9 - i) * P2P_SECOND); /* that ends last */
  assert_int_equal(w->transport.n_graves, GRAVES);
  assert_null(found(w, 0));
  assert_true(found(w, 1) && found(w, 2));
}

/* Its peer is answered by a reset then: the link gives its names up by itself. */
static void without_memory_there_is_none(void **state) {
  world *w = *state;
  name(w, 0);
  w->mem.fail_at = w->mem.calls + 1;
  p2p__quic_grave_dig(&w->links[0], &w->word, 2 * P2P_SECOND);
  assert_int_equal(w->mem.failed, 1);
  assert_int_equal(w->transport.n_graves, 0);
  assert_true(found(w, 0)->is_link);
  p2p__quic_names_clear(&w->transport.table, &w->links[0].names);
}

static void who_has_no_names_leaves_none(void **state) {
  world *w = *state;
  name(w, 0);
  p2p__quic_names_clear(&w->transport.table, &w->links[0].names);
  p2p__quic_grave_dig(&w->links[0], &w->word, 2 * P2P_SECOND);
  assert_int_equal(w->transport.n_graves, 0);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
    T(a_grave_takes_over_all_names),
    T(the_last_word_is_repeated_ever_more_rarely),
    T(who_closed_is_not_answered),
    T(a_grave_ends_in_time_and_its_socket_with_it),
    T(no_grave_outlasts_the_silence_that_would_be_borne),
    T(the_oldest_makes_room),
    T(without_memory_there_is_none),
    T(who_has_no_names_leaves_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
