/* Noise's transport messages. The cipher is the copy: seal gathers the caller's pieces into one
 * record, open decrypts where the bytes arrived.
 * Spec: noise/README.md, "Wire Format"; the Noise protocol framework, sections 5.1 and 11.1. */
#include "security/noise_record.h"
#include "security/noise_xx.h"

static p2p__noise_record *record_of(p2p__record *r) { return (p2p__noise_record *)r; }

static const p2p_bytes no_ad = { NULL, 0 };

/* The nonce of the next record, or P2P_ELIMIT: 2^64 - 1 records are all there are under one key. */
static int way_nonce(p2p__noise_way *way, uint8_t nonce[P2P__AEAD_NONCE]) {
  if (way->n == UINT64_MAX) return P2P_ELIMIT;
  p2p__noise_nonce(way->n, nonce);
  return 0;
}

/* Any failure is the end of a direction: a nonce is used once, for one attempt. */
static int way_result(p2p__noise_way *way, int err) {
  if (err)
    way->err = err;
  else
    way->n++;
  return err;
}

static int open_text(p2p__noise_way *way, uint8_t *text, size_t n) {
  uint8_t nonce[P2P__AEAD_NONCE];
  int err = way_nonce(way, nonce);
  if (!err) err = p2p__aead_open(&way->aead, nonce, no_ad, text, n, text + n);
  return way_result(way, err);
}

static int record_open(p2p__record *r, p2p__span in, size_t *used, p2p__span *plain) {
  p2p__noise_way *way = &record_of(r)->in;
  *used = 0;
  if (way->err) return way->err;
  p2p__rd c = p2p__rd_of(p2p__span_bytes(in));
  size_t len = p2p__rd_be16(&c);
  if (c.err) return 0;
  if (len < P2P__AEAD_TAG) return way_result(way, P2P_EPROTO);
  *used = P2P__NOISE_HEAD + len;
  if (in.len < *used) return 0;
  p2p__span text = p2p__span_of(in.p + P2P__NOISE_HEAD, len - P2P__AEAD_TAG);
  int err = open_text(way, text.p, text.len);
  if (err) return err;
  *plain = text;
  return 1;
}

static bool sum(const p2p_bytes *v, size_t n, size_t max, size_t *total) {
  *total = 0;
  for (size_t i = 0; i < n; i++)
    if (!p2p__add(*total, v[i].len, total)) return false;
  return *total <= max;
}

static int seal_text(p2p__noise_way *way, const p2p_bytes *v, size_t n, uint8_t *out) {
  uint8_t nonce[P2P__AEAD_NONCE];
  int err = way_nonce(way, nonce);
  if (!err) err = p2p__aead_start(&way->aead, nonce, no_ad);
  for (size_t i = 0; i < n && !err; i++) {
    if (v[i].len == 0) continue;
    err = p2p__aead_add(&way->aead, v[i], out);
    out += v[i].len;
  }
  if (!err) err = p2p__aead_finish(&way->aead, out);
  return way_result(way, err);
}

static int record_seal(p2p__record *r, const p2p_bytes *v, size_t n, uint8_t *out, size_t *len) {
  p2p__noise_way *way = &record_of(r)->out;
  size_t total;
  if (way->err) return way->err;
  if (!sum(v, n, P2P__NOISE_MAX, &total)) return P2P_EINVAL;
  p2p__put_be16(out, (uint16_t)(total + P2P__AEAD_TAG));
  int err = seal_text(way, v, n, out + P2P__NOISE_HEAD);
  if (err) return err;
  *len = P2P__NOISE_HEAD + total + P2P__AEAD_TAG;
  return 0;
}

static void record_idle(p2p__record *r) {
  p2p__aead_idle(&record_of(r)->out.aead);
  p2p__aead_idle(&record_of(r)->in.aead);
}

static void record_free(p2p__record *r) {
  p2p__noise_record *n = record_of(r);
  p2p__aead_fini(&n->out.aead);
  p2p__aead_fini(&n->in.aead);
  p2p__release(n->mem, P2P__MEM_RECORD, n, sizeof *n);
}

static const p2p__record_ops record_ops = {
  .open = record_open,
  .seal = record_seal,
  .idle = record_idle,
  .free = record_free,
};

int p2p__noise_record_new(p2p__env *env, const uint8_t seal[P2P__AEAD_KEY],
                          const uint8_t open[P2P__AEAD_KEY], p2p__record **out) {
  *out = NULL;
  p2p__noise_record *n = p2p__alloc(env->mem, P2P__MEM_RECORD, sizeof *n);
  if (!n) return P2P_ENOMEM;
  n->record = (p2p__record){
    .ops = &record_ops,
    .head = P2P__NOISE_HEAD,
    .tail = P2P__AEAD_TAG,
    .max = P2P__NOISE_MAX,
  };
  n->mem = env->mem;
  p2p__aead_init(&n->out.aead, env->crypto, P2P__CHACHA20_POLY1305, true, seal);
  p2p__aead_init(&n->in.aead, env->crypto, P2P__CHACHA20_POLY1305, false, open);
  *out = &n->record;
  return 0;
}
