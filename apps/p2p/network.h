/* How one speaks to peers: the options of every command that makes a host. */
#ifndef APP_NETWORK_H
#define APP_NETWORK_H

#include <p2p/p2p.h>

#include "args.h"

typedef struct network {
  args_list security, muxer; /* by preference; n 0: the defaults */
  const char *psk_file;      /* NULL: the public network */
  p2p_psk psk;               /* of psk_file, from network_open to network_fini */
} network;

/* Their rows in the table of a command whose struct has the network as `member`. */
/* clang-format off */
#define NETWORK_OPTIONS(type, member)                                                              \
  { "security", 0, "NAME", "speak noise, tls or plaintext; the first named is preferred",          \
    ARGS_LIST, .at = offsetof(type, member.security) },                                            \
  { "muxer", 0, "NAME", "speak yamux or mplex; the first named is preferred",                      \
    ARGS_LIST, .at = offsetof(type, member.muxer) },                                               \
  { "psk", 0, "FILE", "the key of a private network: only peers that have it get in",              \
    ARGS_TEXT, .at = offsetof(type, member.psk_file) }
/* clang-format on */

/* False after a report: something is asked for that this build has not. */
bool network_check(const char *command, const network *n);
/* The same, and reads the key's file. 0, or an exit code after a report. */
int network_open(const char *command, network *n);
/* Asks for it in the options of a host, which borrow n until the host is made. */
void network_apply(const network *n, p2p_host_opts *opts);
void network_fini(network *n); /* wipes the key */

#endif
