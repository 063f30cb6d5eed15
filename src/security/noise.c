/* The Noise handshake as a step: framing, order of messages, identity, result.
 * Spec: noise/README.md. */
#include "security/noise.h"
#include "security/noise_payload.h"
#include "security/noise_record.h"
#include "security/noise_xx.h"

/* ---- the host's static key ---- */

int p2p__noise_static_init(p2p__noise_static *k, p2p__env *env, const p2p_identity *id) {
  uint8_t text[P2P__NOISE_SIGNED];
  memset(k, 0, sizeof *k);
  int err = p2p__random(env, k->secret, sizeof k->secret);
  if (err) goto fail;
  p2p__x25519_public(k->secret, k->pub);
  p2p__noise_signed(k->pub, text);
  err = id->sign(id->ctx, p2p__bytes(text, sizeof text), k->sig, &k->sig_len);
  if (err) goto fail;
  k->identity = id;
  return 0;
fail:
  p2p__noise_static_fini(k);
  return err;
}

void p2p__noise_static_fini(p2p__noise_static *k) {
  if (k) p2p__wipe(k, sizeof *k);
}

/* ---- the step ---- */

/*   initiator: say 1 (at birth) -> hear 2, say 3: done
 *   responder: hear 1, say 2 -> hear 3: done
 *
 * xx.turn counts the messages; what was said waits in `said` until send takes it. */
typedef struct noise_step {
  p2p__step step;
  p2p__env *env;
  p2p__noise_config config; /* its payload parts are used up at birth */
  p2p__noise_xx xx;
  int end; /* 0: shaking hands; 1: done; <0: failed */
  /* the result */
  p2p__record *record;
  p2p_peer_id peer;
  p2p_bytes pubkey; /* inside heard */
  int muxer;
  uint8_t *heard; /* decrypted payload of the remote, heard_cap bytes */
  size_t heard_cap;
  /* our payload in plain, payload_len bytes; behind it what waits to leave, said_cap bytes */
  size_t payload_len, said_len, said_cap;
  uint8_t bytes[];
} noise_step;

static noise_step *noise_of(p2p__step *s) { return (noise_step *)s; }

static uint8_t *noise_said(noise_step *s) { return s->bytes + s->payload_len; }

static size_t noise_size(const noise_step *s) { return sizeof *s + s->payload_len + s->said_cap; }

/* The one way out of the handshake: secrets do not outlive it. */
static int noise_conclude(noise_step *s, int end) {
  s->end = end;
  if (end) p2p__noise_xx_fini(&s->xx);
  return end;
}

/* Frames the next message of ours and leaves it to send. */
static int say(noise_step *s, p2p_bytes payload) {
  p2p__wr w = p2p__wr_of(noise_said(s), s->said_cap);
  p2p__span frame = p2p__wr_room(&w, P2P__NOISE_HEAD);
  if (w.err) return w.err;
  int err = p2p__noise_xx_write(&s->xx, payload, &w);
  if (err) return err;
  p2p__put_be16(frame.p, (uint16_t)(w.len - P2P__NOISE_HEAD));
  s->said_len = w.len;
  return 0;
}

static int say_identity(noise_step *s) { return say(s, p2p__bytes(s->bytes, s->payload_len)); }

/* Extensions are told to others only here, behind the signature. */
static int meet(noise_step *s, p2p_bytes bytes) {
  p2p__noise_payload p;
  int err = p2p__noise_payload_read(bytes, &s->config, &p);
  if (err) return err;
  err = p2p__noise_payload_verify(&p, s->xx.rs, &s->config.expected, &s->peer);
  if (err) return err;
  if (s->config.on_certhashes) {
    err = s->config.on_certhashes(s->config.ctx, p.certhashes, p.n_certhashes);
    if (err < 0) return err;
  }
  s->pubkey = p.key;
  s->muxer = p.muxer;
  return 0;
}

static int establish(noise_step *s) {
  uint8_t seal[P2P__NOISE_KEY], open[P2P__NOISE_KEY];
  p2p__noise_xx_split(&s->xx, seal, open);
  int err = p2p__noise_record_new(s->env, seal, open, &s->record);
  p2p__wipe(seal, sizeof seal);
  p2p__wipe(open, sizeof open);
  return err ? err : 1;
}

static void forget_heard(noise_step *s) {
  if (s->heard) p2p__release(s->env->mem, P2P__MEM_LINK, s->heard, s->heard_cap);
  s->heard = NULL;
}

/* Decrypts a message into `heard`. */
static int hear(noise_step *s, p2p_bytes message, p2p_bytes *payload) {
  if (message.len == 0) return P2P_EPROTO;
  s->heard_cap = message.len;
  s->heard = p2p__alloc_raw(s->env->mem, P2P__MEM_LINK, message.len);
  if (!s->heard) return P2P_ENOMEM;
  size_t len = 0;
  int err = p2p__noise_xx_read(&s->xx, message, s->heard, &len);
  if (!err) *payload = p2p__bytes(s->heard, len);
  return err;
}

static int on_message(noise_step *s, p2p_bytes message) {
  if (s->said_len) return P2P_EPROTO; /* an answer to what we have not sent yet */
  p2p_bytes payload;
  int err = hear(s, message, &payload);
  if (err) return err;
  if (s->xx.turn == 1) { /* message 1: nobody is there yet, its payload is nobody's word */
    forget_heard(s);
    return say_identity(s);
  }
  err = meet(s, payload);
  if (!err && s->config.initiator) err = say_identity(s);
  return err ? err : establish(s);
}

/* 1: one whole message, r stands behind it; 0: not all there yet. */
static int next_message(p2p__rd *r, uint64_t max, p2p_bytes *message) {
  p2p__rd c = *r;
  size_t len = p2p__rd_be16(&c);
  if (c.err) return 0;
  if (len > max) return P2P_ELIMIT;
  *message = p2p__rd_bytes(&c, len);
  if (c.err) return 0;
  *r = c;
  return 1;
}

static int noise_recv(p2p__step *step, p2p_bytes in, size_t *used, p2p_time now) {
  noise_step *s = noise_of(step);
  p2p__rd r = p2p__rd_of(in);
  *used = 0;
  if (!s->end && now >= s->config.deadline) return noise_conclude(s, P2P_ETIMEOUT);
  while (!s->end) {
    p2p_bytes message;
    int got = next_message(&r, s->env->limits->noise_handshake, &message);
    if (got <= 0) return noise_conclude(s, got);
    *used = in.len - p2p__rd_left(&r);
    noise_conclude(s, on_message(s, message));
  }
  return s->end;
}

static void noise_send(p2p__step *step, p2p__wr *out) {
  noise_step *s = noise_of(step);
  if (s->said_len == 0) return;
  p2p__wr_bytes_in(out, p2p__bytes(noise_said(s), s->said_len));
  if (!out->err) s->said_len = 0;
}

static p2p_time noise_deadline(const p2p__step *step) {
  return ((const noise_step *)step)->config.deadline;
}

static void noise_take(p2p__step *step, p2p__step_result *out) {
  noise_step *s = noise_of(step);
  out->record = s->record;
  s->record = NULL;
  out->peer = s->peer;
  memcpy(out->pubkey, s->pubkey.p, s->pubkey.len);
  out->pubkey_len = s->pubkey.len;
  out->muxer = s->muxer;
}

static void noise_free(p2p__step *step) {
  noise_step *s = noise_of(step);
  p2p__noise_xx_fini(&s->xx);
  p2p__record_free(s->record);
  forget_heard(s);
  p2p__release(s->env->mem, P2P__MEM_LINK, s, noise_size(s));
}

static const p2p__step_ops noise_ops = {
  .recv = noise_recv,
  .send = noise_send,
  .deadline = noise_deadline,
  .take = noise_take,
  .free = noise_free,
};

/* Makes our payload, the ephemeral key and, on the initiator's side, message 1. */
static int noise_begin(noise_step *s) {
  p2p__wr payload = p2p__wr_of(s->bytes, s->payload_len);
  p2p__noise_payload_put(&payload, &s->config);
  if (payload.err) return payload.err;
  uint8_t e[P2P__NOISE_KEY];
  int err = p2p__random(s->env, e, sizeof e);
  if (err) return err;
  const p2p__noise_static *key = s->config.key;
  p2p__noise_xx_init(&s->xx, s->env->crypto, s->config.initiator, key->secret, key->pub, e,
                     s->config.prologue);
  p2p__wipe(e, sizeof e);
  return s->config.initiator ? say(s, p2p__bytes(NULL, 0)) : 0;
}

int p2p__noise_step(p2p__env *env, const p2p__noise_config *config, p2p__step **out) {
  *out = NULL;
  size_t payload = p2p__noise_payload_len(config);
  if (payload > P2P__NOISE_MAX - P2P__NOISE_MESSAGE_2) return P2P_ELIMIT;
  size_t cap = P2P__NOISE_HEAD + P2P__NOISE_MESSAGE_2 + payload;
  noise_step *s = p2p__alloc(env->mem, P2P__MEM_LINK, sizeof *s + payload + cap);
  if (!s) return P2P_ENOMEM;
  s->step.ops = &noise_ops;
  s->env = env;
  s->config = *config;
  s->muxer = -1;
  s->payload_len = payload;
  s->said_cap = cap;
  int err = noise_begin(s);
  if (err) {
    noise_free(&s->step);
    return err;
  }
  *out = &s->step;
  return 0;
}
