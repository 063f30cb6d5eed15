/* BYTE LINK: a link over a pipe. Composes the steps of the upgrade (security negotiation and
 * handshake, muxer negotiation), then a record layer and a muxer. */
#ifndef P2P_TRANSPORT_BYTE_LINK_H
#define P2P_TRANSPORT_BYTE_LINK_H

#include "transport/pipe.h"
#include "transport/transport.h"

/* Makes a link over pipe, which becomes the link's (freed by it) unless this fails. connected: the
 * pipe is ready; else its first WRITABLE says so (or its error). P2P_ENOMEM, P2P_ENOSEC. */
P2P_MUST_USE int p2p__byte_link_new(const p2p__upgrades *upgrades, p2p__pipe *pipe, bool connected,
                                    bool initiator, const p2p__link_spec *spec, p2p_time now,
                                    p2p__link **out);

/* A connection has arrived over pipe from `remote` (packed): asks the acceptor, makes the link, tells
 * the acceptor. Takes the pipe, and frees it when it is refused or no link can be made. */
void p2p__byte_link_accept(const p2p__upgrades *upgrades, p2p__pipe *pipe, p2p__acceptor *acceptor,
                           p2p_bytes remote, p2p_time now);

#endif
