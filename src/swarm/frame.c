/* The framer. See frame.h. */
#include "swarm/frame.h"
#include <assert.h>

enum { PILE_MIN = 256 };

/* ---- piles ---- */

/* The next capacity that holds len bytes: doubled, so that n bytes cost O(n), and not beyond max. */
static size_t pile_cap(const p2p__pile *pile, size_t len, size_t max) {
  size_t cap = p2p__max(pile->cap, PILE_MIN);
  while (cap < len) cap = cap > SIZE_MAX / 2 ? len : cap * 2;
  return p2p__min(cap, p2p__max(max, len));
}

static int pile_grow(p2p__pile *pile, size_t cap) {
  size_t more = cap - pile->cap;
  if (!p2p__budget_charge(pile->budget, more)) return P2P_ELIMIT;
  void *p = pile->p;
  if (p2p__resize(pile->mem, P2P__MEM_STREAM, &p, pile->cap, cap) < 0) {
    p2p__budget_refund(pile->budget, more);
    return P2P_ENOMEM;
  }
  pile->p = p;
  pile->cap = cap;
  return 0;
}

int p2p__pile_put(p2p__pile *pile, p2p_bytes b, size_t max) {
  size_t len;
  if (!p2p__add(pile->len, b.len, &len) || len > max) return P2P_ELIMIT;
  if (len > pile->cap) {
    int err = pile_grow(pile, pile_cap(pile, len, max));
    if (err < 0) return err;
  }
  if (b.len) memcpy(pile->p + pile->len, b.p, b.len);
  pile->len = len;
  return 0;
}

void p2p__pile_fini(p2p__pile *pile) {
  if (!pile->p) return;
  p2p__release(pile->mem, P2P__MEM_STREAM, pile->p, pile->cap);
  p2p__budget_refund(pile->budget, pile->cap);
  pile->p = NULL;
  pile->len = pile->cap = 0;
}

/* ---- messages ---- */

void p2p__frame_init(p2p__frame *f, p2p__framing framing, size_t limit, p2p__mem *mem,
                     p2p__budget *budget) {
  assert(framing != P2P__FIXED || limit > 0);
  *f = (p2p__frame){ .framing = framing, .limit = limit, .pile = { .mem = mem, .budget = budget } };
}

void p2p__frame_fini(p2p__frame *f) { p2p__pile_fini(&f->pile); }

static p2p_bytes take(p2p_bytes *in, size_t n) {
  p2p_bytes front = p2p__bytes(in->p, n);
  if (n == 0) return front;
  in->p += n;
  in->len -= n;
  return front;
}

/* Reads the length, byte by byte as it may come. 1: it is known; 0: more; P2P_EPROTO, P2P_ELIMIT. */
static int frame_length(p2p__frame *f, p2p_bytes *in) {
  for (bool more = true; more;) {
    if (in->len == 0) return 0;
    if (f->head_len == P2P__FRAME_HEAD) return P2P_EPROTO;
    uint8_t byte = take(in, 1).p[0];
    f->head[f->head_len++] = byte;
    more = byte & 0x80;
  }
  p2p__rd r = p2p__rd_of(p2p__bytes(f->head, f->head_len));
  uint64_t len = p2p__rd_varint(&r);
  if (r.err) return P2P_EPROTO;
  if (len > f->limit) return P2P_ELIMIT;
  f->head_len = 0;
  f->need = (size_t)len;
  f->sized = true;
  return 1;
}

/* Gives out the message of need bytes: in place when nothing of it came before. */
static int frame_body(p2p__frame *f, p2p_bytes *in, p2p_bytes *msg) {
  if (f->pile.len == 0 && in->len >= f->need) {
    *msg = take(in, f->need);
    f->sized = false;
    return 1;
  }
  size_t n = p2p__min(in->len, f->need - f->pile.len);
  int err = p2p__pile_put(&f->pile, take(in, n), f->need);
  if (err < 0) return err;
  if (f->pile.len < f->need) return 0;
  *msg = p2p__bytes(f->pile.p, f->pile.len);
  f->given = true;
  f->sized = false;
  return 1;
}

static int frame_cut(p2p__frame *f, p2p_bytes *in, p2p_bytes *msg) {
  if (f->framing == P2P__RAW) {
    *msg = take(in, in->len);
    return msg->len > 0;
  }
  if (f->framing == P2P__FIXED) {
    f->need = f->limit;
    f->sized = true;
  }
  int r = f->sized ? 1 : frame_length(f, in);
  return r == 1 ? frame_body(f, in, msg) : r;
}

int p2p__frame_next(p2p__frame *f, p2p_bytes *in, p2p_bytes *msg) {
  if (f->err) return f->err;
  if (f->given) p2p__pile_fini(&f->pile);
  f->given = false;
  int r = frame_cut(f, in, msg);
  if (r < 0) f->err = r;
  return r;
}

bool p2p__frame_is_partial(const p2p__frame *f) {
  if (f->framing == P2P__FRAMED && f->sized) return true;
  return f->head_len > 0 || (f->pile.len > 0 && !f->given);
}

void p2p__frame_head(p2p__framing framing, size_t len, p2p__wr *w) {
  if (framing == P2P__FRAMED) p2p__wr_varint(w, len);
}
