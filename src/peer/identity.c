/* Identities whose key lives in memory: Ed25519. Spec: peer-ids/peer-ids.md, "Ed25519". */
#include "base/mem.h"
#include "crypto/crypto.h"
#include "peer/pubkey.h"

enum { SEED = 32, PUB = 32, SIGNATURE = 64 };

/* An identity outlives hosts and belongs to none: it brings its own way to the allocator. */
typedef struct own_key {
  p2p__mem mem;
  p2p__ed25519 key;
} own_key;

static int own_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  const own_key *own = ctx;
  int err = p2p__ed25519_sign(&own->key, msg, sig);
  if (!err) *len = SIGNATURE;
  return err;
}

static void own_release(void *ctx) {
  own_key *own = ctx;
  p2p__mem mem = own->mem;
  p2p__wipe(own, sizeof *own);
  p2p__release(&mem, P2P__MEM_HOST, own, sizeof *own);
}

static int from_seed(p2p_identity *out, const uint8_t seed[SEED]) {
  p2p__mem mem;
  p2p__mem_init(&mem, NULL);
  own_key *own = p2p__alloc(&mem, P2P__MEM_HOST, sizeof *own);
  if (!own) return P2P_ENOMEM;
  own->mem = mem;
  *out = (p2p_identity){
    .size = sizeof *out, .sign = own_sign, .release = own_release, .ctx = own
  };
  int err = p2p__ed25519_from_seed(&own->key, seed);
  p2p__wr w = p2p__wr_of(out->pubkey, sizeof out->pubkey);
  p2p__key_write(&w, P2P_KEY_ED25519, p2p__bytes(own->key.pub, PUB));
  out->pubkey_len = w.len;
  if (!err) err = p2p_peer_id_from_pubkey(p2p__wr_bytes(&w), &out->peer);
  if (err) p2p_identity_fini(out);
  return err;
}

int p2p_identity_generate(p2p_identity *out, p2p_key_type type, p2p_io *io) {
  uint8_t seed[SEED];
  if (!out || !io) return P2P_EINVAL;
  *out = (p2p_identity){ 0 };
  if (type != P2P_KEY_ED25519) return P2P_ENOTSUP;
  int err = io->ops->random(io, seed, sizeof seed);
  if (!err) err = from_seed(out, seed);
  p2p__wipe(seed, sizeof seed);
  return err;
}

/* seed ‖ public key, or seed ‖ public key ‖ public key as libp2p once wrote it. Whether the public
 * key is the seed's, the caller finds out: a pair that does not belong together gives the seed
 * away with the first signature. */
static bool is_pair(p2p_bytes data) {
  if (data.len == SEED + PUB) return true;
  return data.len == SEED + 2 * PUB && p2p__ct_eq(data.p + SEED, data.p + SEED + PUB, PUB);
}

int p2p_identity_import(p2p_identity *out, p2p_bytes protobuf) {
  p2p__key key;
  if (!out) return P2P_EINVAL;
  *out = (p2p_identity){ 0 };
  int err = p2p__key_read(protobuf, &key);
  if (err) return err;
  if (key.type != P2P_KEY_ED25519) return P2P_ENOTSUP;
  if (!is_pair(key.data)) return P2P_EKEY;
  err = from_seed(out, key.data.p);
  if (err) return err;
  const own_key *own = out->ctx;
  if (p2p__ct_eq(own->key.pub, key.data.p + SEED, PUB)) return 0;
  p2p_identity_fini(out);
  return P2P_EKEY;
}

ptrdiff_t p2p_identity_export(const p2p_identity *id, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  uint8_t pair[SEED + PUB];
  if (!id || (!out && cap)) return P2P_EINVAL;
  if (!id->ctx || id->sign != own_sign) return P2P_ENOTSUP;
  const own_key *own = id->ctx;
  memcpy(pair, own->key.seed, SEED);
  memcpy(pair + SEED, own->key.pub, PUB);
  p2p__key_write(&w, P2P_KEY_ED25519, p2p__bytes(pair, sizeof pair));
  p2p__wipe(pair, sizeof pair);
  return w.err ? w.err : (ptrdiff_t)w.len;
}

void p2p_identity_fini(p2p_identity *id) {
  if (!id) return;
  if (id->release) id->release(id->ctx);
  *id = (p2p_identity){ 0 };
}
