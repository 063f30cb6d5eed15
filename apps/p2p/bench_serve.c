/* p2p bench serve: listens, answers the protocols of the contract, obeys stdin until it ends. */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "bench.h"
#include "echo_serve.h"
#include "goodbye.h"
#include "input.h"
#include "keytype.h"
#include "mem.h"
#include "report.h"
#include "reset_serve.h"

#define NAME "p2p bench serve"
static const p2p_time GOODBYE = P2P_SECOND;

typedef struct server {
  p2p_host *host;
  bench_options o;
  p2p_identity identity;
  echo_serve echo;
  FILE *trace;
  signals signals;
  input input;
  uint64_t unanswered; /* datagrams */
  bool quit;
} server;

static void tell_memory(server *v) {
  p2p_host_stats stats = { .size = sizeof stats };
  const char *purpose;
  size_t bytes = 0;
  json j;
  mem_trim();
  mem_use use = mem_used();
  p2p_host_get(v->host, &stats);
  json_begin(&j);
  json_count(&j, "rss", use.rss);
  json_count(&j, "heap", use.heap);
  json_count(&j, "conns", stats.conns);
  json_count(&j, "accepted", stats.conns_in);
  json_count(&j, "datagrams_unanswered", v->unanswered);
  json_count(&j, "memory", stats.memory);
  json_object(&j, "by");
  for (size_t i = 0; (purpose = p2p_host_memory(v->host, i, &bytes)); i++)
    json_count(&j, purpose, bytes);
  json_object_end(&j);
  json_end(&j);
}

static void on_line(void *user, const char *line) {
  server *v = user;
  if (!line || strcmp(line, "quit") == 0)
    v->quit = true;
  else if (strcmp(line, "mem") == 0)
    tell_memory(v);
  else
    report(NAME, "%s: no such command on stdin; there are mem and quit", line);
}

static void on_reset(void *user, uint32_t code) {
  json j;
  (void)user;
  json_begin(&j);
  json_text(&j, "event", "reset");
  json_count(&j, "code", code);
  json_end(&j);
}

static void tell_addresses(server *v) {
  char addr[P2P_ADDR_TEXT_MAX];
  json j;
  for (size_t i = 0; p2p_host_addr(v->host, i, addr, sizeof addr) > 0; i++) {
    json_begin(&j);
    json_text(&j, "listening", addr);
    json_end(&j);
  }
}

static int make_host(server *v) {
  const p2p_host_opts opts = { .size = sizeof opts,
                               .identity = &v->identity,
                               .listen = &v->o.listen,
                               .n_listen = 1,
                               .security = &v->o.security,
                               .n_security = 1,
                               .muxers = &v->o.muxer,
                               .n_muxers = 1,
                               .serve_perf = true,
                               .psk = bench_psk(&v->o),
                               .limits = bench_limits,
                               .n_limits = bench_n_limits,
                               .trace = v->trace ? trace_line : NULL,
                               .trace_user = v->trace };
  int err = keytype_make(v->o.key, 0, &v->identity);
  if (err >= 0) err = p2p_host_new(&v->host, &opts);
  if (err < 0) return err;
  v->echo.on_reset = on_reset;
  err = echo_serve_add(v->host, &v->echo);
  if (err >= 0) err = reset_serve_add(v->host);
  return err;
}

static int start(server *v) {
  int err = make_host(v);
  if (err < 0) return err;
  tell_addresses(v);
  if (signals_start(&v->signals, v->host) < 0) return P2P_EIO;
  return input_start(&v->input, v->host, on_line, v) < 0 ? P2P_EIO : 0;
}

/* Datagrams go back as they came, if there is room; mem tells the numbers of all else. */
static void take_events(server *v) {
  const p2p_event *e;
  while ((e = p2p_next_event(v->host)))
    if (e->kind == P2P_EV_DATAGRAM && p2p_datagram_send(v->host, e->conn, e->datagram) < 0)
      v->unanswered++;
}

static int serve(server *v) {
  int err = start(v);
  while (err >= 0 && !v->quit && !v->signals.caught) {
    err = p2p_host_step(v->host, P2P_NEVER);
    take_events(v);
  }
  signals_stop(&v->signals);
  input_stop(&v->input);
  goodbye(v->host, GOODBYE);
  return err;
}

static int bench_serve_main(int argc, char **argv) {
  server v = { 0 };
  char **rest;
  int code = bench_options_parse(&v.o, &bench_serve_command, argc, argv, &rest);
  if (code != ARGS_GO) return code;
  if (!v.o.listen) {
    report(NAME, "--transport unix: --listen /unix/PATH says where");
    return EXIT_USAGE;
  }
  if (!report_bad_address(NAME, v.o.listen)) return EXIT_USAGE;
  if (v.o.trace && !(v.trace = trace_open(NAME, v.o.trace))) return EXIT_FAILURE;
  bench_raise_files();
  int err = serve(&v);
  p2p_identity_fini(&v.identity);
  if (v.trace) fclose(v.trace);
  if (err >= 0) return EXIT_SUCCESS;
  const char *what = report_remedy(err);
  report(NAME, "%s: %s%s%s", v.o.listen, p2p_strerror(err), what ? "; " : "", what ? what : "");
  return EXIT_FAILURE;
}

const args_command bench_serve_command = {
  .name = NAME,
  .operands = "",
  .brief = "listen and serve until stdin ends",
  .summary = "Listens and serves until standard input ends.",
  .more = "The contract is told in bench/README.md.",
  .examples = "p2p bench serve --key-type secp256k1\n",
  .options = bench_option_table,
  .n_options = BENCH_N_OPTIONS,
  .run = bench_serve_main,
};
