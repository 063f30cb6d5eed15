#include "mplex_side.h"
#include <stdlib.h>

void mplex_side_start(side *s, bool client) {
  assert_int_equal(p2p__mplex_new(&s->env, &s->slab, &s->budget, client, &s->m), 0);
}

int mplex_side_frame(side *s, p2p__mplex_flag flag, uint64_t num, uint64_t len, size_t body) {
  uint8_t *bytes = calloc(1, P2P__MPLEX_HEADER + body);
  assert_non_null(bytes);
  size_t head = p2p__mplex_frame_write(bytes, (p2p__mplex_frame){ (uint8_t)flag, num, len });
  int err = side_feed(s, p2p__bytes(bytes, head + body));
  free(bytes);
  return err;
}

static void collect(mplex_out *out, const uint8_t *bytes, size_t len) {
  p2p__rd r = p2p__rd_of(p2p__bytes(bytes, len));
  while (!p2p__rd_done(&r)) {
    assert_true(out->n < SIDE_FRAMES);
    p2p__mplex_frame *f = &out->f[out->n++];
    assert_int_equal(p2p__mplex_frame_read(&r, f), 0);
    p2p__rd_bytes(&r, f->len);
  }
}

void mplex_side_drain(side *s, size_t max, mplex_out *out) {
  uint8_t *record = malloc(max);
  p2p_bytes v[32];
  size_t n;
  assert_non_null(record);
  out->n = out->records = out->bytes = 0;
  while ((n = s->m->ops->pull(s->m, max, v, P2P_COUNT(v), s->now)) > 0) {
    p2p__wr w = p2p__wr_of(record, max);
    for (size_t i = 0; i < n; i++) p2p__wr_bytes_in(&w, v[i]);
    assert_int_equal(w.err, 0);
    collect(out, record, w.len);
    out->records++;
    out->bytes += w.len;
    s->m->ops->sent(s->m);
  }
  free(record);
}

size_t mplex_sent(const mplex_out *out, p2p__mplex_flag flag, uint64_t num) {
  size_t n = 0;
  for (size_t k = 0; k < out->n; k++) n += out->f[k].flag == flag && out->f[k].num == num;
  return n;
}
