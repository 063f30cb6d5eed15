/* The upgrade of a byte link: which steps speak when, and what their results become.
 * Spec: connections/README.md, "Upgrading Connections"; connections/inlined-muxer-negotiation.md.
 *
 * Initiator with optimism, in flights:  [select + secure 1] [secure 3 + muxer's bytes]
 * The muxer's bytes follow at once when the handshake agreed on it, else behind the optimistic
 * proposal of select_mux. */
#include "transport/byte_link_internal.h"

static bool offer_fits(const p2p__upgrades *u) {
  return u->n_securities > 0 && u->n_securities <= BL_OFFERS && u->n_muxers > 0;
}

/* The configured order, but the one the peer is known to speak first. */
static void upgrade_order(byte_link *l, bl_upgrade *up, size_t first) {
  const p2p__upgrades *u = l->upgrades;
  if (first >= u->n_securities) first = 0;
  for (size_t i = 0; i < u->n_securities; i++) {
    size_t j = i == 0 ? first : i <= first ? i - 1 : i;
    up->security_index[i] = j;
    up->security_ids[i] = u->security_ids[j];
  }
  up->n_securities = u->n_securities;
}

int p2p__bl_upgrade_new(byte_link *l, const p2p__link_spec *spec) {
  if (!offer_fits(l->upgrades)) return P2P_ENOSEC;
  bl_upgrade *up = p2p__alloc(p2p__bl_loop(l)->mem, P2P__MEM_LINK, sizeof *up);
  if (!up) return P2P_ENOMEM;
  up->spec = *spec;
  up->result.protocol = up->result.muxer = -1;
  upgrade_order(l, up, l->initiator ? spec->security : 0);
  up->offer = (p2p__multistream_offer){ .ids = up->security_ids,
                                        .n = up->n_securities,
                                        .trace = spec->trace,
                                        .trace_ctx = spec->trace_ctx };
  up->mux_offer = (p2p__multistream_offer){ .ids = l->upgrades->muxer_ids,
                                            .n = l->upgrades->n_muxers,
                                            .trace = spec->trace,
                                            .trace_ctx = spec->trace_ctx };
  l->up = up;
  return 0;
}

void p2p__bl_upgrade_free(byte_link *l) {
  bl_upgrade *up = l->up;
  if (!up) return;
  p2p__step_free(up->select);
  p2p__step_free(up->secure);
  p2p__step_free(up->select_mux);
  p2p__record_free(up->result.record); /* when the handshake's result was not taken over */
  if (up->plain) p2p__wipe(up->plain, BL_PLAIN);
  p2p__release(p2p__bl_env(l)->mem, P2P__MEM_LINK, up->plain, BL_PLAIN);
  p2p__release(p2p__bl_loop(l)->mem, P2P__MEM_LINK, up, sizeof *up);
  l->up = NULL;
}

static int upgrade_secure(byte_link *l, size_t offered) {
  bl_upgrade *up = l->up;
  const p2p__upgrades *u = l->upgrades;
  up->security = up->security_index[offered];
  const p2p__security *s = &u->securities[up->security];
  return s->make(s->ctx, p2p__bl_env(l), l->initiator, &up->spec.expected, u->muxer_ids,
                 u->n_muxers, l->deadline, &up->secure);
}

int p2p__bl_upgrade_start(byte_link *l, p2p_time now) {
  (void)now;
  bl_upgrade *up = l->up;
  if (!l->initiator)
    return p2p__multistream_listen(p2p__bl_env(l), &up->offer, l->deadline, &up->select);
  int err = p2p__multistream_dial(p2p__bl_env(l), &up->offer, up->spec.optimistic, l->deadline,
                                  &up->select);
  if (err < 0 || !up->spec.optimistic) return err;
  return upgrade_secure(l, 0);
}

/* ---- after the handshake ---- */
static int upgrade_make_mux(byte_link *l, size_t index, p2p_time now) {
  const p2p__muxer *m = &l->upgrades->muxers[index];
  return m->make(p2p__bl_loop(l), l->budget, l->initiator, now, &l->mux);
}

static int upgrade_tell_up(byte_link *l, size_t muxer, bool early, p2p_time now) {
  int err = upgrade_make_mux(l, muxer, now);
  if (err < 0) return err;
  p2p__bl_state(l, BL_UP);
  if (!l->up->select_mux) l->deadline = P2P_NEVER;
  p2p__up_up up = { .muxer = l->upgrades->muxers[muxer].id,
                    .early = early,
                    .first = l->mux->first,
                    .step = l->mux->step };
  p2p__bl_up(l, &(p2p__up){ .kind = P2P__UP_UP, .up = &up }, now);
  return 0;
}

int p2p__bl_admit(byte_link *l, p2p_time now) {
  bl_upgrade *up = l->up;
  p2p__bl_state(l, BL_MUXING);
  if (up->result.muxer >= 0) return upgrade_tell_up(l, (size_t)up->result.muxer, true, now);
  p2p__env *env = p2p__bl_env(l);
  if (!l->initiator)
    return p2p__multistream_listen(env, &up->mux_offer, l->deadline, &up->select_mux);
  /* Bytes behind a proposal cannot be taken back: with a second muxer to offer they wait. */
  bool sure = l->upgrades->n_muxers == 1;
  int err = p2p__multistream_dial(env, &up->mux_offer, sure, l->deadline, &up->select_mux);
  return err < 0 || !sure ? err : upgrade_tell_up(l, 0, false, now);
}

static int upgrade_secured(byte_link *l, p2p_time now) {
  bl_upgrade *up = l->up;
  up->secure->ops->take(up->secure, &up->result);
  up->secure_done = true;
  l->record = up->result.record;
  up->result.record = NULL;
  l->carry_since = 0; /* what may be kept of a record has just begun */
  p2p__bl_state(l, BL_ADMITTING);
  p2p__up_secured secured = { .peer = up->result.peer,
                              .pubkey = p2p__bytes(up->result.pubkey, up->result.pubkey_len),
                              .security = l->upgrades->securities[up->security].id,
                              .negotiated = true };
  p2p__bl_up(l, &(p2p__up){ .kind = P2P__UP_SECURED, .secured = &secured }, now);
  return 0;
}

static int upgrade_selected(byte_link *l) {
  bl_upgrade *up = l->up;
  p2p__step_result result = { .protocol = -1, .muxer = -1 };
  up->select->ops->take(up->select, &result);
  up->select_done = true;
  size_t offered = (size_t)result.protocol;
  if (up->secure && offered == 0) return 0; /* what was proposed optimistically */
  p2p__step_free(up->secure);
  up->secure = NULL;
  return upgrade_secure(l, offered);
}

/* Gives one step what is there. 1: it is done; 0: it wants more; <0. */
static int upgrade_feed(p2p__step *s, p2p__span *in, p2p_time now) {
  size_t used = 0;
  int r = s->ops->recv(s, p2p__span_bytes(*in), &used, now);
  in->p += used;
  in->len -= used;
  return r;
}

/* A whole line was eaten, which can only be a right one. */
static void upgrade_spoke(byte_link *l, p2p_time now) {
  l->up->spoke = true;
  p2p__bl_costly(l, true);
  p2p__bl_up(l, &(p2p__up){ .kind = P2P__UP_SPOKE }, now);
}

int p2p__bl_upgrade_raw(byte_link *l, p2p__span *in, p2p_time now) {
  while (l->state == BL_SECURING) {
    bl_upgrade *up = l->up;
    p2p__step *step = up->select_done ? up->secure : up->select;
    size_t had = in->len;
    int r = upgrade_feed(step, in, now);
    if (!l->initiator && !up->spoke && in->len < had && r >= 0) upgrade_spoke(l, now);
    if (r <= 0) return r == P2P_ENOPROTO ? P2P_ENOSEC : r;
    r = up->select_done ? upgrade_secured(l, now) : upgrade_selected(l);
    if (r < 0) return r;
  }
  return 0;
}

/* ---- the muxer, inside the record ---- */
static int upgrade_mux_done(byte_link *l, p2p_time now) {
  bl_upgrade *up = l->up;
  p2p__step_result result = { .protocol = -1, .muxer = -1 };
  up->select_mux->ops->take(up->select_mux, &result);
  up->mux_done = true;
  l->deadline = P2P_NEVER;
  if (l->mux) return result.protocol == 0 ? 0 : P2P_ENOMUX; /* bytes of the first went out */
  return upgrade_tell_up(l, (size_t)result.protocol, false, now);
}

int p2p__bl_upgrade_plain(byte_link *l, p2p__span *in, p2p_time now) {
  bl_upgrade *up = l->up;
  size_t had = up->plain_len, n = p2p__min(in->len, BL_PLAIN - had), used = 0;
  if (!up->plain) up->plain = p2p__alloc_raw(p2p__bl_env(l)->mem, P2P__MEM_LINK, BL_PLAIN);
  if (!up->plain) return P2P_ENOMEM;
  memcpy(up->plain + had, in->p, n);
  int r = up->select_mux->ops->recv(up->select_mux, p2p__bytes(up->plain, had + n), &used, now);
  if (r < 0) return r == P2P_ENOPROTO ? P2P_ENOMUX : r;
  if (r == 0 && n < in->len && used == 0) return P2P_ELIMIT; /* a line longer than any of ours */
  size_t eaten = r == 1 ? used - had : n; /* what was kept before was no whole line */
  up->plain_len = r == 1 ? 0 : had + n - used;
  memmove(up->plain, up->plain + used, up->plain_len);
  in->p += eaten;
  in->len -= eaten;
  return r == 1 ? upgrade_mux_done(l, now) : 0;
}

/* ---- what steps say ---- */
static bool upgrade_may_follow(const p2p__step *s, bool done) {
  return done || (s->ops->early && s->ops->early(s));
}

/* Frees a finished step once it has said its last. */
static void upgrade_drop(p2p__step **s, bool done) {
  if (!done || !*s) return;
  (*s)->ops->free(*s);
  *s = NULL;
}

/* All agreed and all said: the upgrade's memory goes back. */
static void upgrade_settle(byte_link *l) {
  bl_upgrade *up = l->up;
  if (up->secure_done && !up->secure && !up->select && l->mux && !up->select_mux)
    p2p__bl_upgrade_free(l);
}

void p2p__bl_upgrade_send(byte_link *l, p2p__wr *w) {
  bl_upgrade *up = l->up;
  if (up->select) {
    up->select->ops->send(up->select, w);
    if (!upgrade_may_follow(up->select, up->select_done)) return;
  }
  if (up->secure) {
    size_t before = w->len;
    up->secure->ops->send(up->secure, w);
    if (up->select && !up->select_done && w->len > before) p2p__multistream_committed(up->select);
  }
  upgrade_drop(&up->select, up->select_done);
  upgrade_drop(&up->secure, up->secure_done);
  upgrade_settle(l);
}

void p2p__bl_upgrade_send_plain(byte_link *l, p2p__wr *w) {
  bl_upgrade *up = l->up;
  if (!up->select_mux) return;
  up->select_mux->ops->send(up->select_mux, w);
  if (l->mux && l->initiator && !up->mux_done) p2p__multistream_committed(up->select_mux);
  upgrade_drop(&up->select_mux, up->mux_done);
  upgrade_settle(l);
}
