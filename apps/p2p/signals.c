/* A thread in sigwait: a signal handler could call nothing of use, and has no argument. */
#include "signals.h"

#include <unistd.h>

enum { EXIT_SIGNAL = 128 }; /* as shells tell it: 128 and the signal's number */

static void fill(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
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

static void *watch(void *arg) {
  signals *s = arg;
  bool told = false;
  int number = 0;
  while (sigwait(&s->set, &number) == 0 && !atomic_load(&s->ending)) {
    if (told || p2p_host_post(s->host, note, s) < 0) _exit(EXIT_SIGNAL + number);
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
