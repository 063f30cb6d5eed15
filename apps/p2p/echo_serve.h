/* /echo/1.0.0, the serving side: what arrives goes back; the end comes after the remote's. */
#ifndef APP_ECHO_SERVE_H
#define APP_ECHO_SERVE_H

#include <p2p/p2p.h>

#define ECHO_ID "/echo/1.0.0"

/* Told when a remote resets one of the streams. */
typedef struct echo_serve {
  void (*on_reset)(void *user, uint32_t code); /* NULL: nobody wants to know */
  void *user;
} echo_serve;

/* Serves echo; e is borrowed until the host is freed. */
P2P_MUST_USE int echo_serve_add(p2p_host *h, echo_serve *e);

#endif
