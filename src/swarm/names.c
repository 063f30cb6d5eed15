/* Names: the strings that peers send again and again, each kept once and counted. What comes in here
 * is shown to people and written to logs, so it is UTF-8 without control characters. */
#include "base/bytes.h"
#include "swarm/peers.h"
#include <assert.h>

static p2p_bytes name_key(const void *value) {
  const p2p__name *name = value;
  return p2p__bytes(name->text, name->len);
}

static size_t name_size(size_t len) { return offsetof(p2p__name, text) + len + 1; }

void p2p__names_init(p2p__names *n, p2p__env *env) {
  *n = (p2p__names){ .mem = env->mem,
                     .max = (size_t)env->limits->protocol_names,
                     .longest = p2p__min((size_t)env->limits->identify_string, UINT16_MAX) };
  p2p__map_init(&n->map, env->mem, P2P__MEM_PEER, env->hash_key, name_key);
}

void p2p__names_fini(p2p__names *n) {
  if (!n || !n->mem) return;
  size_t i = 0;
  for (p2p__name *name; (name = p2p__map_next(&n->map, &i)) != NULL;) {
    p2p__release(n->mem, P2P__MEM_PEER, name, name_size(name->len));
  }
  p2p__map_fini(&n->map);
}

/* ---- what may be shown ---- */

/* Of a first byte: how many follow, and the least code point that needs so many. */
typedef struct utf8_lead {
  uint8_t mask, lead, follow;
  uint32_t least;
} utf8_lead;

static const utf8_lead leads[] = {
  { 0x80, 0x00, 0, 0x0 },
  { 0xe0, 0xc0, 1, 0x80 },
  { 0xf0, 0xe0, 2, 0x800 },
  { 0xf8, 0xf0, 3, 0x10000 },
};

/* The next code point; P2P_EPROTO in the cursor for anything but shortest-form UTF-8. */
static uint32_t utf8_next(p2p__rd *r) {
  uint8_t first = p2p__rd_u8(r);
  for (size_t i = 0; i < P2P_COUNT(leads); i++) {
    const utf8_lead *l = &leads[i];
    if ((first & l->mask) != l->lead) continue;
    uint32_t point = first & (uint8_t)~l->mask;
    for (unsigned k = 0; k < l->follow; k++) {
      uint8_t next = p2p__rd_u8(r);
      if ((next & 0xc0) != 0x80) (void)p2p__rd_fail(r, P2P_EPROTO);
      point = point << 6 | (next & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < l->least || point > 0x10ffff || surrogate) (void)p2p__rd_fail(r, P2P_EPROTO);
    return point;
  }
  (void)p2p__rd_fail(r, P2P_EPROTO);
  return 0;
}

/* Controls, and the marks that make a terminal write right to left or break a line: a name must not
 * be able to disguise the rest of the line it stands in. */
static bool point_hides(uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200e && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static bool text_is_printable(p2p_bytes text) {
  p2p__rd r = p2p__rd_of(text);
  while (!r.err && p2p__rd_left(&r) > 0) {
    if (point_hides(utf8_next(&r))) return false;
  }
  return !r.err;
}

/* ---- references ---- */

static int name_new(p2p__names *n, p2p_bytes text, p2p__name **out) {
  if (!text_is_printable(text)) return P2P_EINVAL;
  p2p__name *name = p2p__alloc_raw(n->mem, P2P__MEM_PEER, name_size(text.len));
  if (!name) return P2P_ENOMEM;
  name->refs = 1;
  name->len = (uint16_t)text.len;
  memcpy(name->text, text.p, text.len);
  name->text[text.len] = 0;
  int err = p2p__map_add(&n->map, name);
  if (err < 0) {
    p2p__release(n->mem, P2P__MEM_PEER, name, name_size(text.len));
    return err;
  }
  *out = name;
  return 0;
}

static int name_take(p2p__names *n, p2p_bytes text, size_t max, p2p__name **out) {
  if (text.len == 0 || text.len > n->longest) return P2P_EINVAL;
  p2p__name *name = p2p__map_find(&n->map, text);
  if (!name) return n->map.n < max ? name_new(n, text, out) : P2P_ELIMIT;
  assert(name->refs < UINT32_MAX);
  name->refs++;
  *out = name;
  return 0;
}

p2p__name *p2p__name_ref(p2p__names *n, p2p_bytes text) {
  p2p__name *name = NULL;
  (void)name_take(n, text, SIZE_MAX, &name);
  return name;
}

int p2p__name_learn(p2p__names *n, p2p_bytes text, p2p__name **out) {
  return name_take(n, text, n->max, out);
}

p2p__name *p2p__name_find(const p2p__names *n, p2p_bytes text) {
  return p2p__map_find(&n->map, text);
}

void p2p__name_unref(p2p__names *n, p2p__name *name) {
  if (!name || --name->refs > 0) return;
  (void)p2p__map_del(&n->map, name_key(name));
  p2p__release(n->mem, P2P__MEM_PEER, name, name_size(name->len));
}
