/* A command of the user's, by posix_spawn: we have threads, and a fork would have to be careful. */
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"

extern char **environ;

enum { EXIT_SIGNAL = 128 };

/* A copy of our own: exec(3) wants what may be written to. */
static char *copy_of(const char *text) {
  size_t len = strlen(text) + 1;
  char *copy = mem_zeroed(1, len);
  if (copy) memcpy(copy, text, len);
  return copy;
}

/* Our environment and the variables; the variables are copies. */
static char **with_variables(const char *const *variables, size_t *first, size_t *n) {
  size_t m = 0;
  for (*first = 0; environ[*first]; ++*first) continue;
  while (variables[m]) m++;
  char **all = mem_zeroed(*first + m + 1, sizeof *all);
  if (!all) return NULL;
  for (*n = 0; *n < *first; ++*n) all[*n] = environ[*n];
  for (size_t i = 0; i < m && (all[*n] = copy_of(variables[i])); i++) ++*n;
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

static int spawn(char *text, char **env, int in, int out, pid_t *pid) {
  char shell[] = "sh", option[] = "-c";
  char *argv[] = { shell, option, text, NULL };
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

/* 0 or an errno. */
static int spawn_with(const char *text, const char *const *variables, int in, int out, pid_t *pid) {
  size_t first = 0, n = 0;
  char *command = copy_of(text), **env = with_variables(variables, &first, &n);
  bool whole = command && env && !variables[n - first];
  int err = whole ? spawn(command, env, in, out, pid) : ENOMEM;
  for (size_t i = first; env && i < n; i++) mem_free(env[i]);
  mem_free(env);
  mem_free(command);
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
  err = spawn_with(text, variables, in[0], out[1], pid);
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
