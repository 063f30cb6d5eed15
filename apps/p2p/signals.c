/* A thread in sigwait: a signal handler could call nothing of use, and has no argument. */
#include "signals.h"

#include <unistd.h>

static void fill(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
  sigaddset(set, SIGCHLD); /* Linux keeps it for sigwait while it is blocked, ignored or not */
}

void signals_block(void) {
  sigset_t set;
  fill(&set);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void note(p2p_host *h, void *arg) {
  signals *s = arg;
  (void)h;
  s->caught = true;
}

/* A child has ended: whoever started it looks when the host has taken a turn. */
static void wake(p2p_host *h, void *arg) {
  (void)h;
  (void)arg;
}

static void *watch(void *arg) {
  signals *s = arg;
  bool told = false;
  int number = 0;
  while (sigwait(&s->set, &number) == 0 && !atomic_load(&s->ending)) {
    if (number == SIGCHLD) {
      (void)!p2p_host_post(s->host, wake, s); /* refused: the host is about to turn anyway */
      continue;
    }
    if (!told) s->number = number;
    if (told || p2p_host_post(s->host, note, s) < 0) _exit(SIGNALS_EXIT + number);
    told = true;
  }
  return NULL;
}

int signals_start(signals *s, p2p_host *host) {
  *s = (signals){ .host = host };
  fill(&s->set);
  atomic_init(&s->ending, false);
  if (pthread_create(&s->thread, NULL, watch, s) != 0) return -1;
  s->running = true;
  return 0;
}

void signals_stop(signals *s) {
  if (!s->running) return;
  atomic_store(&s->ending, true);
  pthread_kill(s->thread, SIGTERM); /* it waits for just this */
  pthread_join(s->thread, NULL);
  s->running = false;
}
