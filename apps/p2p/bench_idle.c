/* idle: N connections from N identities, held until stdin closes. An identity is a host, a host has
 * a loop, and a loop has descriptors; so the hosts are shared out over as many processes as the limit
 * of open files asks for. A child tells one byte when its connections are up, and ends when the pipe
 * it was given as a leash closes. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "mem.h"
#include "perf_run.h"
#include "report.h"

enum { FILES_PER_HOST = 8, FILES_SPARE = 64, CHILDREN_MAX = 64 };

static const char UP = 'u';

/* ---- a child ---- */

typedef struct flock {
  const bench *b;
  p2p_host **hosts;
  struct pollfd *fds; /* of the hosts, and the leash behind them */
  size_t n;           /* hosts connected */
} flock;

typedef struct outcome {
  bool up, identified;
  p2p_conn conn;
  int err;
  p2p_stage stage;
} outcome;

static void drain(p2p_host *h, outcome *o) {
  const p2p_event *e;
  while ((e = p2p_next_event(h))) {
    if (e->kind == P2P_EV_CONN_OPEN) {
      o->up = true;
      o->conn = e->conn;
    }
    if (e->kind == P2P_EV_IDENTIFIED) o->identified = true;
    if (e->kind == P2P_EV_CONN_CLOSED) {
      o->err = e->err < 0 ? e->err : P2P_ECLOSED;
      o->stage = e->stage;
    }
  }
}

static int connect_one(const bench *b, p2p_host **out, outcome *o) {
  static const char *const nowhere[] = { NULL };
  const p2p_host_opts opts = { .size = sizeof opts,
                               .listen = nowhere,
                               .security = &b->o->security,
                               .n_security = 1,
                               .muxers = &b->o->muxer,
                               .n_muxers = 1,
                               .psk = bench_psk(b->o) };
  p2p_conn c;
  int err = p2p_host_new(out, &opts);
  if (err >= 0) err = p2p_dial(*out, b->o->addr, &c);
  while (err >= 0 && !(o->up && o->identified)) {
    err = p2p_host_step(*out, P2P_NEVER);
    drain(*out, o);
    if (o->err) err = o->err;
  }
  return err;
}

/* Half of it up, half down, on one stream: what a connection keeps afterwards is of interest. */
static int move_traffic(const bench *b, p2p_host *h, p2p_conn c, outcome *o) {
  perf_run r;
  uint64_t half = b->o->traffic / 2;
  int err = perf_run_start(&r, h, c, 1, half, b->o->traffic - half);
  while (err >= 0 && !r.done) {
    err = p2p_host_step(h, P2P_NEVER);
    drain(h, o);
    if (o->err) err = o->err;
  }
  if (err >= 0) err = r.err;
  perf_run_fini(&r);
  return err;
}

static int connect_all(flock *f, size_t n) {
  for (; f->n < n; f->n++) {
    outcome o = { .stage = P2P_STAGE_NONE };
    int err = connect_one(f->b, &f->hosts[f->n], &o);
    if (err >= 0 && f->b->o->traffic) err = move_traffic(f->b, f->hosts[f->n], o.conn, &o);
    if (err < 0) {
      report_dial(f->b->command, f->b->o->addr, err, o.stage);
      return err;
    }
    f->fds[f->n] = (struct pollfd){ .fd = p2p_host_fd(f->hosts[f->n]), .events = POLLIN };
  }
  return 0;
}

/* Milliseconds until a host has something to do; -1: none ever has. */
static int patience(const flock *f) {
  p2p_time least = P2P_NEVER;
  for (size_t i = 0; i < f->n; i++) {
    p2p_time at = p2p_host_deadline(f->hosts[i]), now = p2p_host_now(f->hosts[i]);
    p2p_time left = at == P2P_NEVER ? P2P_NEVER : at > now ? at - now : 0;
    if (left < least) least = left;
  }
  if (least == P2P_NEVER) return -1;
  return least > 1000 * P2P_SECOND ? 1000000 : (int)((least + P2P_MS - 1) / P2P_MS);
}

/* One turn of each host that has something to do. 0, or why a connection was lost. */
static int turn(flock *f) {
  outcome o = { .stage = P2P_STAGE_NONE };
  for (size_t i = 0; i < f->n; i++) {
    p2p_host *h = f->hosts[i];
    if (!f->fds[i].revents && p2p_host_deadline(h) > p2p_host_now(h)) continue;
    int err = p2p_host_step(h, 0);
    drain(h, &o);
    if (err < 0 || o.err) return err < 0 ? err : o.err;
  }
  return 0;
}

/* A foreign loop over all hosts, until the leash closes. */
static int hold(flock *f, int leash) {
  int err = 0;
  f->fds[f->n] = (struct pollfd){ .fd = leash, .events = POLLIN };
  while (err >= 0 && !f->fds[f->n].revents) {
    if (poll(f->fds, (nfds_t)f->n + 1, patience(f)) >= 0) err = turn(f);
  }
  return err;
}

static int run_flock(flock *f, size_t n, int leash, int tell) {
  f->hosts = mem_zeroed(n, sizeof(p2p_host *));
  f->fds = mem_zeroed(n + 1, sizeof *f->fds);
  if (!f->hosts || !f->fds) return P2P_ENOMEM;
  int err = connect_all(f, n);
  if (err >= 0 && write(tell, &UP, 1) != 1) err = P2P_EIO;
  if (err < 0) return err;
  err = hold(f, leash);
  if (err < 0) report(f->b->command, "a connection was lost: %s", p2p_strerror(err));
  return err;
}

static int child_main(const bench *b, size_t n, int leash, int tell) {
  flock f = { .b = b };
  int err = run_flock(&f, n, leash, tell);
  for (size_t i = 0; f.hosts && i < n; i++)
    p2p_host_free(f.hosts[i]); /* cut off: thousands of farewells take long */
  mem_free(f.hosts);
  mem_free(f.fds);
  return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- the parent ---- */

typedef struct herd {
  pid_t pids[CHILDREN_MAX];
  size_t n;
  int leash[2], told[2];
} herd;

static uint64_t hosts_per_child(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < 2 * FILES_SPARE) return 1;
  return (files.rlim_cur - FILES_SPARE) / FILES_PER_HOST;
}

static bool start_child(const bench *b, herd *h, size_t n) {
  pid_t pid = h->n < CHILDREN_MAX ? fork() : -1;
  if (pid < 0) return false;
  if (pid == 0) {
    close(h->leash[1]);
    close(h->told[0]);
    int code = child_main(b, n, h->leash[0], h->told[1]);
    fflush(NULL);
    _exit(code);
  }
  h->pids[h->n++] = pid;
  return true;
}

static bool start_children(const bench *b, herd *h) {
  uint64_t each = hosts_per_child(), left = b->o->conns;
  bool ok = true;
  while (ok && left > 0) {
    uint64_t n = left < each ? left : each;
    ok = start_child(b, h, (size_t)n);
    left -= n;
  }
  close(h->told[1]); /* the children's only, so that the last one's death is the end of the pipe */
  close(h->leash[0]);
  if (!ok)
    report(b->command, "cannot start enough processes for %llu connections",
           (unsigned long long)b->o->conns);
  return ok;
}

static bool all_up(const herd *h) {
  char c = 0;
  for (size_t i = 0; i < h->n; i++)
    if (read(h->told[0], &c, 1) != 1 || c != UP) return false;
  return true;
}

static void wait_for_stdin(void) {
  char scrap[256];
  while (read(STDIN_FILENO, scrap, sizeof scrap) > 0) continue;
}

/* Lets the children go; false when one of them was not content. */
static bool end(herd *h) {
  bool ok = true;
  close(h->leash[1]);
  for (size_t i = 0; i < h->n; i++) {
    int status = 0;
    if (waitpid(h->pids[i], &status, 0) < 0 || status != 0) ok = false;
  }
  close(h->told[0]);
  return ok;
}

static bool tell(const bench *b) {
  json j;
  json_begin(&j);
  json_text(&j, "test", "idle");
  json_count(&j, "conns", b->o->conns);
  return json_end(&j) == 0;
}

int bench_idle(bench *b) {
  herd h = { .n = 0 };
  if (pipe(h.leash) != 0 || pipe(h.told) != 0) {
    report(b->command, "no pipe to be had");
    return EXIT_FAILURE;
  }
  bool ok = start_children(b, &h) && all_up(&h) && tell(b);
  if (ok) wait_for_stdin();
  return end(&h) && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
