/* Types of keys by name. */
#include "keytype.h"

#include <strings.h>

#include "report.h"

const char *const keytype_names[] = { "ed25519", "secp256k1", "ecdsa", "rsa", NULL };

bool keytype_parse(const char *command, const char *name, p2p_key_type *out) {
  static const p2p_key_type types[] = { P2P_KEY_ED25519, P2P_KEY_SECP256K1, P2P_KEY_ECDSA,
                                        P2P_KEY_RSA };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strcasecmp(name, p2p_key_type_name(types[i])) != 0) continue;
    *out = types[i];
    return true;
  }
  report(command, "%s: no such type of key; there are " KEYTYPE_NAMES, name);
  return false;
}

int keytype_make(p2p_key_type type, unsigned bits, p2p_identity *out) {
  p2p_io *io = NULL;
  *out = (p2p_identity){ 0 };
  int err = p2p_io_uv_new(&io);
  if (err < 0) return err;
  err = p2p_identity_generate_bits(out, type, bits, io);
  io->ops->free(io);
  return err;
}

const char *keytype_of(p2p_bytes pubkey) {
  int type = p2p_pubkey_type(pubkey);
  return type < 0 ? NULL : p2p_key_type_name((p2p_key_type)type);
}
