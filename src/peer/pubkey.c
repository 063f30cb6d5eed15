/* Key encodings, and verification by key type as a table. Spec: peer-ids/peer-ids.md, "Keys". */
#include "peer/pubkey.h"
#include "crypto/crypto.h"
#include "crypto/pkey.h"
#include "crypto/secp256k1.h"
#include "multiformats/protobuf.h"

enum {
  FIELD_TYPE = 1,
  FIELD_DATA = 2,
  TAG_TYPE = FIELD_TYPE << 3,    /* a varint */
  TAG_DATA = FIELD_DATA << 3 | 2 /* bytes */
};

static int verify_ed25519(p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  return p2p__ed25519_verify(key.p, msg, sig);
}

/* Indexed by p2p_key_type. */
static const struct {
  bool (*is_key)(p2p_bytes data);
  int (*verify)(p2p_bytes data, p2p_bytes msg, p2p_bytes sig);
} types[] = {
  [P2P_KEY_RSA] = { p2p__rsa_is_key, p2p__rsa_verify },
  [P2P_KEY_ED25519] = { p2p__ed25519_is_key, verify_ed25519 },
  [P2P_KEY_SECP256K1] = { p2p__secp256k1_is_key, p2p__secp256k1_verify },
  [P2P_KEY_ECDSA] = { p2p__ecdsa_is_key, p2p__ecdsa_verify },
};

int p2p__key_read(p2p_bytes protobuf, p2p__key *out) {
  p2p__rd r = p2p__rd_of(protobuf);
  uint8_t first = p2p__rd_u8(&r);
  uint64_t type = p2p__rd_varint(&r);
  uint8_t second = p2p__rd_u8(&r);
  p2p_bytes data = p2p__rd_prefixed(&r, P2P_PRIVKEY_MAX);
  if (!p2p__rd_done(&r) || first != TAG_TYPE || second != TAG_DATA) return P2P_EKEY;
  if (type >= P2P_COUNT(types)) return P2P_ENOTSUP;
  *out = (p2p__key){ .type = (p2p_key_type)type, .data = data };
  return 0;
}

void p2p__key_write(p2p__wr *w, p2p_key_type type, p2p_bytes data) {
  p2p__pb_uint(w, FIELD_TYPE, (uint64_t)type);
  p2p__pb_bytes(w, FIELD_DATA, data);
}

int p2p__pubkey_read(p2p_bytes protobuf, p2p__key *out) {
  p2p__key key;
  if (protobuf.len > P2P_PUBKEY_MAX) return P2P_EKEY;
  int err = p2p__key_read(protobuf, &key);
  if (err) return err;
  if (!types[key.type].is_key(key.data)) return P2P_EKEY;
  *out = key;
  return 0;
}

int p2p_verify(p2p_bytes pubkey, p2p_bytes msg, p2p_bytes sig) {
  p2p__key key;
  int err = p2p__pubkey_read(pubkey, &key);
  if (err) return err;
  if (sig.len == 0 || sig.len > P2P_SIGNATURE_MAX) return P2P_ESIG;
  return types[key.type].verify(key.data, msg, sig);
}

int p2p_pubkey_type(p2p_bytes pubkey) {
  p2p__key key;
  int err = p2p__pubkey_read(pubkey, &key);
  return err ? err : (int)key.type;
}

const char *p2p_key_type_name(p2p_key_type type) {
  static const char *const names[] = {
    [P2P_KEY_RSA] = "RSA",
    [P2P_KEY_ED25519] = "Ed25519",
    [P2P_KEY_SECP256K1] = "Secp256k1",
    [P2P_KEY_ECDSA] = "ECDSA",
  };
  return (size_t)type < P2P_COUNT(names) ? names[type] : "unknown";
}
