/* HS-13: private networks, and who is in none. Spec: pnet/Private-Networks-PSK-V1.md. */
#include "evil.h"

enum { NONCE = P2P__XSALSA20_NONCE };
static const char HELLO[] = "\x13/multistream/1.0.0\n";
static const size_t HELLO_LEN = sizeof HELLO - 1;

/* Without a private network there is nothing to attack. */
static peer *begun(evil *e, verdict *v) {
  *v = e->psk ? EVIL_BROKEN : EVIL_NA;
  return e->psk ? peer_bare(e) : NULL;
}

/* A nonce that stops, at each of its bytes; all beside each other, so that it takes one deadline. */
static verdict hs13_short(evil *e) {
  peer *p[NONCE] = { NULL };
  verdict all;
  for (size_t i = 0; i < NONCE; i++)
    if ((p[i] = begun(e, &all))) peer_hide(p[i], e->psk, i);
  if (!e->psk) return all;
  all = EVIL_SURVIVED;
  for (size_t i = 0; i < NONCE; i++) {
    verdict one = must_end_in_time(p[i]);
    if (all == EVIL_SURVIVED) all = one;
  }
  return all;
}

static verdict hs13_nonce(evil *e) {
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  peer_hide(p, e->psk, NONCE);
  return must_end_in_time(p);
}

/* A member of another network: what it says is noise, and so is what it hears. */
static verdict hs13_wrong(evil *e) {
  p2p_psk other;
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  evil_random(other.key, sizeof other.key);
  peer_hide(p, &other, NONCE);
  for (int i = 0; i < 4; i++) peer_send(p, HELLO, HELLO_LEN);
  return must_end_in_time(p);
}

/* Somebody of the open network, who knows of no key. */
static verdict hs13_none(evil *e) {
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  for (int i = 0; i < 4; i++) peer_send(p, HELLO, HELLO_LEN);
  return must_end_in_time(p);
}

/* Sends back what it hears: with one nonce both ways would be hidden alike, and it would need no key. */
static verdict hs13_mirror(evil *e) {
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  p2p_time end = evil_now() + e->patience;
  while (peer_wait(p, end)) {
    peer_send(p, p->plain, p->plain_len);
    p->plain_len = 0;
  }
  return must_end_in_time(p);
}

/* An honest member, whose bytes come one by one. */
static verdict hs13_bytewise(evil *e) {
  uint8_t nonce[NONCE];
  char line[128];
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  evil_random(nonce, sizeof nonce);
  for (size_t i = 0; i < NONCE; i++) peer_send(p, nonce + i, 1);
  peer_hidden(p, e->psk, nonce);
  for (size_t i = 0; i < HELLO_LEN; i++) peer_send(p, HELLO + i, 1);
  bool good = line_get(p, line, sizeof line) && strcmp(line, "/multistream/1.0.0") == 0;
  peer_free(p);
  return good ? EVIL_SURVIVED : EVIL_STRICT;
}

#define SPEC "pnet/Private-Networks-PSK-V1.md"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "HS-13.short", "pnet", SPEC, "nonces that stop, at each of their bytes", ROW_DIAL, hs13_short },
  { "HS-13.nonce", "pnet", SPEC, "a nonce, then nothing", BOTH, hs13_nonce },
  { "HS-13.wrong", "pnet", SPEC, "another network's key", BOTH, hs13_wrong },
  { "HS-13.none", "pnet", SPEC, "no key at all", BOTH, hs13_none },
  { "HS-13.mirror", "pnet", SPEC, "a mirror", BOTH, hs13_mirror },
  { "HS-13.bytewise", "pnet", SPEC, "a member, byte by byte: allowed", ROW_DIAL, hs13_bytewise },
};
const family evil_pnet = { rows, P2P_COUNT(rows), false };
