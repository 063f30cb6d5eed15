/* A thread that reads stdin, so that the host's loop stays the library's own. It hands over one
 * line at a time and waits until the host's thread has used it. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void deliver(p2p_host *h, void *arg) {
  input *in = arg;
  (void)h;
  in->fn(in->user, in->ended ? NULL : in->line);
  sem_post(&in->handled);
}

/* False when nobody listens any more. */
static bool hand_over(input *in) {
  if (p2p_host_post(in->host, deliver, in) < 0) return false;
  while (sem_wait(&in->handled) != 0)
    if (errno != EINTR) return false;
  return true;
}

/* The next byte; 0: the end, or input_stop was called. */
static bool next_byte(input *in, char *c) {
  struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                          { .fd = in->wake[0], .events = POLLIN } };
  while (poll(fds, 2, -1) < 0)
    if (errno != EINTR) return false;
  return !fds[1].revents && read(STDIN_FILENO, c, 1) == 1;
}

static void *watch(void *arg) {
  input *in = arg;
  size_t len = 0;
  char c;
  while (next_byte(in, &c)) {
    if (c != '\n') {
      if (len + 1 < sizeof in->line) in->line[len++] = c;
      continue;
    }
    in->line[len] = '\0';
    len = 0;
    if (!hand_over(in)) return NULL;
  }
  in->ended = true;
  hand_over(in);
  return NULL;
}

int input_start(input *in, p2p_host *host, input_fn fn, void *user) {
  *in = (input){ .host = host, .fn = fn, .user = user };
  if (pipe2(in->wake, O_CLOEXEC) != 0) return -1;
  sem_init(&in->handled, 0, 0);
  in->running = pthread_create(&in->thread, NULL, watch, in) == 0;
  if (in->running) return 0;
  close(in->wake[0]);
  close(in->wake[1]);
  return -1;
}

void input_stop(input *in) {
  if (!in->running) return;
  close(in->wake[1]);     /* readable for good: no more lines … */
  sem_post(&in->handled); /* … and nobody waits for a host that no longer turns */
  sem_post(&in->handled);
  pthread_join(in->thread, NULL);
  close(in->wake[0]);
  sem_destroy(&in->handled);
  in->running = false;
}
