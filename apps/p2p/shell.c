/* A command of the user's, by posix_spawn: we have threads, and a fork would have to be careful. */
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"

extern char **environ;

enum { EXIT_SIGNAL = 128 };

/* Our environment and the variables, in an array that the caller frees. */
static char **with_variables(const char *const *variables) {
  size_t n = 0, m = 0;
  while (environ[n]) n++;
  while (variables[m]) m++;
  char **all = mem_zeroed(n + m + 1, sizeof *all);
  if (!all) return NULL;
  for (size_t i = 0; i < n; i++) all[i] = environ[i];
  for (size_t i = 0; i < m; i++) all[n + i] = (char *)(uintptr_t)variables[i];
  return all;
}

/* As our parent started us: nothing blocked, SIGPIPE ends. */
static void normal_signals(posix_spawnattr_t *attr) {
  sigset_t none, pipe_only;
  sigemptyset(&none);
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  posix_spawnattr_setsigmask(attr, &none);
  posix_spawnattr_setsigdefault(attr, &pipe_only);
  posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(const char *text, char **env, int in, int out, pid_t *pid) {
  char shell[] = "sh", option[] = "-c";
  char *argv[] = { shell, option, (char *)(uintptr_t)text, NULL };
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attr);
  normal_signals(&attr);
  posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  int err = posix_spawn(pid, "/bin/sh", &files, &attr, argv, env);
  posix_spawnattr_destroy(&attr);
  posix_spawn_file_actions_destroy(&files);
  return err;
}

int shell_start(const char *text, const char *const *variables, pid_t *pid, int *to, int *from) {
  int in[2], out[2], err = 0;
  if (pipe2(in, O_CLOEXEC) != 0) return -1;
  if (pipe2(out, O_CLOEXEC) != 0) {
    err = errno;
    close(in[0]);
    close(in[1]);
    errno = err;
    return -1;
  }
  char **env = with_variables(variables);
  err = env ? spawn(text, env, in[0], out[1], pid) : ENOMEM;
  mem_free(env);
  close(in[0]);
  close(out[1]);
  *to = in[1];
  *from = out[0];
  if (err == 0) return 0;
  close(in[1]);
  close(out[0]);
  errno = err;
  return -1;
}

bool shell_ended(pid_t pid, int *status) {
  int raw = 0;
  if (waitpid(pid, &raw, WNOHANG) != pid) return false;
  *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : EXIT_SIGNAL + WTERMSIG(raw);
  return true;
}
