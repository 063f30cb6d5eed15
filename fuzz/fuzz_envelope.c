/* Signed peer records, as a stranger sends them and as we seal them: the input is taken as an
 * envelope, and as a list of addresses (a length byte before each) that we sign. What we sealed
 * opens and says the same; with any one byte changed it is worth nothing. */
#include "peer/peer_record.h"
#include <p2p/addr.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ADDRS = 16, ROOM = 8192 };

static void check(bool ok) {
  if (!ok) abort();
}

static const p2p_identity *signer(void) {
  static const uint8_t key[] = { 0x08, 0x01, 0x12, 0x40, 0x7e, 0x08, 0x30, 0x61, 0x7c, 0x4a,
                                 0x7d, 0xe8, 0x39, 0x25, 0xdf, 0xb2, 0x69, 0x45, 0x56, 0xb1,
                                 0x29, 0x36, 0xc4, 0x77, 0xa0, 0xe1, 0xfe, 0xb2, 0xe1, 0x48,
                                 0xec, 0x9d, 0xa6, 0x0f, 0xee, 0x7d, 0x1e, 0xd1, 0xe8, 0xfa,
                                 0xe2, 0xc4, 0xa1, 0x44, 0xb8, 0xbe, 0x8f, 0xd4, 0xb4, 0x7b,
                                 0xf3, 0xd3, 0xb3, 0x4b, 0x87, 0x1c, 0x3c, 0xac, 0xf6, 0x01,
                                 0x0f, 0x0e, 0x42, 0xd4, 0x74, 0xfc, 0xe2, 0x7e };
  static p2p_identity id;
  if (!id.size) check(p2p_identity_import(&id, p2p__bytes(key, sizeof key)) == 0);
  return &id;
}

static uint8_t scratch[ROOM];

static int open_envelope(p2p_bytes in, p2p__peer_record *rec) {
  return p2p__peer_record_open_any(in, p2p__span_of(scratch, sizeof scratch), rec);
}

/* Every address that comes out is a valid one inside the input. */
static size_t count_addrs(p2p_bytes envelope, const p2p__peer_record *rec) {
  p2p__rd r = p2p__rd_of(rec->record);
  p2p_bytes addr;
  size_t n = 0;
  int got;
  while ((got = p2p__peer_record_addr(&r, &addr)) > 0) {
    check(addr.p > envelope.p && addr.p + addr.len <= envelope.p + envelope.len);
    check(p2p_addr_check(addr) == 0);
    n++;
  }
  check(got == 0 || got == P2P_EPROTO);
  return n;
}

static size_t read_addrs(p2p__rd *r, p2p_bytes *addrs) {
  size_t n = 0;
  while (n < ADDRS && p2p__rd_left(r)) {
    p2p_bytes addr = p2p__rd_bytes(r, p2p__rd_u8(r));
    if (r->err) break;
    addrs[n++] = addr;
  }
  return n;
}

static size_t count_valid(const p2p_bytes *addrs, size_t n) {
  size_t valid = 0;
  for (size_t i = 0; i < n; i++) valid += p2p_addr_check(addrs[i]) == 0;
  return valid;
}

static void check_sealed(p2p_bytes in) {
  static uint8_t sealed[ROOM];
  p2p_bytes addrs[ADDRS];
  p2p__peer_record rec;
  p2p__rd r = p2p__rd_of(in);
  uint64_t seq = p2p__rd_be32(&r);
  size_t flip = p2p__rd_be16(&r), n = read_addrs(&r, addrs);
  p2p__wr w = p2p__wr_of(sealed, sizeof sealed);
  check(p2p__peer_record_seal(signer(), seq, addrs, n, p2p__span_of(scratch, sizeof scratch), &w) ==
        0);
  p2p_bytes envelope = p2p__wr_bytes(&w);
  check(open_envelope(envelope, &rec) == 0 && rec.seq == seq);
  check(p2p_peer_id_eq(&rec.peer, &signer()->peer));
  check(count_addrs(envelope, &rec) == count_valid(addrs, n));
  sealed[flip % w.len] ^= (uint8_t)(1u << (flip >> 13));
  check(open_envelope(envelope, &rec) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p_bytes in = p2p__bytes(data, size);
  p2p__peer_record rec;
  if (open_envelope(in, &rec) == 0) count_addrs(in, &rec);
  check_sealed(in);
  return 0;
}
