/* Types of keys by name, and new keys of them. */
#ifndef APP_KEYTYPE_H
#define APP_KEYTYPE_H

#include <p2p/p2p.h>

#define KEYTYPE_NAMES "ed25519, secp256k1, ecdsa or rsa"

extern const char *const keytype_names[]; /* ended by NULL */

/* "ed25519", "secp256k1", "ecdsa", "rsa", in any case. False after a report. */
bool keytype_parse(const char *command, const char *name, p2p_key_type *out);
/* A new key with this machine's random bytes. bits 0: the type's default. 0 or an error. */
int keytype_make(p2p_key_type type, unsigned bits, p2p_identity *out);
/* The type's name in the specification; NULL when id is no key. */
const char *keytype_of(p2p_bytes pubkey);

#endif
