/* Certificates as a stranger could make them: everything about one can be wrong on purpose. */
#ifndef TESTS_SUPPORT_FORGE_H
#define TESTS_SUPPORT_FORGE_H

#include "peer/certificate.h"

enum { FORGE_TIME = 1700000000 };

typedef struct forgery {
  unsigned n_ours;            /* how often the libp2p extension is there */
  bool critical;              /* … marked so */
  bool says_false;            /* critical: FALSE is written out */
  int other;                  /* another extension: 0 none, 1 ignorable, 2 critical; put in front */
  bool unique_id;             /* subjectUniqueID */
  uint8_t version;            /* 2: version 3 */
  const char *from, *until;   /* GeneralizedTime or UTCTime by length */
  bool inner_algorithm;       /* the signed algorithm is another */
  const char *prefix;         /* what the host's key signs in front of the key */
  bool other_key;             /* … and it signs another certificate's key */
  bool bad_signature;         /* self-signature over something else */
  bool trailing;              /* a byte behind the end */
  bool signed_key_trailing;   /* a byte behind SignedKey */
  const p2p_identity *claims; /* the extension names this one's key; NULL: the signer's */
} forgery;

/* What a proper certificate is made of. */
forgery forge_proper(void);
/* Makes one; out has room for P2P__CERTIFICATE_MAX bytes; *key, if not NULL, becomes its private key
 * in PKCS #8. Returns its length. */
size_t forge(const forgery *f, const p2p_identity *id, uint8_t *out, p2p__certificate *key);

#endif
