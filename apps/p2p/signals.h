/* SIGINT and SIGTERM as something the host's thread is told; a second one ends the process. */
#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

#include <p2p/p2p.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { SIGNALS_EXIT = 128 }; /* as shells tell an end by a signal: with its number added */

typedef struct signals {
  p2p_host *host;
  sigset_t set;
  pthread_t thread;
  atomic_bool ending;
  bool running;
  bool caught; /* written on the host's thread; by this signal: */
  int number;
} signals;

/* Keeps them and SIGCHLD from every thread made later: call it before the host is made. */
void signals_block(void);
/* Watches: after a signal p2p_host_step returns and s->caught is true; it returns after SIGCHLD, too. -1: no thread to be had. */
int signals_start(signals *s, p2p_host *host);
void signals_stop(signals *s); /* before the host is freed; all zero is accepted */

#endif
