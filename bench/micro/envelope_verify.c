/* A signed peer record with one address: opened, its Ed25519 signature checked. */
#include "common.h"
#include "peer/peer_record.h"

typedef struct work {
  uint8_t envelope[512], scratch[512];
  size_t len;
} work;

static void once(void *ctx) {
  work *w = ctx;
  p2p__peer_record got;
  micro_check(p2p__peer_record_open(p2p__bytes(w->envelope, w->len),
                                    p2p__span_of(w->scratch, sizeof w->scratch), &got) == 0);
}

/* The private key of peer-ids.md. */
static const char KEY[] =
    "CAESQH4IMGF8Sn3oOSXfsmlFVrEpNsR3oOH+suFI7J2mD+59HtHo+uLEoUS4vo/UtHvz07NLhxw8rPYBDw5C1HT84n4=";

int main(int argc, char **argv) {
  static const uint8_t addr[] = { 4, 192, 0, 2, 1, 6, 0x0f, 0xa1 };
  work w = { 0 };
  p2p_identity id;
  p2p_bytes addrs[] = { p2p__bytes(addr, sizeof addr) };
  p2p__wr out = p2p__wr_of(w.envelope, sizeof w.envelope);
  micro_check(p2p_identity_decode(&id, p2p__cstr(KEY), NULL) == 0);
  micro_check(p2p__peer_record_seal(&id, 1, addrs, 1, p2p__span_of(w.scratch, sizeof w.scratch),
                                    &out) == 0);
  w.len = out.len;
  p2p_identity_fini(&id);
  return micro_main(argc, argv, once, &w);
}
