/* Identify: answers, asks, pushes. What is heard is believed or not in apply.c. */
#include "multiformats/multiaddr.h"
#include "peer/peer_record.h"
#include "protocol/identify/internal.h"

static const char VERSION[] = "ipfs/0.1.0";      /* of the protocol family; what kubo and js say */
static const p2p_time PUSH_DELAY = 100 * P2P_MS; /* changes come in groups */

enum { LINE_ID = 0, LINE_PUSH = 1, PUSH_STREAMS_IN = 2, PUSHES_MAX = 32, PUSH_BURST = 8 };
enum { TAG_ID = 1, TAG_PUSH = 2 };

/* ---- what we say ---- */

/* A path in the file system: of use to who came by one, and nobody else's business. */
static bool is_path(p2p_bytes addr) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  return p2p__ma_next(&r, &part) == 1 && part.code == P2P__MA_UNIX;
}

/* Our addresses, as many as fit: paths, or all others. */
static size_t own_addrs(const identify *d, bool paths, p2p__wr *w, p2p_bytes *addrs, size_t max) {
  size_t n = 0;
  for (size_t i = 0; n < max; i++) {
    size_t from = w->len;
    if (d->config.addr(d->config.ctx, i, w) != 1 || w->err) break;
    p2p_bytes addr = p2p__bytes(w->p + from, w->len - from);
    if (is_path(addr) == paths) {
      addrs[n++] = addr;
    } else {
      w->len = from;
    }
  }
  return n;
}

/* Signs our addresses anew when they may have changed. Without a record the rest still stands. */
static void record_refresh(identify *d, const p2p_bytes *addrs, size_t n) {
  if (!d->record_stale) return;
  d->record_stale = false;
  uint64_t seq = (uint64_t)d->config.unix_ns(d->config.ctx);
  d->record_seq = seq > d->record_seq ? seq : d->record_seq + 1;
  p2p__wr w = p2p__wr_of(d->record, sizeof d->record);
  int err = p2p__peer_record_seal(d->config.identity, d->record_seq, addrs, n,
                                  p2p__span_of(d->room, sizeof d->room), &w);
  d->record_len = err < 0 ? 0 : w.len;
  if (err < 0) {
    p2p__logf(&d->env->log, P2P_LOG_WARN, "identify no signed record: %s", p2p_strerror(err));
  }
}

/* Writes our message for the peer at the other end of `observed`, most important first. Who came by a
 * path has no address there: the path is ours, and js-libp2p takes it for a broken message. */
static p2p__identify_out say(identify *d, p2p_bytes observed) {
  uint8_t buf[OWN_ADDRS_BYTES];
  p2p_bytes addrs[OWN_ADDRS];
  p2p__wr w = p2p__wr_of(buf, sizeof buf);
  size_t n = own_addrs(d, false, &w, addrs, P2P_COUNT(addrs));
  record_refresh(d, addrs, n);
  if (is_path(observed)) {
    n += own_addrs(d, true, &w, addrs + n, P2P_COUNT(addrs) - n);
    observed.len = 0;
  }
  p2p__identify_out out = { .p = d->room };
  const p2p_identity *id = d->config.identity;
  bool all = p2p__identify_put(&out, P2P__IDENTIFY_PUBKEY, p2p__bytes(id->pubkey, id->pubkey_len));
  all &= p2p__identify_put(&out, P2P__IDENTIFY_VERSION, p2p__cstr(VERSION));
  all &= p2p__identify_put(&out, P2P__IDENTIFY_AGENT, p2p__cstr(d->config.agent));
  all &= p2p__identify_put(&out, P2P__IDENTIFY_OBSERVED, observed);
  for (size_t i = 0; i < n; i++) all &= p2p__identify_put(&out, P2P__IDENTIFY_ADDR, addrs[i]);
  const char *protocol;
  for (size_t i = 0; (protocol = d->config.protocol(d->config.ctx, i)) != NULL; i++) {
    all &= p2p__identify_put(&out, P2P__IDENTIFY_PROTOCOL, p2p__cstr(protocol));
  }
  all &= p2p__identify_put(&out, P2P__IDENTIFY_RECORD, p2p__bytes(d->record, d->record_len));
  if (!all) p2p__logf(&d->env->log, P2P_LOG_WARN, "identify message too long, cut");
  return out;
}

static void answer(identify *d, const p2p__fact *f) {
  p2p__identify_out out = say(d, f->addr);
  for (size_t i = 0; i < out.n; i++) {
    p2p__acts_push(&d->acts, (p2p__act){ .kind = P2P__ACT_SEND,
                                         .stream = f->stream,
                                         .bytes = p2p__identify_part(&out, i) });
  }
  p2p__acts_push(&d->acts, (p2p__act){ .kind = P2P__ACT_FINISH, .stream = f->stream });
}

/* ---- what we ask ---- */

static void ask(identify *d, const p2p__fact *f) {
  p2p__acts_push(&d->acts, (p2p__act){ .kind = P2P__ACT_ASK,
                                       .peer = f->peer,
                                       .conn = f->conn,
                                       .protocol = LINE_ID,
                                       .tag = TAG_ID,
                                       .merge = true,
                                       .n = (size_t)d->env->limits->identify_messages,
                                       .timeout = d->env->limits->identify_timeout });
}

static void emit(identify *d, const p2p__fact *f, int err) {
  if (err < 0) {
    p2p__logf(&d->env->log, P2P_LOG_INFO, "identify conn=%llx failed: %s",
              (unsigned long long)f->conn, p2p_strerror(err));
  }
  p2p__acts_push(
      &d->acts,
      (p2p__act){ .kind = P2P__ACT_EMIT,
                  .peer = f->peer,
                  .event = { .kind = P2P_EV_IDENTIFIED, .conn.id = f->conn, .err = err } });
}

static void on_answer(identify *d, const p2p__fact *f) {
  if (f->tag == TAG_PUSH) {
    d->n_pushing--;
    return;
  }
  int err = f->err;
  if (err >= 0 && f->bytes.len == 0) err = P2P_EEOF;
  if (err >= 0) err = p2p__identify_apply(d, f, false);
  emit(d, f, err);
}

/* ---- pushes ---- */

/* True when the peer may push now. A burst is let through, as its last message is the one that
 * counts; beyond it one each interval. */
static bool push_is_paid(identify *d, p2p__peer *peer) {
  p2p_time interval = d->env->limits->identify_push_interval;
  p2p_time from = peer->pushes_paid > d->now ? peer->pushes_paid : d->now;
  if (from - d->now > (PUSH_BURST - 1) * interval) return false;
  peer->pushes_paid = p2p__time_add(from, interval);
  return true;
}

static void on_opened(identify *d, const p2p__fact *f) {
  p2p__peer *peer = p2p__peer_at(d->config.peers, f->peer);
  if (f->protocol == LINE_ID) {
    answer(d, f);
  } else if (!peer || !push_is_paid(d, peer)) {
    p2p__acts_push(&d->acts, (p2p__act){ .kind = P2P__ACT_RESET, .stream = f->stream });
  }
}

static void on_message(identify *d, const p2p__fact *f) {
  if (f->protocol == LINE_PUSH) {
    emit(d, f, p2p__identify_apply(d, f, true));
  } else { /* whoever asks has nothing to say */
    p2p__acts_push(&d->acts, (p2p__act){ .kind = P2P__ACT_RESET, .stream = f->stream });
  }
}

static void on_ended(identify *d, const p2p__fact *f) {
  p2p__acts_push(&d->acts, (p2p__act){ .kind = P2P__ACT_FINISH, .stream = f->stream });
}

static bool is_alone(const identify *d) {
  for (uint32_t i = 0; i < d->config.peers->n; i++) {
    const p2p__peer *peer = p2p__peer_at(d->config.peers, i);
    if (peer && !p2p__list_empty(&peer->conns)) return false;
  }
  return true;
}

/* Who connects later asks, and is told all of it: a push would only be a second, poorer answer,
 * without the address the peer was observed at. */
static void on_changed(identify *d) {
  d->record_stale = true;
  if (is_alone(d)) return;
  if (d->push_at == P2P_NEVER) d->push_at = p2p__time_add(d->now, PUSH_DELAY);
}

/* Connected, and not known to lack push: one who has not told yet may have asked before the change. */
static bool wants_push(const p2p__peer *peer) {
  if (!peer || p2p__list_empty(&peer->conns)) return false;
  return !peer->identified || p2p__peer_speaks(peer, p2p__identify_push_id);
}

/* The next push of a round: one to each connected peer, a few at a time. */
static bool push_next(identify *d) {
  if (d->now >= d->push_at) {
    d->push_at = P2P_NEVER;
    d->push_cursor = 0;
  }
  const p2p__peers *peers = d->config.peers;
  while (d->n_pushing < PUSHES_MAX && d->push_cursor < peers->n) {
    const p2p__peer *peer = p2p__peer_at(peers, d->push_cursor++);
    if (!wants_push(peer)) continue;
    p2p__identify_out out = say(d, p2p__bytes(NULL, 0));
    d->n_pushing++;
    p2p__acts_push(&d->acts, (p2p__act){ .kind = P2P__ACT_ASK,
                                         .peer = peer->index,
                                         .protocol = LINE_PUSH,
                                         .tag = TAG_PUSH,
                                         .merge = true, /* until the end, and nothing before it */
                                         .bytes = p2p__identify_part(&out, 0),
                                         .timeout = d->env->limits->identify_timeout });
    return true;
  }
  return false;
}

/* ---- the behaviour ---- */

static void identify_fact(p2p__behaviour *b, const p2p__fact *f, p2p_time now) {
  identify *d = P2P_CONTAINER(b, identify, base);
  d->now = now;
  switch (f->kind) {
  case P2P__FACT_CONN_UP: ask(d, f); break;
  case P2P__FACT_ANSWER: on_answer(d, f); break;
  case P2P__FACT_OPENED: on_opened(d, f); break;
  case P2P__FACT_MESSAGE: on_message(d, f); break;
  case P2P__FACT_ENDED: on_ended(d, f); break;
  case P2P__FACT_ADDRS: on_changed(d); break;
  default: break;
  }
}

static bool identify_next(p2p__behaviour *b, p2p__act *a) {
  identify *d = P2P_CONTAINER(b, identify, base);
  if (d->acts.n == 0) (void)push_next(d);
  return p2p__acts_pop(&d->acts, a);
}

static p2p_time identify_deadline(const p2p__behaviour *b) {
  return P2P_CONST_CONTAINER(b, identify, base)->push_at;
}

static void identify_free(p2p__behaviour *b) {
  identify *d = P2P_CONTAINER(b, identify, base);
  p2p__mem *mem = d->env->mem;
  p2p__release(mem, P2P__MEM_IDENTIFY, d->addrs, (d->addrs_max + 1) * sizeof *d->addrs);
  p2p__release(mem, P2P__MEM_IDENTIFY, d->protocols, d->protocols_max * sizeof *d->protocols);
  p2p__release(mem, P2P__MEM_IDENTIFY, d, sizeof *d);
}

static const p2p__behaviour_ops identify_ops = {
  .name = "identify",
  .fact = identify_fact,
  .next = identify_next,
  .deadline = identify_deadline,
  .free = identify_free,
};

static void set_lines(identify *d) {
  const p2p__limits *limits = d->env->limits;
  p2p__protocol_line id = { .id = p2p__identify_id,
                            .framing = P2P__FRAMED,
                            .limit = (size_t)limits->identify_message,
                            .timeout = limits->identify_timeout,
                            .in_per_peer = (uint32_t)limits->conns_per_peer };
  p2p__protocol_line push = id;
  push.id = p2p__identify_push_id;
  push.messages = (uint32_t)limits->identify_messages;
  push.in_per_peer = PUSH_STREAMS_IN;
  d->lines[LINE_ID] = id;
  d->lines[LINE_PUSH] = push;
}

int p2p__identify_new(p2p__env *env, const p2p__identify_config *config, p2p__behaviour **out) {
  *out = NULL;
  identify *d = p2p__alloc(env->mem, P2P__MEM_IDENTIFY, sizeof *d);
  if (!d) return P2P_ENOMEM;
  d->base = (p2p__behaviour){ .ops = &identify_ops, .protocols = d->lines };
  d->env = env;
  d->config = *config;
  d->record_stale = true;
  d->push_at = P2P_NEVER;
  d->push_cursor = UINT32_MAX;
  set_lines(d);
  d->addrs_max = (size_t)env->limits->identify_addrs;
  d->protocols_max = (size_t)env->limits->identify_protocols;
  d->addrs = p2p__alloc_raw(env->mem, P2P__MEM_IDENTIFY, (d->addrs_max + 1) * sizeof *d->addrs);
  d->protocols = p2p__alloc_raw(env->mem, P2P__MEM_IDENTIFY,
                                d->protocols_max * sizeof *d->protocols);
  if (!d->addrs || !d->protocols) {
    identify_free(&d->base);
    return P2P_ENOMEM;
  }
  *out = &d->base;
  return 0;
}
