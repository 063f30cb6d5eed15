/* A host that listens, for commands that are called rather than call. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>

#include "goodbye.h"
#include "inherited.h"
#include "json.h"
#include "keyfile.h"
#include "report.h"

static const p2p_time GOODBYE = 2 * P2P_SECOND;

static bool may_come(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  const service *v = user;
  (void)addr;
  (void)dir;
  for (size_t i = 0; i < v->o->from->n; i++)
    if (p2p_peer_id_eq(&v->from[i], peer)) return true;
  return false;
}

/* Everything that can be wrong with the command line, before anything is made. */
static bool check(service *v) {
  const service_opts *o = v->o;
  for (size_t i = 0; i < o->listen->n; i++)
    if (!report_bad_address(o->command, o->listen->item[i])) return false;
  for (size_t i = 0; i < o->from->n; i++) {
    if (p2p_peer_id_parse(o->from->item[i], &v->from[i]) >= 0) continue;
    report(o->command, "--from %s: not a peer id; one looks like 12D3Koo...", o->from->item[i]);
    return false;
  }
  return true;
}

static int report_start(const service_opts *o, int err) {
  const char *what = report_remedy(err);
  report(o->command, "cannot listen on %s: %s%s%s",
         o->listen->n == 1 ? o->listen->item[0] : "every address", p2p_strerror(err),
         what ? "; " : "", what ? what : "");
  return EXIT_FAILURE;
}

int service_open(service *v, const service_opts *o) {
  static const char *const nowhere[] = { NULL };
  *v = (service){ .o = o };
  if (!check(v)) return EXIT_USAGE;
  int code = network_open(o->command, o->network);
  if (code != 0) return code;
  if (o->key && !keyfile_open(o->command, o->key, &v->identity)) {
    service_close(v);
    return EXIT_FAILURE;
  }
  p2p_host_opts opts = { .size = sizeof opts,
                         .identity = o->key ? &v->identity : NULL,
                         .listen = o->listen->n        ? o->listen->item
                                   : inherited_count() ? nowhere
                                                       : NULL,
                         .n_listen = o->listen->n,
                         .gate = o->from->n ? may_come : NULL,
                         .gate_user = v };
  network_apply(o->network, &opts);
  int err = p2p_host_new(&v->host, &opts);
  if (err >= 0 && signals_start(&v->signals, v->host) < 0) err = P2P_EIO;
  code = err < 0 ? report_start(o, err) : inherited_listen(o->command, v->host);
  if (code == 0) return 0;
  service_close(v);
  return code;
}

static void tell(const service_opts *o, const char *addr) {
  json j;
  if (!o->as_json) {
    report(o->command, "listening on %s", addr);
    return;
  }
  json_begin(&j);
  json_text(&j, "event", "listening");
  json_text(&j, "address", addr);
  json_end(&j);
}

void service_tell(service *v) {
  char addr[P2P_ADDR_TEXT_MAX];
  if (v->o->quiet) return;
  for (size_t i = 0; p2p_host_addr(v->host, i, addr, sizeof addr) > 0; i++) tell(v->o, addr);
}

void service_close(service *v) {
  signals_stop(&v->signals);
  goodbye(v->host, GOODBYE);
  p2p_identity_fini(&v->identity);
  if (v->o) network_fini(v->o->network);
  v->host = NULL;
}
