/* The shared part of the ceiling programs; see common.h. */
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Noreturn void ceiling_die(const char *what) {
  fprintf(stderr, "ceiling: %s: %s\n", what, errno ? strerror(errno) : "failed");
  exit(1);
}

static void require(bool ok, const char *what) {
  if (!ok) ceiling_die(what);
}

unsigned long ceiling_argument(int argc, char **argv, int n, unsigned long fallback) {
  if (n >= argc) return fallback;
  char *end;
  unsigned long value = strtoul(argv[n], &end, 10);
  errno = EINVAL;
  require(*end == 0 && value > 0, argv[n]);
  errno = 0;
  return value;
}

double ceiling_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double timeval_seconds(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

double ceiling_cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return timeval_seconds(usage.ru_utime) + timeval_seconds(usage.ru_stime);
}

/* --- two processes ------------------------------------------------------------------------- */

static void pin_to(size_t core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  require(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

static int listen_on_loopback(struct sockaddr_in *addr) {
  socklen_t len = sizeof *addr;
  *addr = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  require(fd >= 0, "socket");
  require(bind(fd, (const struct sockaddr *)addr, len) == 0, "bind");
  require(listen(fd, 1) == 0, "listen");
  require(getsockname(fd, (struct sockaddr *)addr, &len) == 0, "getsockname");
  return fd;
}

static int connect_to(const struct sockaddr_in *addr) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  require(fd >= 0, "socket");
  require(connect(fd, (const struct sockaddr *)addr, sizeof *addr) == 0, "connect");
  return fd;
}

void ceiling_pair_start(ceiling_pair *pair, size_t shared_size) {
  struct sockaddr_in addr;
  int listener = listen_on_loopback(&addr);
  pair->shared = mmap(NULL, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  require(pair->shared != MAP_FAILED, "mmap");
  pair->server = fork();
  require(pair->server >= 0, "fork");
  pair->is_server = pair->server == 0;
  pin_to(pair->is_server ? 0 : 1);
  pair->fd = pair->is_server ? accept(listener, NULL, NULL) : connect_to(&addr);
  require(pair->fd >= 0, "accept");
  close(listener);
  int on = 1;
  require(setsockopt(pair->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
}

void ceiling_pair_finish(ceiling_pair *pair) {
  int status;
  require(shutdown(pair->fd, SHUT_WR) == 0, "shutdown");
  require(waitpid(pair->server, &status, 0) == pair->server, "waitpid");
  errno = 0;
  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server process");
  close(pair->fd);
}

void ceiling_write(int fd, const uint8_t *p, size_t len) {
  while (len > 0) {
    ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    require(n >= 0, "send");
    p += n;
    len -= (size_t)n;
  }
}

/* --- records ------------------------------------------------------------------------------- */

void ceiling_cipher_init(ceiling_cipher *cipher, bool seals) {
  static const uint8_t key[32] = { 7 };
  cipher->nonce = 0;
  cipher->ctx = EVP_CIPHER_CTX_new();
  require(cipher->ctx != NULL, "EVP_CIPHER_CTX_new");
  int ok = EVP_CipherInit_ex(cipher->ctx, EVP_chacha20_poly1305(), NULL, key, NULL, seals);
  require(ok == 1, "ChaCha20-Poly1305");
}

void ceiling_cipher_fini(ceiling_cipher *cipher) { EVP_CIPHER_CTX_free(cipher->ctx); }

/* Noise writes the counter little-endian behind four zero bytes. */
static void cipher_next_nonce(ceiling_cipher *cipher) {
  uint8_t nonce[12] = { 0 };
  for (size_t i = 0; i < 8; i++) nonce[4 + i] = (uint8_t)(cipher->nonce >> (8 * i));
  cipher->nonce++;
  require(EVP_CipherInit_ex(cipher->ctx, NULL, NULL, NULL, nonce, -1) == 1, "nonce");
}

size_t ceiling_seal(ceiling_cipher *cipher, const ceiling_bytes *pieces, size_t n, uint8_t *out) {
  uint8_t *at = out + CEILING_LENGTH;
  int len;
  cipher_next_nonce(cipher);
  for (size_t i = 0; i < n; i++) {
    int ok = EVP_EncryptUpdate(cipher->ctx, at, &len, pieces[i].p, (int)pieces[i].len);
    require(ok == 1, "seal");
    at += pieces[i].len;
  }
  require(EVP_EncryptFinal_ex(cipher->ctx, at, &len) == 1, "seal");
  require(EVP_CIPHER_CTX_ctrl(cipher->ctx, EVP_CTRL_AEAD_GET_TAG, CEILING_TAG, at) == 1, "tag");
  at += CEILING_TAG;
  size_t record = (size_t)(at - out) - CEILING_LENGTH;
  out[0] = (uint8_t)(record >> 8);
  out[1] = (uint8_t)record;
  return CEILING_LENGTH + record;
}

static void record_open(ceiling_cipher *cipher, uint8_t *record, size_t len) {
  int out;
  uint8_t *tag = record + len - CEILING_TAG;
  cipher_next_nonce(cipher);
  require(EVP_CIPHER_CTX_ctrl(cipher->ctx, EVP_CTRL_AEAD_SET_TAG, CEILING_TAG, tag) == 1, "tag");
  int ok = EVP_DecryptUpdate(cipher->ctx, record, &out, record, (int)(len - CEILING_TAG));
  require(ok == 1 && EVP_DecryptFinal_ex(cipher->ctx, tag, &out) == 1, "authentication");
}

int ceiling_inbox_fill(ceiling_inbox *inbox, int fd, int flags) {
  if (inbox->used > 0) {
    inbox->have -= inbox->used;
    memmove(inbox->buf, inbox->buf + inbox->used, inbox->have);
    inbox->used = 0;
  }
  ssize_t n = recv(fd, inbox->buf + inbox->have, inbox->cap - inbox->have, flags);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  require(n >= 0, "recv");
  inbox->have += (size_t)n;
  return n > 0 ? 1 : -1;
}

bool ceiling_inbox_next(ceiling_inbox *inbox, ceiling_cipher *cipher, ceiling_bytes *plain) {
  uint8_t *at = inbox->buf + inbox->used;
  size_t left = inbox->have - inbox->used;
  if (left < CEILING_LENGTH) return false;
  size_t len = (size_t)at[0] << 8 | at[1];
  if (left - CEILING_LENGTH < len) return false;
  require(len >= CEILING_TAG, "record shorter than its tag");
  record_open(cipher, at + CEILING_LENGTH, len);
  *plain = (ceiling_bytes){ at + CEILING_LENGTH, len - CEILING_TAG };
  inbox->used += CEILING_LENGTH + len;
  return true;
}

/* --- yamux --------------------------------------------------------------------------------- */

static void put_u32(uint8_t *p, uint32_t value) {
  value = htonl(value);
  memcpy(p, &value, sizeof value);
}

static uint32_t get_u32(const uint8_t *p) {
  uint32_t value;
  memcpy(&value, p, sizeof value);
  return ntohl(value);
}

void ceiling_frame_put(uint8_t header[CEILING_HEADER], ceiling_frame frame) {
  header[0] = 0; /* version */
  header[1] = frame.type;
  header[2] = header[3] = 0; /* flags: the stream is open and stays so */
  put_u32(header + 4, frame.stream);
  put_u32(header + 8, frame.length);
}

bool ceiling_frame_take(ceiling_bytes *plain, ceiling_frame *frame, ceiling_bytes *payload) {
  if (plain->len == 0) return false;
  require(plain->len >= CEILING_HEADER && plain->p[0] == 0, "frame header");
  *frame = (ceiling_frame){ plain->p[1], get_u32(plain->p + 4), get_u32(plain->p + 8) };
  size_t len = frame->type == CEILING_DATA ? frame->length : 0;
  require(plain->len - CEILING_HEADER >= len, "frame longer than its record");
  *payload = (ceiling_bytes){ plain->p + CEILING_HEADER, len };
  plain->p += CEILING_HEADER + len;
  plain->len -= CEILING_HEADER + len;
  return true;
}
