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

/* One component: "/tcp/80". */
typedef struct p2p_addr_part {
  uint32_t code;    /* of protocols.csv */
  const char *name; /* "tcp", the preferred one; static */
  p2p_bytes
      value; /* without length prefix, empty where the protocol has none; inside the address */
} p2p_addr_part;

/* Takes the first component off *rest. 1: *part is set; 0: nothing is left; P2P_EADDR: what stands
 * there is no component, *rest is untouched. */
P2P_API P2P_MUST_USE int p2p_addr_next(p2p_bytes *rest, p2p_addr_part *part);
/* Prints the value alone, "" where there is none, with its zero. Returns the text's length;
 * P2P_EADDR: not a value of that code; P2P_ELIMIT. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_addr_part_print(const p2p_addr_part *part, char *out,
                                                   size_t cap);
/* Writes inner behind outer. Returns the length; P2P_EADDR: one of them is no address; P2P_ELIMIT:
 * longer than cap or P2P_ADDR_MAX. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_addr_encapsulate(p2p_bytes outer, p2p_bytes inner, uint8_t *out,
                                                    size_t cap);
/* The address up to where inner stands for the last time, in whole components; *out lies inside
 * addr and is empty when addr begins with it. P2P_ENOTFOUND: it stands nowhere; P2P_EADDR: one of
 * them is no address. */
P2P_API P2P_MUST_USE int p2p_addr_decapsulate(p2p_bytes addr, p2p_bytes inner, p2p_bytes *out);
/* Where the address leads, in a word; static. Of an IP address: "public", "private", "cgn", "ula",
 * "nat64", "loopback", "link-local", "unspecified", "multicast", "documentation", "reserved" (IPv6
 * that stands for an IPv4 address is judged as that one). Else: "relayed" through another peer,
 * "name" (DNS; "loopback" for localhost), "overlay" (Tor, I2P), "local" (this machine or process),
 * "none" when it does not say; NULL when it is no address. */
P2P_API const char *p2p_addr_class(p2p_bytes addr);

P2P_END
#endif
