/* Lines of multistream-select, and the loop both sides eat them with.
 * Spec: multiformats/multistream-select, "Protocol Selection". */
#include "multistream/talk.h"

bool p2p__talk_is(p2p_bytes line, const char *text) { return p2p__bytes_eq(line, p2p__cstr(text)); }

void p2p__talk_trace(const p2p__talk *t, bool in, p2p_bytes line) {
  if (t->offer.trace) t->offer.trace(t->offer.trace_ctx, in, line);
}

static bool is_reserved(p2p_bytes id) {
  return p2p__talk_is(id, P2P__MULTISTREAM_ID) || p2p__talk_is(id, P2P__MULTISTREAM_NA) ||
         p2p__talk_is(id, P2P__MULTISTREAM_LS);
}

/* An id that cannot be a line of its own would make us speak nonsense to every peer. */
static bool is_id(p2p_bytes id, uint64_t line_max) {
  return id.len > 0 && id.len < line_max && !memchr(id.p, '\n', id.len) && !is_reserved(id);
}

int p2p__talk_init(p2p__talk *t, p2p__env *env, const p2p__multistream_offer *offer,
                   p2p_time deadline) {
  for (size_t i = 0; i < offer->n; i++)
    if (!is_id(p2p__cstr(offer->ids[i]), env->limits->multistream_line)) return P2P_EINVAL;
  t->env = env;
  t->offer = *offer;
  t->deadline = deadline;
  t->chosen = -1;
  return 0;
}

/* 1: *line is the next line without its newline, r stands behind it. 0: not all there yet. The
 * length is refused as soon as it is known: nobody makes us wait for 2^63 bytes. */
static int line_next(p2p__rd *r, uint64_t max, p2p_bytes *line) {
  p2p__rd c = *r;
  p2p_bytes whole = p2p__rd_prefixed(&c, (size_t)max);
  if (c.err == P2P_ESHORT) return 0;
  if (c.err) return c.err;
  if (whole.len == 0 || whole.p[whole.len - 1] != '\n') return P2P_EPROTO;
  *line = p2p__bytes(whole.p, whole.len - 1);
  *r = c;
  return 1;
}

static int hear_header(p2p__talk *t, p2p_bytes line) {
  t->heard = p2p__talk_is(line, P2P__MULTISTREAM_ID);
  return t->heard ? 0 : P2P_EPROTO;
}

int p2p__talk_recv(p2p__talk *t, p2p_bytes in, size_t *used, p2p_time now,
                   int (*on_line)(p2p__talk *t, p2p_bytes line)) {
  p2p__rd r = p2p__rd_of(in);
  *used = 0;
  if (!t->end && now >= t->deadline) t->end = P2P_ETIMEOUT;
  while (!t->end) {
    p2p_bytes line;
    int got = line_next(&r, t->env->limits->multistream_line, &line);
    if (got <= 0) {
      t->end = got;
      break;
    }
    *used = in.len - p2p__rd_left(&r);
    p2p__talk_trace(t, true, line);
    t->end = t->heard ? on_line(t, line) : hear_header(t, line);
  }
  return t->end;
}

size_t p2p__talk_line_len(size_t text_len) { return p2p__varint_len(text_len + 1) + text_len + 1; }

void p2p__talk_line(p2p__wr *w, p2p_bytes text) {
  p2p__wr_varint(w, text.len + 1);
  p2p__wr_bytes_in(w, text);
  p2p__wr_u8(w, '\n');
}

void p2p__talk_greet(const p2p__talk *t, p2p__wr *w) {
  if (!t->greeted) p2p__talk_line(w, p2p__cstr(P2P__MULTISTREAM_ID));
}

bool p2p__talk_commit(p2p__talk *t, p2p__wr *out, const p2p__wr *w) {
  if (w->err) {
    out->err = w->err;
    return false;
  }
  *out = *w;
  if (!t->greeted) p2p__talk_trace(t, false, p2p__cstr(P2P__MULTISTREAM_ID));
  t->greeted = true;
  return true;
}

p2p_time p2p__talk_deadline(const p2p__step *s) { return ((const p2p__talk *)s)->deadline; }

void p2p__talk_take(p2p__step *s, p2p__step_result *out) {
  out->protocol = ((const p2p__talk *)s)->chosen;
}
