/* Perf, both sides. See perf.h. */
#include "protocol/perf/perf.h"
#include "base/list.h"
#include "base/map.h"
#include "protocol/protocol.h"

enum { HEAD = 8, STREAMS_IN = 256 };

static const p2p_time SILENCE = 60 * P2P_SECOND;
static const p2p_time REPORT = P2P_SECOND;
static const p2p_time RETRY = 5 * P2P_MS; /* when others have all the room there is */

/* One stream, on either side. */
typedef struct flow {
  uint64_t key; /* client: tag; server: stream */
  uint64_t stream;
  uint32_t peer;
  bool client, sending;
  uint8_t head_len, head[HEAD];
  uint64_t wanted; /* client: bytes to come; server: bytes to send back, once the head is whole */
  uint64_t to_send, sent, received;
  size_t queued; /* at most so much waits in the stream */
  size_t last;   /* bytes of the last SEND */
  p2p_time began, report_at;
  p2p__list send_node, report_node;
} flow;

typedef struct perf {
  p2p__behaviour base;
  p2p__env *env;
  p2p__protocol_line lines[2];
  p2p__block *zeros;
  p2p__u64map clients, servers; /* by key */
  p2p__list sending;            /* may send at once */
  p2p__list stalled; /* found no room, and nothing of theirs will leave that would tell of some */
  p2p__list reports; /* in order of report_at */
  uint64_t next_tag;
  p2p_time now, retry_at;
  p2p__acts acts;
} perf;

/* ---- flows ---- */

static p2p__u64map *flow_map(perf *p, bool client) { return client ? &p->clients : &p->servers; }

static flow *flow_new(perf *p, bool client, uint64_t key) {
  flow *w = p2p__alloc(p->env->mem, P2P__MEM_PROTOCOL, sizeof *w);
  if (!w) return NULL;
  w->client = client;
  w->key = key;
  p2p__list_init(&w->send_node);
  p2p__list_init(&w->report_node);
  if (p2p__u64map_add(flow_map(p, client), key, w) < 0) {
    p2p__release(p->env->mem, P2P__MEM_PROTOCOL, w, sizeof *w);
    return NULL;
  }
  return w;
}

static void flow_forget(perf *p, flow *w) {
  (void)p2p__u64map_del(flow_map(p, w->client), w->key);
  p2p__list_del(&w->send_node);
  p2p__list_del(&w->report_node);
  p2p__release(p->env->mem, P2P__MEM_PROTOCOL, w, sizeof *w);
}

static flow *flow_of(perf *p, const p2p__fact *f) {
  return p2p__u64map_find(flow_map(p, !f->inbound), f->inbound ? f->stream : f->tag);
}

static void push_reset(perf *p, uint64_t stream) {
  p2p__acts_push(&p->acts, (p2p__act){ .kind = P2P__ACT_RESET, .stream = stream });
}

static void push_report(perf *p, const flow *w, bool done, int err) {
  p2p__act a = { .kind = P2P__ACT_EMIT,
                 .peer = w->peer,
                 .event = { .kind = P2P_EV_PERF,
                            .err = err,
                            .perf = { .id = w->key,
                                      .uploaded = w->sent - p2p__min(w->queued, w->sent),
                                      .downloaded = w->received,
                                      .elapsed = p->now - w->began,
                                      .done = done } } };
  p2p__acts_push(&p->acts, a);
}

/* The end of a measurement. */
static void client_done(perf *p, flow *w, int err) {
  push_report(p, w, true, err);
  flow_forget(p, w);
}

/* ---- sending ---- */

static void flow_send(perf *p, flow *w) {
  p2p__list_del(&w->send_node);
  p2p__list_add(&p->sending, &w->send_node);
}

/* What one flow may have waiting: all flows together half of what a connection may. */
static size_t flow_window(const perf *p) {
  size_t n = p->clients.n + p->servers.n;
  uint64_t share = p->env->limits->conn_send_queue / 2 / p2p__max(n, 1);
  share = share > p->zeros->cap ? share : p->zeros->cap;
  return (size_t)(share < p->env->limits->stream_send_queue ? share
                                                            : p->env->limits->stream_send_queue);
}

static size_t block_len(const perf *p, const flow *w) {
  return w->to_send < p->zeros->cap ? (size_t)w->to_send : p->zeros->cap;
}

static void push_block(perf *p, flow *w) {
  size_t n = block_len(p, w);
  w->to_send -= n;
  w->sent += n;
  w->queued += n;
  w->last = n;
  p2p__act a = {
    .kind = P2P__ACT_SEND, .stream = w->stream, .block = p->zeros, .n = n, .room = true
  };
  p2p__acts_push(&p->acts, a);
}

/* One block, or the end, of the first flow that has room. False: none has. */
static bool send_one(perf *p) {
  while (!p2p__list_empty(&p->sending)) {
    flow *w = P2P_CONTAINER(p->sending.next, flow, send_node);
    if (w->to_send == 0) {
      w->sending = false;
      p2p__list_del(&w->send_node);
      p2p__acts_push(&p->acts, (p2p__act){ .kind = P2P__ACT_FINISH, .stream = w->stream });
      return true;
    }
    if (w->queued + block_len(p, w) <= flow_window(p)) {
      push_block(p, w);
      return true;
    }
    p2p__list_del(&w->send_node); /* ROOM brings it back */
  }
  return false;
}

static void on_room(perf *p, const p2p__fact *f) {
  flow *w = flow_of(p, f);
  if (!w) return;
  w->queued = f->n;
  if (w->sending) flow_send(p, w);
}

/* The last block was not taken. */
static void on_full(perf *p, const p2p__fact *f) {
  flow *w = flow_of(p, f);
  if (!w) return;
  w->to_send += w->last;
  w->sent -= w->last;
  w->queued -= w->last;
  w->last = 0;
  p2p__list_del(&w->send_node);
  if (w->queued > 0) return;
  p2p__list_add(&p->stalled, &w->send_node);
  if (p->retry_at == P2P_NEVER) p->retry_at = p2p__time_add(p->now, RETRY);
}

static void retry_stalled(perf *p) {
  if (p->now < p->retry_at) return;
  p->retry_at = P2P_NEVER;
  for (p2p__list *node; (node = p2p__list_pop(&p->stalled)) != NULL;) {
    p2p__list_add(&p->sending, node);
  }
}

/* ---- facts ---- */

static void on_call(perf *p, const p2p__fact *f) {
  flow *w = p2p__u64map_find(&p->clients, f->tag);
  if (!w || f->call != P2P__PERF_START) return;
  w->peer = f->peer;
  w->began = p->now;
  w->report_at = p2p__time_add(p->now, REPORT);
  p2p__list_add(&p->reports, &w->report_node);
  p2p__acts_push(&p->acts, (p2p__act){ .kind = P2P__ACT_OPEN,
                                       .peer = f->peer,
                                       .tag = w->key,
                                       .bytes = p2p__bytes(w->head, HEAD) });
}

static void on_opened(perf *p, const p2p__fact *f) {
  flow *w = f->inbound ? flow_new(p, false, f->stream) : flow_of(p, f);
  if (!w) {
    push_reset(p, f->stream);
    return;
  }
  w->stream = f->stream;
  w->sending = w->client;
  if (w->client) flow_send(p, w);
}

/* Takes what belongs to the head off the front; the rest is payload. */
static size_t server_head(flow *w, p2p_bytes b) {
  size_t n = p2p__min((size_t)(HEAD - w->head_len), b.len);
  memcpy(w->head + w->head_len, b.p, n);
  w->head_len = (uint8_t)(w->head_len + n);
  return b.len - n;
}

static void on_message(perf *p, const p2p__fact *f) {
  flow *w = flow_of(p, f);
  if (!w) return;
  if (!w->client) {
    w->received += server_head(w, f->bytes);
    return;
  }
  w->received += f->bytes.len;
  if (w->received <= w->wanted) return;
  push_reset(p, f->stream);
  client_done(p, w, P2P_EPROTO);
}

static void server_ended(perf *p, flow *w) {
  if (w->head_len < HEAD) {
    push_reset(p, w->stream);
    return;
  }
  p2p__rd r = p2p__rd_of(p2p__bytes(w->head, HEAD));
  w->to_send = p2p__rd_be64(&r);
  w->sending = true;
  flow_send(p, w);
}

static void on_ended(perf *p, const p2p__fact *f) {
  flow *w = flow_of(p, f);
  if (!w) return;
  if (!w->client) {
    server_ended(p, w);
    return;
  }
  bool whole = w->received == w->wanted && w->to_send == 0;
  if (!whole) push_reset(p, w->stream);
  w->queued = whole ? 0 : w->queued; /* the server has counted it all */
  client_done(p, w, whole ? 0 : P2P_EPROTO);
}

static void on_closed(perf *p, const p2p__fact *f) {
  flow *w = flow_of(p, f);
  if (!w) return;
  if (w->client) {
    client_done(p, w, f->err ? f->err : P2P_ECLOSED);
  } else {
    flow_forget(p, w);
  }
}

static void perf_fact(p2p__behaviour *b, const p2p__fact *f, p2p_time now) {
  perf *p = P2P_CONTAINER(b, perf, base);
  p->now = now;
  switch (f->kind) {
  case P2P__FACT_CALL: on_call(p, f); break;
  case P2P__FACT_OPENED: on_opened(p, f); break;
  case P2P__FACT_MESSAGE: on_message(p, f); break;
  case P2P__FACT_ROOM: on_room(p, f); break;
  case P2P__FACT_FULL: on_full(p, f); break;
  case P2P__FACT_ENDED: on_ended(p, f); break;
  case P2P__FACT_CLOSED: on_closed(p, f); break;
  case P2P__FACT_TICK: retry_stalled(p); break;
  default: break;
  }
}

/* ---- time ---- */

static bool report_one(perf *p) {
  if (p2p__list_empty(&p->reports)) return false;
  flow *w = P2P_CONTAINER(p->reports.next, flow, report_node);
  if (w->report_at > p->now) return false;
  w->report_at = p2p__time_add(p->now, REPORT);
  p2p__list_del(&w->report_node);
  p2p__list_add(&p->reports, &w->report_node);
  push_report(p, w, false, 0);
  return true;
}

static bool perf_next(p2p__behaviour *b, p2p__act *a) {
  perf *p = P2P_CONTAINER(b, perf, base);
  if (p->acts.n == 0 && !report_one(p)) (void)send_one(p);
  return p2p__acts_pop(&p->acts, a);
}

static p2p_time perf_deadline(const p2p__behaviour *b) {
  const perf *p = P2P_CONST_CONTAINER(b, perf, base);
  if (p2p__list_empty(&p->reports)) return p->retry_at;
  const flow *w = P2P_CONST_CONTAINER(p->reports.next, flow, report_node);
  return p2p__time_min(p->retry_at, w->report_at);
}

/* ---- life ---- */

static void flows_free(perf *p, p2p__u64map *map) {
  size_t i = 0;
  for (flow *w; (w = p2p__u64map_next(map, &i)) != NULL;) {
    p2p__release(p->env->mem, P2P__MEM_PROTOCOL, w, sizeof *w);
  }
  p2p__u64map_fini(map);
}

static void perf_free(p2p__behaviour *b) {
  perf *p = P2P_CONTAINER(b, perf, base);
  flows_free(p, &p->clients);
  flows_free(p, &p->servers);
  p2p__block_unref(p->env->pool, p->zeros);
  p2p__release(p->env->mem, P2P__MEM_PROTOCOL, p, sizeof *p);
}

static const p2p__behaviour_ops perf_ops = {
  .name = "perf",
  .fact = perf_fact,
  .next = perf_next,
  .deadline = perf_deadline,
  .free = perf_free,
};

int p2p__perf_new(p2p__env *env, bool serve, p2p__behaviour **out) {
  *out = NULL;
  perf *p = p2p__alloc(env->mem, P2P__MEM_PROTOCOL, sizeof *p);
  if (!p) return P2P_ENOMEM;
  p->base = (p2p__behaviour){ .ops = &perf_ops, .protocols = p->lines };
  p->env = env;
  p->retry_at = P2P_NEVER;
  p->lines[0] = (p2p__protocol_line){ .id = "/perf/1.0.0",
                                      .framing = P2P__RAW,
                                      .timeout = SILENCE,
                                      .in_per_peer = serve ? STREAMS_IN : 0 };
  p2p__u64map_init(&p->clients, env->mem, P2P__MEM_PROTOCOL, env->hash_key);
  p2p__u64map_init(&p->servers, env->mem, P2P__MEM_PROTOCOL, env->hash_key);
  p2p__list_init(&p->sending);
  p2p__list_init(&p->stalled);
  p2p__list_init(&p->reports);
  p->zeros = p2p__block_new(env->pool, P2P__BLOCK_MAX);
  if (!p->zeros) {
    perf_free(&p->base);
    return P2P_ENOMEM;
  }
  memset(p->zeros->data, 0, p->zeros->cap);
  *out = &p->base;
  return 0;
}

int p2p__perf_prepare(p2p__behaviour *b, uint64_t upload, uint64_t download, uint64_t *tag) {
  perf *p = P2P_CONTAINER(b, perf, base);
  flow *w = flow_new(p, true, p->next_tag + 1);
  if (!w) return P2P_ENOMEM;
  w->to_send = upload;
  w->wanted = download;
  p2p__wr head = p2p__wr_of(w->head, HEAD);
  p2p__wr_be64(&head, download);
  *tag = ++p->next_tag;
  return 0;
}
