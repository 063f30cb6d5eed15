/* Connections: sockets with deadlines, and the secure channel once there is one. */
#include "evil.h"
#include "multiformats/multiaddr.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RAW_MAX = 256 << 10, PLAIN_MAX = 1 << 20, RECORD_HEAD = 2 };

p2p_time evil_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (p2p_time)t.tv_sec * P2P_SECOND + (p2p_time)t.tv_nsec;
}

void evil_random(void *p, size_t n) {
  if (getrandom(p, n, 0) != (ssize_t)n) abort();
}

/* ---- whom to attack ---- */

static int evil_address(evil *e, const char *addr) {
  uint8_t packed[P2P_ADDR_MAX];
  ptrdiff_t n = p2p_addr_parse(addr, packed, sizeof packed, NULL);
  if (n < 0) return (int)n;
  p2p__rd r = p2p__rd_of(p2p__bytes(packed, (size_t)n)), u = r;
  p2p__ma_part part;
  int err = p2p__ma_endpoint(&r, &e->at, P2P__MA_TCP);
  e->quic = err < 0 && p2p__ma_endpoint(&u, &e->at, P2P__MA_UDP) == 0 &&
            p2p__ma_next(&u, &part) == 1 && part.code == P2P__MA_QUIC_V1;
  if (e->quic) err = 0;
  if (!err) snprintf(e->addr, sizeof e->addr, "%s", addr);
  return err;
}

int evil_init(evil *e, const char *addr) {
  *e = (evil){
    .listener = -1, .brief = 3 * P2P_SECOND, .patience = 20 * P2P_SECOND, .scale = 20000
  };
  p2p__mem_init(&e->mem, NULL);
  int err = evil_address(e, addr);
  if (!err) err = p2p_io_uv_new(&e->io);
  if (!err) err = p2p__crypto_new(&e->mem, &e->crypto);
  if (!err) err = p2p_identity_generate(&e->self, P2P_KEY_ED25519, e->io);
  return err;
}

bool evil_anew(evil *e) {
  p2p_identity_fini(&e->self);
  return p2p_identity_generate(&e->self, P2P_KEY_ED25519, e->io) == 0;
}

void evil_fini(evil *e) {
  p2p_identity_fini(&e->self);
  p2p__crypto_free(e->crypto);
  if (e->io) e->io->ops->free(e->io);
  if (e->listener >= 0) close(e->listener);
}

/* ---- sockets ---- */

/* Whether fd is ready for `what` before the deadline. */
static bool ready(int fd, short what, p2p_time deadline) {
  struct pollfd f = { .fd = fd, .events = what };
  for (;;) {
    p2p_time now = evil_now();
    int left = now >= deadline ? 0 : (int)((deadline - now) / P2P_MS) + 1;
    int n = poll(&f, 1, left);
    if (n > 0) return true;
    if (n == 0 && evil_now() >= deadline) return false;
    if (n < 0 && errno != EINTR) return false;
  }
}

socklen_t evil_sockaddr(const p2p_endpoint *at, struct sockaddr_storage *out) {
  memset(out, 0, sizeof *out);
  if (at->family == 4) {
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    in->sin_family = AF_INET;
    in->sin_port = htons(at->port);
    memcpy(&in->sin_addr, at->ip, 4);
    return sizeof *in;
  }
  struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;
  in->sin6_family = AF_INET6;
  in->sin6_port = htons(at->port);
  in->sin6_scope_id = at->scope;
  memcpy(&in->sin6_addr, at->ip, 16);
  return sizeof *in;
}

static int dial(const evil *e) {
  struct sockaddr_storage to;
  socklen_t len = evil_sockaddr(&e->at, &to);
  int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err = 0;
  socklen_t err_len = sizeof err;
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&to, len) == 0) return fd;
  if (errno == EINPROGRESS && ready(fd, POLLOUT, evil_now() + e->brief) &&
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &err_len) == 0 && err == 0)
    return fd;
  close(fd);
  return -1;
}

static int take(const evil *e) {
  if (!ready(e->listener, POLLIN, evil_now() + e->patience)) return -1;
  return accept4(e->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

peer *peer_bare(evil *e) {
  int on = 1, fd = e->listener >= 0 ? take(e) : dial(e);
  if (fd < 0) return NULL;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  peer *p = calloc(1, sizeof *p);
  if (p) *p = (peer){ .e = e, .fd = fd, .dialed = e->listener < 0 };
  if (p) p->raw = malloc(RAW_MAX);
  if (p) p->plain = malloc(PLAIN_MAX);
  if (!p || !p->raw || !p->plain) abort();
  return p;
}

bool peer_hide(peer *p, const p2p_psk *psk, size_t n) {
  uint8_t nonce[P2P__XSALSA20_NONCE];
  evil_random(nonce, sizeof nonce);
  if (!peer_send(p, nonce, n) || n < sizeof nonce) return false;
  peer_hidden(p, psk, nonce);
  return true;
}

void peer_hidden(peer *p, const p2p_psk *psk, const uint8_t *nonce) {
  p2p__xsalsa20_init(&p->x_out, psk->key, nonce);
  p->psk = *psk;
  p->hidden = true;
}

peer *peer_new(evil *e) {
  peer *p = peer_bare(e);
  if (p && e->psk) peer_hide(p, e->psk, P2P__XSALSA20_NONCE);
  return p;
}

void peer_free(peer *p) {
  if (!p) return;
  p2p__xsalsa20_fini(&p->x_out);
  p2p__xsalsa20_fini(&p->x_in);
  close(p->fd);
  p2p__noise_xx_fini(&p->xx);
  if (p->sealed) p2p__aead_fini(&p->seal);
  if (p->sealed) p2p__aead_fini(&p->open);
  free(p->raw);
  free(p->plain);
  free(p);
}

void peer_cut(peer *p) {
  const struct linger now = { .l_onoff = 1 };
  if (!p) return;
  setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  peer_free(p);
}

/* ---- in ---- */

/* Decrypts the record at the front of raw, if it is whole. */
static bool unseal(peer *p) {
  size_t len;
  if (p->raw_len < RECORD_HEAD) return false;
  len = (size_t)p->raw[0] << 8 | p->raw[1];
  if (p->raw_len < RECORD_HEAD + len || len < P2P__AEAD_TAG) return false;
  if (p->plain_len + len > PLAIN_MAX) return false;
  size_t n = len - P2P__AEAD_TAG;
  uint8_t nonce[P2P__AEAD_NONCE], *text = p->raw + RECORD_HEAD;
  p2p__noise_nonce(p->n_open++, nonce);
  if (p2p__aead_open(&p->open, nonce, p2p__bytes(NULL, 0), text, n, text + n)) {
    p->over = true;
    return false;
  }
  memcpy(p->plain + p->plain_len, text, n);
  p->plain_len += n;
  p->raw_len -= RECORD_HEAD + len;
  memmove(p->raw, text + len, p->raw_len);
  return true;
}

static void open_all(peer *p) {
  if (p->sealed) {
    while (unseal(p)) continue;
    return;
  }
  size_t n = p2p__min(p->raw_len, PLAIN_MAX - p->plain_len);
  memcpy(p->plain + p->plain_len, p->raw, n);
  p->plain_len += n;
  p->raw_len -= n;
  memmove(p->raw, p->raw + n, p->raw_len);
}

/* Makes the n bytes behind raw readable; returns how many are, once their nonce is taken off. */
static size_t reveal(peer *p, size_t n) {
  uint8_t *at = p->raw + p->raw_len;
  size_t nonce = p2p__min(n, sizeof p->their_nonce - p->nonce_len);
  if (nonce) memcpy(p->their_nonce + p->nonce_len, at, nonce);
  p->nonce_len += nonce;
  if (nonce && p->nonce_len == sizeof p->their_nonce)
    p2p__xsalsa20_init(&p->x_in, p->psk.key, p->their_nonce);
  memmove(at, at + nonce, n - nonce);
  p2p__xsalsa20_xor(&p->x_in, p->x_got, p2p__bytes(at, n - nonce), at);
  p->x_got += n - nonce;
  return n - nonce;
}

/* Takes what has arrived; the end of the connection is `over`. */
static void hear(peer *p) {
  if (p->raw_len == RAW_MAX) return;
  ssize_t n = recv(p->fd, p->raw + p->raw_len, RAW_MAX - p->raw_len, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    p->over = true;
    return;
  }
  p->raw_len += p->hidden ? reveal(p, (size_t)n) : (size_t)n;
  open_all(p);
  if (p->muxed) mux_absorb(p);
}

bool peer_wait(peer *p, p2p_time deadline) {
  if (p->over || !ready(p->fd, POLLIN, deadline)) return false;
  hear(p);
  return mux_pay(p);
}

bool peer_get(peer *p, void *out, size_t n) {
  p2p_time deadline = evil_now() + p->e->brief;
  open_all(p);
  while (p->plain_len < n)
    if (!peer_wait(p, deadline)) return false;
  memcpy(out, p->plain, n);
  p->plain_len -= n;
  memmove(p->plain, p->plain + n, p->plain_len);
  return true;
}

/* What it says meanwhile is dropped, so that it never waits for us to read. A GoAway with a code is
 * an end, too: what is left of the connection is ours to close. */
bool peer_ends(peer *p, p2p_time within) {
  p2p_time deadline = evil_now() + within;
  while (!p->over && !p->goaway_code && peer_wait(p, deadline))
    if (!p->muxed) p->plain_len = 0;
  return (p->over || p->goaway_code) && !p->stalled;
}

/* ---- out ---- */

/* Waits for room, and reads meanwhile unless deaf. */
static bool room(peer *p, p2p_time deadline) {
  struct pollfd f = { .fd = p->fd, .events = (short)(POLLOUT | (p->deaf ? 0 : POLLIN)) };
  while (!p->over) {
    p2p_time now = evil_now();
    if (now >= deadline) {
      p->over = p->stalled = true;
      break;
    }
    if (poll(&f, 1, (int)((deadline - now) / P2P_MS) + 1) < 0 && errno != EINTR) break;
    if (f.revents & POLLIN) hear(p);
    if (f.revents & (POLLOUT | POLLERR | POLLHUP)) return !p->over;
  }
  return false;
}

static bool send_plain(peer *p, const void *bytes, size_t n) {
  const uint8_t *at = bytes;
  p2p_time deadline = evil_now() + p->e->brief;
  while (n > 0 && !p->over) {
    ssize_t did = send(p->fd, at, n, MSG_NOSIGNAL);
    if (did > 0) {
      at += did;
      n -= (size_t)did;
      p->sent += (uint64_t)did;
    } else if (errno == EAGAIN || errno == EINTR) {
      room(p, deadline);
    } else {
      p->over = true;
    }
  }
  return !p->over;
}

bool peer_send(peer *p, const void *bytes, size_t n) {
  enum { PART = 16384 };
  uint8_t part[PART];
  const uint8_t *at = bytes;
  if (!p->hidden) return send_plain(p, bytes, n);
  for (size_t len; n > 0; at += len, n -= len) {
    len = p2p__min(n, PART);
    p2p__xsalsa20_xor(&p->x_out, p->x_sent, p2p__bytes(at, len), part);
    p->x_sent += len;
    if (!send_plain(p, part, len)) return false;
  }
  return !p->over;
}

/* One record of at most 65,519 bytes. */
static bool put_record(peer *p, const uint8_t *bytes, size_t n) {
  static const p2p_bytes nothing = { NULL, 0 };
  uint8_t nonce[P2P__AEAD_NONCE], *out = malloc(RECORD_HEAD + n + P2P__AEAD_TAG);
  if (!out) abort();
  p2p__noise_nonce(p->n_seal++, nonce);
  p2p__put_be16(out, (uint16_t)(n + P2P__AEAD_TAG));
  bool ok = p2p__aead_start(&p->seal, nonce, nothing) == 0 &&
            (n == 0 || p2p__aead_add(&p->seal, p2p__bytes(bytes, n), out + RECORD_HEAD) == 0) &&
            p2p__aead_finish(&p->seal, out + RECORD_HEAD + n) == 0 &&
            peer_send(p, out, RECORD_HEAD + n + P2P__AEAD_TAG);
  free(out);
  return ok;
}

bool peer_put(peer *p, const void *bytes, size_t n) {
  enum { MOST = 65535 - P2P__AEAD_TAG };
  const uint8_t *at = bytes;
  if (!p->sealed) return peer_send(p, bytes, n);
  for (size_t part; n > 0 && !p->over; at += part, n -= part) {
    part = p2p__min(n, MOST);
    put_record(p, at, part);
  }
  return !p->over;
}
