/* Strict DER, read and written, as much as keys and ECDSA signatures need. */
#ifndef P2P_CRYPTO_DER_H
#define P2P_CRYPTO_DER_H

#include "base/bytes.h"

enum p2p__der_tag {
  P2P__DER_BOOLEAN = 0x01,
  P2P__DER_INTEGER = 0x02,
  P2P__DER_BIT_STRING = 0x03,
  P2P__DER_OCTET_STRING = 0x04,
  P2P__DER_NULL = 0x05,
  P2P__DER_OID = 0x06,
  P2P__DER_PRINTABLE_STRING = 0x13,
  P2P__DER_UTC_TIME = 0x17,
  P2P__DER_GENERALIZED_TIME = 0x18,
  P2P__DER_SEQUENCE = 0x30,
  P2P__DER_SET = 0x31,
  P2P__DER_CONTEXT_0 = 0xa0, /* [0], constructed */
  P2P__DER_CONTEXT_1 = 0xa1,
  P2P__DER_CONTEXT_3 = 0xa3,
  P2P__DER_CONTEXT_1_BITS = 0x81 /* [1], primitive: an implicit BIT STRING */
};

/* ---- reading ---- */
/* The contents of the next element, which must have this tag; empty on error. Lengths are definite,
 * minimal and below 65,536, else the cursor fails with P2P_EPROTO. */
p2p_bytes p2p__der_read(p2p__rd *r, enum p2p__der_tag tag);
/* A cursor over the contents of the next element; it has the error of r when that failed. */
p2p__rd p2p__der_enter(p2p__rd *r, enum p2p__der_tag tag);
/* The next element, which must have this tag, with its header. */
p2p_bytes p2p__der_element_read(p2p__rd *r, enum p2p__der_tag tag);
/* Whether the next element has this tag. */
bool p2p__der_is(const p2p__rd *r, enum p2p__der_tag tag);
/* A positive INTEGER in its minimal form: its magnitude, first byte not zero. */
p2p_bytes p2p__der_positive(p2p__rd *r);
/* An INTEGER that must be this small number. */
void p2p__der_expect(p2p__rd *r, uint8_t small);
/* The contents of a BIT STRING of whole bytes. */
p2p_bytes p2p__der_bits(p2p__rd *r);

/* ---- writing ---- */
/* Builds from the end to the beginning, so that each length is known when it is written: what is
 * inside first, then its header. Room that is missing is a sticky P2P_ELIMIT. */
typedef struct p2p__der {
  uint8_t *p;
  size_t at, cap; /* what is built lies in p[at .. cap) */
  int err;
} p2p__der;

p2p__der p2p__der_of(void *p, size_t cap);
p2p_bytes p2p__der_bytes(const p2p__der *d);
void p2p__der_put(p2p__der *d, p2p_bytes contents);
/* The header of an element that reaches from here to where `at` was before. */
void p2p__der_wrap(p2p__der *d, enum p2p__der_tag tag, size_t before);
/* A whole element. */
void p2p__der_element(p2p__der *d, enum p2p__der_tag tag, p2p_bytes contents);
/* An INTEGER of this magnitude, which may begin with zeros. */
void p2p__der_integer(p2p__der *d, p2p_bytes magnitude);
/* BIT STRING: the byte of unused bits and the header around what was put since `before`. */
void p2p__der_wrap_bits(p2p__der *d, size_t before);

#endif
