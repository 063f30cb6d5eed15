/* A host that listens, for commands that are called rather than call. */
#ifndef APP_SERVICE_H
#define APP_SERVICE_H

#include <p2p/p2p.h>
#include <poll.h>

#include "args.h"
#include "network.h"
#include "signals.h"

typedef struct service_opts {
  const char *command; /* who speaks in reports */
  const args_list *listen;
  const char *key;       /* file; NULL: a new key */
  const args_list *from; /* peer ids that may come; n 0: anybody */
  network *network;      /* opened and ended by the service */
  bool quiet;            /* does not print addresses */
  bool as_json;          /* prints them as JSON on standard output */
} service_opts;

typedef struct service {
  const service_opts *o;
  p2p_identity identity;
  p2p_host *host;
  signals signals;
  p2p_peer_id from[ARGS_LIST_MAX];
} service;

/* Everything up to listening. 0, or an exit code after a report. */
int service_open(service *v, const service_opts *o);
/* Prints where it can be reached: on standard error, so that standard output is data. */
void service_tell(service *v);
void service_close(service *v); /* all zero is accepted */

#endif
