/* p2p node: a peer that listens, answers identify, ping, echo and perf, and tells who comes. */
#include "node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "config.h"
#include "echo_serve.h"
#include "inherited.h"
#include "json.h"
#include "keyfile.h"
#include "logging.h"
#include "network.h"
#include "notify.h"
#include "outbox.h"
#include "report.h"
#include "signals.h"

enum { ADDRS_TOLD_MAX = 64 };

#define NAME "p2p node"
static const p2p_time GOODBYE = 5 * P2P_SECOND;

typedef struct node {
  args_list listen, limit;
  const char *key, *config, *log, *log_level;
  unsigned verbose;
  bool as_json, quiet;
  config file;
  logging logging;
  network network;
  p2p_identity identity;
  p2p_host *host;
  echo_serve echo; /* tells nobody */
  signals signals;
  outbox *out;                   /* NULL: output waits for its reader */
  p2p_time watchdog;             /* systemd wants to hear of us so often; P2P_NEVER: it does not */
  uint64_t told[ADDRS_TOLD_MAX]; /* hashes of the addresses printed, so that each is told once */
  size_t n_told;
} node;

/* FNV-1a: our own addresses, so nobody chooses them against us. */
static uint64_t hash(const char *text) {
  uint64_t h = 0xcbf29ce484222325U;
  for (; *text; text++) h = (h ^ (unsigned char)*text) * 0x100000001b3U;
  return h;
}

static bool is_news(node *n, const char *addr) {
  uint64_t h = hash(addr);
  for (size_t i = 0; i < n->n_told; i++)
    if (n->told[i] == h) return false;
  if (n->n_told < ADDRS_TOLD_MAX) n->told[n->n_told++] = h;
  return true;
}

static void tell_address(const node *n, const char *addr) {
  json j;
  if (!n->as_json) {
    printf("listening     %s\n", addr);
    return;
  }
  json_begin(&j);
  json_text(&j, "event", "listening");
  json_text(&j, "address", addr);
  json_end(&j);
}

static void tell_addresses(node *n) {
  char addr[P2P_ADDR_TEXT_MAX];
  for (size_t i = 0; p2p_host_addr(n->host, i, addr, sizeof addr) > 0; i++)
    if (is_news(n, addr)) tell_address(n, addr);
  fflush(stdout);
}

static void tell_conn(node *n, const p2p_event *e, const char *what) {
  char peer[P2P_PEER_ID_TEXT_MAX] = "", addr[P2P_ADDR_TEXT_MAX] = "";
  const char *way = e->direction == P2P_INBOUND ? "inbound" : "outbound";
  const char *why = e->err < 0 ? p2p_strerror(e->err) : NULL;
  json j;
  (void)!p2p_peer_id_print(&e->peer, peer, sizeof peer);
  if (p2p_conn_addr(n->host, e->conn, addr, sizeof addr) < 0) addr[0] = '\0';
  if (!n->as_json) {
    printf("%-13s %s %s %s%s%s", what, peer, way, addr, why ? ": " : "", why ? why : "");
    if (e->reason) printf(" (\"%s\")", e->reason);
    putchar('\n');
    fflush(stdout);
    return;
  }
  json_begin(&j);
  json_text(&j, "event", what);
  json_text(&j, "peer", peer);
  json_text(&j, "direction", way);
  if (*addr) json_text(&j, "address", addr);
  if (why) json_text(&j, "error", why);
  if (e->reason) json_text(&j, "reason", e->reason);
  json_end(&j);
}

static void take_event(node *n, const p2p_event *e) {
  switch (e->kind) {
  case P2P_EV_ADDRS: tell_addresses(n); break;
  case P2P_EV_CONN_OPEN: tell_conn(n, e, "connected"); break;
  case P2P_EV_CONN_ADDR: tell_conn(n, e, "moved"); break;
  case P2P_EV_CONN_CLOSED:
    if (e->stage == P2P_STAGE_UP) tell_conn(n, e, "disconnected");
    break;
  case P2P_EV_LISTENER_CLOSED:
    if (e->err < 0)
      logging_say(&n->logging, P2P_LOG_ERROR, "node", "a listener was lost: %s",
                  p2p_strerror(e->err));
    break;
  default: break;
  }
}

static void begin_to_close(node *n) {
  (void)notify_send("STOPPING=1");
  p2p_host_close(n->host, GOODBYE);
}

/* One turn; tells systemd that we live, when it is due. */
static int turn(node *n, p2p_time *due) {
  p2p_time now = clock_now();
  if (now >= *due) {
    (void)notify_send("WATCHDOG=1");
    *due = now + n->watchdog;
  }
  return p2p_host_step(n->host, *due == P2P_NEVER ? P2P_NEVER : *due - now);
}

/* Until a signal; then a goodbye to everybody, which a second signal cuts short. */
static int run(node *n) {
  const p2p_event *e;
  bool closing = false;
  int err = 0;
  p2p_time due = n->watchdog == P2P_NEVER ? P2P_NEVER : clock_now();
  while (err >= 0) {
    while ((e = p2p_next_event(n->host))) take_event(n, e);
    if (n->signals.caught && !closing) {
      closing = true;
      begin_to_close(n);
    }
    err = turn(n, &due);
  }
  while ((e = p2p_next_event(n->host))) take_event(n, e);
  if (err == P2P_ECLOSED) return EXIT_SUCCESS;
  logging_say(&n->logging, P2P_LOG_ERROR, "node", "the loop broke: %s", p2p_strerror(err));
  return EXIT_FAILURE;
}

/* Told nothing, it listens where systemd does; without systemd, where the host does. */
static int start(node *n) {
  static const char *const nowhere[] = { NULL };
  p2p_host_opts opts = { .size = sizeof opts,
                         .identity = &n->identity,
                         .listen = n->listen.n         ? n->listen.item
                                   : inherited_count() ? nowhere
                                                       : NULL,
                         .n_listen = n->listen.n,
                         .serve_perf = true,
                         .limits = n->file.limits.item,
                         .n_limits = n->file.limits.n,
                         .log = logging_line,
                         .log_user = &n->logging,
                         .log_level = logging_level(&n->logging) };
  network_apply(&n->network, &opts);
  int err = p2p_host_new(&n->host, &opts);
  if (err < 0) return err;
  err = echo_serve_add(n->host, &n->echo);
  if (err >= 0 && signals_start(&n->signals, n->host) < 0) err = P2P_EIO;
  return err;
}

static void tell_peer(const node *n) {
  char peer[P2P_PEER_ID_TEXT_MAX] = "";
  json j;
  (void)!p2p_peer_id_print(p2p_host_peer(n->host), peer, sizeof peer);
  if (!n->as_json) {
    printf("peer id       %s\n", peer);
    return;
  }
  json_begin(&j);
  json_text(&j, "event", "peer");
  json_text(&j, "peer", peer);
  json_end(&j);
}

/* Says which of the addresses could not be listened on; a host tells only that one could not. */
static int report_start(const node *n, int err) {
  const char *what = report_remedy(err);
  report(NAME, "cannot listen on %s: %s%s%s",
         n->listen.n == 1 ? n->listen.item[0]
         : n->listen.n    ? "all addresses"
                          : "any address",
         p2p_strerror(err), what ? "; " : "", what ? what : "");
  return EXIT_FAILURE;
}

static int serve(node *n) {
  n->out = outbox_start(n->as_json);
  int err = start(n), code;
  if (err < 0) {
    code = report_start(n, err);
  } else if ((code = inherited_listen(NAME, n->host)) == 0) {
    tell_peer(n);
    tell_addresses(n);
    n->watchdog = notify_watchdog();
    (void)notify_send("READY=1");
    code = run(n);
  }
  outbox_stop(n->out); /* a second signal cuts it short */
  signals_stop(&n->signals);
  p2p_host_free(n->host);
  return code;
}

/* Everything that can be wrong with options, before anything is made. */
static bool check(node *n, const char *command) {
  for (size_t i = 0; i < n->listen.n; i++)
    if (!report_bad_address(command, n->listen.item[i])) return false;
  for (size_t i = 0; i < n->limit.n; i++)
    if (!limits_parse(&n->file.limits, command, n->limit.item[i])) return false;
  if (!network_check(command, &n->network)) return false;
  if (!logging_parse(&n->logging, command, n->log_level)) return false;
  logging_shift(&n->logging, n->quiet ? -P2P_LOG_TRACE : (int)n->verbose);
  n->logging.as_json = strcmp(n->log, "json") == 0;
  return true;
}

bool node_check_config(const char *command, const char *path) {
  node n = { 0 };
  args_defaults(&node_command, &n);
  bool good = config_read(&n.file, command, path, &node_command, &n) && check(&n, command);
  config_fini(&n.file);
  return good;
}

static int serve_with_key(node *n) {
  char path[KEYFILE_PATH_MAX];
  if (!n->key && !keyfile_default(NAME, path, sizeof path)) return EXIT_FAILURE;
  int code = network_open(NAME, &n->network);
  if (code != 0) return code;
  code = keyfile_open(NAME, n->key ? n->key : path, &n->identity) ? serve(n) : EXIT_FAILURE;
  network_fini(&n->network);
  p2p_identity_fini(&n->identity);
  return code;
}

static const char *const log_forms[] = { "text", "json", NULL };
static const args_option options[] = {
  { "listen", 'l', "ADDR",
    "listen here; all interfaces and any port when none is given and systemd passes no sockets",
    ARGS_LIST, .at = offsetof(node, listen) },
  { "key", 'k', "FILE",
    "the key; made when it is not there; $XDG_CONFIG_HOME/p2p/key when none is given", ARGS_TEXT,
    .at = offsetof(node, key) },
  { "config", 'c', "FILE", "read options from this file first; \"p2p config\" prints one",
    ARGS_TEXT, .at = offsetof(node, config), .no_file = true },
  { "limit", 0, "NAME=VALUE", "set a limit; \"p2p config\" lists them", ARGS_LIST,
    .at = offsetof(node, limit), .no_file = true },
  NETWORK_OPTIONS(node, network),
  { "json", 0, NULL, "one line of JSON for each event", ARGS_FLAG, .at = offsetof(node, as_json) },
  { "log", 0, "FORM", "form of log lines, on standard error", ARGS_TEXT, .at = offsetof(node, log),
    .standard = "text", .choices = log_forms },
  { "log-level", 0, "LEVEL[,MODULE=LEVEL]...",
    "what is logged: error, warn, info, debug or trace, for all or for a module", ARGS_TEXT,
    .at = offsetof(node, log_level), .standard = "warn" },
  { "verbose", 'v', NULL, "log a level more, and once more each time", ARGS_TALLY,
    .at = offsetof(node, verbose), .no_file = true },
  { "quiet", 'q', NULL, "log errors only", ARGS_FLAG, .at = offsetof(node, quiet),
    .no_file = true },
};

/* Defaults, then the file, then the command line, which names the file and is strongest. */
static int configure(node *n, int argc, char **argv) {
  node first = { 0 };
  char **operands;
  int code = args_parse(&node_command, argc, argv, &first, &operands);
  if (code != ARGS_GO) return code;
  args_defaults(&node_command, n);
  if (first.config && !config_read(&n->file, NAME, first.config, &node_command, n))
    return EXIT_USAGE;
  code = args_parse_over(&node_command, argc, argv, n, &operands);
  if (code != ARGS_GO) return code;
  return check(n, NAME) ? ARGS_GO : EXIT_USAGE;
}

static int node_main(int argc, char **argv) {
  node n = { 0 };
  int code = configure(&n, argc, argv);
  if (code == ARGS_GO) code = serve_with_key(&n);
  config_fini(&n.file);
  return code;
}

const args_command node_command = {
  .name = NAME,
  .operands = "",
  .brief = "run a node until it is told to stop",
  .summary = "Runs a node until SIGINT or SIGTERM.",
  .more = "It answers identify, ping, /echo/1.0.0 and /perf/1.0.0, and tells who comes and goes. "
          "Under\n"
          "systemd it says when it is ready, stops and lives (Type=notify, WatchdogSec=), and "
          "listens on\n"
          "the sockets that it is passed: TCP and Unix (ListenStream=), UDP for QUIC "
          "(ListenDatagram=).",
  .examples = "p2p node --listen /ip4/0.0.0.0/tcp/4001\n"
              "p2p node --config /etc/p2p/node.conf --log json --log-level info,identify=debug\n",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = node_main,
};
