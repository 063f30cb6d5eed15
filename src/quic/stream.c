/* Streams: what ngtcp2 tells of them is noted, and told in turn by p2p__quic_next; what the owner wants of
 * them. Sending is send.c. Spec: RFC 9000, sections 2 to 4. */
#include "quic/internal.h"

/* ---- table ---- */
quic_stream *p2p__quic_stream_find(p2p__quic *q, uint64_t sid) {
  if (q->last && q->last->sid == sid) return q->last;
  quic_stream *s = p2p__u64map_find(&q->streams, sid);
  if (s) q->last = s;
  return s;
}

static quic_stream *stream_new(p2p__quic *q, uint64_t sid) {
  quic_stream *s = p2p__slab_take(&q->shared->streams);
  if (!s) return NULL;
  s->sid = sid;
  p2p__list_init(&s->news);
  p2p__list_init(&s->ready);
  p2p__queue_init(&s->out, quic_env(q)->pool, q->budget);
  p2p__queue_init(&s->in, quic_env(q)->pool, NULL); /* bounded by the window; the owner pays */
  p2p__quic_window_begin(q, &s->window, quic_env(q)->limits->quic_window);
  if (p2p__u64map_add(&q->streams, sid, s) == 0) return s;
  p2p__slab_give(&q->shared->streams, s);
  return NULL;
}

static void stream_free(p2p__quic *q, quic_stream *s) {
  if (q->last == s) q->last = NULL;
  if (s->busy) q->n_busy--;
  p2p__list_del(&s->news);
  p2p__list_del(&s->ready);
  p2p__queue_fini(&s->out);
  p2p__queue_fini(&s->in);
  (void)p2p__u64map_del(&q->streams, s->sid);
  p2p__slab_give(&q->shared->streams, s);
}

void p2p__quic_streams_free(p2p__quic *q) {
  size_t i = 0;
  for (quic_stream *s; (s = p2p__u64map_next(&q->streams, &i)) != NULL;) {
    p2p__queue_fini(&s->out);
    p2p__queue_fini(&s->in);
    p2p__slab_give(&q->shared->streams, s);
  }
  p2p__u64map_fini(&q->streams);
}

void p2p__quic_stream_news(p2p__quic *q, quic_stream *s) {
  if (!p2p__list_linked(&s->news)) p2p__list_add(&q->news, &s->news);
}

static bool has_to_send(const quic_stream *s) {
  if (!s->native || s->silent) return false;
  return s->out.len > s->flight || (s->fin && !s->fin_sent);
}

void p2p__quic_stream_wake(p2p__quic *q, quic_stream *s) {
  if (!has_to_send(s)) return;
  p2p__list_del(&s->ready);
  /* Who is urgent goes first with what comes up; who has more to say than a turn then waits for others. */
  bool urgent = s->priority == P2P_PRIORITY_URGENT;
  p2p__list_add(urgent ? q->ready.next : &q->ready, &s->ready);
}

/* Whether it waits for an acknowledgement, counted. */
void p2p__quic_stream_count(p2p__quic *q, quic_stream *s) {
  bool busy = !s->silent && (s->out.len || (s->fin && !s->fin_acked));
  if (busy == s->busy) return;
  s->busy = busy;
  q->n_busy = busy ? q->n_busy + 1 : q->n_busy - 1;
}

void p2p__quic_stream_silence(p2p__quic *q, quic_stream *s) {
  if (s->silent) return;
  s->silent = true;
  s->lost = s->out.len - s->flight;
  p2p__queue_fini(&s->out);
  s->flight = 0;
  s->mark = (quic_mark){ 0 };
  if (s->native) p2p__list_del(&s->ready); /* else it may wait to be opened, in its place */
  p2p__quic_stream_count(q, s);
  p2p__quic_stream_news(q, s);
}

/* What arrived and will not be read counts as read for the connection. */
static void stream_forget(p2p__quic *q, quic_stream *s) {
  p2p__queue_fini(&s->in);
  if (s->owed) p2p__quic_credit(q, s->owed);
  s->owed = 0;
}

/* ---- what ngtcp2 tells ---- */
int p2p__quic_on_stream_open(ngtcp2_conn *conn, int64_t sid, void *user) {
  p2p__quic *q = user;
  quic_stream *s = stream_new(q, (uint64_t)sid);
  if (!s) return NGTCP2_ERR_CALLBACK_FAILURE;
  s->native = s->opened = true;
  p2p__quic_stream_news(q, s);
  return ngtcp2_conn_set_stream_user_data(conn, sid, s) == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

int p2p__quic_on_stream_data(ngtcp2_conn *conn, uint32_t flags, int64_t sid, uint64_t offset,
                             const uint8_t *data, size_t len, void *user, void *stream) {
  p2p__quic *q = user;
  quic_stream *s = stream;
  (void)conn;
  (void)sid;
  (void)offset;
  if (!s) return 0;
  s->owed += len;
  if (s->stop || s->shut) {
    stream_forget(q, s);
  } else if (len && p2p__queue_put(&s->in, p2p__bytes(data, len)) != len) {
    q->fail = P2P_ENOMEM;
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
  if (flags & NGTCP2_STREAM_DATA_FLAG_FIN) s->fin_got = true;
  p2p__quic_stream_news(q, s);
  return 0;
}

int p2p__quic_on_stream_acked(ngtcp2_conn *conn, int64_t sid, uint64_t offset, uint64_t len,
                              void *user, void *stream) {
  p2p__quic *q = user;
  quic_stream *s = stream;
  (void)conn;
  (void)sid;
  (void)offset;
  if (!s || s->silent) return 0;
  size_t n = p2p__min((size_t)len, s->flight);
  p2p__quic_mark_dropped(s, n);
  if (len == 0) s->fin_alone = false; /* the frame of the end, maybe before those of the bytes */
  if (s->fin_sent && s->flight == 0 && !s->fin_alone) s->fin_acked = true;
  p2p__quic_stream_count(q, s);
  return 0;
}

/* ngtcp2 answers a peer that stops reading by itself, and says it only to who writes. */
static void stopped_unheard(p2p__quic *q, quic_stream *s) {
  if (s->silent || s->fin_acked) return;
  s->stopped_got = true;
  p2p__quic_stream_silence(q, s);
}

/* Both directions are over, or the connection is. */
int p2p__quic_on_stream_close(ngtcp2_conn *conn, uint32_t flags, int64_t sid, uint64_t code,
                              void *user, void *stream) {
  p2p__quic *q = user;
  quic_stream *s = stream;
  (void)flags;
  (void)code;
  if (!ngtcp2_conn_is_local_stream(conn, sid)) ngtcp2_conn_extend_max_streams_bidi(conn, 1);
  if (!s) return 0;
  s->native = false;
  s->gone = true;
  stopped_unheard(q, s);
  p2p__list_del(&s->ready);
  if (s->owed) p2p__quic_credit(q, s->owed);
  s->owed = 0;
  p2p__quic_stream_news(q, s);
  return 0;
}

int p2p__quic_on_stream_reset(ngtcp2_conn *conn, int64_t sid, uint64_t final, uint64_t code,
                              void *user, void *stream) {
  p2p__quic *q = user;
  quic_stream *s = stream;
  (void)conn;
  (void)sid;
  (void) final;
  if (!s) return 0;
  s->reset_got = true;
  s->in_code = (uint32_t)code;
  stream_forget(q, s);
  p2p__quic_stream_news(q, s);
  return 0;
}

int p2p__quic_on_stream_credit(ngtcp2_conn *conn, int64_t sid, uint64_t max, void *user,
                               void *stream) {
  (void)conn;
  (void)sid;
  (void)max;
  if (stream) p2p__quic_stream_wake(user, stream);
  return 0;
}

/* ---- opening ---- */
/* Numbers are used in order: one whose stream had no memory, the peer sees reset. */
static int skip_to(p2p__quic *q, uint64_t sid) {
  while (q->next < sid) {
    int64_t skipped;
    int rv = ngtcp2_conn_open_bidi_stream(q->conn, &skipped, NULL);
    if (rv == 0) rv = ngtcp2_conn_shutdown_stream(q->conn, 0, skipped, 0);
    if (rv != 0) return rv;
    q->next += 4;
  }
  return 0;
}

static int open_one(p2p__quic *q, quic_stream *s) {
  int64_t sid;
  int rv = skip_to(q, s->sid);
  if (rv == 0) rv = ngtcp2_conn_open_bidi_stream(q->conn, &sid, s);
  if (rv == NGTCP2_ERR_STREAM_ID_BLOCKED) return 1;
  if (rv != 0) return rv;
  q->next += 4;
  p2p__list_del(&s->ready);
  if ((uint64_t)sid != s->sid) return NGTCP2_ERR_INTERNAL; /* the owner counted otherwise */
  s->native = true;
  if (s->shut) return ngtcp2_conn_shutdown_stream(q->conn, 0, sid, s->reset_code);
  if (s->stop) rv = ngtcp2_conn_shutdown_stream_read(q->conn, 0, sid, s->stop_code);
  p2p__quic_stream_wake(q, s);
  return rv;
}

int p2p__quic_streams_open(p2p__quic *q) {
  while (!p2p__list_empty(&q->opening)) {
    int rv = open_one(q, P2P_CONTAINER(q->opening.next, quic_stream, ready));
    if (rv != 0) return rv < 0 ? rv : 0;
  }
  return 0;
}

int p2p__quic_on_more_streams(ngtcp2_conn *conn, uint64_t max, void *user) {
  (void)conn;
  (void)max;
  return p2p__quic_streams_open(user) < 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

/* ---- what the owner wants ---- */
int p2p__quic_open(p2p__quic *q, uint64_t sid) {
  if (q->ended) return P2P_ECLOSED;
  quic_stream *s = stream_new(q, sid);
  if (!s) return P2P_ENOMEM;
  p2p__list_add(&q->opening, &s->ready);
  int rv = p2p__quic_streams_open(q);
  if (rv < 0) p2p__quic_failed(q, rv);
  return 0;
}

p2p__queue *p2p__quic_sendq(p2p__quic *q, uint64_t sid) {
  quic_stream *s = p2p__quic_stream_find(q, sid);
  return s && !s->silent && !s->gone && !q->ended ? &s->out : NULL;
}

void p2p__quic_ready(p2p__quic *q, uint64_t sid) {
  quic_stream *s = p2p__quic_stream_find(q, sid);
  if (!s) return;
  p2p__quic_stream_count(q, s);
  if (s->native && !p2p__list_linked(&s->ready)) p2p__quic_stream_wake(q, s);
}

void p2p__quic_consumed(p2p__quic *q, uint64_t sid, size_t n, p2p_time now) {
  quic_stream *s = p2p__quic_stream_find(q, sid);
  if (!s || q->ended) return;
  q->now = now;
  uint64_t back = p2p__min(n, (size_t)s->owed);
  s->owed -= back;
  if (!back) return;
  p2p__quic_credit(q, back);
  if (!s->native || s->stop || s->fin_got) return;
  int rv = p2p__quic_stream_credit(q, s, back);
  if (rv != 0) p2p__quic_failed(q, rv);
}

void p2p__quic_finish(p2p__quic *q, uint64_t sid) {
  quic_stream *s = p2p__quic_stream_find(q, sid);
  if (!s || s->silent || s->fin) return;
  s->fin = true;
  p2p__quic_ready(q, sid);
}

void p2p__quic_priority(p2p__quic *q, uint64_t sid, p2p_priority priority) {
  quic_stream *s = p2p__quic_stream_find(q, sid);
  if (s) s->priority = (uint8_t)priority;
}

void p2p__quic_stop(p2p__quic *q, uint64_t sid, uint32_t code) {
  quic_stream *s = p2p__quic_stream_find(q, sid);
  if (!s || s->stop || s->shut || q->ended) return;
  s->stop = true;
  s->stop_code = code;
  stream_forget(q, s);
  if (!s->native || s->fin_got) return;
  int rv = ngtcp2_conn_shutdown_stream_read(q->conn, 0, (int64_t)sid, code);
  if (rv != 0) p2p__quic_failed(q, rv);
}

void p2p__quic_reset(p2p__quic *q, uint64_t sid, uint32_t code) {
  quic_stream *s = p2p__quic_stream_find(q, sid);
  if (!s || s->shut || q->ended) return;
  s->shut = true;
  s->reset_code = code;
  stream_forget(q, s);
  p2p__quic_stream_silence(q, s);
  if (!s->native) return;
  int rv = ngtcp2_conn_shutdown_stream(q->conn, 0, (int64_t)sid, code);
  if (rv != 0) p2p__quic_failed(q, rv);
}

/* ---- events ---- */
static bool told(p2p__quic_event *ev, const quic_stream *s, p2p__quic_event_kind kind,
                 uint32_t code) {
  *ev = (p2p__quic_event){ .kind = kind, .sid = s->sid, .code = code };
  return true;
}

/* The peer has given the stream up: our side of it ends too. */
static bool tell_reset(p2p__quic *q, quic_stream *s, p2p__quic_event *ev) {
  s->reset_told = true;
  uint32_t code = s->in_code;
  if (s->stop) return told(ev, s, P2P__QUIC_FIN, 0); /* it is the answer to our stop */
  p2p__quic_reset(q, s->sid, code);
  return told(ev, s, P2P__QUIC_RESET_GOT, code);
}

static bool stream_next(p2p__quic *q, quic_stream *s, p2p__quic_event *ev) {
  if (s->shown) p2p__queue_fini(&s->in);
  s->shown = false;
  if (s->opened) {
    s->opened = false;
    return told(ev, s, P2P__QUIC_OPENED, 0);
  }
  if (s->reset_got && !s->reset_told && !s->shut) return tell_reset(q, s, ev);
  if (s->shut) return false;
  if (s->in.len) {
    s->shown = true;
    (void)told(ev, s, P2P__QUIC_DATA, 0);
    ev->data = &s->in;
    return true;
  }
  if (s->fin_got && !s->fin_told) return s->fin_told = told(ev, s, P2P__QUIC_FIN, 0);
  if (s->left) {
    (void)told(ev, s, P2P__QUIC_ROOM, 0);
    ev->n = s->left;
    s->left = 0;
    return true;
  }
  if (s->stopped_got && !s->stopped_told) {
    s->left = s->lost;
    return s->stopped_told = told(ev, s, P2P__QUIC_STOPPED, 0);
  }
  return false;
}

bool p2p__quic_streams_next(p2p__quic *q, p2p__quic_event *ev) {
  while (!p2p__list_empty(&q->news)) {
    quic_stream *s = P2P_CONTAINER(q->news.next, quic_stream, news);
    if (stream_next(q, s, ev)) return true;
    p2p__list_del(&s->news);
    if (s->gone) stream_free(q, s);
  }
  return false;
}
