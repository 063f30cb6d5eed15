#include "side.h"
#include "muxer/mplex.h"
#include <stdlib.h>

void side_init(side *s) {
  *s = (side){ .now = P2P_SECOND };
  p2p__mem_init(&s->mem, NULL);
  p2p__pool_init(&s->pool, &s->mem);
  size_t stream = p2p__max(p2p__yamux_stream_size(), p2p__mplex_stream_size());
  p2p__slab_init(&s->slab, &s->mem, P2P__MEM_MUX, stream);
  s->budget = (p2p__budget){ .max = SIZE_MAX };
  p2p__limits_default(&s->limits);
  s->env = (p2p__env){ .mem = &s->mem, .pool = &s->pool, .limits = &s->limits };
}

void side_start(side *s, bool client) {
  int err = p2p__yamux_new(&s->env, &s->slab, &s->budget, client, s->now, &s->m);
  assert_int_equal(err, 0);
}

void side_fini(side *s) {
  p2p__mux_free(s->m);
  assert_int_equal(s->slab.live, 0);
  assert_int_equal(s->budget.used, 0);
  p2p__slab_fini(&s->slab);
  p2p__pool_fini(&s->pool);
  assert_int_equal(p2p__mem_used(&s->mem), 0);
}

int side_feed(side *s, p2p_bytes in) {
  uint8_t *copy = malloc(in.len + 1); /* exact, so that the sanitizer sees an overread */
  assert_non_null(copy);
  if (in.len) memcpy(copy, in.p, in.len);
  p2p__span span = p2p__span_of(copy, in.len);
  p2p__mux_event ev;
  s->n_ev = 0;
  s->data_bytes = 0;
  while ((s->err = s->m->ops->recv(s->m, &span, &ev, s->now)) == 1) {
    assert_true(s->n_ev < SIDE_EVENTS);
    if (ev.kind == P2P__MUX_DATA) {
      assert_true(ev.data.p >= copy && ev.data.p + ev.data.len <= copy + in.len);
      s->data_bytes += ev.data.len;
    }
    s->ev[s->n_ev++] = ev;
  }
  if (s->err == 0) assert_int_equal(span.len, 0);
  free(copy);
  return s->err;
}

int side_frame(side *s, p2p__yamux_type type, uint16_t flags, uint32_t sid, uint32_t len,
               size_t body) {
  uint8_t *bytes = calloc(1, P2P__YAMUX_HEADER + body);
  assert_non_null(bytes);
  p2p__yamux_frame_write(bytes, (p2p__yamux_frame){ (uint8_t)type, flags, sid, len });
  int err = side_feed(s, p2p__bytes(bytes, P2P__YAMUX_HEADER + body));
  free(bytes);
  return err;
}

static void collect(side *s, const uint8_t *bytes, size_t len) {
  p2p__rd r = p2p__rd_of(p2p__bytes(bytes, len));
  while (!p2p__rd_done(&r)) {
    assert_true(s->n_out < SIDE_FRAMES);
    p2p__yamux_frame *f = &s->out[s->n_out++];
    assert_int_equal(p2p__yamux_frame_read(&r, f), 0);
    if (f->type == P2P__YAMUX_DATA) p2p__rd_bytes(&r, f->len);
  }
}

void side_drain(side *s, size_t max) {
  uint8_t *record = malloc(max);
  p2p_bytes v[32];
  size_t n;
  assert_non_null(record);
  s->n_out = s->records = s->out_bytes = 0;
  while ((n = s->m->ops->pull(s->m, max, v, P2P_COUNT(v), s->now)) > 0) {
    p2p__wr w = p2p__wr_of(record, max);
    for (size_t i = 0; i < n; i++) p2p__wr_bytes_in(&w, v[i]);
    assert_int_equal(w.err, 0);
    collect(s, record, w.len);
    s->records++;
    s->out_bytes += w.len;
    s->m->ops->sent(s->m);
  }
  free(record);
}

void side_write(side *s, uint64_t sid, size_t n) {
  static const uint8_t zeros[65536];
  p2p__queue *q = s->m->ops->sendq(s->m, sid);
  assert_non_null(q);
  while (n) {
    size_t k = p2p__min(n, sizeof zeros);
    assert_int_equal(p2p__queue_put(q, p2p__bytes(zeros, k)), k);
    n -= k;
  }
  s->m->ops->ready(s->m, sid);
}

const p2p__yamux_frame *side_sent(const side *s, p2p__yamux_type type, uint32_t sid, size_t i) {
  for (size_t k = 0; k < s->n_out; k++) {
    if (s->out[k].type == type && s->out[k].sid == sid && i-- == 0) return &s->out[k];
  }
  return NULL;
}

size_t side_events(const side *s, p2p__mux_kind kind, uint64_t sid) {
  size_t n = 0;
  for (size_t k = 0; k < s->n_ev; k++) n += s->ev[k].kind == kind && s->ev[k].sid == sid;
  return n;
}

const p2p__mux_event *side_event(const side *s, p2p__mux_kind kind, uint64_t sid) {
  for (size_t k = 0; k < s->n_ev; k++) {
    if (s->ev[k].kind == kind && s->ev[k].sid == sid) return &s->ev[k];
  }
  fail_msg("no event %d for stream %llu", (int)kind, (unsigned long long)sid);
  return NULL;
}
