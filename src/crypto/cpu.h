/* What the processor can do, as far as it decides which AEAD is used. */
#ifndef P2P_CRYPTO_CPU_H
#define P2P_CRYPTO_CPU_H

#include <p2p/types.h>

typedef struct p2p__cpu {
  bool aes;  /* x86: AES and carry-less multiplication */
  bool wide; /* x86: the same on vectors of 512 bits, and what else ipsec-mb's code for them uses */
} p2p__cpu;

p2p__cpu p2p__cpu_of_here(void);
/* From libcrypto's text, "OPENSSL_ia32cap=0x…:0x…"; all false for any other. */
p2p__cpu p2p__cpu_from(const char *text);

#endif
