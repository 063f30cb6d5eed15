/* Scripted talk with one step. */
#include "script.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

const char *const noise_yamux[2] = { "/noise", "/yamux/1.0.0" };
const char *const three[3] = { "/a", "/b", "/c" };

p2p__multistream_offer offer_of(const char *const *ids, size_t n) {
  return (p2p__multistream_offer){ .ids = ids, .n = n };
}

p2p__step *dial(step_world *w, const char *const *ids, size_t n, bool optimistic) {
  p2p__multistream_offer offer = offer_of(ids, n);
  p2p__step *s = NULL;
  assert_int_equal(p2p__multistream_dial(&w->env, &offer, optimistic, DEADLINE, &s), 0);
  return s;
}

p2p__step *answer(step_world *w, const char *const *ids, size_t n) {
  p2p__multistream_offer offer = offer_of(ids, n);
  p2p__step *s = NULL;
  assert_int_equal(p2p__multistream_listen(&w->env, &offer, DEADLINE, &s), 0);
  return s;
}

int hear_at(p2p__step *s, p2p_bytes in, size_t *used, p2p_time now) {
  *used = SIZE_MAX;
  int r = s->ops->recv(s, in, used, now);
  assert_true(*used <= in.len);
  return r;
}

int hear(p2p__step *s, const char *text) {
  size_t used;
  int r = hear_at(s, p2p__cstr(text), &used, 0);
  assert_int_equal(used, strlen(text));
  return r;
}

void assert_says(p2p__step *s, const char *text) {
  uint8_t said[4096];
  size_t n = step_said(s, said, sizeof said);
  assert_int_equal(n, strlen(text));
  assert_memory_equal(said, text, n);
}

int chosen(p2p__step *s) {
  p2p__step_result r = { .protocol = -1, .muxer = -1 };
  s->ops->take(s, &r);
  return r.protocol;
}
