/* The driver of behaviours, between two hosts. One side is a behaviour played by hand, the other such
 * a behaviour, too, or a user who writes whatever bytes he likes. */
#include "duet.h"
#include "unit/base/test.h"

static duet d;

static int start(void **state) {
  (void)state;
  duet_begin(&d, 7);
  duet_connect(&d);
  return 0;
}

static int end(void **state) {
  (void)state;
  duet_end(&d);
  return 0;
}

static const char *const ids[] = { "/probe/framed", "/probe/fixed", "/probe/raw" };

/* ---- a user on side a against the behaviour on side b ---- */

static p2p_stream user_open(unsigned line) {
  p2p_stream s;
  assert_int_equal(p2p_stream_open(d.a.host, p2p_host_peer(d.b.host), &ids[line], 1, NULL, &s), 0);
  p2p_sim_poke(d.a.io);
  return s;
}

static void user_write(p2p_stream s, const void *bytes, size_t len) {
  assert_int_equal(p2p_write(d.a.host, s, bytes, len), len);
  p2p_sim_poke(d.a.io);
}

static void user_finish(p2p_stream s) {
  assert_int_equal(p2p_finish(d.a.host, s), 0);
  p2p_sim_poke(d.a.io);
}

static bool b_closed(duet *w) { return probe_count(&w->b, P2P__FACT_CLOSED) > 0; }
static bool a_closed(duet *w) { return probe_count(&w->a, P2P__FACT_CLOSED) > 0; }
static bool a_answered(duet *w) { return probe_count(&w->a, P2P__FACT_ANSWER) > 0; }
static bool b_opened(duet *w) { return probe_count(&w->b, P2P__FACT_OPENED) > 0; }
static bool a_opened(duet *w) { return probe_count(&w->a, P2P__FACT_OPENED) > 0; }

static void expect_closed(duet_side *s, int err) {
  assert_true(duet_run(&d, 20 * P2P_SECOND, s == &d.a ? a_closed : b_closed));
  assert_int_equal(probe_last(s, P2P__FACT_CLOSED)->err, err);
  (void)duet_run(&d, P2P_SECOND, NULL);
  assert_int_equal(probe_count(s, P2P__FACT_CLOSED), 1);
}

static void stream_is_told_in_order_and_ends_once(void **state) {
  (void)state;
  p2p_stream s = user_open(PROBE_FRAMED);
  user_write(s, "\3ab", 3);
  assert_true(duet_run(&d, P2P_SECOND, b_opened));
  (void)duet_run(&d, P2P_SECOND / 10, NULL);
  user_write(s, "c\0\1d", 4);
  user_finish(s);
  expect_closed(&d.b, 0);
  static const p2p__fact_kind kinds[] = { P2P__FACT_OPENED,  P2P__FACT_MESSAGE, P2P__FACT_MESSAGE,
                                          P2P__FACT_MESSAGE, P2P__FACT_ENDED,   P2P__FACT_CLOSED };
  static const char *const texts[] = { "", "abc", "", "d", "", "" };
  assert_int_equal(d.b.probe.n_facts, P2P_COUNT(kinds));
  for (size_t i = 0; i < P2P_COUNT(kinds); i++) {
    const p2p__fact *f = &d.b.probe.facts[i];
    assert_int_equal(f->kind, kinds[i]);
    assert_true(p2p__bytes_eq(f->bytes, p2p__cstr(texts[i])));
    assert_true(f->inbound && !f->dialed && f->tag == 0 && f->protocol == PROBE_FRAMED);
    assert_int_equal(f->peer, duet_peer(&d.b, &d.a));
    assert_int_equal(f->stream, d.b.probe.facts[0].stream);
    assert_int_equal(f->conn, d.b.conn.id);
  }
}

static void stream_with_a_message_beyond_the_limit_is_reset(void **state) {
  (void)state;
  p2p_stream s = user_open(PROBE_FRAMED);
  user_write(s, "\xe9\7", 2); /* 1001 */
  expect_closed(&d.b, P2P_ELIMIT);
  assert_int_equal(probe_count(&d.b, P2P__FACT_MESSAGE), 0);
  p2p_bytes view;
  assert_int_equal(p2p_peek(d.a.host, s, &view), P2P_ERESET);
}

static void stream_that_ends_inside_a_message_is_reset(void **state) {
  (void)state;
  p2p_stream s = user_open(PROBE_FRAMED);
  user_write(s, "\3ab", 3);
  user_finish(s);
  expect_closed(&d.b, P2P_EPROTO);
  assert_int_equal(probe_count(&d.b, P2P__FACT_ENDED), 0);
}

/* IP-05 */
static void stream_with_too_many_messages_is_reset(void **state) {
  (void)state;
  p2p_stream s = user_open(PROBE_FRAMED);
  user_write(s, "\0\0\0\0\0\0", PROBE_MESSAGES + 1);
  expect_closed(&d.b, P2P_ELIMIT);
  assert_int_equal(probe_count(&d.b, P2P__FACT_MESSAGE), PROBE_MESSAGES);
}

/* IP-06 */
static void stream_that_is_silent_too_long_is_reset(void **state) {
  (void)state;
  p2p_stream s = user_open(PROBE_FRAMED);
  user_write(s, "\0", 1);
  assert_true(duet_run(&d, P2P_SECOND, b_opened));
  (void)duet_run(&d, 2 * P2P_SECOND, NULL);
  user_write(s, "\0", 1);
  (void)duet_run(&d, 2 * P2P_SECOND, NULL);
  assert_int_equal(probe_count(&d.b, P2P__FACT_CLOSED), 0); /* it spoke meanwhile */
  p2p_time before = p2p_sim_now(d.sim);
  assert_true(duet_run(&d, 2 * P2P_SECOND, b_closed));
  assert_in_range(p2p_sim_now(d.sim) - before, P2P_SECOND / 2, 3 * P2P_SECOND / 2);
  assert_int_equal(probe_last(&d.b, P2P__FACT_CLOSED)->err, P2P_ETIMEOUT);
}

static void streams_of_one_peer_are_few_and_their_places_come_back(void **state) {
  (void)state;
  p2p_stream s[PROBE_IN + 1];
  for (size_t round = 0; round < 3; round++) {
    probe_forget(&d.b);
    for (size_t i = 0; i <= PROBE_IN; i++) s[i] = user_open(PROBE_FRAMED);
    (void)duet_run(&d, P2P_SECOND, NULL);
    assert_int_equal(probe_count(&d.b, P2P__FACT_OPENED), PROBE_IN);
    p2p_bytes view;
    assert_int_equal(p2p_peek(d.a.host, s[PROBE_IN], &view), P2P_ERESET);
    for (size_t i = 0; i < PROBE_IN; i++) (void)p2p_reset(d.a.host, s[i], 3);
    p2p_sim_poke(d.a.io);
    (void)duet_run(&d, P2P_SECOND, NULL);
    assert_int_equal(probe_count(&d.b, P2P__FACT_CLOSED), PROBE_IN);
    assert_int_equal(probe_last(&d.b, P2P__FACT_CLOSED)->err, P2P_ERESET);
    while (p2p_next_event(d.a.host)) continue;
  }
}

static void fixed_and_raw_streams_give_what_they_say(void **state) {
  (void)state;
  p2p_stream s = user_open(PROBE_FIXED);
  user_write(s, "0123456789abcdef0123456789abcdef", 2 * PROBE_FIXED_LEN);
  user_finish(s);
  expect_closed(&d.b, 0);
  assert_int_equal(probe_count(&d.b, P2P__FACT_MESSAGE), 2);
  assert_int_equal(probe_last(&d.b, P2P__FACT_MESSAGE)->bytes.len, PROBE_FIXED_LEN);

  probe_forget(&d.b);
  static uint8_t bulk[200000];
  for (size_t i = 0; i < sizeof bulk; i++) bulk[i] = (uint8_t)(i * 7 >> 3);
  s = user_open(PROBE_RAW);
  user_write(s, bulk, sizeof bulk);
  user_finish(s);
  expect_closed(&d.b, 0);
  assert_int_equal(d.b.probe.n_bytes, sizeof bulk);
  assert_memory_equal(d.b.probe.bytes, bulk, sizeof bulk);
}

static void lost_connection_ends_the_streams_before_it_is_told(void **state) {
  (void)state;
  (void)user_open(PROBE_RAW);
  assert_true(duet_run(&d, P2P_SECOND, b_opened));
  assert_int_equal(p2p_conn_close(d.a.host, d.a.conn, 0), 0);
  p2p_sim_poke(d.a.io);
  (void)duet_run(&d, 5 * P2P_SECOND, NULL);
  assert_int_equal(probe_count(&d.b, P2P__FACT_CLOSED), 1);
  assert_int_equal(probe_count(&d.b, P2P__FACT_CONN_DOWN), 1);
  assert_int_equal(probe_count(&d.b, P2P__FACT_PEER_DOWN), 1);
}

/* ---- the behaviour on side a opens ---- */

static p2p__act act(p2p__act_kind kind, unsigned line) {
  return (p2p__act){ .kind = kind, .peer = duet_peer(&d.a, &d.b), .protocol = line, .tag = 99 };
}

static uint64_t open_from_a(unsigned line) {
  probe_do(&d.a, act(P2P__ACT_OPEN, line));
  assert_true(duet_run(&d, P2P_SECOND, a_opened));
  const p2p__fact *f = probe_last(&d.a, P2P__FACT_OPENED);
  assert_true(f->tag == 99 && !f->inbound && f->dialed && f->stream);
  return f->stream;
}

static void send_from_a(uint64_t stream, const char *text, size_t len) {
  p2p__act a = { .kind = P2P__ACT_SEND, .stream = stream, .bytes = p2p__bytes(text, len) };
  probe_do(&d.a, a);
}

static void open_carries_its_first_message_and_finish_ends_it(void **state) {
  (void)state;
  p2p__act a = act(P2P__ACT_OPEN, PROBE_FRAMED);
  a.bytes = p2p__cstr("first");
  probe_do(&d.a, a);
  assert_true(duet_run(&d, P2P_SECOND, a_opened));
  uint64_t stream = probe_last(&d.a, P2P__FACT_OPENED)->stream;
  send_from_a(stream, "", 0);
  send_from_a(stream, "third", 5);
  probe_do(&d.a, (p2p__act){ .kind = P2P__ACT_FINISH, .stream = stream });
  expect_closed(&d.a, 0);
  assert_int_equal(probe_count(&d.b, P2P__FACT_MESSAGE), 3);
  assert_int_equal(d.b.probe.n_bytes, 10);
  assert_memory_equal(d.b.probe.bytes, "firstthird", 10);
}

static void open_that_fails_is_told_once_without_a_stream(void **state) {
  (void)state;
  p2p__act a = act(P2P__ACT_OPEN, PROBE_RAW);
  a.conn = 12345; /* no such connection: at once */
  probe_do(&d.a, a);
  const p2p__fact *f = probe_last(&d.a, P2P__FACT_CLOSED);
  assert_true(f && f->stream == 0 && f->tag == 99 && f->err == P2P_ESTALE);

  probe_forget(&d.a); /* the peer does not speak it: later */
  p2p__list_del(&P2P_CONTAINER(d.b.host->swarm.served.prev, p2p__served, node)->node);
  probe_do(&d.a, act(P2P__ACT_OPEN, PROBE_RAW));
  assert_int_equal(probe_count(&d.a, P2P__FACT_CLOSED), 0);
  expect_closed(&d.a, P2P_ENOPROTO);
  assert_int_equal(probe_last(&d.a, P2P__FACT_CLOSED)->stream, 0);
  assert_int_equal(probe_count(&d.a, P2P__FACT_OPENED), 0);
}

static void reset_tells_both_sides_and_silences_the_stream(void **state) {
  (void)state;
  uint64_t stream = open_from_a(PROBE_RAW);
  probe_do(&d.a, (p2p__act){ .kind = P2P__ACT_RESET, .stream = stream, .code = 42 });
  send_from_a(stream, "too late", 8);
  expect_closed(&d.a, P2P_ECANCELED);
  assert_int_equal(probe_count(&d.b, P2P__FACT_CLOSED), 1);
  assert_int_equal(probe_last(&d.b, P2P__FACT_CLOSED)->err, P2P_ERESET);
  assert_int_equal(probe_count(&d.b, P2P__FACT_MESSAGE), 0);
}

/* Also the messages that have arrived with the one that was answered so. */
static void reset_stream_gives_no_more_messages(void **state) {
  (void)state;
  d.b.probe.resets = true;
  p2p_stream s = user_open(PROBE_FRAMED);
  user_write(s, "\1a\1b\1c", 6);
  expect_closed(&d.b, P2P_ECANCELED);
  assert_int_equal(probe_count(&d.b, P2P__FACT_MESSAGE), 1);
}

static p2p__block *block(void) {
  p2p__block *b = p2p__block_new(&d.a.host->loop.pool, P2P__BLOCK_MAX);
  assert_non_null(b);
  memset(b->data, 5, b->cap);
  return b;
}

static void send_with_room_is_refused_when_full_and_told_when_there_is_room(void **state) {
  (void)state;
  uint64_t stream = open_from_a(PROBE_RAW);
  p2p__block *b = block();
  p2p__act a = { .kind = P2P__ACT_SEND, .stream = stream, .block = b, .n = b->cap, .room = true };
  size_t sent = 0;
  while (probe_count(&d.a, P2P__FACT_FULL) == 0) { /* no time passes: nothing leaves */
    probe_do(&d.a, a);
    sent++;
  }
  sent--; /* the last was not taken */
  size_t most = (size_t)d.a.host->limits.stream_send_queue / b->cap;
  assert_int_equal(sent, most);
  assert_int_equal(probe_count(&d.a, P2P__FACT_ROOM), 0);
  (void)duet_run(&d, 5 * P2P_SECOND, NULL);
  const p2p__fact *f = probe_last(&d.a, P2P__FACT_ROOM);
  assert_true(f && f->n <= d.a.host->limits.stream_send_queue / 2);
  size_t got = 0;
  for (size_t i = 0; i < d.b.probe.n_facts; i++) got += d.b.probe.facts[i].bytes.len;
  assert_int_equal(got, sent * b->cap);
  p2p__block_unref(&d.a.host->loop.pool, b);
}

/* A message is taken whole or not at all. */
static void send_of_bytes_beyond_the_room_takes_none_of_them(void **state) {
  (void)state;
  uint64_t stream = open_from_a(PROBE_RAW);
  static uint8_t bytes[100000];
  p2p__act a = { .kind = P2P__ACT_SEND, .stream = stream, .room = true };
  a.bytes = p2p__bytes(bytes, sizeof bytes);
  size_t fit = (size_t)d.a.host->limits.stream_send_queue / sizeof bytes;
  for (size_t i = 0; i <= fit; i++) probe_do(&d.a, a);
  assert_int_equal(probe_count(&d.a, P2P__FACT_FULL), 1);
  probe_do(&d.a, (p2p__act){ .kind = P2P__ACT_FINISH, .stream = stream });
  expect_closed(&d.a, 0);
  assert_int_equal(d.b.probe.n_bytes, fit * sizeof bytes);
}

static void send_without_room_resets_the_stream(void **state) {
  (void)state;
  uint64_t stream = open_from_a(PROBE_RAW);
  p2p__block *b = block();
  p2p__act a = { .kind = P2P__ACT_SEND, .stream = stream, .block = b, .n = b->cap };
  for (size_t i = 0; i <= d.a.host->limits.stream_send_queue / b->cap; i++) probe_do(&d.a, a);
  expect_closed(&d.a, P2P_ELIMIT);
  p2p__block_unref(&d.a.host->loop.pool, b);
}

/* ---- ASK ---- */

/* What side b says to each question. */
static struct {
  const char *bytes;
  size_t len;
  bool finish, reset;
} reply;

static void on_asked(p2p_host *h, p2p_stream s, void *user) {
  (void)user;
  if (reply.len) assert_int_equal(p2p_write(h, s, reply.bytes, reply.len), reply.len);
  if (reply.finish) (void)p2p_finish(h, s);
  if (reply.reset) (void)p2p_reset(h, s, 9);
}

static const p2p_handler asked = { .size = sizeof asked, .on_open = on_asked };

/* Side b gives /probe/framed to a user's handler instead of its behaviour. */
static void serve_replies(void) {
  p2p__swarm *w = &d.b.host->swarm;
  for (p2p__list *n = w->served.next; n != &w->served; n = n->next) {
    p2p__served *p = P2P_CONTAINER(n, p2p__served, node);
    if (strcmp(p->id, ids[PROBE_FRAMED]) != 0) continue;
    p2p__swarm_unserve(p);
    break;
  }
  assert_int_equal(p2p_protocol_add(d.b.host, ids[PROBE_FRAMED], &asked), 0);
}

typedef struct question {
  const char *reply;
  size_t len;
  bool finish, reset, merge;
  int err;
  const char *answer;
} question;

static const question questions[] = {
  { "\2hi", 3, true, false, false, 0, "hi" },
  { "\2hi", 3, false, false, false, 0, "hi" }, /* no need to end */
  { "\2hi\2ho", 6, true, false, false, 0, "hi" },
  { "\0", 1, true, false, false, 0, "" },
  { "", 0, true, false, false, P2P_EEOF, "" },
  { "", 0, false, true, false, P2P_ERESET, "" },
  { "", 0, false, false, false, P2P_ETIMEOUT, "" },
  { "\3hi", 3, true, false, false, P2P_EPROTO, "" },
  { "\xe9\7", 2, false, false, false, P2P_ELIMIT, "" },
  { "\2hi\1!", 5, true, false, true, 0, "hi!" },
  { "", 0, true, false, true, 0, "" },
  { "\2hi", 3, false, false, true, P2P_ETIMEOUT, "" }, /* all means until the end */
  { "\1a\1b\1c\1d", 8, true, false, true, P2P_ELIMIT, "" },
};

static void ask_has_one_answer(void **state) {
  (void)state;
  serve_replies();
  for (size_t i = 0; i < P2P_COUNT(questions); i++) {
    const question *q = &questions[i];
    probe_forget(&d.a);
    reply.bytes = q->reply;
    reply.len = q->len;
    reply.finish = q->finish;
    reply.reset = q->reset;
    p2p__act a = act(P2P__ACT_ASK, PROBE_FRAMED);
    a.bytes = p2p__cstr("question");
    a.merge = q->merge;
    a.n = 3;
    a.timeout = 2 * P2P_SECOND;
    probe_do(&d.a, a);
    assert_true(duet_run(&d, 3 * P2P_SECOND, a_answered));
    (void)duet_run(&d, 5 * P2P_SECOND, NULL);
    assert_int_equal(d.a.probe.n_facts, 1); /* the answer, and nothing of its stream */
    const p2p__fact *f = &d.a.probe.facts[0];
    assert_int_equal(f->err, q->err);
    assert_true(p2p__bytes_eq(f->bytes, p2p__cstr(q->answer)));
    assert_int_equal(f->tag, 99);
    assert_int_equal(f->peer, duet_peer(&d.a, &d.b));
    while (p2p_next_event(d.b.host)) continue;
    assert_int_equal(d.a.host->swarm.stream_slab.live, 0); /* whatever b left open */
  }
}

static void ask_fails_at_once_when_there_is_no_way(void **state) {
  (void)state;
  p2p_peer_id nobody = { .len = 34, .b = { 0x12, 0x20, 1 } };
  p2p__peer *peer = p2p__peer_ref(&d.a.host->swarm.peers, &nobody);
  p2p__act a = act(P2P__ACT_ASK, PROBE_FRAMED);
  a.peer = peer->index;
  probe_do(&d.a, a);
  assert_int_equal(d.a.probe.n_facts, 1);
  assert_int_equal(probe_last(&d.a, P2P__FACT_ANSWER)->err, P2P_ENOADDR);
  p2p__peer_unref(&d.a.host->swarm.peers, peer);
}

/* On a connection that is only being dialed. */
static void ask_dials_when_there_is_no_connection(void **state) {
  (void)state;
  assert_int_equal(p2p_conn_close(d.a.host, d.a.conn, 0), 0);
  p2p_sim_poke(d.a.io);
  (void)duet_run(&d, 5 * P2P_SECOND, NULL);
  serve_replies();
  reply.bytes = "\2hi";
  reply.len = 3;
  reply.finish = true;
  reply.reset = false;
  probe_forget(&d.a);
  probe_do(&d.a, act(P2P__ACT_ASK, PROBE_FRAMED));
  assert_true(duet_run(&d, 3 * P2P_SECOND, a_answered));
  assert_int_equal(probe_last(&d.a, P2P__FACT_ANSWER)->err, 0);
}

static void ask_has_one_answer_when_memory_runs_out(void **state) {
  (void)state;
  serve_replies();
  reply.bytes = "\2hi";
  reply.len = 3;
  reply.finish = true;
  reply.reset = false;
  p2p__mem *mem = &d.a.host->mem;
  for (uint64_t n = 1;; n++) {
    probe_forget(&d.a);
    mem->failed = 0;
    mem->fail_at = mem->calls + n;
    probe_do(&d.a, act(P2P__ACT_ASK, PROBE_FRAMED));
    (void)duet_run(&d, 6 * P2P_SECOND, NULL);
    assert_int_equal(probe_count(&d.a, P2P__FACT_ANSWER), 1);
    mem->fail_at = 0;
    if (!mem->failed) break;
    assert_true(n < 200);
    if (!p2p__conn_get(&d.a.host->swarm, d.a.conn.id)) { /* it was the connection's memory */
      duet_connect(&d);
      serve_replies();
    }
  }
  assert_int_equal(probe_last(&d.a, P2P__FACT_ANSWER)->err, 0);
}

/* ---- life ---- */

static void host_that_is_freed_leaves_nothing_behind(void **state) {
  (void)state;
  (void)user_open(PROBE_FRAMED);
  (void)open_from_a(PROBE_RAW);
  probe_do(&d.a, act(P2P__ACT_ASK, PROBE_FRAMED));
  assert_true(
      duet_run(&d, P2P_SECOND, b_opened)); /* teardown frees both, and the sanitizer looks */
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(stream_is_told_in_order_and_ends_once),
    TEST(stream_with_a_message_beyond_the_limit_is_reset),
    TEST(stream_that_ends_inside_a_message_is_reset),
    TEST(stream_with_too_many_messages_is_reset),
    TEST(stream_that_is_silent_too_long_is_reset),
    TEST(streams_of_one_peer_are_few_and_their_places_come_back),
    TEST(fixed_and_raw_streams_give_what_they_say),
    TEST(lost_connection_ends_the_streams_before_it_is_told),
    TEST(open_carries_its_first_message_and_finish_ends_it),
    TEST(open_that_fails_is_told_once_without_a_stream),
    TEST(reset_tells_both_sides_and_silences_the_stream),
    TEST(reset_stream_gives_no_more_messages),
    TEST(send_with_room_is_refused_when_full_and_told_when_there_is_room),
    TEST(send_of_bytes_beyond_the_room_takes_none_of_them),
    TEST(send_without_room_resets_the_stream),
    TEST(ask_has_one_answer),
    TEST(ask_fails_at_once_when_there_is_no_way),
    TEST(ask_dials_when_there_is_no_connection),
    TEST(ask_has_one_answer_when_memory_runs_out),
    TEST(host_that_is_freed_leaves_nothing_behind),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
