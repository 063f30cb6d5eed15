/* A redis client of one command. Spec: RESP 2 (redis.io, "Redis serialization protocol"). */
#include "redis.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HOST_LEN = 256, LINE_LEN = 256, STRINGS = 64, STRING_LEN = 4096 };

static int connect_to(const struct addrinfo *all, unsigned seconds) {
  const struct timeval patience = { .tv_sec = seconds };
  for (const struct addrinfo *a = all; a; a = a->ai_next) {
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0) continue;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) return fd;
    close(fd);
  }
  return -1;
}

static int redis_open(const char *at, unsigned seconds) {
  char host[HOST_LEN];
  const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
  struct addrinfo *all;
  const char *colon = strrchr(at, ':');
  if (!colon || (size_t)(colon - at) >= sizeof host) return -1;
  memcpy(host, at, (size_t)(colon - at));
  host[colon - at] = '\0';
  if (getaddrinfo(host, colon + 1, &hints, &all) != 0) return -1;
  int fd = connect_to(all, seconds);
  freeaddrinfo(all);
  return fd;
}

static bool send_command(FILE *f, const char *const *words, size_t n) {
  fprintf(f, "*%zu\r\n", n);
  for (size_t i = 0; i < n; i++) fprintf(f, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
  return fflush(f) == 0;
}

/* A string of n bytes and its line end. */
static bool read_string(FILE *f, size_t n, char *out, size_t cap) {
  char bytes[STRING_LEN + 2];
  if (n > STRING_LEN || n >= cap) return false;
  if (fread(bytes, 1, n + 2, f) != n + 2) return false;
  memcpy(out, bytes, n);
  out[n] = '\0';
  return true;
}

/* The number behind a line's first character; false: none, as "-1" of what is not there. */
static bool number_of(const char *line, size_t *n) {
  *n = 0;
  for (const char *at = line + 1; *at; at++) {
    if (*at < '0' || *at > '9' || *n > STRING_LEN) return false;
    *n = *n * 10 + (size_t)(*at - '0');
  }
  return line[1] != '\0';
}

/* Reads one reply: an array of strings is as many more. */
static bool read_reply(FILE *f, char *out, size_t cap) {
  char line[LINE_LEN];
  for (size_t wanted = 1, n; wanted > 0; wanted--) {
    if (!fgets(line, sizeof line, f)) return false;
    line[strcspn(line, "\r\n")] = '\0';
    if (*line == '-' || *line == '\0') {
      snprintf(out, cap, "%s", line);
      return false;
    }
    if (!number_of(line, &n)) continue;
    if (*line == '*' && n > STRINGS) return false;
    if (*line == '*') wanted += n;
    if (*line == '$' && !read_string(f, n, out, cap)) return false;
  }
  return true;
}

bool redis_ask(const char *at, unsigned seconds, const char *const *words, size_t n, char *out,
               size_t cap) {
  *out = '\0';
  int fd = redis_open(at, seconds);
  FILE *in = fd < 0 ? NULL : fdopen(fd, "r"), *to = NULL;
  int copy = in ? dup(fd) : -1;
  if (copy >= 0) to = fdopen(copy, "w");
  bool ok = in && to && send_command(to, words, n) && read_reply(in, out, cap);
  if (!ok && !*out) snprintf(out, cap, "%s", fd < 0 ? "nobody is there" : "no reply in time");
  if (to) fclose(to);
  if (!to && copy >= 0) close(copy);
  if (in) fclose(in);
  if (!in && fd >= 0) close(fd);
  return ok;
}
