/* SIGINT and SIGTERM as something the host's thread is told; a second one ends the process. */
#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

#include <p2p/p2p.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

typedef struct signals {
  p2p_host *host;
  sigset_t set;
  pthread_t thread;
  atomic_bool ending;
  bool running;
  bool caught; /* written on the host's thread */
} signals;

/* Keeps the two signals from every thread made later: call it before the host is made. */
void signals_block(void);
/* Watches: after a signal p2p_host_step returns and s->caught is true. -1: no thread to be had. */
int signals_start(signals *s, p2p_host *host);
void signals_stop(signals *s); /* before the host is freed; all zero is accepted */

#endif
