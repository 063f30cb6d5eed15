/* p2p bench: one contract with the thin peers of tests/interop, so that any dialer can be run
 * against any listener. bench/README.md and tests/interop/README.md say it. */
#ifndef APP_BENCH_H
#define APP_BENCH_H

#include <p2p/p2p.h>

#include "args.h"
#include "clock.h"
#include "json.h"
#include "session.h"

typedef struct bench_options {
  const char *transport, *security, *muxer, *key_type, *gossip;
  const char *listen, *addr, *trace, *dir, *by, *psk_file;
  p2p_psk psk;      /* of psk_file */
  p2p_key_type key; /* of key_type */
  uint64_t bytes, traffic, after, streams, count, open, concurrency, conns;
  bool identify;
} bench_options;

/* The options of both sides. */
enum { BENCH_N_OPTIONS = 20 };
extern const args_option bench_option_table[BENCH_N_OPTIONS];
/* What a host of these options gets: NULL without --psk. */
const p2p_psk *bench_psk(const bench_options *o);
/* Parses them. ARGS_GO or the exit code, as args_parse. */
int bench_options_parse(bench_options *o, const args_command *c, int argc, char **argv,
                        char ***rest);

/* Limits lifted for load tests; windows are the defaults. */
extern const p2p_setting bench_limits[];
extern const size_t bench_n_limits;
void bench_raise_files(void); /* as many open files as the system allows */

/* One test under way. */
typedef struct bench {
  const bench_options *o;
  const char *command;
  p2p_identity identity; /* of the type asked for; all zero: each host makes its own, Ed25519 */
  session session;       /* connected, unless the test makes its own connections */
  json out;              /* the result's line; a test adds members once it has succeeded */
  stopwatch watch;       /* runs from the start of the test; a test may stop it early */
  FILE *trace;
  char why[192]; /* the cause of a failure, when there is more to say than the error */
} bench;

/* Notes the cause and returns err. */
__attribute__((format(printf, 3, 4))) int bench_fail(bench *b, int err, const char *format, ...);

/* The session's options of this run. */
session_opts bench_session_opts(bench *b);

/* Tests. Each returns 0 or an error; whatever its streams point to lives until the session is
 * closed, which they do themselves when they fail. */
int bench_throughput(bench *b);
int bench_streams(bench *b);
int bench_ping(bench *b);
int bench_handshakes(bench *b);
int bench_echo(bench *b);
int bench_reset(bench *b);
int bench_many(bench *b);
int bench_identify(bench *b);
int bench_datagrams(bench *b);
int bench_migrate(bench *b);
int bench_idle(bench *b); /* prints its own line */

extern const args_command bench_serve_command, bench_run_command, bench_contract_command;

/* --trace FILE: a line `conn=N dir=in|out line=/yamux/1.0.0` for each multistream line. */
FILE *trace_open(const char *command, const char *path); /* NULL: reported */
void trace_line(void *file, p2p_conn conn, p2p_stream stream, bool in, p2p_bytes line);

#endif
