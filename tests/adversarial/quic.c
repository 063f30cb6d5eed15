/* QUIC connections: sockets, the handshake to its end, streams, and verdicts. */
#include "quic.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const quic_plan honest_plan;
static const p2p_time PTO = 200 * P2P_MS;
enum { DATAGRAM_MAX = 65536 };

/* ---- sockets ---- */

/* On the loopback network each row comes from an address of its own: what is still said to ports of rows
 * before, or of the honest peer, must not be taken for an answer. */
static void take_own_address(const evil *e, int fd) {
  static const char *last;
  static unsigned number;
  struct sockaddr_storage at;
  if (e->at.family != 4 || e->at.ip[0] != 127) return;
  if (e->row != last) number++;
  last = e->row;
  const p2p_endpoint from = {
    .family = 4, .ip = { 127, 2, (uint8_t)(1 + number / 250), (uint8_t)(1 + number % 250) }
  };
  socklen_t len = evil_sockaddr(&from, &at);
  (void)bind(fd, (struct sockaddr *)&at, len);
}

static int udp_to(const evil *e, const struct sockaddr_storage *to, socklen_t len) {
  int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), most = 4 << 20;
  if (fd < 0) abort();
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &most, sizeof most);
  take_own_address(e, fd);
  if (connect(fd, (const struct sockaddr *)to, len) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static bool readable(int fd, p2p_time deadline) {
  struct pollfd f = { .fd = fd, .events = POLLIN };
  for (;;) {
    p2p_time now = evil_now();
    int left = now >= deadline ? 0 : (int)((deadline - now) / P2P_MS) + 1;
    int n = poll(&f, 1, left);
    if (n > 0) return true;
    if ((n == 0 && evil_now() >= deadline) || (n < 0 && errno != EINTR)) return false;
  }
}

static bool same_source(const quic *q) {
  return q->from_len == q->to_len && memcmp(&q->from, &q->to, q->to_len) == 0;
}

/* One datagram, when there is one; 0: none. Strangers' are dropped. */
static bool hear(quic *q) {
  static uint8_t datagram[DATAGRAM_MAX];
  q->from_len = sizeof q->from;
  memset(&q->from, 0, sizeof q->from);
  ssize_t n = recvfrom(q->fd, datagram, sizeof datagram, 0, (struct sockaddr *)&q->from,
                       &q->from_len);
  if (n < 0) {
    q->over |= errno == ECONNREFUSED;
    return false;
  }
  if (!q->to_len) {
    q->to = q->from;
    q->to_len = q->from_len;
  }
  if (!q->dialed && !same_source(q)) return true;
  q->last_len = p2p__min((size_t)n, sizeof q->last);
  memcpy(q->last, datagram, q->last_len);
  if (n > 0) quic_absorb(q, datagram, (size_t)n);
  return true;
}

/* ---- life ---- */
static void id_make(quic_id *id) {
  id->len = QUIC_CID;
  evil_random(id->b, QUIC_CID);
}

static void spaces_make(quic *q) {
  for (int i = 0; i < QUIC_LEVELS; i++) {
    quic_space *s = &q->space[i];
    s->out = calloc(1, QUIC_CRYPTO);
    s->in = calloc(1, QUIC_CRYPTO);
    s->have = calloc(1, QUIC_CRYPTO);
    if (!s->out || !s->in || !s->have) abort();
  }
}

static bool begin_client(quic *q) {
  q->to_len = evil_sockaddr(&q->e->at, &q->to);
  q->fd = udp_to(q->e, &q->to, q->to_len);
  if (q->fd < 0) return false;
  id_make(&q->theirs);
  q->original = q->theirs;
  quic_initial_keys(q);
  quic_tls_begin(q);
  return true;
}

/* The first packet of whoever dials. TLS begins when its transport parameters are known to need it. */
static bool begin_server(quic *q) {
  p2p_time deadline = evil_now() + q->e->patience;
  q->fd = fcntl(q->e->listener, F_DUPFD_CLOEXEC, 0);
  if (q->fd < 0) return false;
  quic_tls_begin(q);
  while (!q->met && !q->over && readable(q->fd, deadline)) hear(q);
  return q->met;
}

quic *quic_new(evil *e, const quic_plan *plan) {
  quic *q = calloc(1, sizeof *q);
  if (!q) abort();
  q->e = e;
  q->plan = plan ? plan : &honest_plan;
  q->dialed = e->listener < 0;
  q->version = QUIC_V1;
  q->pto = PTO;
  q->fd = -1;
  id_make(&q->ours);
  spaces_make(q);
  if (q->dialed ? begin_client(q) : begin_server(q)) return q;
  quic_free(q);
  return NULL;
}

static void goodbye(quic *q) {
  for (int level = QUIC_APP; level >= 0; level--) {
    uint8_t frames[32];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    if (!q->space[level].tx.on) continue;
    quic_put_close(&w, level == QUIC_APP, 0);
    quic_say(q, (quic_level)level, &w);
    if (q->confirmed) return;
  }
}

/* One line, for people who want to know why a row's verdict is what it is. */
static void tell(const quic *q) {
  const char *end = q->was_reset ? "reset"
                    : q->over    ? q->by_app ? "closed by app" : "closed"
                                 : "up";
  fprintf(stderr,
          "%s: %s code=0x%llx frame=0x%llx shaken=%d confirmed=%d failed=%d in=%llu out=%llu "
          "packets=%llu lost=%llu ids=%llu retired=%llu challenges=%llu responses=%llu resets=%llu "
          "stops=%llu streams=%llu retries=%llu versions=%llu phase=%d\n",
          q->e->row, end, (unsigned long long)q->code, (unsigned long long)q->blamed, q->shaken,
          q->confirmed, q->failed, (unsigned long long)q->bytes_in,
          (unsigned long long)q->bytes_out, (unsigned long long)q->packets_in,
          (unsigned long long)q->undecryptable, (unsigned long long)q->ids,
          (unsigned long long)q->retired, (unsigned long long)q->challenges,
          (unsigned long long)q->responses, (unsigned long long)q->resets,
          (unsigned long long)q->stops, (unsigned long long)q->streams_allowed,
          (unsigned long long)q->retries, (unsigned long long)q->negotiations, q->phase);
}

void quic_free(quic *q) {
  if (!q) return;
  if (q->e->verbose) tell(q);
  if (!q->over && !q->vanish && q->to_len) goodbye(q);
  if (q->fd >= 0) close(q->fd);
  quic_tls_end(q);
  for (int i = 0; i < QUIC_LEVELS; i++) {
    quic_space *s = &q->space[i];
    quic_keys_fini(&s->tx);
    quic_keys_fini(&s->rx);
    free(s->out);
    free(s->in);
    free(s->have);
  }
  free(q);
}

void quic_rebind(quic *q) {
  int fd = udp_to(q->e, &q->to, q->to_len);
  if (fd < 0) abort();
  close(q->fd);
  q->fd = fd;
}

/* Handshake messages that nobody acknowledged leave again, ever more rarely. */
static void repeat(quic *q) {
  if (q->dumb || q->confirmed || q->plan->hold || evil_now() < q->pto_at) return;
  for (int i = 0; i < QUIC_APP; i++)
    if (q->space[i].out_packet > q->space[i].acked) q->space[i].out_sent = 0;
  q->pto *= 2;
}

bool quic_wait(quic *q, p2p_time deadline) {
  if (q->over) return false;
  quic_pay(q);
  for (;;) {
    q->pto_at = evil_now() + q->pto;
    p2p_time until = p2p__time_min(deadline, q->pto_at);
    if (readable(q->fd, until)) break;
    if (evil_now() >= deadline || q->over) return false;
    repeat(q);
    quic_pay(q);
  }
  for (int i = 0; i < 64 && !q->over && hear(q); i++) continue;
  quic_pay(q);
  return !q->over;
}

/* A server confirms with HANDSHAKE_DONE. */
static void confirm(quic *q) {
  uint8_t frames[] = { 0x1e, 0, 0, 0 };
  p2p__wr w = { .p = frames, .len = sizeof frames, .cap = sizeof frames };
  q->confirmed = true;
  quic_say(q, QUIC_APP, &w);
}

bool quic_shake(quic *q) {
  p2p_time deadline = evil_now() + q->e->brief;
  while (!q->failed && !(q->shaken && (!q->dialed || q->confirmed)))
    if (!quic_wait(q, deadline)) return false;
  quic_pay(q);
  if (!q->dialed && !q->failed) confirm(q);
  return !q->failed && !q->over;
}

quic *quic_session_as(evil *e, const quic_plan *plan) {
  quic *q = quic_new(e, plan);
  if (q && quic_shake(q)) return q;
  quic_free(q);
  return NULL;
}

quic *quic_session(evil *e) { return quic_session_as(e, NULL); }

/* Where it hears us: of a client that withholds something no 1-RTT packet is read, however long it waits. */
static quic_level top_level(const quic *q) {
  if (q->dialed ? q->confirmed : q->shaken) return QUIC_APP;
  return q->space[QUIC_HANDSHAKE].tx.on ? QUIC_HANDSHAKE : QUIC_INITIAL;
}

bool quic_ping(quic *q, size_t pad) {
  static const uint8_t frames[] = { 0x01, 0, 0, 0 };
  return quic_add(q, QUIC_APP, p2p__bytes(frames, sizeof frames), pad) && quic_flush(q);
}

bool quic_lives(quic *q) {
  p2p_time deadline = evil_now() + q->e->brief;
  quic_level level = top_level(q);
  quic_space *s = &q->space[level];
  uint64_t wanted = s->next + 1;
  while (!q->over && s->acked < wanted && evil_now() < deadline) {
    uint8_t frames[] = { 0x01, 0, 0, 0 };
    p2p__wr w = { .p = frames, .len = sizeof frames, .cap = sizeof frames };
    p2p_time again = p2p__time_min(deadline, evil_now() + PTO);
    quic_say(q, level, &w);
    while (!q->over && s->acked < wanted && quic_wait(q, again)) continue;
  }
  return !q->over && s->acked >= wanted;
}

/* It says so, or is not there any more: an end without a word is within the specification. */
bool quic_ends(quic *q, p2p_time within) {
  p2p_time deadline = evil_now() + within;
  while (!q->over && quic_wait(q, deadline)) continue;
  return q->over || !quic_lives(q);
}

/* ---- streams ---- */
uint64_t quic_sid(const quic *q, uint64_t i) { return 4 * i + (q->dialed ? 0 : 1); }

bool quic_stream_put(quic *q, quic_stream *s, const void *bytes, size_t n, bool fin) {
  enum { PART = 1100 };
  const uint8_t *at = bytes;
  do {
    uint8_t frames[QUIC_LEAST];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    size_t part = p2p__min(n, PART);
    quic_put_stream(&w, s->sid, s->sent, p2p__bytes(at, part), fin && part == n);
    if (!quic_say(q, QUIC_APP, &w)) return false;
    s->sent += part;
    at += part;
    n -= part;
  } while (n > 0);
  return true;
}

static void forget(quic_stream *s, size_t n) {
  s->len -= n;
  memmove(s->data, s->data + n, s->len);
}

/* 0: not yet; 1; -1: something else was said, or the stream is over. */
static int agreed(const quic_stream *s, const char *protocol, size_t *used) {
  return s->rst ? -1 : line_both(p2p__bytes(s->data, s->len), protocol, used);
}

quic_stream *quic_open(quic *q, uint64_t sid, const char *protocol) {
  uint8_t lines[512];
  size_t n = line_two(protocol, lines, sizeof lines), used = 0;
  p2p_time deadline = evil_now() + q->e->brief;
  quic_stream *s = NULL;
  for (size_t i = 0; !s && i < QUIC_STREAMS; i++)
    if (!q->stream[i].used) s = &q->stream[i];
  if (!s) return NULL;
  *s = (quic_stream){ .used = true, .sid = sid };
  int got = 0;
  if (!quic_stream_put(q, s, lines, n, false)) return NULL;
  while ((got = agreed(s, protocol, &used)) == 0)
    if (!quic_wait(q, deadline)) return NULL;
  if (got < 0) return NULL;
  forget(s, used);
  return s;
}

static quic_stream *proposed(quic *q, const char *protocol, size_t *used) {
  for (size_t i = 0; i < QUIC_STREAMS; i++) {
    quic_stream *s = &q->stream[i];
    bool theirs = s->used && (s->sid & 1) == (q->dialed ? 1 : 0);
    if (theirs && agreed(s, protocol, used) == 1) return s;
  }
  return NULL;
}

quic_stream *quic_accept(quic *q, const char *protocol) {
  uint8_t lines[512];
  size_t n = line_two(protocol, lines, sizeof lines), used = 0;
  p2p_time deadline = evil_now() + q->e->brief;
  quic_stream *s;
  while (!(s = proposed(q, protocol, &used)))
    if (!quic_wait(q, deadline)) return NULL;
  forget(s, used);
  return quic_stream_put(q, s, lines, n, false) ? s : NULL;
}

/* ---- verdicts ---- */
static verdict ended(quic *q, p2p_time within, verdict otherwise) {
  if (!q) return EVIL_BROKEN;
  bool yes = quic_ends(q, within);
  quic_free(q);
  return yes ? EVIL_SURVIVED : otherwise;
}

verdict quic_must_end(quic *q) { return ended(q, q ? q->e->brief : 0, EVIL_TOLERATED); }

verdict quic_must_end_in_time(quic *q) { return ended(q, q ? q->e->patience : 0, EVIL_LATE); }

verdict quic_must_live(quic *q) {
  if (!q) return EVIL_BROKEN;
  bool lives = quic_lives(q);
  quic_free(q);
  return lives ? EVIL_SURVIVED : EVIL_STRICT;
}

verdict quic_may_do_anything(quic *q) {
  quic_free(q);
  return EVIL_SURVIVED;
}
