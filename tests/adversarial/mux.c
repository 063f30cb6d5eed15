/* yamux: frames as a row wants them, and what came back sorted by stream. */
#include "evil.h"

bool mux_up(peer *p) {
  if (!noise_up(p, NULL) || !line_agree(p, "/yamux/1.0.0")) return false;
  p->muxed = true;
  mux_absorb(p);
  return true;
}

peer *mux_session(evil *e) {
  peer *p = peer_new(e);
  if (p && mux_up(p)) return p;
  peer_free(p);
  return NULL;
}

uint32_t mux_sid(const peer *p, uint32_t i) { return 2 * i + (p->dialed ? 1 : 2); }

bool mux_frame(peer *p, uint8_t type, uint16_t flags, uint32_t sid, uint32_t len) {
  uint8_t head[P2P__YAMUX_HEADER];
  p2p__yamux_frame_write(head, (p2p__yamux_frame){ type, flags, sid, len });
  return peer_put(p, head, sizeof head);
}

bool mux_data(peer *p, uint16_t flags, uint32_t sid, const void *body, size_t n) {
  return mux_frame(p, P2P__YAMUX_DATA, flags, sid, (uint32_t)n) && (n == 0 || peer_put(p, body, n));
}

/* ---- what came ---- */

static heard *stream_of(peer *p, uint32_t sid) {
  for (size_t i = 0; i < EVIL_STREAMS; i++)
    if (p->stream[i].sid == sid) return &p->stream[i];
  return NULL;
}

/* A place to note a stream; streams beyond the table are only counted. */
static heard *note(peer *p, uint32_t sid) {
  heard *s = stream_of(p, sid);
  if (!s && (s = stream_of(p, 0))) *s = (heard){ .sid = sid };
  return s;
}

static void note_data(peer *p, const p2p__yamux_frame *f, const uint8_t *body, size_t n) {
  bool theirs = (f->sid % 2 == 1) != p->dialed;
  heard *s = theirs && f->flags & P2P__YAMUX_SYN ? note(p, f->sid) : stream_of(p, f->sid);
  if (f->flags & P2P__YAMUX_RST) p->resets++;
  if (!s) return;
  size_t keep = p2p__min(n, EVIL_DATA - s->len);
  if (keep) memcpy(s->data + s->len, body, keep);
  s->len += keep;
  s->total += n;
  if (f->flags & P2P__YAMUX_FIN) s->fin = true;
  if (f->flags & P2P__YAMUX_RST) s->rst = true;
}

static void note_session(peer *p, const p2p__yamux_frame *f) {
  if (f->type == P2P__YAMUX_GOAWAY) {
    p->goaway = true;
    p->goaway_code = f->len;
  } else if (f->flags & P2P__YAMUX_ACK) {
    p->pongs++;
  } else if (!p->mute && p->n_owed < EVIL_STREAMS) {
    p->owed[p->n_owed++] = f->len;
  }
}

bool mux_pay(peer *p) {
  while (p->n_owed > 0 && !p->over)
    mux_frame(p, P2P__YAMUX_PING, P2P__YAMUX_ACK, 0, p->owed[--p->n_owed]);
  return true;
}

/* Only listens: it is called when a record of ours may be half sent. */
void mux_absorb(peer *p) {
  static uint8_t body[1 << 20];
  p2p__yamux_frame f;
  for (;;) {
    p2p__rd r = p2p__rd_of(p2p__bytes(p->plain, p->plain_len));
    if (p2p__yamux_frame_read(&r, &f)) return;
    size_t n = f.type == P2P__YAMUX_DATA ? f.len : 0, all = P2P__YAMUX_HEADER + n;
    if (p->plain_len < all) return;
    memcpy(body, p->plain + P2P__YAMUX_HEADER, n);
    p->plain_len -= all;
    memmove(p->plain, p->plain + all, p->plain_len);
    if (f.type == P2P__YAMUX_DATA || f.type == P2P__YAMUX_WINDOW)
      note_data(p, &f, body, n);
    else
      note_session(p, &f);
  }
}

/* ---- questions ---- */

bool mux_lives(peer *p) {
  uint64_t before = p->pongs;
  p2p_time deadline = evil_now() + p->e->brief;
  if (!mux_frame(p, P2P__YAMUX_PING, P2P__YAMUX_SYN, 0, 0xe1)) return false;
  while (p->pongs == before)
    if (!peer_wait(p, deadline)) return false;
  return true;
}

bool mux_stream_ends(peer *p, heard *s, p2p_time within) {
  p2p_time deadline = evil_now() + within;
  while (!s->rst && !s->fin && !p->over)
    if (!peer_wait(p, deadline)) break;
  return s->rst || s->fin || p->over;
}

bool mux_stream_resets(peer *p, heard *s, p2p_time within) {
  p2p_time deadline = evil_now() + within;
  while (!s->rst && !p->over)
    if (!peer_wait(p, deadline)) break;
  return s->rst || p->over;
}

/* The protocol stands behind the header: 1; 0: not yet; -1: something else does. */
static int negotiated(const heard *s, const char *protocol, size_t *used) {
  int got = line_both(p2p__bytes(s->data, s->len), protocol, used);
  return got == 0 && s->rst ? -1 : got;
}

static void forget(heard *s, size_t n) {
  s->len -= n;
  memmove(s->data, s->data + n, s->len);
}

heard *mux_open(peer *p, uint32_t sid, const char *protocol) {
  uint8_t lines[512];
  size_t n = line_two(protocol, lines, sizeof lines), used;
  p2p_time deadline = evil_now() + p->e->brief;
  heard *s = note(p, sid);
  int got = 0;
  if (!s || !mux_data(p, P2P__YAMUX_SYN, sid, lines, n)) return NULL;
  while ((got = negotiated(s, protocol, &used)) == 0)
    if (!peer_wait(p, deadline)) return NULL;
  if (got < 0) return NULL;
  forget(s, used);
  return s;
}

/* The stream among those they opened, if its proposal has come. */
static heard *proposed(peer *p, const char *protocol, size_t *used) {
  for (size_t i = 0; i < EVIL_STREAMS; i++) {
    heard *s = &p->stream[i];
    bool theirs = s->sid && (s->sid % 2 == 1) != p->dialed;
    if (theirs && negotiated(s, protocol, used) == 1) return s;
  }
  return NULL;
}

heard *mux_accept(peer *p, const char *protocol) {
  uint8_t lines[512];
  size_t n = line_two(protocol, lines, sizeof lines), used = 0;
  p2p_time deadline = evil_now() + p->e->brief;
  heard *s;
  while (!(s = proposed(p, protocol, &used)))
    if (!peer_wait(p, deadline)) return NULL;
  forget(s, used);
  return mux_data(p, P2P__YAMUX_ACK, s->sid, lines, n) ? s : NULL;
}
