/* How one speaks to peers: the options of every command that makes a host. */
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pskfile.h"
#include "report.h"

static const char *const securities[] = { "noise", "tls", "plaintext", NULL };
static const char *const muxers[] = { "yamux", "mplex", NULL };

static bool is_among(const char *name, const char *const *names) {
  for (; *names; names++)
    if (strcmp(*names, name) == 0 && p2p_has(name)) return true;
  return false;
}

/* Each of the list is among the names, and in this build. */
static bool known(const char *command, const char *option, const args_list *list,
                  const char *const *names) {
  char here[64] = "";
  size_t i = 0, len = 0;
  while (i < list->n && is_among(list->item[i], names)) i++;
  if (i == list->n) return true;
  for (; *names; names++)
    if (p2p_has(*names) && len < sizeof here)
      len += (size_t)snprintf(here + len, sizeof here - len, "%s%s", len ? " or " : "", *names);
  report(command, "--%s %s: not in this build; it has %s", option, list->item[i], here);
  return false;
}

bool network_check(const char *command, const network *n) {
  return known(command, "security", &n->security, securities) &&
         known(command, "muxer", &n->muxer, muxers);
}

int network_open(const char *command, network *n) {
  if (!network_check(command, n)) return EXIT_USAGE;
  return !n->psk_file || pskfile_read(command, n->psk_file, &n->psk) ? 0 : EXIT_FAILURE;
}

void network_apply(const network *n, p2p_host_opts *opts) {
  opts->security = n->security.n ? n->security.item : NULL;
  opts->n_security = n->security.n;
  opts->muxers = n->muxer.n ? n->muxer.item : NULL;
  opts->n_muxers = n->muxer.n;
  opts->psk = n->psk_file ? &n->psk : NULL;
}

void network_fini(network *n) { p2p_psk_fini(&n->psk); }
