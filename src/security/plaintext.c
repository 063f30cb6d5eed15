/* plaintext/2.0.0: both sides say who they are at once, then the bytes are raw.
 * Spec: plaintext/README.md. */
#include "security/plaintext.h"
#include "multiformats/protobuf.h"

enum exchange_field { EXCHANGE_ID = 1, EXCHANGE_PUBKEY = 2 };
enum {
  WIRE_BYTES = 2,
  /* both fields at their largest, their tags and lengths, and fields that we skip */
  EXCHANGE_MAX = P2P_PEER_ID_MAX + P2P__PUBKEY_MAX + 64,
  RECORD_MAX = 65536 /* as much as a secure channel would gather at once */
};

/* ---- record: every byte is itself ---- */

typedef struct plaintext_record {
  p2p__record record;
  p2p__mem *mem;
} plaintext_record;

static int record_open(p2p__record *r, p2p__span in, size_t *used, p2p__span *plain) {
  (void)r;
  *used = in.len;
  if (in.len == 0) return 0;
  *plain = in;
  return 1;
}

static int record_seal(p2p__record *r, const p2p_bytes *v, size_t n, uint8_t *out, size_t *len) {
  p2p__wr w = p2p__wr_of(out, r->max);
  for (size_t i = 0; i < n; i++) p2p__wr_bytes_in(&w, v[i]);
  if (w.err) return P2P_EINVAL;
  *len = w.len;
  return 0;
}

static void record_free(p2p__record *r) {
  plaintext_record *p = (plaintext_record *)r;
  p2p__release(p->mem, P2P__MEM_RECORD, p, sizeof *p);
}

static const p2p__record_ops record_ops = {
  .open = record_open,
  .seal = record_seal,
  .free = record_free,
};

static int record_new(p2p__env *env, p2p__record **out) {
  plaintext_record *p = p2p__alloc(env->mem, P2P__MEM_RECORD, sizeof *p);
  if (!p) return P2P_ENOMEM;
  p->record = (p2p__record){ .ops = &record_ops, .max = RECORD_MAX };
  p->mem = env->mem;
  *out = &p->record;
  return 0;
}

/* ---- step ---- */

typedef struct plaintext_step {
  p2p__step step;
  p2p__env *env;
  const p2p_identity *identity;
  p2p_peer_id expected;
  p2p_time deadline;
  bool said;
  int end; /* 0: waiting; 1: done; <0: failed */
  p2p__record *record;
  p2p_peer_id peer;
  size_t pubkey_len;
  uint8_t pubkey[P2P__PUBKEY_MAX];
} plaintext_step;

static plaintext_step *plaintext_of(p2p__step *s) { return (plaintext_step *)s; }

static int read_exchange(p2p_bytes message, p2p_bytes *id, p2p_bytes *pubkey) {
  p2p__rd r = p2p__rd_of(message);
  p2p__pb_field f;
  int got;
  *id = *pubkey = p2p__bytes(NULL, 0);
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    if (f.wire != WIRE_BYTES) continue;
    if (f.number == EXCHANGE_ID) *id = f.bytes;
    if (f.number == EXCHANGE_PUBKEY) *pubkey = f.bytes;
  }
  return got;
}

/* The id must be the key's own, and the one we dialed. Nobody proves to own the key. */
static int meet(plaintext_step *s, p2p_bytes message) {
  p2p_bytes id, pubkey;
  int err = read_exchange(message, &id, &pubkey);
  if (err) return err;
  if (pubkey.len > sizeof s->pubkey) return P2P_ELIMIT;
  if (p2p_peer_id_from_pubkey(pubkey, &s->peer)) return P2P_EAUTH;
  if (!p2p__bytes_eq(id, p2p__bytes(s->peer.b, s->peer.len))) return P2P_EAUTH;
  if (s->expected.len && !p2p_peer_id_eq(&s->expected, &s->peer)) return P2P_EPEER;
  memcpy(s->pubkey, pubkey.p, pubkey.len);
  s->pubkey_len = pubkey.len;
  err = record_new(s->env, &s->record);
  return err ? err : 1;
}

static int plaintext_recv(p2p__step *step, p2p_bytes in, size_t *used, p2p_time now) {
  plaintext_step *s = plaintext_of(step);
  p2p__rd r = p2p__rd_of(in);
  *used = 0;
  if (s->end) return s->end;
  if (now >= s->deadline) return s->end = P2P_ETIMEOUT;
  p2p_bytes message = p2p__rd_prefixed(&r, EXCHANGE_MAX);
  if (r.err == P2P_ESHORT) return 0;
  if (r.err) return s->end = r.err;
  *used = in.len - p2p__rd_left(&r);
  return s->end = meet(s, message);
}

static void put_exchange(p2p__wr *w, const p2p_identity *id) {
  p2p__wr_varint(w, p2p__pb_bytes_len(EXCHANGE_ID, id->peer.len) +
                        p2p__pb_bytes_len(EXCHANGE_PUBKEY, id->pubkey_len));
  p2p__pb_bytes(w, EXCHANGE_ID, p2p__bytes(id->peer.b, id->peer.len));
  p2p__pb_bytes(w, EXCHANGE_PUBKEY, p2p__bytes(id->pubkey, id->pubkey_len));
}

static void plaintext_send(p2p__step *step, p2p__wr *out) {
  plaintext_step *s = plaintext_of(step);
  if (s->said) return;
  p2p__wr w = *out;
  put_exchange(&w, s->identity);
  if (w.err) {
    out->err = w.err;
    return;
  }
  *out = w;
  s->said = true;
}

static p2p_time plaintext_deadline(const p2p__step *step) {
  return ((const plaintext_step *)step)->deadline;
}

static void plaintext_take(p2p__step *step, p2p__step_result *out) {
  plaintext_step *s = plaintext_of(step);
  out->record = s->record;
  s->record = NULL;
  out->peer = s->peer;
  memcpy(out->pubkey, s->pubkey, s->pubkey_len);
  out->pubkey_len = s->pubkey_len;
}

static void plaintext_free(p2p__step *step) {
  plaintext_step *s = plaintext_of(step);
  p2p__record_free(s->record);
  p2p__release(s->env->mem, P2P__MEM_LINK, s, sizeof *s);
}

static const p2p__step_ops plaintext_ops = {
  .recv = plaintext_recv,
  .send = plaintext_send,
  .deadline = plaintext_deadline,
  .take = plaintext_take,
  .free = plaintext_free,
};

int p2p__plaintext_step(p2p__env *env, const p2p_identity *id, const p2p_peer_id *expected,
                        p2p_time deadline, p2p__step **out) {
  *out = NULL;
  plaintext_step *s = p2p__alloc(env->mem, P2P__MEM_LINK, sizeof *s);
  if (!s) return P2P_ENOMEM;
  s->step.ops = &plaintext_ops;
  s->env = env;
  s->identity = id;
  if (expected) s->expected = *expected;
  s->deadline = deadline;
  *out = &s->step;
  return 0;
}
