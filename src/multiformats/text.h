/* Numbers and IP addresses as text, in exactly one form each. */
#ifndef P2P_MULTIFORMATS_TEXT_H
#define P2P_MULTIFORMATS_TEXT_H

#include "base/bytes.h"

/* A decimal number up to max: digits only, no leading zero. */
bool p2p__text_uint(p2p_bytes text, uint64_t max, uint64_t *out);
void p2p__text_put_uint(p2p__wr *w, uint64_t v);

/* Dotted quad: four numbers up to 255. */
bool p2p__text_ip4(p2p_bytes text, uint8_t ip[4]);
void p2p__text_put_ip4(p2p__wr *w, const uint8_t ip[4]);

/* Any form of RFC 4291, section 2.2, without zone; written as RFC 5952 asks. */
bool p2p__text_ip6(p2p_bytes text, uint8_t ip[16]);
void p2p__text_put_ip6(p2p__wr *w, const uint8_t ip[16]);

/* Percent encoding of one path segment, RFC 3986: every byte that is not unreserved is written %XX
 * (a literal '+' means a space to some). Read: any character of a segment, %xx in either case;
 * false when something else is there. Appended to w. */
bool p2p__text_unescape(p2p_bytes text, p2p__wr *w);
void p2p__text_put_escaped(p2p__wr *w, p2p_bytes value);

/* Whether text is UTF-8 without control characters. */
bool p2p__text_is_printable(p2p_bytes text);
/* Words of a stranger for people and logs: ASCII, every other byte, the backslash and the quotation mark as
 * \\xNN, so that between quotation marks they can be told from ours; with a zero behind it, and cut off
 * where w ends. */
void p2p__text_put_shown(p2p__wr *w, p2p_bytes words);

#endif
