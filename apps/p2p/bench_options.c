/* The options of `bench serve` and `bench run`. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "args.h"
#include "bench.h"
#include "keytype.h"
#include "perf_run.h"
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
static bool known(const char *command, const char *option, const char *value, const char *first,
                  const char *second) {
  if (strcmp(value, first) == 0 || (second && strcmp(value, second) == 0)) return true;
  report(command, "--%s %s: not in this build; it has %s%s%s", option, value, first,
         second ? " and " : "", second ? second : "");
  return false;
}

static bool possible(bench_options *o, const char *command) {
  if (o->gossip && strcmp(o->gossip, "none") != 0) {
    report(command, "--gossip %s: gossip is not in this build", o->gossip);
    return false;
  }
  return known(command, "transport", o->transport, "tcp", NULL) &&
         known(command, "security", o->security, "noise", "plaintext") &&
         known(command, "muxer", o->muxer, "yamux", NULL) &&
         keytype_parse(command, o->key_type, &o->key) &&
         known(command, "dir", o->dir, "up", "down") &&
         known(command, "by", o->by, "dialer", "remote");
}

int bench_options_parse(bench_options *o, const char *name, const char *operands, size_t n_operands,
                        int argc, char **argv, char ***rest) {
  *o = (bench_options){ .transport = "tcp",
                        .security = "noise",
                        .muxer = "yamux",
                        .key_type = "ed25519",
                        .dir = "down",
                        .by = "dialer",
                        .listen = "/ip4/127.0.0.1/tcp/0",
                        .bytes = 10U << 20,
                        .after = 64U << 10,
                        .streams = 1,
                        .count = 1000,
                        .open = 200,
                        .concurrency = 1,
                        .conns = 1 };
  const args_option options[] = {
    { "transport", 0, "NAME", "tcp", .text = &o->transport },
    { "security", 0, "NAME", "noise, or plaintext", .text = &o->security },
    { "muxer", 0, "NAME", "yamux", .text = &o->muxer },
    { "key-type", 0, "NAME", KEYTYPE_NAMES, .text = &o->key_type },
    { "gossip", 0, "MODE", "none", .text = &o->gossip },
    { "trace", 0, "FILE", "write each multistream line to it", .text = &o->trace },
    { "listen", 0, "ADDR", "serve: listen here", .text = &o->listen },
    { "addr", 0, "ADDR", "run: whom to dial", .text = &o->addr },
    { "dir", 0, "WAY", "throughput: up or down", .text = &o->dir },
    { "bytes", 0, "SIZE", "throughput, echo: in all", .size = &o->bytes },
    { "streams", 0, "K", "throughput: share the bytes", .count = &o->streams, .min = 1,
      .max = PERF_STREAMS_MAX },
    { "count", 0, "N", "repetitions", .count = &o->count, .min = 1, .max = 100000000 },
    { "concurrency", 0, "C", "repetitions in flight", .count = &o->concurrency, .min = 1,
      .max = 1024 },
    { "identify", 0, NULL, "handshakes: wait for identify in each", .flag = &o->identify },
    { "traffic", 0, "SIZE", "idle: moved over each connection first, half up, half down",
      .size = &o->traffic },
    { "conns", 0, "N", "idle: connections", .count = &o->conns, .min = 1, .max = 1000000 },
    { "after", 0, "SIZE", "reset: bytes before it", .size = &o->after },
    { "by", 0, "SIDE", "reset: dialer or remote", .text = &o->by },
    { "open", 0, "N", "many: streams at once", .count = &o->open, .max = 100000 },
  };
  const args_command c = { name,
                           operands,
                           "The contract is told in bench/README.md.",
                           .options = options,
                           .n_options = sizeof options / sizeof *options,
                           .n_operands = n_operands,
                           .n_required = n_operands };
  int code = args_parse(&c, argc, argv, rest);
  if (code != ARGS_GO) return code;
  return possible(o, name) ? ARGS_GO : EXIT_USAGE;
}
