/* The Identify message: what a peer says of itself. Spec: identify/README.md, "The Identify Message",
 * and field 8, signedPeerRecord (RFC 0003), which go, js, nim and py send.
 *
 * A long message is sent as several, which the reader concatenates: that is protobuf's own merge, so
 * one parse serves both. rust reads the first of at most 4 KiB only; what matters most goes first. */
#ifndef P2P_PROTOCOL_IDENTIFY_MESSAGE_H
#define P2P_PROTOCOL_IDENTIFY_MESSAGE_H

#include "base/bytes.h"

enum {
  P2P__IDENTIFY_PUBKEY = 1,
  P2P__IDENTIFY_ADDR = 2,
  P2P__IDENTIFY_PROTOCOL = 3,
  P2P__IDENTIFY_OBSERVED = 4,
  P2P__IDENTIFY_VERSION = 5,
  P2P__IDENTIFY_AGENT = 6,
  P2P__IDENTIFY_RECORD = 8
};

/* A parsed message; everything lies inside the bytes parsed. Absent fields are empty. */
typedef struct p2p__identify_info {
  p2p_bytes pubkey, observed, version, agent, record;
  p2p_bytes *addrs, *protocols;    /* the caller's arrays … */
  size_t addrs_max, protocols_max; /* … and their sizes: what does not fit is left out */
  size_t n_addrs, n_protocols;
} p2p__identify_info;

/* Reads one or several concatenated messages; of a field that may be there once the last counts.
 * Empty addresses and protocols, unknown fields and those of another type are skipped. P2P_EPROTO. */
P2P_MUST_USE int p2p__identify_parse(p2p_bytes msg, p2p__identify_info *info);

enum { P2P__IDENTIFY_PART = 4096, P2P__IDENTIFY_PARTS = 2 };

/* Messages being written: as many fields as fit into each. */
typedef struct p2p__identify_out {
  uint8_t *p; /* P2P__IDENTIFY_PARTS times P2P__IDENTIFY_PART bytes */
  size_t len[P2P__IDENTIFY_PARTS];
  size_t n; /* messages begun */
} p2p__identify_out;

/* Appends a field when it is not empty; false: it fits nowhere and is left out. */
bool p2p__identify_put(p2p__identify_out *out, uint32_t field, p2p_bytes value);
p2p_bytes p2p__identify_part(const p2p__identify_out *out, size_t i);

#endif
