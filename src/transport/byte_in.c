/* Bytes from the pipe: one fill of the loop's read buffer, opened in place, parsed in place, handed
 * up as slices that live until FILLED returns; a partial record is kept as the link's carry. */
#include "transport/byte_link_internal.h"

enum { CARRY_CLASSES = 4, FIRST_LINE = 20 /* "/multistream/1.0.0", with length and end */ };
static const uint32_t carry_classes[CARRY_CLASSES] = { 1024, 4096, 16384, 66560 };

static uint32_t carry_class(size_t len) {
  for (size_t i = 0; i < CARRY_CLASSES; i++)
    if (len <= carry_classes[i]) return carry_classes[i];
  return 0;
}

/* Keeps what was not eaten: sized by what has arrived, never by what a peer announced. */
static int carry_keep(byte_link *l, p2p__span rest, p2p_time now) {
  bl_bytes *c = &l->carry;
  if (rest.len == 0) {
    p2p__bl_bytes_free(l, c);
    return 0;
  }
  if (rest.len > p2p__bl_env(l)->limits->carry_max) return P2P_ELIMIT;
  uint32_t cap = carry_class(rest.len);
  if (!cap) return P2P_ELIMIT;
  if (c->cap < rest.len) {
    p2p__bl_bytes_free(l, c);
    c->p = p2p__alloc_raw(p2p__bl_loop(l)->mem, P2P__MEM_LINK, cap);
    if (!c->p) return P2P_ENOMEM;
    c->cap = cap;
  }
  memcpy(c->p, rest.p, rest.len);
  c->len = (uint32_t)rest.len;
  if (l->carry_since == 0) l->carry_since = now;
  return 0;
}

static const p2p__up_kind up_kinds[] = {
  [P2P__MUX_OPENED] = P2P__UP_OPENED,   [P2P__MUX_DATA] = P2P__UP_DATA,
  [P2P__MUX_FIN] = P2P__UP_FIN,         [P2P__MUX_RESET] = P2P__UP_RESET,
  [P2P__MUX_STOPPED] = P2P__UP_STOPPED, [P2P__MUX_GOAWAY] = P2P__UP_GOAWAY,
};

static p2p__up up_of(const p2p__mux_event *ev) {
  return (p2p__up){
    .kind = up_kinds[ev->kind], .sid = ev->sid, .data = ev->data, .code = ev->code, .err = ev->err
  };
}

/* All that the muxer has to say of *in. */
static int eat_mux(byte_link *l, p2p__span *in, p2p_time now) {
  p2p__mux_event ev;
  int r;
  while ((r = l->mux->ops->recv(l->mux, in, &ev, now)) == 1) {
    p2p__up u = up_of(&ev);
    if (ev.kind == P2P__MUX_GOAWAY) {
      l->remote_goaway = true;
      if (l->state < BL_CLOSING) l->close_code = ev.code;
    }
    if (l->state >= BL_CLOSING) continue;
    if (!p2p__bl_up(l, &u, now)) return 0;
  }
  return r;
}

static int eat_plain(byte_link *l, p2p__span *in, p2p_time now) {
  while (in->len && l->up && l->up->select_mux && !l->up->mux_done) {
    int r = p2p__bl_upgrade_plain(l, in, now);
    if (r < 0 || l->state == BL_DEAD) return r;
  }
  if (!in->len) return 0;
  return l->mux ? eat_mux(l, in, now) : P2P_EPROTO;
}

/* Opens and eats whole records from the front of *in. */
static int eat_records(byte_link *l, p2p__span *in, p2p_time now) {
  while (in->len && l->state != BL_DEAD && l->state != BL_ADMITTING) {
    size_t used;
    p2p__span plain;
    int r = l->record->ops->open(l->record, *in, &used, &plain);
    if (r <= 0) return r;
    in->p += used;
    in->len -= used;
    l->carry_since = 0;
    r = eat_plain(l, &plain, now);
    if (r < 0) return r;
  }
  return 0;
}

static int eat(byte_link *l, p2p__span *in, p2p_time now) {
  if (l->state == BL_SECURING) {
    int r = p2p__bl_upgrade_raw(l, in, now);
    if (r < 0 || l->state <= BL_ADMITTING || l->state == BL_DEAD) return r;
  }
  return l->record ? eat_records(l, in, now) : 0;
}

/* The stage of an error met while eating: who answered wrongly failed to prove its identity. */
static p2p_stage stage_of(const byte_link *l, int err) {
  bool identity = l->state == BL_SECURING && (err == P2P_EPEER || err == P2P_EAUTH);
  return identity ? P2P_STAGE_IDENTITY : p2p__bl_stage(l);
}

/* After eating: readers run on what came of it; err, if any, ends the link. True: it lives. */
static bool settle(byte_link *l, int err, p2p_time now) {
  if (l->state == BL_DEAD) return false;
  p2p_stage stage = stage_of(l, err);
  if (l->mux && !p2p__bl_up(l, &(p2p__up){ .kind = P2P__UP_FILLED }, now)) return false;
  p2p__bl_mark(l);
  if (err >= 0) return true;
  p2p__bl_last_word(l, now);
  if (err == P2P_ECLOSED) /* inside the channel: as an end of the pipe */
    p2p__bl_ended(l, err, now);
  else
    p2p__bl_die(l, err, stage, true, now);
  return false;
}

/* Eats in, keeps the rest. */
static void digest(byte_link *l, p2p__span in, p2p_time now) {
  l->eating = true;
  int err = eat(l, &in, now);
  l->eating = false;
  if (!settle(l, err, now)) return;
  err = carry_keep(l, in, now);
  if (err < 0) p2p__bl_die(l, err, p2p__bl_stage(l), true, now);
}

void p2p__bl_events(byte_link *l, p2p_time now) {
  p2p__span none = { 0 };
  (void)settle(l, l->mux ? eat_mux(l, &none, now) : 0, now);
}

/* After our side has finished only the peer's end is of interest. */
static void discard(byte_link *l, p2p_time now) {
  ptrdiff_t k = l->pipe->ops->recv(l->pipe, p2p__bl_loop(l)->rx, P2P__RX_FAIR);
  if (k <= 0 && k != P2P_EAGAIN) p2p__bl_ended(l, P2P_ECLOSED, now);
}

/* Of a stranger the first line alone, so that it is heard however many handshakes are to be computed:
 * what follows waits in the pipe for its turn. */
static size_t fill_size(const byte_link *l) {
  bool is_stranger = l->state == BL_SECURING && !l->initiator && !l->up->spoke;
  if (is_stranger && l->carry.len < FIRST_LINE) return FIRST_LINE - l->carry.len;
  if (l->state < BL_UP) return P2P__RX_EARLY;
  return p2p__bl_loop(l)->n_facts > 1 ? P2P__RX_FAIR : P2P__RX;
}

void p2p__bl_readable(byte_link *l, p2p_time now) {
  if (l->state == BL_LINGERING) {
    discard(l, now);
    return;
  }
  if (l->state == BL_ADMITTING) { /* the owner has not answered: the rest waits in the pipe */
    p2p__bl_want(l, l->want & ~(uint32_t)P2P_IO_READABLE);
    return;
  }
  p2p__loop *loop = p2p__bl_loop(l);
  size_t had = l->carry.len;
  if (had) memcpy(loop->rx, l->carry.p, had);
  ptrdiff_t k = l->pipe->ops->recv(l->pipe, loop->rx + had, fill_size(l));
  if (k == P2P_EAGAIN) return;
  if (k <= 0) {
    p2p__bl_ended(l, k == 0 ? P2P_ECLOSED : (int)k, now);
    return;
  }
  l->answered = true;
  l->idle = false;
  l->last_io = now;
  digest(l, p2p__span_of(loop->rx, had + (size_t)k), now);
}

void p2p__bl_resume(byte_link *l, p2p_time now) {
  l->resume = false;
  p2p__bl_want(l, l->want | P2P_IO_READABLE);
  size_t had = l->carry.len;
  if (!had) return;
  memcpy(p2p__bl_loop(l)->rx, l->carry.p, had);
  digest(l, p2p__span_of(p2p__bl_loop(l)->rx, had), now);
}
