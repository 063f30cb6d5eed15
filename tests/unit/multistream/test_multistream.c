/* multistream-select: both sides over a pipe, each side against scripted bytes. */
#include "script.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- both sides ---- */

static void transcript_is_the_specification_s(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *d = dial(&w, three, 2, false), *l = answer(&w, three + 1, 2);
  assert_says(l, ""); /* nothing before the initiator's header */
  assert_says(d, HEADER "\x03/a\n");
  assert_says(d, "");
  assert_int_equal(hear(l, HEADER "\x03/a\n"), 0);
  assert_says(l, HEADER "\x03na\n");
  assert_int_equal(hear(d, HEADER "\x03na\n"), 0);
  assert_says(d, "\x03/b\n");
  assert_int_equal(hear(l, "\x03/b\n"), 1);
  assert_says(l, "\x03/b\n");
  assert_says(l, "");
  assert_int_equal(hear(d, "\x03/b\n"), 1);
  assert_int_equal(chosen(d), 1);
  assert_int_equal(chosen(l), 0);
  p2p__step_free(d);
  p2p__step_free(l);
  step_world_fini(&w);
}

static void run_pair(step_pair *p) {
  step_pair_run(p);
  assert_int_equal(p->result[0], 1);
  assert_int_equal(p->result[1], 1);
  assert_int_equal(chosen(p->side[0]), 2);
  assert_int_equal(chosen(p->side[1]), 0);
  for (int i = 0; i < 2; i++) assert_int_equal(p->wire[i].eaten, p->wire[i].len);
}

static void sides_agree_at_every_split(void **state) {
  (void)state;
  for (size_t chunk = 0; chunk < 48; chunk++) {
    step_world w;
    step_world_init(&w);
    step_pair *p = step_pair_new(dial(&w, three, 3, false), answer(&w, three + 2, 1));
    p->chunk = chunk;
    run_pair(p);
    step_pair_free(p);
    step_world_fini(&w);
  }
}

static void sides_agree_at_every_cut(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    for (size_t cut = 1; cut < 40; cut++) {
      step_world w;
      step_world_init(&w);
      step_pair *p = step_pair_new(dial(&w, three, 3, false), answer(&w, three + 2, 1));
      p->wire[side].cut = cut;
      run_pair(p);
      step_pair_free(p);
      step_world_fini(&w);
    }
  }
}

static void initiator_fails_when_all_are_refused(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  step_pair *p = step_pair_new(dial(&w, three, 3, false), answer(&w, noise_yamux, 2));
  step_pair_run(p);
  assert_int_equal(p->result[0], P2P_ENOPROTO);
  assert_int_equal(p->result[1], 0); /* waits for another proposal until its deadline */
  step_pair_free(p);
  step_world_fini(&w);
}

static void a_step_is_one_allocation(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  step_pair *p = step_pair_new(dial(&w, three, 3, false), answer(&w, three + 2, 1));
  run_pair(p);
  assert_int_equal(w.mem.calls, 2);
  assert_true(w.mem.peak <= 2 * 256);
  step_pair_free(p);
  step_world_fini(&w);
}

/* ---- what lies behind the answer belongs to the next layer ---- */

static void bytes_behind_the_answer_are_left(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  size_t used;
  p2p__step *l = answer(&w, noise_yamux, 1), *d = dial(&w, noise_yamux, 1, false);
  static const char lazy[] = HEADER "\x07/noise\n\x00\x20payload";
  assert_int_equal(hear_at(l, p2p__bytes(lazy, sizeof lazy - 1), &used, 0), 1);
  assert_int_equal(used, strlen(HEADER "\x07/noise\n"));
  assert_says(l, HEADER "\x07/noise\n");
  assert_says(d, HEADER "\x07/noise\n");
  assert_int_equal(hear_at(d, p2p__bytes(lazy, sizeof lazy - 1), &used, 0), 1);
  assert_int_equal(used, strlen(HEADER "\x07/noise\n"));
  /* a step that is done eats nothing more */
  assert_int_equal(hear_at(d, p2p__cstr("\x03na\n"), &used, 0), 1);
  assert_int_equal(used, 0);
  p2p__step_free(d);
  p2p__step_free(l);
  step_world_fini(&w);
}

static void partial_lines_are_not_eaten(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *l = answer(&w, noise_yamux, 1);
  static const char text[] = HEADER "\x07/noise\n";
  for (size_t n = 0; n < sizeof HEADER - 1; n++) {
    size_t used;
    assert_int_equal(hear_at(l, p2p__bytes(text, n), &used, 0), 0);
    assert_int_equal(used, 0);
  }
  p2p__step_free(l);
  step_world_fini(&w);
}

static void responder_greets_a_peer_that_waits_after_its_header(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *l = answer(&w, noise_yamux, 2);
  assert_int_equal(hear(l, HEADER), 0);
  assert_says(l, HEADER);
  assert_int_equal(hear(l, "\x0d/yamux/1.0.0\n"), 1);
  assert_says(l, "\x0d/yamux/1.0.0\n");
  p2p__step_free(l);
  step_world_fini(&w);
}

static void initiator_hears_a_header_that_came_first(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *d = dial(&w, noise_yamux, 1, false);
  assert_int_equal(hear(d, HEADER), 0);
  assert_says(d, HEADER "\x07/noise\n");
  assert_int_equal(hear(d, "\x07/noise\n"), 1);
  p2p__step_free(d);
  step_world_fini(&w);
}

/* ---- optimism ---- */

static bool early(p2p__step *s) { return s->ops->early && s->ops->early(s); }

static void optimist_is_early_until_the_answer(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *d = dial(&w, noise_yamux, 2, true);
  assert_false(early(d)); /* not before the proposal left */
  assert_says(d, HEADER "\x07/noise\n");
  assert_true(early(d));
  assert_int_equal(hear(d, HEADER), 0);
  assert_true(early(d));
  assert_int_equal(hear(d, "\x07/noise\n"), 1);
  assert_false(early(d));
  p2p__step_free(d);
  step_world_fini(&w);
}

static void optimist_goes_on_when_nothing_followed(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *d = dial(&w, noise_yamux, 2, true);
  assert_says(d, HEADER "\x07/noise\n");
  assert_int_equal(hear(d, HEADER "\x03na\n"), 0);
  assert_false(early(d));
  assert_says(d, "\x0d/yamux/1.0.0\n");
  assert_false(early(d)); /* of one choice only one can be outstanding */
  assert_int_equal(hear(d, "\x0d/yamux/1.0.0\n"), 1);
  assert_int_equal(chosen(d), 1);
  p2p__step_free(d);
  step_world_fini(&w);
}

static void committed_optimist_fails_when_refused(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *d = dial(&w, noise_yamux, 2, true);
  assert_says(d, HEADER "\x07/noise\n");
  p2p__multistream_committed(d);
  assert_true(early(d));
  assert_int_equal(hear(d, HEADER "\x03na\n"), P2P_ENOPROTO);
  assert_says(d, "");
  p2p__step_free(d);
  step_world_fini(&w);
}

static void refused_payload_is_read_as_lines_and_the_refusal_still_leaves(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  size_t used;
  p2p__step *l = answer(&w, noise_yamux + 1, 1);
  static const uint8_t lazy[] = HEADER "\x07/noise\n\x00\x20nobody can read this as a line";
  assert_int_equal(hear_at(l, p2p__bytes(lazy, sizeof lazy - 1), &used, 0), P2P_EPROTO);
  assert_says(l, HEADER "\x03na\n");
  p2p__step_free(l);
  step_world_fini(&w);
}

static void pessimist_is_never_early(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *d = dial(&w, noise_yamux, 1, false), *l = answer(&w, noise_yamux, 1);
  assert_says(d, HEADER "\x07/noise\n");
  assert_false(early(d));
  assert_false(early(l));
  p2p__step_free(d);
  p2p__step_free(l);
  step_world_fini(&w);
}

/* ---- ls ---- */

static void list_is_one_line_of_lines(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *l = answer(&w, three, 3);
  assert_int_equal(hear(l, HEADER "\x03/x\n\x03ls\n\x03/y\n\x03/z\n"), 0);
  assert_says(l, HEADER "\x03na\n"
                        "\x0d\x03/a\n\x03/b\n\x03/c\n\n"
                        "\x03na\n\x03na\n");
  assert_int_equal(hear(l, "\x03ls\n\x03/b\n"), 1); /* asked again after it was taken */
  assert_says(l, "\x0d\x03/a\n\x03/b\n\x03/c\n\n\x03/b\n");
  p2p__step_free(l);
  step_world_fini(&w);
}

static void list_is_not_given_twice_at_once(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *l = answer(&w, three, 3);
  assert_int_equal(hear(l, HEADER "\x03ls\n\x03ls\n"), P2P_ELIMIT);
  p2p__step_free(l);
  step_world_fini(&w);
}

/* ---- our own mistakes, and shortages ---- */

static void unusable_ids_are_refused(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  char longest[1025];
  memset(longest, 'x', 1024);
  longest[1024] = 0;
  const char *const bad[] = { "", "a\nb", "na", "ls", "/multistream/1.0.0", longest };
  for (size_t i = 0; i < P2P_COUNT(bad); i++) {
    p2p__multistream_offer offer = offer_of(&bad[i], 1);
    p2p__step *s;
    assert_int_equal(p2p__multistream_dial(&w.env, &offer, false, 1, &s), P2P_EINVAL);
    assert_null(s);
    assert_int_equal(p2p__multistream_listen(&w.env, &offer, 1, &s), P2P_EINVAL);
    assert_null(s);
  }
  p2p__multistream_offer none = offer_of(NULL, 0);
  p2p__step *s;
  assert_int_equal(p2p__multistream_dial(&w.env, &none, false, 1, &s), P2P_EINVAL);
  step_world_fini(&w);
}

static void without_room_nothing_is_written(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *d = dial(&w, noise_yamux, 1, true), *l = answer(&w, noise_yamux, 1);
  const size_t whole = strlen(HEADER "\x07/noise\n");
  assert_int_equal(hear(l, HEADER "\x07/noise\n"), 1);
  p2p__step *s[] = { d, l };
  for (size_t i = 0; i < P2P_COUNT(s); i++) {
    for (size_t cap = 0; cap < whole; cap++) {
      uint8_t out[64];
      p2p__wr wr = p2p__wr_of(out, cap);
      s[i]->ops->send(s[i], &wr);
      assert_int_equal(wr.err, P2P_ELIMIT);
      assert_int_equal(wr.len, 0);
      assert_false(early(s[i]));
    }
    assert_says(s[i], HEADER "\x07/noise\n");
    p2p__step_free(s[i]);
  }
  step_world_fini(&w);
}

static int match_any_version(void *ctx, p2p_bytes id) {
  (void)ctx;
  return id.len > 3 && memcmp(id.p, "/x/", 3) == 0 ? 7 : -1;
}

static p2p__step *matcher(step_world *w) {
  p2p__multistream_offer offer = { .match = match_any_version };
  p2p__step *s = NULL;
  assert_int_equal(p2p__multistream_listen(&w->env, &offer, DEADLINE, &s), 0);
  return s;
}

static void matched_id_is_echoed_as_it_was_said(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *l = matcher(&w);
  char line[] = HEADER "\x03/y\n\x07/x/1.2\n";
  assert_int_equal(hear(l, line), 1);
  memset(line, 0, sizeof line); /* the caller's bytes are gone before send */
  assert_says(l, HEADER "\x03na\n\x07/x/1.2\n");
  assert_int_equal(chosen(l), 7);
  p2p__step_free(l);
  step_world_fini(&w);
}

static void copy_of_a_matched_id_may_fail(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  w.mem.fail_at = 2;
  p2p__step *l = matcher(&w);
  assert_int_equal(hear(l, HEADER "\x07/x/1.2\n"), P2P_ENOMEM);
  assert_says(l, HEADER);
  p2p__step_free(l);
  step_world_fini(&w);
}

static void steps_survive_no_memory(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__multistream_offer offer = offer_of(three, 3);
  p2p__step *s;
  w.mem.fail_at = 1;
  w.mem.fail_on = true;
  assert_int_equal(p2p__multistream_dial(&w.env, &offer, true, DEADLINE, &s), P2P_ENOMEM);
  assert_null(s);
  assert_int_equal(p2p__multistream_listen(&w.env, &offer, DEADLINE, &s), P2P_ENOMEM);
  assert_null(s);
  step_world_fini(&w);
}

typedef struct tracer {
  char text[256];
  size_t len;
} tracer;

static void on_trace(void *ctx, bool in, p2p_bytes line) {
  tracer *t = ctx;
  t->text[t->len++] = in ? '<' : '>';
  memcpy(t->text + t->len, line.p, line.len);
  t->len += line.len;
}

static void every_line_is_traced(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  tracer t[2] = { 0 };
  p2p__multistream_offer offer[2] = { offer_of(three, 2), offer_of(three + 1, 1) };
  p2p__step *s[2];
  for (int i = 0; i < 2; i++) {
    offer[i].trace = on_trace;
    offer[i].trace_ctx = &t[i];
  }
  assert_int_equal(p2p__multistream_dial(&w.env, &offer[0], false, DEADLINE, &s[0]), 0);
  assert_int_equal(p2p__multistream_listen(&w.env, &offer[1], DEADLINE, &s[1]), 0);
  step_pair *p = step_pair_new(s[0], s[1]);
  step_pair_run(p);
  step_pair_send(p, 1);
  assert_string_equal(t[0].text, ">/multistream/1.0.0>/a</multistream/1.0.0<na>/b</b");
  assert_string_equal(t[1].text, "</multistream/1.0.0</a>/multistream/1.0.0>na</b>/b");
  step_pair_free(p);
  step_world_fini(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(transcript_is_the_specification_s),
    cmocka_unit_test(sides_agree_at_every_split),
    cmocka_unit_test(sides_agree_at_every_cut),
    cmocka_unit_test(initiator_fails_when_all_are_refused),
    cmocka_unit_test(a_step_is_one_allocation),
    cmocka_unit_test(bytes_behind_the_answer_are_left),
    cmocka_unit_test(partial_lines_are_not_eaten),
    cmocka_unit_test(responder_greets_a_peer_that_waits_after_its_header),
    cmocka_unit_test(initiator_hears_a_header_that_came_first),
    cmocka_unit_test(optimist_is_early_until_the_answer),
    cmocka_unit_test(optimist_goes_on_when_nothing_followed),
    cmocka_unit_test(committed_optimist_fails_when_refused),
    cmocka_unit_test(refused_payload_is_read_as_lines_and_the_refusal_still_leaves),
    cmocka_unit_test(pessimist_is_never_early),
    cmocka_unit_test(list_is_one_line_of_lines),
    cmocka_unit_test(list_is_not_given_twice_at_once),
    cmocka_unit_test(unusable_ids_are_refused),
    cmocka_unit_test(without_room_nothing_is_written),
    cmocka_unit_test(matched_id_is_echoed_as_it_was_said),
    cmocka_unit_test(copy_of_a_matched_id_may_fail),
    cmocka_unit_test(steps_survive_no_memory),
    cmocka_unit_test(every_line_is_traced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
