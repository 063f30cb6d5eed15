/* p2p dial: connects to a peer at its addresses and says what became of each. */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "commands.h"
#include "json.h"
#include "report.h"
#include "session.h"

static const char NAME[] = "p2p dial";

typedef struct dialer {
  network network;
  bool as_json;
  p2p_time timeout;
} dialer;

static void tell_entry(const dialer *d, const p2p_report_entry *e) {
  char text[8192];
  ptrdiff_t n = d->as_json ? p2p_report_json(e, text, sizeof text)
                           : p2p_report_print(e, text, sizeof text);
  if (n < 0) return;
  if (d->as_json)
    fputs(text, stdout);
  else
    text_print(stdout, text);
  putchar('\n');
}

static void tell_report(session *s, const dialer *d) {
  p2p_report_entry e = { .size = sizeof e };
  for (size_t i = 0; p2p_conn_report(s->host, s->conn, i, &e) == 0; i++) tell_entry(d, &e);
}

static void tell_connection(session *s, const dialer *d) {
  p2p_conn_info info = { .size = sizeof info };
  char peer[P2P_PEER_ID_TEXT_MAX], addr[P2P_ADDR_TEXT_MAX];
  if (p2p_conn_get(s->host, s->conn, &info) < 0 ||
      p2p_conn_addr(s->host, s->conn, addr, sizeof addr) < 0)
    return;
  if (p2p_peer_id_print(&info.peer, peer, sizeof peer) < 0) return;
  if (!d->as_json) {
    printf("connected to %s by %s and %s\n", addr, info.security, info.muxer);
    return;
  }
  json j;
  json_begin(&j);
  json_text(&j, "event", "connected");
  json_text(&j, "peer", peer);
  json_text(&j, "address", addr);
  json_text(&j, "security", info.security);
  json_text(&j, "muxer", info.muxer);
  (void)!json_end(&j);
}

/* A failed connection is there until the next event is taken: its report is told here. */
static void on_event(session *s, const p2p_event *e, void *user) {
  dialer *d = user;
  if (e->conn.id != s->conn.id || !s->conn.id) return;
  if (e->kind == P2P_EV_CONN_CLOSED && !s->up) tell_report(s, d);
}

static int run(session *s, dialer *d, char **addrs, size_t n) {
  int err = p2p_dial_addrs(s->host, (const char *const *)addrs, n, &s->conn);
  if (err < 0) {
    report_dial(NAME, addrs[0], err, P2P_STAGE_ADDRESS);
    return EXIT_FAILURE;
  }
  err = session_wait(s, &s->up, P2P_NEVER);
  if (err == 0) {
    tell_report(s, d);
    tell_connection(s, d);
  } else if (err != P2P_ECANCELED || !s->signals.caught) {
    report(NAME, "not connected: %s: %s", p2p_stage_name(s->stage), p2p_strerror(err));
  }
  return err == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool addresses_are_good(char **addrs, size_t *n) {
  for (*n = 0; addrs[*n]; (*n)++)
    if (!report_bad_address(NAME, addrs[*n])) return false;
  return true;
}

static const args_option options[] = {
  NETWORK_OPTIONS(dialer, network),
  { "timeout", 'W', "SECONDS", "for each address, and for each name", ARGS_DURATION,
    .at = offsetof(dialer, timeout), .standard = "15", .min = 100 * P2P_MS,
    .max = 300 * P2P_SECOND },
  { "json", 0, NULL, "one line of JSON for each address, and one for the connection", ARGS_FLAG,
    .at = offsetof(dialer, as_json) },
};

static int dial_main(int argc, char **argv) {
  dialer d = { 0 };
  char **operands;
  int code = args_parse(&dial_command, argc, argv, &d, &operands);
  if (code != ARGS_GO) return code;
  size_t n;
  if (!addresses_are_good(operands, &n)) return EXIT_USAGE;
  const p2p_setting limits[] = { { "resolve_timeout", d.timeout } };
  code = network_open(NAME, &d.network);
  if (code != 0) return code;
  const session_opts o = { .command = NAME,
                           .timeout = d.timeout,
                           .network = &d.network,
                           .limits = limits,
                           .n_limits = 1,
                           .on_event = on_event,
                           .user = &d };
  session s;
  code = session_start(&s, &o);
  if (code != 0) return code;
  code = run(&s, &d, operands, n);
  session_close(&s);
  network_fini(&d.network);
  return code;
}

const args_command dial_command = {
  .name = NAME,
  .operands = "ADDR...",
  .n_operands = 32,
  .n_required = 1,
  .brief = "connect to a peer and tell what became of each address",
  .summary = "Connects to a peer at one of its addresses and says what became of each.",
  .more =
      "Addresses are tried beside each other: the next begins when one fails or is slow. Success "
      "is a connection.",
  .examples = "p2p dial /ip4/192.0.2.1/tcp/4001 /dns4/peer.example/tcp/4001\n",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = dial_main,
};
