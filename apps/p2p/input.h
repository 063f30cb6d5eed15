/* Lines of stdin, given to a function on the host's thread. */
#ifndef APP_INPUT_H
#define APP_INPUT_H

#include <p2p/p2p.h>
#include <pthread.h>
#include <semaphore.h>

enum { INPUT_LINE_MAX = 256 };

/* line: without newline; NULL: stdin has ended. */
typedef void (*input_fn)(void *user, const char *line);

typedef struct input {
  p2p_host *host;
  input_fn fn;
  void *user;
  pthread_t thread;
  sem_t handled;
  int wake[2];
  bool running;
  char line[INPUT_LINE_MAX];
  bool ended;
} input;

int input_start(input *in, p2p_host *host, input_fn fn, void *user); /* -1: no thread, no pipe */
void input_stop(input *in); /* before the host is freed; all zero is accepted */

#endif
