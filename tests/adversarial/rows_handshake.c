/* HS rows: handshakes that stop, lie or never were one. */
#include "evil.h"
#include <poll.h>
#include <stdlib.h>

/* ---- HS-04: half open, at every stage ---- */

typedef enum stage {
  SILENT,
  ONE_BYTE,
  HALF_LINE,
  NEGOTIATED,
  HALF_MESSAGE,
  ONE_MESSAGE,
  ANNOUNCED,
  SECURED
} stage;

static void say_half(peer *p, const message *m) { peer_send(p, m->b, m->len / 2); }

/* Honest up to the stage, then silent. false: it did not come so far. */
static bool stop_at(peer *p, stage at) {
  static const uint8_t line[] = "\x13/multistr", huge[] = { 0xff, 0xff, 1, 2, 3 };
  static message m;
  if (at == SILENT) return true;
  if (at == ONE_BYTE) return peer_send(p, line, 1);
  if (at == HALF_LINE) return peer_send(p, line, sizeof line - 1);
  if (at == SECURED) return noise_up(p, NULL);
  if (!line_agree(p, "/noise")) return false;
  noise_begin(p);
  if (!p->dialed) return at == NEGOTIATED || noise_hear(p);
  if (at == NEGOTIATED) return true;
  if (at == ANNOUNCED) return peer_send(p, huge, sizeof huge);
  noise_say(p, p2p__bytes(NULL, 0), &m);
  if (at == HALF_MESSAGE) say_half(p, &m);
  if (at == ONE_MESSAGE) return peer_send(p, m.b, m.len) && noise_hear(p);
  return true;
}

static verdict half_open(evil *e, stage at) {
  peer *p = peer_new(e);
  if (p && stop_at(p, at)) return must_end_in_time(p);
  peer_free(p);
  return EVIL_BROKEN;
}

static verdict hs04_silent(evil *e) { return half_open(e, SILENT); }
static verdict hs04_byte(evil *e) { return half_open(e, ONE_BYTE); }
static verdict hs04_line(evil *e) { return half_open(e, HALF_LINE); }
static verdict hs04_negotiated(evil *e) { return half_open(e, NEGOTIATED); }
static verdict hs04_half(evil *e) { return half_open(e, HALF_MESSAGE); }
static verdict hs04_message(evil *e) { return half_open(e, ONE_MESSAGE); }
static verdict hs04_announced(evil *e) { return half_open(e, ANNOUNCED); }
static verdict hs04_secured(evil *e) { return half_open(e, SECURED); }

/* A deadline that every byte moves on is none: a line, a byte each tenth of a second. */
static verdict hs04_trickle(evil *e) {
  peer *p = peer_new(e);
  if (!p) return EVIL_BROKEN;
  static const uint8_t proposal[] = "\x13/multistream/1.0.0\n";
  static const uint8_t unknown[] = "\x0b/evil/peer\n";
  p2p_time end = evil_now() + e->patience;
  peer_send(p, proposal, sizeof proposal - 1);
  for (size_t i = 0; !p->over && evil_now() < end; i++) {
    peer_send(p, unknown + i % (sizeof unknown - 1), 1);
    peer_wait(p, evil_now() + 100 * P2P_MS);
    p->plain_len = 0;
  }
  verdict v = p->over ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

/* ---- HS-05: slow and honest ---- */

static bool put_bytewise(peer *p, const uint8_t *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!peer_send(p, b + i, 1)) return false;
  return true;
}

static verdict hs05(evil *e) {
  static message m;
  uint8_t payload[2048];
  peer *p = peer_new(e);
  if (!p || !line_agree(p, "/noise")) goto broken;
  noise_begin(p);
  noise_say(p, p2p__bytes(NULL, 0), &m);
  if (!put_bytewise(p, m.b, m.len) || !noise_hear(p)) goto strict;
  size_t n = noise_claim(p, &e->self, -1, payload, sizeof payload);
  noise_say(p, p2p__bytes(payload, n), &m);
  if (!put_bytewise(p, m.b, m.len)) goto strict;
  noise_split(p);
  if (!line_agree(p, "/yamux/1.0.0")) goto strict;
  p->muxed = true;
  return must_live(p);
strict:
  peer_free(p);
  return EVIL_STRICT;
broken:
  peer_free(p);
  return EVIL_BROKEN;
}

/* ---- HS-02 and what else is no handshake ---- */

/* After a good one a record that was never sealed. */
static verdict hs02(evil *e) {
  uint8_t garbage[2 + 64] = { 0, 64 };
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  evil_random(garbage + 2, 64);
  peer_send(p, garbage, sizeof garbage);
  return must_end(p);
}

static verdict hs02_short(evil *e) {
  static const uint8_t record[] = { 0, 3, 1, 2, 3 };
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  peer_send(p, record, sizeof record);
  return must_end(p);
}

/* A record of which ten bytes come. */
static verdict hs02_partial(evil *e) {
  static const uint8_t record[12] = { 4, 0, 1, 2, 3 };
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  p->mute = true; /* an answer would lie inside the record */
  peer_send(p, record, sizeof record);
  verdict v = peer_ends(p, e->patience * 4) ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

/* The record of a moment ago once more. */
static verdict hs02_replay(evil *e) {
  peer *p = mux_session(e);
  if (!p || !mux_lives(p)) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  p->n_seal--;
  mux_frame(p, P2P__YAMUX_PING, P2P__YAMUX_SYN, 0, 7);
  return must_end(p);
}

static verdict message_1(evil *e, const uint8_t *b, size_t n) {
  peer *p = peer_new(e);
  if (p && line_agree(p, "/noise") && (p->dialed || (noise_begin(p), noise_hear(p)))) {
    peer_send(p, b, n);
    return must_end(p);
  }
  peer_free(p);
  return EVIL_BROKEN;
}

static verdict hs_short(evil *e) {
  static const uint8_t b[] = { 0, 5, 1, 2, 3, 4, 5 };
  return message_1(e, b, sizeof b);
}

static verdict hs_low_order(evil *e) {
  uint8_t b[2 + 200] = { 0, 32 };
  b[1] = e->listener < 0 ? 32 : 200;
  b[2] = 1; /* the point of order 1; RFC 7748, section 6.1 */
  return message_1(e, b, 2U + b[1]);
}

/* ---- HS-01, HS-12: keys that are a burden or none ---- */

enum { BOMB = KEY_BOMB, KEY_RSA = P2P_KEY_RSA, KEY_ECDSA = P2P_KEY_ECDSA };

/* A handshake with a key of this type, and a signature as long as the key's would be. */
static verdict with_key(evil *e, uint64_t type, p2p_bytes data, size_t sig_len) {
  static uint8_t key[65000], sig[BOMB], payload[65000];
  size_t key_len = key_protobuf(type, data, key, sizeof key);
  evil_random(sig, 256);
  sig[0] = 0;
  size_t n = noise_payload(p2p__bytes(key, key_len), p2p__bytes(sig, sig_len), payload,
                           sizeof payload);
  const p2p_bytes ours = p2p__bytes(payload, n);
  peer *p = peer_new(e);
  if (n && p && (noise_up(p, &ours) || p->over)) return must_end(p);
  peer_free(p);
  return EVIL_BROKEN;
}

static verdict with_rsa(evil *e, size_t modulus, size_t exponent) {
  static uint8_t spki[64000];
  size_t n = key_rsa_spki(modulus, exponent, spki, sizeof spki);
  return with_key(e, KEY_RSA, p2p__bytes(spki, n), p2p__min(modulus, BOMB));
}

static verdict hs01_huge(evil *e) { return with_rsa(e, BOMB, 3); }
static verdict hs01_exponent(evil *e) { return with_rsa(e, BOMB / 2, BOMB / 2); }
static verdict hs01_small(evil *e) { return with_rsa(e, 64, 3); }

/* DER that only looks like it. */
static const char *const broken_der[] = {
  "",                               /* nothing */
  "30",                             /* a tag */
  "3080",                           /* indefinite length */
  "30ffffffffffffffffff",           /* a length of 127 bytes */
  "3084ffffffff",                   /* 4 GiB */
  "300d06092a864886f70d0101010500", /* an algorithm and no key */
  "3006020100800100",               /* a negative number where a sequence belongs */
};

static size_t unhex(const char *text, uint8_t *out) {
  size_t n = strlen(text) / 2;
  for (size_t i = 0; i < n; i++) {
    char two[] = { text[2 * i], text[2 * i + 1], '\0' };
    out[i] = (uint8_t)strtoul(two, NULL, 16);
  }
  return n;
}

static verdict hs12(evil *e) {
  static const uint64_t types[] = { KEY_RSA, KEY_ECDSA };
  for (size_t i = 0; i < P2P_COUNT(broken_der); i++) {
    uint8_t der[64];
    size_t n = unhex(broken_der[i], der);
    for (size_t k = 0; k < P2P_COUNT(types); k++) {
      verdict v = with_key(e, types[k], p2p__bytes(der, n), 64);
      if (v != EVIL_SURVIVED) return v;
    }
  }
  return EVIL_SURVIVED;
}

static verdict hs12_type(evil *e) {
  static const uint8_t some[32] = { 1 };
  return with_key(e, 77, p2p__bytes(some, sizeof some), 64);
}

#define HALF "litep2p#373, js#3000, cpp#312"
#define RSA "CVE-2023-39533, js#1931"
#define DECRYPT "RUSTSEC-2024-0011, CVE-2021-4239"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "HS-01.modulus", "noise", RSA, "an RSA key of 224,000 bits", ROW_DIAL, hs01_huge },
  { "HS-01.exponent", "noise", RSA, "an RSA exponent of 112,000 bits", ROW_DIAL, hs01_exponent },
  { "HS-01.small", "noise", RSA, "an RSA key of 512 bits", ROW_DIAL, hs01_small },
  { "HS-02.garbage", "noise", DECRYPT, "a record that was never sealed", BOTH, hs02 },
  { "HS-02.short", "noise", DECRYPT, "a record shorter than its tag", BOTH, hs02_short },
  { "HS-02.partial", "noise", DECRYPT, "a record of which ten bytes come", ROW_DIAL, hs02_partial },
  { "HS-02.replay", "noise", DECRYPT, "a record sealed with the last one's nonce", BOTH,
    hs02_replay },
  { "HS-04.silent", "bytes", HALF, "connects and says nothing", BOTH, hs04_silent },
  { "HS-04.byte", "bytes", HALF, "one byte, then nothing", BOTH, hs04_byte },
  { "HS-04.line", "multistream", HALF, "half a line, then nothing", BOTH, hs04_line },
  { "HS-04.negotiated", "noise", HALF, "agrees on Noise, then nothing", BOTH, hs04_negotiated },
  { "HS-04.half", "noise", HALF, "half a handshake message, then nothing", ROW_DIAL, hs04_half },
  { "HS-04.message", "noise", HALF, "one handshake message, then nothing", BOTH, hs04_message },
  { "HS-04.announced", "noise", HALF, "announces a message of 64 KiB, sends 3 bytes", ROW_DIAL,
    hs04_announced },
  { "HS-04.secured", "noise", HALF, "proves who it is, then nothing", BOTH, hs04_secured },
  { "HS-04.trickle", "multistream", HALF, "a byte each tenth of a second, for ever", ROW_DIAL,
    hs04_trickle },
  { "HS-05", "noise", "litep2p#518, litep2p#519", "an honest handshake, byte by byte", ROW_DIAL,
    hs05 },
  { "HS-12.der", "noise", "nim 59b290fcc", "keys in broken DER", ROW_DIAL, hs12 },
  { "HS-12.type", "noise", "nim 59b290fcc", "a key of a type that is none", BOTH, hs12_type },
  { "HS-20.short", "noise", "Noise, section 7.5", "a handshake message of five bytes", BOTH,
    hs_short },
  { "HS-20.low-order", "noise", "RFC 7748, section 6.1", "a public key of order 1", BOTH,
    hs_low_order },
};
const family evil_handshake = { rows, P2P_COUNT(rows), false };
