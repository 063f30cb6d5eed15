/* What identify told of a peer, as JSON and for people. */
#ifndef APP_PEERINFO_H
#define APP_PEERINFO_H

#include <p2p/p2p.h>

#include "json.h"
#include "session.h"

/* Waits until identify has answered on the session's connection. 0, or why there is no answer. */
P2P_MUST_USE int peerinfo_wait(session *s);
/* Members peer, agent_version, protocol_version, protocols, listen_addrs, observed_addr. */
int peerinfo_json(session *s, json *j);
int peerinfo_print(session *s);

#endif
