/* Multiaddrs: text outside, packed bytes inside. Spec: multiformats/multiaddr, addressing/README.md. */
#ifndef P2P_ADDR_H
#define P2P_ADDR_H

#include <p2p/error.h>
#include <p2p/io.h>
#include <p2p/types.h>

P2P_BEGIN

/* Longest address taken, and room for the text of any that is of use. (A hostile one of hundreds of
 * components can be valid and have a longer text: P2P_ELIMIT.) */
enum { P2P_ADDR_MAX = 512, P2P_ADDR_TEXT_MAX = 1100 };

/* Parses text into at most cap bytes at out. Returns the length; P2P_EADDR, or P2P_ELIMIT when cap
 * or P2P_ADDR_MAX is too small; then *error_at, when not NULL, is the offset in text of the name or
 * value at fault (the text's length where a value is missing). One '/' at the end is forgiven. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_addr_parse(const char *text, uint8_t *out, size_t cap,
                                              size_t *error_at);
/* Prints packed bytes as canonical text with its zero. Returns the text's length; P2P_EADDR,
 * P2P_ELIMIT. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_addr_print(p2p_bytes addr, char *out, size_t cap);
/* 0 when the bytes are one whole valid multiaddr, else P2P_EADDR. */
P2P_API P2P_MUST_USE int p2p_addr_check(p2p_bytes addr);

P2P_END
#endif
