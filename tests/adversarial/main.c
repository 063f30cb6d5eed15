/* evilpeer: a libp2p peer that breaks the rules, to see what others make of it. */
#include "evil.h"
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { ROWS_MAX = 200, EXIT_USAGE = 2 };

static const family *const families[] = {
  &evil_identity,
  &evil_handshake,
  &evil_lines,
  &evil_framing,
  &evil_yamux,
  &evil_pnet,
  &evil_mplex,
  &evil_identify,
  &evil_ping,
  &evil_swarm,
  &evil_tls_certificates,
  &evil_tls,
  &evil_quic_certificates,
  &evil_quic_peer,
  &evil_quic_frames,
  &evil_quic_knocks,
  &evil_quic_stateless,
  &evil_quic_floods,
};

typedef struct options {
  uint64_t pid, scale, mib;
  p2p_time brief, patience;
  const char *report, *layer, *psk_file;
  p2p_psk psk;
  bool verbose;
} options;

static const row *row_find(const char *id, bool *quic) {
  for (size_t f = 0; f < P2P_COUNT(families); f++)
    for (size_t i = 0; i < families[f]->n; i++) {
      if (strcmp(families[f]->rows[i].id, id) != 0) continue;
      *quic = families[f]->quic;
      return &families[f]->rows[i];
    }
  fprintf(stderr, "evilpeer: %s: no such row; \"evilpeer list\" shows them\n", id);
  return NULL;
}

static int list(void) {
  for (size_t f = 0; f < P2P_COUNT(families); f++)
    for (size_t i = 0; i < families[f]->n; i++) {
      const row *r = &families[f]->rows[i];
      printf("%-21s %-11s %-6s %s (%s)\n", r->id, r->layer,
             r->sides == ROW_DIAL    ? "dial"
             : r->sides == ROW_SERVE ? "serve"
                                     : "both",
             r->claim, r->source);
    }
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool start(evil *e, const char *addr, const options *o) {
  int err = evil_init(e, addr);
  e->brief = o->brief;
  e->patience = o->patience;
  e->scale = o->scale;
  e->verbose = o->verbose;
  e->psk = o->psk_file ? &o->psk : NULL;
  if (err < 0) fprintf(stderr, "evilpeer: %s: %s\n", addr, p2p_strerror(err));
  if (err < 0) evil_fini(e);
  return err >= 0;
}

/* ---- we dial ---- */

static verdict judge(const result *r, verdict v, bool served, uint64_t failed, size_t bound) {
  if (!served) return EVIL_DIED;
  if (failed) return EVIL_STARVED;
  if ((v == EVIL_SURVIVED || v == EVIL_NA) && (ptrdiff_t)r->grew > (ptrdiff_t)bound)
    return EVIL_GREW;
  return v;
}

/* One row, an honest peer beside it, the other side's memory before and after. */
static result attack(evil *e, const row *r, const options *o) {
  result out = { .row = r };
  uint64_t failed;
  size_t before = resident_of(o->pid);
  honest *h = honest_start(e, e->patience);
  p2p_time begun = evil_now();
  e->row = r->id;
  verdict v = evil_anew(e) ? r->run(e) : EVIL_BROKEN;
  out.took = evil_now() - begun;
  out.grew = resident_of(o->pid) - before;
  bool served = honest_stop(h, &out.rounds, &failed, &out.worst);
  out.verdict = judge(&out, v, served, failed, (size_t)o->mib << 20);
  report_row(stdout, &out);
  return out;
}

static bool passed(verdict v) { return v == EVIL_SURVIVED || v == EVIL_NA; }

static int run_one(const char *id, const char *addr, const options *o) {
  evil e;
  bool quic;
  const row *r = row_find(id, &quic);
  if (!r) return EXIT_USAGE;
  if (!(r->sides & ROW_DIAL)) {
    fprintf(stderr, "evilpeer: %s attacks one who dials: \"evilpeer serve %s\"\n", id, id);
    return EXIT_USAGE;
  }
  if (!start(&e, addr, o)) return EXIT_FAILURE;
  if (e.quic != quic) {
    fprintf(stderr, "evilpeer: %s is for addresses of %s\n", id, quic ? "QUIC" : "TCP");
    evil_fini(&e);
    return EXIT_USAGE;
  }
  result got = attack(&e, r, o);
  evil_fini(&e);
  return passed(got.verdict) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool is_wanted(const row *r, const options *o) {
  return r->sides & ROW_DIAL && (!o->layer || strcmp(o->layer, r->layer) == 0);
}

static int run_all(const char *addr, const options *o) {
  static result results[ROWS_MAX];
  size_t n = 0, failed = 0;
  p2p_time took;
  evil e;
  if (!start(&e, addr, o)) return EXIT_FAILURE;
  if (!honest_once(&e, o->patience, &took)) {
    fprintf(stderr, "evilpeer: %s does not serve an honest peer to begin with\n", addr);
    evil_fini(&e);
    return EXIT_FAILURE;
  }
  for (size_t f = 0; f < P2P_COUNT(families); f++)
    for (size_t i = 0; i < families[f]->n && families[f]->quic == e.quic; i++) {
      if (!is_wanted(&families[f]->rows[i], o)) continue;
      results[n] = attack(&e, &families[f]->rows[i], o);
      failed += !passed(results[n++].verdict);
    }
  evil_fini(&e);
  printf("%zu of %zu rows passed\n", n - failed, n);
  if (o->report && !report_results(o->report, addr, results, n)) {
    fprintf(stderr, "evilpeer: %s: cannot be written\n", o->report);
    return EXIT_FAILURE;
  }
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- they dial ---- */

static bool listen_somewhere(evil *e, char *addr, size_t cap) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t len = sizeof at;
  char self[P2P_PEER_ID_TEXT_MAX];
  int kind = e->quic ? SOCK_DGRAM | SOCK_NONBLOCK : SOCK_STREAM;
  e->listener = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
  bool ok = e->listener >= 0 && bind(e->listener, (struct sockaddr *)&at, sizeof at) == 0 &&
            (e->quic || listen(e->listener, 16) == 0) &&
            getsockname(e->listener, (struct sockaddr *)&at, &len) == 0 &&
            p2p_peer_id_print(&e->self.peer, self, sizeof self) > 0;
  if (ok)
    snprintf(addr, cap, "/ip4/127.0.0.1/%s/%u%s/p2p/%s", e->quic ? "udp" : "tcp",
             (unsigned)ntohs(at.sin_port), e->quic ? "/quic-v1" : "", self);
  return ok;
}

/* Its verdict is about what the dialer did on the wire; whoever started the dialer sees whether it
 * ended, and how. */
static int serve(const char *id, const options *o) {
  char addr[P2P_ADDR_TEXT_MAX];
  evil e;
  bool quic;
  const row *r = row_find(id, &quic);
  if (!r) return EXIT_USAGE;
  if (!(r->sides & ROW_SERVE)) {
    fprintf(stderr, "evilpeer: %s attacks one who listens: \"evilpeer run %s ADDR\"\n", id, id);
    return EXIT_USAGE;
  }
  if (!start(&e, quic ? "/ip4/127.0.0.1/udp/0/quic-v1" : "/ip4/127.0.0.1/tcp/0", o))
    return EXIT_FAILURE;
  if (!listen_somewhere(&e, addr, sizeof addr)) {
    fprintf(stderr, "evilpeer: cannot listen on loopback\n");
    evil_fini(&e);
    return EXIT_FAILURE;
  }
  printf("{\"listening\":\"%s\"}\n", addr);
  fflush(stdout);
  e.row = r->id;
  verdict v = r->run(&e);
  printf("{\"row\":\"%s\",\"verdict\":\"%s\"}\n", r->id, evil_verdicts[v]);
  evil_fini(&e);
  return passed(v) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char HELP[] =
    "usage: evilpeer [OPTION]... list | run ROW ADDR | all ADDR | serve ROW\n"
    "Attacks a libp2p peer in the ways that others were broken by.\n\n"
    "  list            the rows, whom they attack (who listens: dial; who dials: serve), their "
    "source\n"
    "  run ROW ADDR    one row against the peer at a multiaddr: /ip4/.../tcp/.../p2p/...,\n"
    "                  or /ip4/.../udp/.../quic-v1/p2p/... for the rows of QUIC\n"
    "  all ADDR        every row that attacks one who listens at such an address\n"
    "  serve ROW       prints an address; attacks the first who dials it\n\n"
    "  --pid PID           the peer's process on this machine, to watch its memory\n"
    "  --memory MIB        how much it may grow in one row (32)\n"
    "  --answer SECONDS    what must be refused must be refused so soon (3)\n"
    "  --patience SECONDS  a deadline of the other side must have passed by then (20)\n"
    "  --scale N           repetitions of a flood (20000)\n"
    "  --layer NAME        all: only the rows of this layer\n"
    "  --report FILE       all: the results as Markdown, or as JSON when it ends in .json\n"
    "  --psk FILE          they are in the private network of this key; without it its rows find "
    "nothing\n"
    "  --verbose           how each connection of QUIC ended, on stderr\n\n"
    "A row passes when the other side does what the row asks, an honest peer is served meanwhile "
    "and\n"
    "after, and its memory stays.\n";

static int usage(const char *what) {
  fprintf(stderr, "evilpeer: %s; \"evilpeer --help\" says more\n", what);
  return EXIT_USAGE;
}

/* False: there is none in the file. */
static bool read_psk(options *o) {
  uint8_t file[P2P_PSK_FILE_MAX + 1];
  if (!o->psk_file) return true;
  FILE *f = fopen(o->psk_file, "re");
  size_t n = f ? fread(file, 1, sizeof file, f) : 0;
  if (f) fclose(f);
  return p2p_psk_parse(&o->psk, p2p__bytes(file, n)) == 0;
}

/* A number of at least 1, times unit. */
static bool number(const char *text, double unit, uint64_t *out) {
  char *end;
  double v = strtod(text, &end) * unit;
  if (*end || !(v >= 1) || v > 1e18) return false;
  *out = (uint64_t)v;
  return true;
}

static bool take_option(options *o, int which) {
  switch (which) {
  case 'p': return number(optarg, 1, &o->pid);
  case 'm': return number(optarg, 1, &o->mib);
  case 'a': return number(optarg, 1e9, &o->brief);
  case 'w': return number(optarg, 1e9, &o->patience);
  case 's': return number(optarg, 1, &o->scale);
  case 'l': o->layer = optarg; return true;
  case 'r': o->report = optarg; return true;
  case 'v': o->verbose = true; return true;
  case 'k': o->psk_file = optarg; return true;
  default: return false;
  }
}

int main(int argc, char **argv) {
  static const struct option longs[] = {
    { "pid", required_argument, NULL, 'p' },
    { "memory", required_argument, NULL, 'm' },
    { "answer", required_argument, NULL, 'a' },
    { "patience", required_argument, NULL, 'w' },
    { "scale", required_argument, NULL, 's' },
    { "report", required_argument, NULL, 'r' },
    { "layer", required_argument, NULL, 'l' },
    { "verbose", no_argument, NULL, 'v' },
    { "psk", required_argument, NULL, 'k' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
  };
  options o = { .scale = 20000, .mib = 32, .brief = 3 * P2P_SECOND, .patience = 20 * P2P_SECOND };
  int which;
  signal(SIGPIPE, SIG_IGN);
  while ((which = getopt_long(argc, argv, "hv", longs, NULL)) != -1) {
    if (which == 'h') return fputs(HELP, stdout) < 0;
    if (!take_option(&o, which)) return usage("a wrong option");
  }
  if (!read_psk(&o)) return usage("no key of a private network in that file");
  char **w = argv + optind;
  int n = argc - optind;
  if (n == 1 && strcmp(w[0], "list") == 0) return list();
  if (n == 3 && strcmp(w[0], "run") == 0) return run_one(w[1], w[2], &o);
  if (n == 2 && strcmp(w[0], "all") == 0) return run_all(w[1], &o);
  if (n == 2 && strcmp(w[0], "serve") == 0) return serve(w[1], &o);
  return usage("say list, run ROW ADDR, all ADDR or serve ROW");
}
