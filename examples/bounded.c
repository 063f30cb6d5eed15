/* A node that cannot outgrow its box: an allocator that refuses above a budget, and limits to match.
 * What does not fit is refused with a reason; nothing ends the program.
 *
 *   bounded BYTES [LIMIT=VALUE …]    serves; "memory" on stdin prints what is in use, its end ends */
#include <p2p/p2p.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETTINGS_MAX = 16 };

struct budget {
  size_t used, most, max;
};

static void *budget_alloc(void *user, size_t size) {
  struct budget *b = user;
  if (size > b->max - b->used) return NULL;
  void *p = malloc(size);
  if (!p) return NULL;
  b->used += size;
  if (b->used > b->most) b->most = b->used;
  return p;
}

/* The size comes back with the pointer: counting needs no header of its own. */
static void budget_release(void *user, void *p, size_t size) {
  struct budget *b = user;
  b->used -= size;
  free(p);
}

static void print_memory(const p2p_host *h, const struct budget *b) {
  const char *what;
  size_t bytes;
  for (size_t i = 0; (what = p2p_host_memory(h, i, &bytes)); i++)
    if (bytes) printf("  %-10s %zu\n", what, bytes);
  printf("%zu of %zu bytes, at most %zu\n", b->used, b->max, b->most);
  fflush(stdout);
}

static int loop(p2p_host *h, const struct budget *b) {
  struct pollfd fds[] = { { .fd = p2p_host_fd(h), .events = POLLIN },
                          { .fd = STDIN_FILENO, .events = POLLIN } };
  char line[64];
  for (;;) {
    p2p_time at = p2p_host_deadline(h), now = p2p_host_now(h);
    p2p_time ms = at <= now ? 0 : (at - now) / P2P_MS + 1;
    if (poll(fds, 2, ms > 60000 ? 60000 : (int)ms) < 0) return 1;
    if (fds[1].revents) {
      if (read(STDIN_FILENO, line, sizeof line) <= 0) return 0;
      print_memory(h, b);
    }
    if (p2p_host_step(h, 0) < 0) return 1;
    while (p2p_next_event(h)) continue;
  }
}

/* "conns_max=10" becomes a setting; the text is cut at the '='. */
static bool setting_of(char *text, p2p_setting *out) {
  char *sign = strchr(text, '=');
  if (!sign) return false;
  *sign = '\0';
  *out = (p2p_setting){ .name = text, .value = strtoull(sign + 1, NULL, 10) };
  return true;
}

int main(int argc, char **argv) {
  struct budget budget = { .max = argc > 1 ? strtoull(argv[1], NULL, 10) : 0 };
  const p2p_allocator allocator = { .alloc = budget_alloc,
                                    .release = budget_release,
                                    .user = &budget };
  p2p_setting settings[SETTINGS_MAX];
  size_t n = 0;
  while (n < SETTINGS_MAX && (int)n + 2 < argc && setting_of(argv[n + 2], &settings[n])) n++;
  if (argc < 2 || (int)n + 2 != argc) {
    fprintf(stderr, "usage: %s BYTES [LIMIT=VALUE …]\n", argv[0]);
    return 2;
  }
  const p2p_host_opts opts = {
    .size = sizeof opts, .allocator = &allocator, .limits = settings, .n_limits = n
  };
  p2p_host *host = NULL;
  char addr[P2P_ADDR_TEXT_MAX];
  int err = p2p_host_new(&host, &opts), code = 1;
  if (err < 0) {
    fprintf(stderr, "cannot start: %s\n", p2p_strerror(err));
  } else {
    for (size_t i = 0; p2p_host_addr(host, i, addr, sizeof addr) > 0; i++) puts(addr);
    fflush(stdout);
    code = loop(host, &budget);
  }
  p2p_host_free(host);
  if (budget.used) fprintf(stderr, "%zu bytes were not given back\n", budget.used);
  return budget.used ? 1 : code;
}
