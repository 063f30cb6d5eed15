/* The honest peer: our own library, which connects and pings while a row runs. */
#include "evil.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static const p2p_time PAUSE = 50 * P2P_MS; /* between two rounds */

/* Waits for one event; false: too late, or it says that the connection is lost. */
static bool await(p2p_host *h, p2p_event_kind kind, p2p_time deadline) {
  const p2p_event *e;
  for (;;) {
    while ((e = p2p_next_event(h))) {
      if (e->kind == kind) return e->err >= 0;
      if (e->kind == P2P_EV_CONN_CLOSED) return false;
    }
    p2p_time now = evil_now();
    if (now >= deadline || p2p_host_step(h, deadline - now) < 0) return false;
  }
}

static bool visit(p2p_host *h, const char *addr, p2p_time deadline) {
  p2p_conn c;
  p2p_conn_info info = { .size = sizeof info };
  return p2p_dial(h, addr, &c) == 0 && await(h, P2P_EV_CONN_OPEN, deadline) &&
         p2p_conn_get(h, c, &info) == 0 && p2p_ping(h, &info.peer) == 0 &&
         await(h, P2P_EV_PING, deadline);
}

bool honest_once(const evil *e, p2p_time within, p2p_time *took) {
  static const char *const nowhere[] = { NULL }, *const muxers[] = { "yamux", "mplex" };
  const p2p_host_opts opts = {
    .size = sizeof opts,
    .listen = nowhere,
    .muxers = muxers,
    .n_muxers = P2P_COUNT(muxers),
    .psk = e->psk,
  };
  p2p_time begun = evil_now();
  p2p_host *h;
  if (p2p_host_new(&h, &opts) < 0) return false;
  bool ok = visit(h, e->addr, begun + within);
  *took = evil_now() - begun;
  p2p_host_free(h);
  return ok;
}

struct honest {
  const evil *e;
  p2p_time within, worst;
  uint64_t rounds, failed;
  int stop[2]; /* a pipe: its end is the word to stop */
  pthread_t thread;
};

static bool told_to_stop(const honest *h) {
  struct pollfd f = { .fd = h->stop[0], .events = POLLIN };
  return poll(&f, 1, (int)(PAUSE / P2P_MS)) != 0;
}

static void *honest_main(void *arg) {
  honest *h = arg;
  do {
    p2p_time took = 0;
    h->failed += !honest_once(h->e, h->within, &took);
    h->rounds++;
    if (took > h->worst) h->worst = took;
  } while (!told_to_stop(h));
  return NULL;
}

honest *honest_start(const evil *e, p2p_time within) {
  honest *h = calloc(1, sizeof *h);
  if (!h || pipe2(h->stop, O_CLOEXEC) != 0) abort();
  h->e = e;
  h->within = within;
  if (pthread_create(&h->thread, NULL, honest_main, h) != 0) abort();
  return h;
}

bool honest_stop(honest *h, uint64_t *rounds, uint64_t *failed, p2p_time *worst) {
  p2p_time took;
  close(h->stop[1]);
  pthread_join(h->thread, NULL);
  close(h->stop[0]);
  *rounds = h->rounds;
  *failed = h->failed;
  *worst = h->worst;
  bool ok = honest_once(h->e, h->within, &took);
  free(h);
  return ok;
}

/* proc_pid_statm(5): the second figure is the number of resident pages. */
size_t resident_of(uint64_t pid) {
  char path[64], line[128] = "";
  snprintf(path, sizeof path, "/proc/%llu/statm", (unsigned long long)pid);
  FILE *f = pid ? fopen(path, "re") : NULL;
  if (!f) return 0;
  char *at = fgets(line, sizeof line, f);
  fclose(f);
  if (!at) return 0;
  strtoull(at, &at, 10);
  return (size_t)strtoull(at, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}
