/* p2p bench run TEST: one test, one line. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "bench.h"
#include "keytype.h"
#include "report.h"

typedef enum test_kind {
  MEASURED, /* on one connection; the line has seconds and cpu */
  EXERCISE, /* on one connection; the line has ok, in any case */
  ALONE     /* makes its own connections; measured */
} test_kind;

static const struct test {
  const char *name;
  int (*run)(bench *b);
  test_kind kind;
} tests[] = {
  { "throughput", bench_throughput, MEASURED },
  { "streams", bench_streams, MEASURED },
  { "ping", bench_ping, MEASURED },
  { "handshakes", bench_handshakes, ALONE },
  { "echo", bench_echo, EXERCISE },
  { "reset", bench_reset, EXERCISE },
  { "many", bench_many, EXERCISE },
  { "identify", bench_identify, EXERCISE },
  { "datagrams", bench_datagrams, EXERCISE },
  { "migrate", bench_migrate, EXERCISE },
};

int bench_fail(bench *b, int err, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(b->why, sizeof b->why, format, args);
  va_end(args);
  return err;
}

session_opts bench_session_opts(bench *b) {
  return (session_opts){ .command = b->command,
                         .addr = b->o->addr,
                         .limits = bench_limits,
                         .n_limits = bench_n_limits,
                         .security = b->o->security,
                         .muxer = b->o->muxer,
                         .psk = bench_psk(b->o),
                         .identity = b->identity.size ? &b->identity : NULL,
                         .trace = b->trace ? trace_line : NULL,
                         .trace_user = b->trace };
}

static const char *why(const bench *b, int err) { return *b->why ? b->why : p2p_strerror(err); }

/* seconds, cpu and the rates that follow from them. */
static void add_times(bench *b) {
  stopwatch_stop(&b->watch);
  json_real(&b->out, "seconds", b->watch.seconds);
  json_real(&b->out, "cpu", b->watch.cpu);
}

static int run_measured(bench *b, const struct test *t) {
  stopwatch_start(&b->watch);
  int err = t->run(b);
  if (err < 0) {
    json_drop(&b->out);
    report(b->command, "%s", why(b, err));
    return EXIT_FAILURE;
  }
  add_times(b);
  return json_end(&b->out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A failed exercise is a result, with its cause. */
static int run_exercise(bench *b, const struct test *t) {
  int err = t->run(b);
  json_bool(&b->out, "ok", err >= 0);
  if (err < 0) {
    json_text(&b->out, "error", why(b, err));
    report(b->command, "%s", why(b, err));
  }
  return json_end(&b->out) == 0 && err >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(bench *b, const struct test *t) {
  session_opts o = bench_session_opts(b);
  int code = t->kind == ALONE ? 0 : session_open(&b->session, &o);
  if (code != 0) return code;
  json_begin(&b->out);
  json_text(&b->out, "test", t->name);
  code = t->kind == EXERCISE ? run_exercise(b, t) : run_measured(b, t);
  session_close(&b->session);
  return code;
}

/* Ed25519 keys are made by the hosts themselves. */
static int make_identity(bench *b) {
  if (b->o->key == P2P_KEY_ED25519) return 0;
  int err = keytype_make(b->o->key, 0, &b->identity);
  if (err < 0) report(b->command, "cannot make a key: %s", p2p_strerror(err));
  return err;
}

static int run_traced(bench *b, const struct test *t) {
  if (make_identity(b) < 0) return EXIT_FAILURE;
  if (b->o->trace && !(b->trace = trace_open(b->command, b->o->trace))) return EXIT_FAILURE;
  bench_raise_files();
  int code = t ? run(b, t) : bench_idle(b);
  if (b->trace) fclose(b->trace);
  p2p_identity_fini(&b->identity);
  return code;
}

static const struct test *find(const char *name) {
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
    if (strcmp(tests[i].name, name) == 0) return &tests[i];
  return NULL;
}

static int bench_run_main(int argc, char **argv) {
  bench_options o;
  bench b = { .o = &o, .command = "p2p bench run" };
  char **rest, command[64];
  int code = bench_options_parse(&o, &bench_run_command, argc, argv, &rest);
  if (code != ARGS_GO) return code;
  const struct test *t = find(rest[0]);
  if (!t && strcmp(rest[0], "idle") != 0) {
    report(b.command,
           "%s: no such test; there are throughput, streams, ping, handshakes, idle, echo, reset, "
           "many, identify, datagrams and migrate",
           rest[0]);
    return EXIT_USAGE;
  }
  if (!t && o.key != P2P_KEY_ED25519) {
    report(b.command, "--key-type %s: idle has as many keys as connections, all Ed25519",
           o.key_type);
    return EXIT_USAGE;
  }
  if (!o.addr) {
    report(b.command, "--addr is missing: whom to dial, as \"p2p bench serve\" prints it");
    return EXIT_USAGE;
  }
  if (!report_bad_address(b.command, o.addr)) return EXIT_USAGE;
  snprintf(command, sizeof command, "p2p bench run %s", rest[0]);
  b.command = command;
  return run_traced(&b, t);
}

const args_command bench_run_command = {
  .name = "p2p bench run",
  .operands = "TEST",
  .n_operands = 1,
  .n_required = 1,
  .brief = "run one test toward a peer",
  .summary =
      "Runs one test toward a peer: throughput, streams, ping, handshakes, idle, echo, reset, "
      "many, identify, datagrams or migrate.",
  .more = "The contract is told in bench/README.md.",
  .examples = "p2p bench run echo --addr /ip4/127.0.0.1/tcp/4001 --bytes 10MiB\n",
  .options = bench_option_table,
  .n_options = BENCH_N_OPTIONS,
  .run = bench_run_main,
};
