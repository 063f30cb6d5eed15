/* A peer in a process of its own: what a test needs that wants to kill it. */
#ifndef TESTS_NET_CHILD_H
#define TESTS_NET_CHILD_H

#include <p2p/p2p.h>
#include <sys/types.h>

typedef struct child {
  pid_t pid;
  char addr[P2P_ADDR_TEXT_MAX]; /* where it listens, with its peer id */
} child;

#define CHILD_ECHO "/child/echo/1.0.0" /* small messages */

/* Forks before the test has a host. The child serves CHILD_ECHO until it is killed. */
void child_start(child *c);
void child_kill(child *c); /* SIGKILL; waits for its end */

#endif
