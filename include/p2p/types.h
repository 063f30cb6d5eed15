/* Values that every part of the API speaks of: time, borrowed bytes, handles, peer ids. */
#ifndef P2P_TYPES_H
#define P2P_TYPES_H

#include <p2p/attr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

P2P_BEGIN

/* Nanoseconds on a monotonic clock; durations too. The clock's zero is the p2p_io's business. */
typedef uint64_t p2p_time;

/* A time that does not come, and durations. */
#define P2P_NEVER UINT64_MAX
#define P2P_US ((p2p_time)1000)
#define P2P_MS ((p2p_time)1000000)
#define P2P_SECOND ((p2p_time)1000000000)

/* Bytes that somebody else owns. Unless a comment says otherwise they are borrowed for the call. */
typedef struct p2p_bytes {
  const uint8_t *p; /* may be NULL when len is 0 */
  size_t len;       /* how many */
} p2p_bytes;

/* Handles are values: id holds 40 bits of generation, 24 bits of slot; 0 is never valid. A handle
 * whose object is gone, or that belongs to another host, is answered with P2P_ESTALE. */
typedef struct p2p_listener {
  uint64_t id;
} p2p_listener;
typedef struct p2p_conn {
  uint64_t id;
} p2p_conn;
typedef struct p2p_stream {
  uint64_t id;
} p2p_stream;

/* A peer id: the multihash of a public key, 34 bytes (sha2-256) to 38 bytes (inlined Ed25519,
 * secp256k1 39). All zero: no peer. Compare with p2p_peer_id_eq. Spec: peer-ids/peer-ids.md. */
#define P2P_PEER_ID_MAX 44
typedef struct p2p_peer_id {
  uint8_t len;                /* bytes of b in use, the rest is zero */
  uint8_t b[P2P_PEER_ID_MAX]; /* the multihash */
} p2p_peer_id;

/* Which side opened a connection or a stream. */
typedef enum p2p_direction { P2P_OUTBOUND = 0, P2P_INBOUND = 1 } p2p_direction;

/* What a stream's bytes are worth beside those of the same connection's other streams. */
typedef enum p2p_priority {
  P2P_PRIORITY_NORMAL = 0,
  P2P_PRIORITY_URGENT = 1,    /* goes first when it has something to say, four times its share */
  P2P_PRIORITY_BACKGROUND = 2 /* an eighth of its share */
} p2p_priority;

/* A host, opaque: <p2p/host.h>. */
typedef struct p2p_host p2p_host;

P2P_END
#endif
