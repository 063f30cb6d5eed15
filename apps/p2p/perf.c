/* p2p perf: throughput to a peer, first up, then down. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "json.h"
#include "perf_run.h"
#include "report.h"
#include "session.h"

#define NAME "p2p perf"

typedef struct perf {
  network network;
  uint64_t upload, download, streams;
  p2p_time timeout;
  bool as_json, progress;
} perf;

/* A figure people can read: three digits and a unit of a thousand. */
static void print_amount(FILE *to, double n, const char *unit) {
  static const char prefixes[] = " kMGTPE";
  size_t i = 0;
  for (; n >= 999.5 && i + 2 < sizeof prefixes; i++) n /= 1000;
  fprintf(to, "%.3g ", n);
  if (i) fputc(prefixes[i], to);
  fputs(unit, to);
}

static void print_progress(const char *way, uint64_t moved, uint64_t last, p2p_time begun) {
  fprintf(stderr, "\r\033[K%s: %.0f s, ", way, (double)(clock_now() - begun) * 1e-9);
  print_amount(stderr, (double)moved, "B");
  fputs(", ", stderr);
  print_amount(stderr, (double)(moved - last) * 8, "bit/s");
  fflush(stderr);
}

static uint64_t moved_by(const perf_run *r, bool upward) { return upward ? r->up : r->down; }

/* Turns until the run is done; tells how far it is once per second. */
static int watch(session *s, const perf *p, perf_run *r, bool upward, p2p_time begun) {
  uint64_t last = 0;
  p2p_time next = p->progress ? begun + P2P_SECOND : P2P_NEVER;
  int err;
  while ((err = session_wait(s, &r->done, next)) == P2P_ETIMEOUT) {
    print_progress(upward ? "upload" : "download", moved_by(r, upward), last, begun);
    last = moved_by(r, upward);
    next += P2P_SECOND;
  }
  if (p->progress) fputs("\r\033[K", stderr);
  return err < 0 ? err : r->err;
}

static void tell(const perf *p, bool upward, uint64_t bytes, double seconds, json *j) {
  const char *way = upward ? "upload" : "download";
  double rate = seconds > 0 ? (double)bytes * 8 / seconds : 0;
  if (p->as_json) {
    json_object(j, way);
    json_count(j, "bytes", bytes);
    json_real(j, "seconds", seconds);
    json_real(j, "gbit_s", rate * 1e-9);
    json_object_end(j);
    return;
  }
  printf("%-9s ", way);
  print_amount(stdout, (double)bytes, "B");
  printf(" in %.3f s: %.3f Gbit/s\n", seconds, rate * 1e-9);
  fflush(stdout);
}

static int one_way(session *s, const perf *p, bool upward, json *j) {
  uint64_t bytes = upward ? p->upload : p->download;
  perf_run r;
  if (bytes == 0) return 0;
  p2p_time begun = clock_now();
  int err = perf_run_start(&r, s->host, s->conn, (size_t)p->streams, upward ? bytes : 0,
                           upward ? 0 : bytes);
  if (err >= 0) err = watch(s, p, &r, upward, begun);
  if (err >= 0) tell(p, upward, bytes, (double)(clock_now() - begun) * 1e-9, j);
  if (err < 0) session_close(s); /* streams may be open that point into r */
  perf_run_fini(&r);
  return err;
}

static void report_failure(const session *s, int err) {
  if (err == P2P_ENOPROTO)
    report(NAME, "%s does not serve /perf/1.0.0; \"p2p node\" does", s->o.addr);
  else if (err != P2P_ECANCELED)
    report(NAME, "%s: %s", s->o.addr, p2p_strerror(err));
}

static int run(session *s, const perf *p) {
  json j = { 0 };
  if (p->as_json) {
    json_begin(&j);
    json_count(&j, "streams", p->streams);
  }
  int err = one_way(s, p, true, &j);
  if (err >= 0) err = one_way(s, p, false, &j);
  if (err < 0) {
    json_drop(&j);
    report_failure(s, err);
    return EXIT_FAILURE;
  }
  return !p->as_json || json_end(&j) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const args_option options[] = {
  { "upload", 'u', "SIZE", "bytes to send, such as 100M or 1GiB", ARGS_SIZE,
    .at = offsetof(perf, upload) },
  { "download", 'd', "SIZE", "bytes to receive", ARGS_SIZE, .at = offsetof(perf, download) },
  { "streams", 's', "K", "share them between K streams", ARGS_COUNT, .at = offsetof(perf, streams),
    .standard = "1", .min = 1, .max = PERF_STREAMS_MAX },
  NETWORK_OPTIONS(perf, network),
  { "timeout", 'W', "SECONDS", "for the connection", ARGS_DURATION, .at = offsetof(perf, timeout),
    .standard = "10", .min = 100 * P2P_MS, .max = 300 * P2P_SECOND },
  ARGS_JSON(perf),
};

static int perf_main(int argc, char **argv) {
  perf p = { 0 };
  char **operands;
  int code = args_parse(&perf_command, argc, argv, &p, &operands);
  if (code != ARGS_GO) return code;
  if (p.upload == 0 && p.download == 0) {
    report(NAME, "nothing to do: give --upload SIZE, --download SIZE or both");
    return EXIT_USAGE;
  }
  p.progress = !p.as_json && isatty(STDERR_FILENO);
  code = network_open(NAME, &p.network);
  if (code != 0) return code;
  const session_opts o = {
    .command = NAME, .addr = operands[0], .timeout = p.timeout, .network = &p.network
  };
  session s;
  code = session_open(&s, &o);
  if (code != 0) return code;
  code = run(&s, &p);
  session_close(&s);
  network_fini(&p.network);
  return code;
}

const args_command perf_command = {
  .name = NAME,
  .operands = "ADDR",
  .n_operands = 1,
  .n_required = 1,
  .brief = "measure throughput to a peer",
  .summary = "Measures throughput to the peer at a multiaddr: first up, then down.",
  .examples = "p2p perf --upload 1GiB --download 1GiB /ip4/192.0.2.1/tcp/4001\n",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = perf_main,
};
