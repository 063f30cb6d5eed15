/* Identities: a public key and who signs for it. Those whose key lives in memory are made here; others
 * bring a function of theirs. Spec: peer-ids/peer-ids.md, "Keys". */
#include "base/mem.h"
#include "peer/private.h"
#include "peer/pubkey.h"

/* An identity outlives hosts and belongs to none: it brings its own way to the allocator. */
typedef struct own_key {
  p2p__mem mem;
  p2p_key_type type;
  p2p__signer *signer; /* of types that need one; libcrypto's memory */
  size_t len;
  uint8_t data[]; /* as private.h says */
} own_key;

static p2p_bytes data_of(const own_key *own) { return p2p__bytes(own->data, own->len); }

static int own_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  const own_key *own = ctx;
  return p2p__private_sign(own->type, data_of(own), own->signer, msg, sig, len);
}

static void own_release(void *ctx) {
  own_key *own = ctx;
  p2p__mem mem = own->mem;
  size_t size = sizeof *own + own->len;
  p2p__signer_free(own->signer);
  p2p__wipe(own, size);
  p2p__release(&mem, P2P__MEM_HOST, own, size);
}

/* A copy of data that signs, or an error. */
static int own_new(p2p_key_type type, p2p_bytes data, own_key **out) {
  p2p__mem mem;
  p2p__mem_init(&mem, NULL);
  own_key *own = p2p__alloc(&mem, P2P__MEM_HOST, sizeof *own + data.len);
  if (!own) return P2P_ENOMEM;
  own->mem = mem;
  own->type = type;
  own->len = data.len;
  memcpy(own->data, data.p, data.len);
  int err = p2p__private_load(type, data, &own->signer);
  if (err)
    own_release(own);
  else
    *out = own;
  return err;
}

/* data: as p2p__private_adopt wrote it. */
static int from_data(p2p_identity *out, p2p_key_type type, p2p_bytes data) {
  uint8_t pubkey[P2P_PUBKEY_MAX], public_data[P2P_PUBKEY_MAX];
  p2p__wr inner = p2p__wr_of(public_data, sizeof public_data);
  p2p__wr w = p2p__wr_of(pubkey, sizeof pubkey);
  own_key *own = NULL;
  int err = p2p__private_public(type, data, &inner);
  if (err) return err;
  p2p__key_write(&w, type, p2p__wr_bytes(&inner));
  if (w.err) return P2P_EKEY;
  err = own_new(type, data, &own);
  if (err) return err;
  err = p2p_identity_from_signer(out, p2p__wr_bytes(&w), own_sign, own_release, own);
  if (err) own_release(own);
  return err;
}

int p2p_identity_generate_bits(p2p_identity *out, p2p_key_type type, unsigned bits, p2p_io *io) {
  uint8_t data[P2P_PRIVKEY_MAX];
  p2p__wr w = p2p__wr_of(data, sizeof data);
  if (!out) return P2P_EINVAL;
  *out = (p2p_identity){ 0 };
  if (!io) return P2P_EINVAL;
  int err = p2p__private_make(type, bits, io, &w);
  if (!err) err = from_data(out, type, p2p__wr_bytes(&w));
  p2p__wipe(data, sizeof data);
  return err;
}

int p2p_identity_generate(p2p_identity *out, p2p_key_type type, p2p_io *io) {
  return p2p_identity_generate_bits(out, type, 0, io);
}

int p2p_identity_import(p2p_identity *out, p2p_bytes protobuf) {
  uint8_t data[P2P_PRIVKEY_MAX];
  p2p__wr w = p2p__wr_of(data, sizeof data);
  p2p__key key;
  if (!out) return P2P_EINVAL;
  *out = (p2p_identity){ 0 };
  int err = p2p__key_read(protobuf, &key);
  if (err) return err;
  err = p2p__private_adopt(key.type, key.data, &w);
  if (!err) err = from_data(out, key.type, p2p__wr_bytes(&w));
  p2p__wipe(data, sizeof data);
  return err == P2P_ELIMIT ? P2P_EKEY : err;
}

ptrdiff_t p2p_identity_export(const p2p_identity *id, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  if (!id || (!out && cap)) return P2P_EINVAL;
  if (!id->ctx || id->sign != own_sign) return P2P_ENOTSUP;
  const own_key *own = id->ctx;
  p2p__key_write(&w, own->type, data_of(own));
  return w.err ? w.err : (ptrdiff_t)w.len;
}

int p2p_identity_from_signer(p2p_identity *out, p2p_bytes pubkey, p2p_sign_fn sign,
                             void (*release)(void *ctx), void *ctx) {
  p2p_peer_id peer;
  if (!out) return P2P_EINVAL;
  *out = (p2p_identity){ 0 };
  if (!sign) return P2P_EINVAL;
  int err = p2p_peer_id_from_pubkey(pubkey, &peer);
  if (err) return err;
  *out = (p2p_identity){ .size = sizeof *out,
                         .pubkey_len = pubkey.len,
                         .peer = peer,
                         .sign = sign,
                         .release = release,
                         .ctx = ctx };
  memcpy(out->pubkey, pubkey.p, pubkey.len);
  return 0;
}

bool p2p_identity_eq(const p2p_identity *a, const p2p_identity *b) {
  size_t len = a ? a->pubkey_len : 0;
  if (!a || !b || len == 0 || len != b->pubkey_len || len > sizeof a->pubkey) return false;
  return p2p__ct_eq(a->pubkey, b->pubkey, len);
}

void p2p_identity_fini(p2p_identity *id) {
  if (!id) return;
  if (id->release) id->release(id->ctx);
  *id = (p2p_identity){ 0 };
}
