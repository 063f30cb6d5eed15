/* The options of `bench serve` and `bench run`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "args.h"
#include "bench.h"
#include "keytype.h"
#include "network.h"
#include "perf_run.h"
#include "pskfile.h"
#include "report.h"

const p2p_setting bench_limits[] = {
  { "conns_max", 1000000 },           { "conns_per_peer", 1024 },
  { "conns_pending_in", 100000 },     { "conns_pending_out", 100000 },
  { "streams_per_conn", 1000000 },    { "streams_max", 16000000 },
  { "negotiating_per_conn", 100000 }, { "ping_streams_in", 64 },
};
const size_t bench_n_limits = sizeof bench_limits / sizeof *bench_limits;

void bench_raise_files(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

/* What this build can do of what may be asked for. */
static bool known(const char *command, const char *option, const char *value,
                  const char *const *names) {
  char list[64] = "";
  for (size_t i = 0; names[i]; i++) {
    if (strcmp(value, names[i]) == 0) return true;
    size_t len = strlen(list);
    snprintf(list + len, sizeof list - len, "%s%s", i == 0 ? "" : " or ", names[i]);
  }
  report(command, "--%s %s: not in this build; it has %s", option, value, list);
  return false;
}

static const char *const transports[] = { "quic", "tcp", "unix", NULL };
static const char *const ways[] = { "up", "down", NULL };
static const char *const closers[] = { "dialer", "remote", "system", NULL };

static bool possible(bench_options *o, const char *command) {
  const network asked = { .security = { .item = { o->security }, .n = 1 },
                          .muxer = { .item = { o->muxer }, .n = 1 } };
  if (o->gossip && strcmp(o->gossip, "none") != 0) {
    report(command, "--gossip %s: gossip is not in this build", o->gossip);
    return false;
  }
  return known(command, "transport", o->transport,
               p2p_has("quic-v1") ? transports : transports + 1) &&
         network_check(command, &asked) && keytype_parse(command, o->key_type, &o->key) &&
         known(command, "dir", o->dir, ways) && known(command, "by", o->by, closers);
}

/* NULL: only who asks can say where. */
static const char *listen_of(const char *transport) {
  if (strcmp(transport, "quic") == 0) return "/ip4/127.0.0.1/udp/0/quic-v1";
  return strcmp(transport, "tcp") == 0 ? "/ip4/127.0.0.1/tcp/0" : NULL;
}

const args_option bench_option_table[BENCH_N_OPTIONS] = {
  { "transport", 0, "NAME", "tcp, unix, or quic", ARGS_TEXT,
    .at = offsetof(bench_options, transport), .standard = "tcp" },
  { "security", 0, "NAME", "noise, tls, or plaintext", ARGS_TEXT,
    .at = offsetof(bench_options, security), .standard = "noise" },
  { "muxer", 0, "NAME", "yamux, or mplex", ARGS_TEXT, .at = offsetof(bench_options, muxer),
    .standard = "yamux" },
  { "key-type", 0, "NAME", KEYTYPE_NAMES, ARGS_TEXT, .at = offsetof(bench_options, key_type),
    .standard = "ed25519" },
  { "psk", 0, "FILE", "the key of a private network", ARGS_TEXT,
    .at = offsetof(bench_options, psk_file) },
  { "gossip", 0, "MODE", "none", ARGS_TEXT, .at = offsetof(bench_options, gossip) },
  { "trace", 0, "FILE", "write each multistream line to it", ARGS_TEXT,
    .at = offsetof(bench_options, trace) },
  { "listen", 0, "ADDR", "serve: listen here (default: any port of 127.0.0.1; unix: /unix/PATH)",
    ARGS_TEXT, .at = offsetof(bench_options, listen) },
  { "addr", 0, "ADDR", "run: whom to dial", ARGS_TEXT, .at = offsetof(bench_options, addr) },
  { "dir", 0, "WAY", "throughput: up or down", ARGS_TEXT, .at = offsetof(bench_options, dir),
    .standard = "down" },
  { "bytes", 0, "SIZE", "throughput, echo: in all", ARGS_SIZE, .at = offsetof(bench_options, bytes),
    .standard = "10MiB" },
  { "streams", 0, "K", "throughput: share the bytes", ARGS_COUNT,
    .at = offsetof(bench_options, streams), .standard = "1", .min = 1, .max = PERF_STREAMS_MAX },
  { "count", 0, "N", "repetitions", ARGS_COUNT, .at = offsetof(bench_options, count),
    .standard = "1000", .min = 1, .max = 100000000 },
  { "concurrency", 0, "C", "repetitions in flight", ARGS_COUNT,
    .at = offsetof(bench_options, concurrency), .standard = "1", .min = 1, .max = 1024 },
  { "identify", 0, NULL, "handshakes: wait for identify in each", ARGS_FLAG,
    .at = offsetof(bench_options, identify) },
  { "traffic", 0, "SIZE", "idle: moved over each connection first, half up, half down", ARGS_SIZE,
    .at = offsetof(bench_options, traffic) },
  { "conns", 0, "N", "idle: connections", ARGS_COUNT, .at = offsetof(bench_options, conns),
    .standard = "1", .min = 1, .max = 1000000 },
  { "after", 0, "SIZE", "reset: bytes before it", ARGS_SIZE, .at = offsetof(bench_options, after),
    .standard = "64KiB" },
  { "by", 0, "SIDE", "reset: dialer or remote; migrate: dialer or system", ARGS_TEXT,
    .at = offsetof(bench_options, by), .standard = "dialer" },
  { "open", 0, "N", "many: streams at once", ARGS_COUNT, .at = offsetof(bench_options, open),
    .standard = "200", .max = 100000 },
};

int bench_options_parse(bench_options *o, const args_command *c, int argc, char **argv,
                        char ***rest) {
  *o = (bench_options){ 0 };
  int code = args_parse(c, argc, argv, o, rest);
  if (code != ARGS_GO) return code;
  if (!possible(o, c->name)) return EXIT_USAGE;
  if (!o->listen) o->listen = listen_of(o->transport);
  return !o->psk_file || pskfile_read(c->name, o->psk_file, &o->psk) ? ARGS_GO : EXIT_FAILURE;
}

const p2p_psk *bench_psk(const bench_options *o) { return o->psk_file ? &o->psk : NULL; }
