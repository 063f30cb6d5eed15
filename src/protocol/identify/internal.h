/* What the files of identify share. */
#ifndef P2P_PROTOCOL_IDENTIFY_INTERNAL_H
#define P2P_PROTOCOL_IDENTIFY_INTERNAL_H

#include "protocol/identify/identify.h"
#include "protocol/identify/message.h"
#include "protocol/protocol.h"

#define p2p__identify_id "/ipfs/id/1.0.0"
#define p2p__identify_push_id "/ipfs/id/push/1.0.0"

enum { OWN_ADDRS = 64, OWN_ADDRS_BYTES = 2048, RECORD_BYTES = 3072 };

typedef struct identify {
  p2p__behaviour base;
  p2p__env *env;
  p2p__identify_config config;
  p2p__protocol_line lines[3];
  p2p_time now;
  p2p__acts acts;
  p2p_time push_at; /* a round of pushes begins */
  uint32_t push_cursor, n_pushing;
  /* Arrays for parsing; addrs has one more in front, for the address that we reached the peer at. */
  p2p_bytes *addrs, *protocols;
  size_t addrs_max, protocols_max;
  /* our signed record, and room to write messages or to verify records, never both at once */
  bool record_stale;
  uint64_t record_seq;
  size_t record_len;
  uint8_t record[RECORD_BYTES];
  uint8_t room[P2P__IDENTIFY_PARTS * P2P__IDENTIFY_PART + 512];
} identify;

/* Brings the peerstore up to date with what f->bytes says of the peer. partial: a push, whose absent
 * fields say nothing. P2P_EPROTO; P2P_EPEER: it told another peer's key; P2P_ENOMEM. */
P2P_MUST_USE int p2p__identify_apply(identify *d, const p2p__fact *f, bool partial);

#endif
