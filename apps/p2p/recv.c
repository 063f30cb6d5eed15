/* p2p recv: files of a sender into a folder. docs/internals/file-protocol.md has the protocol. */
#include <errno.h>
#include <fcntl.h>
#include <p2p/p2p.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "incoming.h"
#include "json.h"
#include "outbox.h"
#include "poller.h"
#include "progress.h"
#include "report.h"
#include "service.h"

#define NAME "p2p recv"

enum { AT_ONCE_MAX = 16, CODE_BUSY = 1, CODE_BROKEN = 2, YES = 0, NO = 1 };

/* OFFER → HASHING (what is there already) → START → LENGTH ⇄ CHUNK → TRAILER → SAID (the result, or
 * a refusal: nothing more is read). `advance` assigns it. */
typedef enum stage { OFFER, HASHING, START, LENGTH, CHUNK, TRAILER, SAID } stage;

typedef struct recv_args {
  network network;
  args_list listen, from;
  const char *key;
  uint64_t max_size;
  p2p_time timeout;
  bool keep, force, quiet, as_json;
} recv_args;

typedef struct receiver receiver;
typedef struct transfer {
  receiver *r; /* NULL: free */
  p2p_host *host;
  p2p_stream stream;
  p2p_conn conn;
  char peer[P2P_PEER_ID_TEXT_MAX];
  stage stage;
  p2p_time heard; /* when something last came */
  file_frame frame;
  file_varint length;
  uint64_t left; /* of the chunk */
  file_message offer;
  incoming in;
  progress progress;
  uint8_t out[FILE_MESSAGE_MAX]; /* an answer that waits for room */
  size_t out_len, out_at;
  bool closed;
} transfer;

struct receiver {
  recv_args a;
  outbox *out; /* NULL: output waits for its reader */
  int dir;
  progress_kind progress;
  service service;
  transfer transfers[AT_ONCE_MAX];
  p2p_conn first; /* the connection whose end is ours, without --keep */
  bool ended;
  unsigned good, bad;
};

/* ---- what people and programs are told ---- */

static void tell_bad(const transfer *t, const char *why) {
  json j;
  t->r->bad++;
  if (!t->r->a.as_json) {
    report(NAME, "%s from %s: %s", *t->offer.name ? t->offer.name : "a file", t->peer, why);
    return;
  }
  json_begin(&j);
  json_text(&j, "event", "failed");
  json_text(&j, "file", t->offer.name);
  json_text(&j, "peer", t->peer);
  json_text(&j, "error", why);
  json_end(&j);
}

static void tell_good(const transfer *t) {
  char size[16];
  json j;
  t->r->good++;
  if (!t->r->a.as_json) {
    progress_amount((double)t->in.have, size);
    text_print(stdout, t->in.name);
    printf("  %s from %s\n", size, t->peer);
    fflush(stdout);
    return;
  }
  json_begin(&j);
  json_text(&j, "event", "received");
  json_text(&j, "file", t->in.name);
  json_text(&j, "peer", t->peer);
  json_count(&j, "bytes", t->in.have);
  json_count(&j, "resumed_at", t->progress.from);
  json_end(&j);
}

/* ---- out ---- */

static void push(transfer *t) {
  while (t->out_at < t->out_len) {
    ptrdiff_t n = p2p_write(t->host, t->stream, t->out + t->out_at, t->out_len - t->out_at);
    if (n < 0) return; /* room, or the end, will be told */
    t->out_at += (size_t)n;
  }
  if (t->stage == SAID) p2p_finish(t->host, t->stream);
}

static void say(transfer *t, file_kind kind, const file_message *m) {
  t->out_len = file_encode(kind, m, t->out);
  t->out_at = 0;
  push(t);
}

static void say_no(transfer *t, file_kind kind, const char *why) {
  file_message m = { .status = NO };
  snprintf(m.reason, sizeof m.reason, "%s", why);
  progress_end(&t->progress);
  tell_bad(t, why);
  t->stage = SAID;
  say(t, kind, &m);
  incoming_fini(&t->in);
}

/* ---- in ---- */

static void accept_offer(transfer *t) {
  file_message m = { .status = YES, .offset = t->in.have };
  m.has_sha256 = m.offset > 0 && digest_so_far(&t->in.hash, m.sha256);
  if (!m.has_sha256) m.offset = 0;
  t->stage = START;
  say(t, FILE_ANSWER, &m);
}

/* Some of what is there is hashed in each turn; the answer follows. */
static void hash_more(transfer *t) {
  bool done = false;
  const char *why = incoming_hash(&t->in, &done);
  if (why)
    say_no(t, FILE_ANSWER, why);
  else if (done)
    accept_offer(t);
}

static const char *judge(transfer *t) {
  const receiver *r = t->r;
  const char *why = incoming_open(&t->in, r->dir, t->offer.name, r->a.force);
  if (why) return why;
  if (!t->offer.has_size) return NULL;
  if (r->a.max_size && t->offer.size > r->a.max_size) return "it is larger than --max-size allows";
  if (t->in.old > t->offer.size) why = incoming_restart(&t->in);
  return why ? why : incoming_fits(&t->in, t->offer.size);
}

static int take_offer(transfer *t) {
  if (!file_decode(FILE_OFFER, (p2p_bytes){ t->frame.bytes, t->frame.n }, &t->offer))
    return P2P_EPROTO;
  const char *why = judge(t);
  t->stage = HASHING;
  if (why) say_no(t, FILE_ANSWER, why);
  return 0;
}

static int take_start(transfer *t) {
  file_message m;
  if (!file_decode(FILE_START, (p2p_bytes){ t->frame.bytes, t->frame.n }, &m)) return P2P_EPROTO;
  if (m.offset != 0 && m.offset != t->in.have) return P2P_EPROTO;
  const char *why = m.offset == 0 && t->in.have > 0 ? incoming_restart(&t->in) : NULL;
  progress_begin(&t->progress, t->r->progress, t->in.name, t->offer.has_size, t->offer.size,
                 t->in.have);
  t->stage = LENGTH;
  if (why) say_no(t, FILE_RESULT, why);
  return 0;
}

static const char *too_much(const transfer *t, uint64_t total) {
  if (t->offer.has_size && total > t->offer.size) return "there is more of it than was announced";
  if (t->r->a.max_size && total > t->r->a.max_size) return "it is larger than --max-size allows";
  return NULL;
}

static int take_length(transfer *t) {
  t->left = t->length.value;
  t->length = (file_varint){ 0 };
  if (t->left > FILE_CHUNK_MAX) return P2P_EPROTO;
  const char *why = too_much(t, t->in.have + t->left);
  t->stage = t->left ? CHUNK : TRAILER;
  if (why) say_no(t, FILE_RESULT, why);
  return 0;
}

static void take_chunk(transfer *t, p2p_bytes *in) {
  size_t n = in->len < t->left ? in->len : (size_t)t->left;
  const char *why = incoming_write(&t->in, in->p, n);
  in->p += n;
  in->len -= n;
  t->left -= n;
  progress_move(&t->progress, t->in.have);
  if (t->left == 0) t->stage = LENGTH;
  if (why) say_no(t, FILE_RESULT, why);
}

static int take_trailer(transfer *t) {
  file_message m, yes = { .status = YES };
  if (!file_decode(FILE_TRAILER, (p2p_bytes){ t->frame.bytes, t->frame.n }, &m) || !m.has_sha256)
    return P2P_EPROTO;
  const char *why = t->offer.has_size && t->in.have < t->offer.size
                        ? "there is less of it than was announced"
                        : incoming_finish(&t->in, m.sha256, t->offer.has_mode ? t->offer.mode : 0);
  if (why) {
    say_no(t, FILE_RESULT, why);
    return 0;
  }
  progress_end(&t->progress);
  tell_good(t);
  t->stage = SAID;
  say(t, FILE_RESULT, &yes);
  incoming_fini(&t->in);
  return 0;
}

static int take_frame(transfer *t, p2p_bytes *in) {
  int err = file_frame_feed(&t->frame, in);
  if (err <= 0) return err;
  err = t->stage == OFFER ? take_offer(t) : t->stage == START ? take_start(t) : take_trailer(t);
  t->frame = (file_frame){ 0 };
  return err;
}

/* Eats from *in; stops before what must wait. */
static int advance(transfer *t, p2p_bytes *in) {
  int err = 0;
  while (err >= 0 && in->len > 0 && t->stage != HASHING && t->stage != SAID) {
    if (t->stage == CHUNK) {
      take_chunk(t, in);
    } else if (t->stage == LENGTH) {
      err = file_varint_feed(&t->length, in);
      if (err == 1) err = take_length(t);
    } else {
      err = take_frame(t, in);
    }
  }
  if (t->stage == SAID) in->len = 0; /* what a refused sender still sends is not for us */
  return err;
}

static void give_up(transfer *t, const char *why, uint32_t code) {
  if (t->stage != SAID) {
    progress_end(&t->progress);
    tell_bad(t, why);
  }
  t->stage = SAID;
  p2p_reset(t->host, t->stream, code);
}

static void pull(transfer *t) {
  p2p_bytes b;
  int err = 0;
  while (!t->closed && t->stage != HASHING && (err = p2p_peek(t->host, t->stream, &b)) >= 0 &&
         b.len) {
    size_t len = b.len;
    if (t->stage != SAID) t->heard = clock_now(); /* who was refused keeps nothing alive */
    err = advance(t, &b);
    if (err < 0) {
      give_up(t, "the sender broke the protocol", CODE_BROKEN);
      return;
    }
    p2p_consume(t->host, t->stream, len - b.len);
  }
  if (err == P2P_EEOF && t->stage != SAID)
    give_up(t, "the sender ended before the file did", CODE_BROKEN);
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  (void)h;
  (void)s;
  pull(user);
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  (void)h;
  (void)s;
  push(user);
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  transfer *t = user;
  (void)h;
  (void)s;
  (void)code;
  t->closed = true;
  if (t->stage == SAID) return;
  progress_end(&t->progress);
  tell_bad(t, p2p_strerror(err));
}

static void on_open(p2p_host *h, p2p_stream s, void *user) {
  receiver *r = user;
  p2p_stream_info info = { .size = sizeof info };
  transfer *t = r->transfers;
  while (t < r->transfers + AT_ONCE_MAX && t->r) t++;
  if (t == r->transfers + AT_ONCE_MAX || p2p_stream_get(h, s, &info) < 0) {
    p2p_reset(h, s, CODE_BUSY);
    return;
  }
  *t = (transfer){
    .r = r, .host = h, .stream = s, .conn = info.conn, .heard = clock_now(), .in.fd = -1
  };
  (void)!p2p_peer_id_print(&info.peer, t->peer, sizeof t->peer);
  const p2p_handler handler = { .size = sizeof handler,
                                .on_readable = on_readable,
                                .on_writable = on_writable,
                                .on_close = on_close,
                                .user = t };
  if (p2p_stream_set_handler(h, s, &handler) < 0) { /* nobody would ever be told of its end */
    *t = (transfer){ 0 };
    p2p_reset(h, s, CODE_BUSY);
    return;
  }
  p2p_stream_set_user(h, s, t);
  if (r->first.id == 0) r->first = info.conn;
  pull(t);
}

/* ---- the loop ---- */

/* Work that no descriptor tells of; when it must be looked at again. */
static p2p_time tend(receiver *r) {
  p2p_time now = clock_now(), next = P2P_NEVER;
  for (transfer *t = r->transfers; t < r->transfers + AT_ONCE_MAX; t++) {
    if (!t->r) continue;
    if (!t->closed && t->stage == HASHING) {
      hash_more(t);
      t->heard = now;
      if (t->stage != HASHING) pull(t);
    } else if (!t->closed && now - t->heard > r->a.timeout) {
      give_up(t, "nothing came for too long", CODE_BROKEN);
    }
    if (t->closed) {
      incoming_fini(&t->in);
      t->r = NULL;
      continue;
    }
    p2p_time at = t->stage == HASHING ? now : t->heard + r->a.timeout + P2P_MS;
    if (at < next) next = at;
  }
  return next;
}

static void take_events(receiver *r) {
  const p2p_event *e;
  while ((e = p2p_next_event(r->service.host)))
    if (e->kind == P2P_EV_CONN_CLOSED && r->first.id && e->conn.id == r->first.id) r->ended = true;
}

static int serve(receiver *r) {
  struct pollfd fds[1];
  int err = 0;
  while (err >= 0 && !r->service.signals.caught && (r->a.keep || !r->ended)) {
    p2p_time until = tend(r);
    err = poller_turn(r->service.host, fds, 0, until);
    take_events(r);
  }
  tend(r);
  for (transfer *t = r->transfers; t < r->transfers + AT_ONCE_MAX; t++) {
    if (!t->r) continue;
    p2p_stream_set_handler(t->host, t->stream, NULL);
    p2p_reset(t->host, t->stream, 0);
    progress_end(&t->progress);
    incoming_fini(&t->in);
  }
  if (r->service.signals.caught && !r->a.keep) return SIGNALS_EXIT + r->service.signals.number;
  return err >= 0 && r->bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(receiver *r) {
  const service_opts o = { .command = NAME,
                           .listen = &r->a.listen,
                           .from = &r->a.from,
                           .key = r->a.key,
                           .network = &r->a.network,
                           .quiet = r->a.quiet,
                           .as_json = r->a.as_json };
  const p2p_handler handler = { .size = sizeof handler, .on_open = on_open, .user = r };
  int code = service_open(&r->service, &o);
  if (code != 0) return code;
  int err = p2p_protocol_add(r->service.host, FILE_ID, &handler);
  if (err < 0) {
    report(NAME, "%s: %s", FILE_ID, p2p_strerror(err));
    code = EXIT_FAILURE;
  } else {
    service_tell(&r->service);
    code = serve(r);
  }
  service_close(&r->service);
  return code;
}

static const args_option options[] = {
  { "listen", 'l', "ADDR", "listen here; all interfaces and any port when none is given", ARGS_LIST,
    .at = offsetof(recv_args, listen) },
  { "from", 0, "PEER", "let only this peer in", ARGS_LIST, .at = offsetof(recv_args, from) },
  { "force", 'f', NULL, "replace files that are there", ARGS_FLAG,
    .at = offsetof(recv_args, force) },
  { "max-size", 0, "SIZE", "refuse larger files", ARGS_SIZE, .at = offsetof(recv_args, max_size) },
  { "keep", 0, NULL, "receive until a signal, not from one sender", ARGS_FLAG,
    .at = offsetof(recv_args, keep) },
  { "timeout", 'W', "SECONDS", "give up on a sender that is silent for so long", ARGS_DURATION,
    .at = offsetof(recv_args, timeout), .standard = "60", .min = 100 * P2P_MS,
    .max = 3600 * P2P_SECOND },
  NETWORK_OPTIONS(recv_args, network),
  { "key", 'k', "FILE",
    "who we are; made when it is not there; a new key each time when none is given", ARGS_TEXT,
    .at = offsetof(recv_args, key) },
  { "quiet", 'q', NULL, "print no addresses and no progress", ARGS_FLAG,
    .at = offsetof(recv_args, quiet) },
  { "json", 0, NULL, "one line of JSON for each event, and each second", ARGS_FLAG,
    .at = offsetof(recv_args, as_json) },
};

static int recv_main(int argc, char **argv) {
  receiver r = { 0 };
  char **operands;
  int code = args_parse(&recv_command, argc, argv, &r.a, &operands);
  if (code != ARGS_GO) return code;
  const char *folder = operands[0] ? operands[0] : ".";
  r.dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (r.dir < 0) {
    report(NAME, "cannot open the folder %s: %s", folder, strerror(errno));
    return EXIT_FAILURE;
  }
  r.progress = progress_choose(r.a.as_json, r.a.quiet);
  signal(SIGPIPE, SIG_IGN);
  r.out = outbox_start(r.a.as_json);
  code = run(&r);
  outbox_stop(r.out);
  close(r.dir);
  return code;
}

const args_command recv_command = {
  .name = NAME,
  .operands = "[DIR]",
  .n_operands = 1,
  .brief = "receive files that \"p2p send\" sends",
  .summary =
      "Receives the files of one sender into a folder, this one when none is named. Addresses are "
      "printed on standard error.",
  .more = "A file is NAME.part until it is whole and its checksum is right; what is left of one "
          "that was\n"
          "cut off is resumed. A file that is there is replaced with --force only; a name is never "
          "a path,\n"
          "and leading dots become \"_\". Anybody who knows the address may send: --from says who.",
  .examples = "p2p recv\n"
              "p2p recv --listen /ip4/0.0.0.0/tcp/4001 --from "
              "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq inbox\n",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = recv_main,
};
