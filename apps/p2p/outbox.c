/* Output that waits for its reader where nobody else does: two threads, one that takes, one that gives. */
#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"

enum {
  RING = 256 << 10, /* bytes that wait: some thousand lines */
  LINE = 16 << 10,  /* the longest line; a longer one counts as several */
  GIVE = 4096,      /* bytes in one write */
  GAP_MAX = 256,    /* bytes of the line about those that are missing */
  PATIENCE = 5      /* seconds; at the end, with a reader that takes nothing */
};

struct outbox {
  int real; /* a duplicate of what standard output was */
  int from; /* the pipe's reading end */
  bool as_json;
  pthread_t taker, giver;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  char *ring; /* whole lines, as they were taken */
  size_t head, len;
  uint64_t given; /* bytes that left: whether the reader reads */
  uint64_t lost;  /* lines since the last that fitted */
  bool ended;     /* nothing more will be written */
  bool done;      /* all was given, or nobody can read it any more */
};

/* ---- the ring; with the lock held ---- */
static void put(outbox *o, const char *p, size_t n) {
  size_t at = (o->head + o->len) % RING, part = RING - at < n ? RING - at : n;
  memcpy(o->ring + at, p, part);
  memcpy(o->ring, p + part, n - part);
  o->len += n;
}

/* False while lines are still left out: until half of the ring is free, so that a slow reader is told
 * of few gaps and not of many. */
static bool close_gap(outbox *o) {
  char line[GAP_MAX];
  if (!o->lost) return true;
  if (o->len > RING / 2) return false;
  int n = snprintf(line, sizeof line,
                   o->as_json ? "{\"event\":\"lost\",\"lines\":%llu}\n"
                              : "lost          %llu lines, which nobody read\n",
                   (unsigned long long)o->lost);
  put(o, line, (size_t)n);
  o->lost = 0;
  return true;
}

static void put_line(outbox *o, const char *p, size_t n) {
  if (close_gap(o) && n <= RING - o->len)
    put(o, p, n);
  else
    o->lost++;
}

/* The whole lines of n bytes; how many bytes they are. all: what is left counts as one. */
static size_t put_lines(outbox *o, const char *p, size_t n, bool all) {
  size_t at = 0;
  const char *end;
  while (at < n && (end = memchr(p + at, '\n', n - at)) != NULL) {
    size_t len = (size_t)(end - (p + at)) + 1;
    put_line(o, p + at, len);
    at += len;
  }
  if (all && at < n) put_line(o, p + at, n - at);
  return all ? n : at;
}

/* ---- threads ---- */
static void *take(void *arg) {
  outbox *o = arg;
  char bytes[LINE];
  size_t had = 0;
  for (bool ended = false; !ended;) {
    ssize_t n = read(o->from, bytes + had, sizeof bytes - had);
    if (n < 0 && errno == EINTR) continue;
    ended = n <= 0;
    had += ended ? 0 : (size_t)n;
    pthread_mutex_lock(&o->lock);
    size_t used = put_lines(o, bytes, had, ended || had == sizeof bytes);
    o->ended = ended;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    had -= used;
    memmove(bytes, bytes + used, had);
  }
  return NULL;
}

/* The next bytes, copied; 0: there will be none. */
static size_t next(outbox *o, char *out, size_t cap) {
  pthread_mutex_lock(&o->lock);
  while (!o->len && !o->lost && !o->ended) pthread_cond_wait(&o->changed, &o->lock);
  if (!o->len) (void)close_gap(o); /* all before it was read */
  size_t n = RING - o->head < o->len ? RING - o->head : o->len;
  if (n > cap) n = cap;
  memcpy(out, o->ring + o->head, n);
  o->head = (o->head + n) % RING;
  o->len -= n;
  pthread_mutex_unlock(&o->lock);
  return n;
}

/* Whoever shares a terminal or pipe with us may have made it one that does not block. */
static bool may_go_on(int fd, int err) {
  struct pollfd room = { .fd = fd, .events = POLLOUT };
  return err == EINTR || (err == EAGAIN && (poll(&room, 1, -1) >= 0 || errno == EINTR));
}

/* A write may wait for ever. False: nobody can read it any more. */
static bool give_all(outbox *o, const char *p, size_t n) {
  while (n > 0) {
    ssize_t k = write(o->real, p, n);
    if (k < 0 && may_go_on(o->real, errno)) continue;
    if (k < 0) return false;
    pthread_mutex_lock(&o->lock);
    o->given += (uint64_t)k;
    pthread_mutex_unlock(&o->lock);
    p += k;
    n -= (size_t)k;
  }
  return true;
}

static void *give(void *arg) {
  outbox *o = arg;
  char bytes[GIVE];
  size_t n;
  do n = next(o, bytes, sizeof bytes);
  while (n > 0 && give_all(o, bytes, n));
  pthread_mutex_lock(&o->lock);
  o->done = true;
  pthread_cond_broadcast(&o->changed);
  pthread_mutex_unlock(&o->lock);
  return NULL;
}

/* ---- life ---- */
static bool lead_to(int fd) {
  int r;
  do r = dup2(fd, STDOUT_FILENO);
  while (r < 0 && errno == EINTR);
  return r >= 0;
}

static bool threads_start(outbox *o) {
  if (pthread_create(&o->taker, NULL, take, o) != 0) return false;
  if (pthread_create(&o->giver, NULL, give, o) == 0) return true;
  (void)lead_to(o->real); /* closes the pipe: the taker ends */
  pthread_join(o->taker, NULL);
  return false;
}

static void release(outbox *o) {
  pthread_cond_destroy(&o->changed);
  pthread_mutex_destroy(&o->lock);
  if (o->real >= 0) close(o->real);
  if (o->from >= 0) close(o->from);
  mem_free(o->ring);
  mem_free(o);
}

static bool start(outbox *o) {
  int ends[2];
  fflush(stdout);
  o->ring = mem_zeroed(1, RING);
  o->real = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (!o->ring || o->real < 0 || pipe2(ends, O_CLOEXEC) != 0) return false;
  o->from = ends[0];
  bool leads = lead_to(ends[1]);
  close(ends[1]);
  return leads && threads_start(o);
}

/* Its waits are not stretched when the clock on the wall is set. */
static void steady_cond_init(pthread_cond_t *c) {
  pthread_condattr_t steady;
  pthread_condattr_init(&steady);
  pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
  pthread_cond_init(c, &steady);
  pthread_condattr_destroy(&steady);
}

outbox *outbox_start(bool as_json) {
  outbox *o = mem_zeroed(1, sizeof *o);
  if (!o) return NULL;
  o->real = o->from = -1;
  o->as_json = as_json;
  pthread_mutex_init(&o->lock, NULL);
  steady_cond_init(&o->changed);
  if (start(o)) return o;
  if (o->real >= 0) (void)lead_to(o->real);
  release(o);
  return NULL;
}

/* True when the giver is done; false when its reader took nothing for so long. */
static bool wait_for_reader(outbox *o) {
  struct timespec until;
  bool reads = true;
  while (!o->done && reads) {
    uint64_t before = o->given;
    int rv = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PATIENCE;
    while (!o->done && rv != ETIMEDOUT) rv = pthread_cond_timedwait(&o->changed, &o->lock, &until);
    reads = o->given != before;
  }
  return o->done;
}

/* A giver that is still inside a write is left there, with what it uses: the program is about to end. */
void outbox_stop(outbox *o) {
  if (!o) return;
  fflush(stdout);
  (void)lead_to(o->real); /* closes the pipe: the taker takes what is in it, and ends */
  pthread_join(o->taker, NULL);
  pthread_mutex_lock(&o->lock);
  bool done = wait_for_reader(o);
  pthread_mutex_unlock(&o->lock);
  if (!done) {
    pthread_detach(o->giver);
    return;
  }
  pthread_join(o->giver, NULL);
  release(o);
}
