/* A protobuf cursor: walks the fields of one message in place, builds messages front to back.
 * Three wire types (varint, length-delimited, and fixed ones to be skipped); groups are an error;
 * no recursion, no allocation, counts are checked by the caller before anything is built.
 * Spec: protobuf encoding guide. */
#ifndef P2P_MULTIFORMATS_PROTOBUF_H
#define P2P_MULTIFORMATS_PROTOBUF_H

#include "base/bytes.h"

typedef struct p2p__pb_field {
  uint32_t number;
  uint32_t wire;   /* 0 varint, 1 fixed64, 2 bytes, 5 fixed32 */
  uint64_t value;  /* wire 0, 1, 5 */
  p2p_bytes bytes; /* wire 2: inside the input */
} p2p__pb_field;

/* 1: *f is the next field. 0: the end. P2P_EPROTO. Protobuf varints may be 10 bytes long and need
 * not be minimal, unlike those of multiformats. */
P2P_MUST_USE int p2p__pb_next(p2p__rd *r, p2p__pb_field *f);

void p2p__pb_uint(p2p__wr *w, uint32_t number, uint64_t v);
void p2p__pb_bytes(p2p__wr *w, uint32_t number, p2p_bytes b);
size_t p2p__pb_uint_len(uint32_t number, uint64_t v); /* encoded sizes, tag included */
size_t p2p__pb_bytes_len(uint32_t number, size_t len);

#endif
