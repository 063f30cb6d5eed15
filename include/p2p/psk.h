/* Private networks: a pre-shared key under every connection. Spec: pnet/Private-Networks-PSK-V1.md. */
#ifndef P2P_PSK_H
#define P2P_PSK_H

#include <p2p/error.h>
#include <p2p/io.h>
#include <p2p/types.h>

P2P_BEGIN

enum {
  P2P_PSK_FILE_MAX = 97,       /* a key file as p2p_psk_print writes it, with its zero */
  P2P_PSK_FINGERPRINT_MAX = 33 /* its fingerprint, with its zero */
};

/* The key of a private network: whoever has it takes part. Secret; p2p_psk_fini wipes it. */
typedef struct p2p_psk {
  uint8_t key[32];
} p2p_psk;

/* A new key with random bytes from io. P2P_EINVAL, P2P_EIO. On any failure *out is all zero, here and
 * below. */
P2P_API P2P_MUST_USE int p2p_psk_generate(p2p_psk *out, p2p_io *io);
/* From a key file: /key/swarm/psk/1.0.0/, then /base16/, /base64/ or /bin/, then the key, as go-libp2p,
 * kubo (swarm.key), rust-libp2p and js-libp2p write it. P2P_EKEY. */
P2P_API P2P_MUST_USE int p2p_psk_parse(p2p_psk *out, p2p_bytes file);
/* The key file in base16, which everybody reads. Returns its length; P2P_ELIMIT. The caller wipes
 * out. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_psk_print(const p2p_psk *psk, char *out, size_t cap);
/* A name of the key that does not tell it, the same as go-libp2p's and rust-libp2p's: 32 hexadecimal
 * digits. P2P_ELIMIT, P2P_ENOTSUP (libcrypto has no SHAKE), P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_psk_fingerprint(const p2p_psk *psk, char *out, size_t cap);
P2P_API void p2p_psk_fini(p2p_psk *psk); /* wipes it; NULL is accepted */

P2P_END
#endif
