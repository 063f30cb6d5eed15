/* p2p send: files to a peer that runs "p2p recv". docs/internals/file-protocol.md has the protocol. */
#include <errno.h>
#include <fcntl.h>
#include <p2p/p2p.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "digest.h"
#include "file_wire.h"
#include "json.h"
#include "keyfile.h"
#include "poller.h"
#include "progress.h"
#include "report.h"
#include "session.h"

#define NAME "p2p send"

enum {
  BLOCK = 64 << 10,
  HASH_ROUNDS = 32, /* blocks hashed between two turns of the host */
  FILES_MAX = 1 << 20,
  EXIT_REFUSED = 3,
  EXIT_LOST = 4,
  EXIT_NO_PROTOCOL = 5
};

/* ANSWER (awaited) → HASHING (what the receiver has already) → DATA → RESULT (awaited) → DONE.
 * `turn` and `take_frame` assign it. */
typedef enum stage { ANSWER, HASHING, DATA, RESULT, DONE } stage;

typedef struct send_args {
  network network;
  const char *key, *name;
  p2p_time timeout, patience;
  bool quiet, as_json;
} send_args;

typedef struct sending {
  const send_args *a;
  session *s;
  p2p_stream stream;
  const char *path;
  char name[FILE_NAME_MAX + 1];
  int fd;
  bool regular, has_size, closed;
  uint64_t size, mode, at; /* at: bytes hashed, and so sent or known to the receiver */
  stage stage;
  digest hash;
  file_frame frame;
  file_message answer;
  progress progress;
  p2p_time moved;
  uint8_t out[BLOCK + 2 * FILE_MESSAGE_MAX]; /* waits for room */
  size_t out_len, out_at;
  bool room, finish;
  int err;       /* of the stream */
  char why[256]; /* the cause, when there is more to say; "" : none */
  int code;      /* exit code when it failed */
} sending;

/* ---- endings ---- */

__attribute__((format(printf, 3, 4))) static void fail(sending *x, int code, const char *format,
                                                       ...) {
  va_list args;
  if (x->code) return;
  x->code = code;
  va_start(args, format);
  vsnprintf(x->why, sizeof x->why, format, args);
  va_end(args);
  x->stage = DONE;
}

static void tell_bad(const sending *x) {
  json j;
  if (!x->a->as_json) {
    report(NAME, "%s: %s", x->path, x->why);
    return;
  }
  json_begin(&j);
  json_text(&j, "event", "failed");
  json_text(&j, "file", x->name);
  json_text(&j, "error", x->why);
  json_end(&j);
}

static void tell_good(const sending *x) {
  char size[16], rate[16];
  json j;
  if (x->a->as_json) {
    json_begin(&j);
    json_text(&j, "event", "sent");
    json_text(&j, "file", x->name);
    json_count(&j, "bytes", x->at);
    json_count(&j, "resumed_at", x->progress.from);
    json_real(&j, "bytes_per_s", progress_rate(&x->progress));
    json_end(&j);
    return;
  }
  if (x->a->quiet) return;
  progress_amount((double)x->at, size);
  progress_amount(progress_rate(&x->progress), rate);
  text_print(stdout, x->name);
  printf("  %s sent, %s/s\n", size, rate);
  fflush(stdout);
}

/* ---- out ---- */

static void push(sending *x) {
  while (x->out_at < x->out_len) {
    ptrdiff_t n = p2p_write(x->s->host, x->stream, x->out + x->out_at, x->out_len - x->out_at);
    if (n < 0) {
      x->room = false;
      return;
    }
    x->out_at += (size_t)n;
    x->moved = clock_now();
  }
  x->out_at = x->out_len = 0;
  if (!x->finish) return;
  x->finish = false;
  p2p_finish(x->s->host, x->stream);
}

static void say(sending *x, file_kind kind, const file_message *m) {
  x->out_len += file_encode(kind, m, x->out + x->out_len);
}

static void say_offer(sending *x) {
  file_message m = {
    .has_size = x->has_size, .size = x->size, .has_mode = x->regular, .mode = (uint32_t)x->mode
  };
  snprintf(m.name, sizeof m.name, "%s", x->name);
  say(x, FILE_OFFER, &m);
  push(x);
}

static void say_start(sending *x) {
  const file_message m = { .offset = x->at };
  progress_begin(&x->progress, progress_choose(x->a->as_json, x->a->quiet), x->name, x->has_size,
                 x->size, x->at);
  x->stage = DATA;
  say(x, FILE_START, &m);
  push(x);
}

static void say_trailer(sending *x) {
  file_message m = { .has_size = true, .size = x->at, .has_sha256 = true };
  if (!digest_so_far(&x->hash, m.sha256)) {
    fail(x, EXIT_FAILURE, "out of memory");
    return;
  }
  x->out[x->out_len++] = 0; /* the chunk that ends the data */
  say(x, FILE_TRAILER, &m);
  x->finish = true;
  x->stage = RESULT;
  push(x);
}

/* ---- the file ---- */

/* Some of what the receiver has. False: the file ends before that. */
static bool hash_some(sending *x) {
  uint8_t block[BLOCK];
  for (int i = 0; i < HASH_ROUNDS && x->at < x->answer.offset; i++) {
    uint64_t left = x->answer.offset - x->at;
    ssize_t n = pread(x->fd, block, left < BLOCK ? (size_t)left : BLOCK, (off_t)x->at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    digest_add(&x->hash, block, (size_t)n);
    x->at += (uint64_t)n;
  }
  x->moved = clock_now();
  return true;
}

static bool is_same(const sending *x) {
  uint8_t own[DIGEST_LEN];
  return digest_so_far(&x->hash, own) && memcmp(own, x->answer.sha256, sizeof own) == 0;
}

/* What the receiver has, is it ours? */
static void hash_more(sending *x) {
  bool there = hash_some(x);
  if (there && x->at < x->answer.offset) return; /* the next turn goes on */
  if (!there || !is_same(x)) {
    digest_begin(&x->hash); /* it is something else: from the start */
    x->at = 0;
  }
  say_start(x);
}

/* The next chunk, when what went before has left. */
static void read_chunk(sending *x) {
  uint8_t head[10];
  enum { ROOM = 10 };
  uint8_t *to = x->out + ROOM;
  ssize_t n = x->regular ? pread(x->fd, to, BLOCK, (off_t)x->at) : read(x->fd, to, BLOCK);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n < 0) {
    fail(x, EXIT_FAILURE, "cannot read: %s", strerror(errno));
  } else if (x->has_size && (n ? x->at + (uint64_t)n > x->size : x->at != x->size)) {
    fail(x, EXIT_FAILURE, "it was changed while it was sent; send it again");
  } else if (n == 0) {
    say_trailer(x);
  } else {
    size_t h = file_varint_put(head, (uint64_t)n);
    memcpy(to - h, head, h);
    x->out_at = ROOM - h;
    x->out_len = ROOM + (size_t)n;
    digest_add(&x->hash, to, (size_t)n);
    x->at += (uint64_t)n;
    push(x);
    progress_move(&x->progress, x->at);
  }
}

/* ---- in ---- */

static void take_answer(sending *x) {
  if (!file_decode(FILE_ANSWER, (p2p_bytes){ x->frame.bytes, x->frame.n }, &x->answer)) {
    fail(x, EXIT_FAILURE, "the receiver broke the protocol");
  } else if (x->answer.status != 0) {
    fail(x, EXIT_REFUSED, "the receiver refuses it: %s",
         *x->answer.reason ? x->answer.reason : "no reason given");
  } else if (x->answer.offset > 0 && x->regular && x->answer.has_sha256 &&
             x->answer.offset <= x->size) {
    x->stage = HASHING;
  } else {
    say_start(x);
  }
}

static void take_result(sending *x) {
  file_message m;
  if (!file_decode(FILE_RESULT, (p2p_bytes){ x->frame.bytes, x->frame.n }, &m))
    fail(x, EXIT_FAILURE, "the receiver broke the protocol");
  else if (m.status != 0)
    fail(x, EXIT_REFUSED, "the receiver says: %s", *m.reason ? m.reason : "it failed");
  else if (x->stage != RESULT)
    fail(x, EXIT_FAILURE, "the receiver broke the protocol");
  else
    x->stage = DONE;
}

static void take_frame(sending *x) {
  if (x->stage == ANSWER)
    take_answer(x);
  else
    take_result(x);
  x->frame = (file_frame){ 0 };
}

static void pull(sending *x) {
  p2p_bytes b;
  int err = 0;
  while (!x->closed && (err = p2p_peek(x->s->host, x->stream, &b)) >= 0 && b.len) {
    size_t len = b.len;
    if (x->stage == DONE) b.len = 0; /* behind the last word there is nothing to say */
    int got = b.len ? file_frame_feed(&x->frame, &b) : 0;
    p2p_consume(x->s->host, x->stream, len - b.len);
    x->moved = clock_now();
    if (got < 0) fail(x, EXIT_FAILURE, "the receiver broke the protocol");
    if (got == 1) take_frame(x);
  }
  if (err == P2P_EEOF && x->stage != DONE)
    fail(x, EXIT_LOST, "the receiver ended before the file did; send it again to go on from there");
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  (void)h;
  (void)s;
  pull(user);
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  sending *x = user;
  (void)h;
  (void)s;
  x->room = true;
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  sending *x = user;
  (void)h;
  (void)s;
  (void)code;
  if (err == P2P_ENOPROTO)
    fail(x, EXIT_NO_PROTOCOL, "the peer receives no files; \"p2p recv\" does");
  else
    pull(x); /* a connection that ended may have left the last word */
  x->closed = true;
  if (x->stage != DONE)
    fail(x, EXIT_LOST, "%s before the end; send it again to go on from there",
         err < 0 ? p2p_strerror(err) : "the receiver ended");
}

/* ---- one file ---- */

/* One turn of what does not come from the stream. */
static void turn(sending *x, bool readable) {
  if (x->closed) return;
  if (x->out_len > x->out_at && x->room) push(x);
  if (x->stage == HASHING) hash_more(x);
  if (x->stage == DATA && x->out_len == 0 && readable) read_chunk(x);
  if (x->stage == DATA && x->out_len == 0) x->moved = clock_now(); /* our own input is slow */
  if (clock_now() - x->moved > x->a->patience)
    fail(x, EXIT_LOST, "the receiver was silent for too long; send it again to go on from there");
}

static void carry(sending *x) {
  int err = 0;
  while (x->code == 0 && !x->closed && err >= 0 && !x->s->signals.caught) {
    struct pollfd fds[2];
    bool wants = x->stage == DATA && x->out_len == 0 && x->room;
    fds[1] = (struct pollfd){ .fd = wants ? x->fd : -1, .events = POLLIN };
    err = poller_turn(x->s->host, fds, 1,
                      x->stage == HASHING ? clock_now() : x->moved + x->a->patience + P2P_MS);
    session_take_events(x->s);
    turn(x, wants && fds[1].revents);
  }
  if (x->s->signals.caught && x->stage != DONE)
    fail(x, SIGNALS_EXIT + x->s->signals.number, "interrupted; send it again to go on from there");
  if (err < 0 && x->stage != DONE) fail(x, EXIT_FAILURE, "%s", p2p_strerror(err));
}

static bool open_file(sending *x) {
  struct stat st;
  const char *slash = strrchr(x->path, '/'), *base = slash ? slash + 1 : x->path;
  bool standard = strcmp(x->path, "-") == 0;
  const char *name = x->a->name ? x->a->name : standard ? "stdin" : base;
  if (strlen(name) > FILE_NAME_MAX) {
    fail(x, EXIT_FAILURE, "its name is too long; --name gives another");
    return false;
  }
  snprintf(x->name, sizeof x->name, "%s", name);
  x->fd = standard ? STDIN_FILENO : open(x->path, O_RDONLY | O_CLOEXEC);
  if (x->fd < 0 || fstat(x->fd, &st) != 0) {
    fail(x, EXIT_FAILURE, "cannot open: %s", strerror(errno));
    return false;
  }
  if (S_ISDIR(st.st_mode)) {
    fail(x, EXIT_FAILURE, "is a folder; send \"-\" with tar in front: tar c %s | p2p send - ADDR",
         base);
    return false;
  }
  x->regular = x->has_size = !standard && S_ISREG(st.st_mode);
  x->size = (uint64_t)st.st_size;
  x->mode = st.st_mode & 0777;
  return true;
}

static int open_stream(sending *x) {
  static const char *const ids[] = { FILE_ID };
  const p2p_handler handler = { .size = sizeof handler,
                                .on_readable = on_readable,
                                .on_writable = on_writable,
                                .on_close = on_close,
                                .user = x };
  int err = p2p_stream_open_on(x->s->host, x->s->conn, ids, 1, &handler, &x->stream);
  x->closed = err < 0;
  if (err < 0) fail(x, EXIT_LOST, "%s", p2p_strerror(err));
  return err;
}

/* Its exit code. */
static int send_file(session *s, const send_args *a, const char *path) {
  sending x = {
    .a = a, .s = s, .path = path, .fd = -1, .room = true, .moved = clock_now(), .closed = true
  };
  digest_begin(&x.hash);
  if (open_file(&x) && open_stream(&x) >= 0) {
    say_offer(&x);
    carry(&x);
  }
  progress_end(&x.progress);
  if (x.code)
    tell_bad(&x);
  else
    tell_good(&x);
  if (!x.closed) {
    p2p_stream_set_handler(s->host, x.stream, NULL); /* its end is not for us any more */
    p2p_reset(s->host, x.stream, 0);
  }
  if (x.fd > STDERR_FILENO) close(x.fd);
  digest_fini(&x.hash);
  return x.code;
}

static int send_all(session *s, const send_args *a, char **paths, size_t n) {
  int code = EXIT_SUCCESS;
  for (size_t i = 0; i < n && s->lost >= 0 && !s->signals.caught; i++) {
    int one = send_file(s, a, paths[i]);
    if (one) code = one;
  }
  return code;
}

static const args_option options[] = {
  { "name", 0, "NAME", "what the receiver is told; the file's own name when none is given",
    ARGS_TEXT, .at = offsetof(send_args, name) },
  NETWORK_OPTIONS(send_args, network),
  { "timeout", 'W', "SECONDS", "for the connection", ARGS_DURATION,
    .at = offsetof(send_args, timeout), .standard = "10", .min = 100 * P2P_MS,
    .max = 300 * P2P_SECOND },
  { "patience", 0, "SECONDS", "give up on a receiver that takes nothing for so long", ARGS_DURATION,
    .at = offsetof(send_args, patience), .standard = "60", .min = 100 * P2P_MS,
    .max = 3600 * P2P_SECOND },
  { "key", 'k', "FILE", "who we are; a new key when none is given", ARGS_TEXT,
    .at = offsetof(send_args, key) },
  { "quiet", 'q', NULL, "print causes of failure only", ARGS_FLAG,
    .at = offsetof(send_args, quiet) },
  { "json", 0, NULL, "one line of JSON for each file, and each second", ARGS_FLAG,
    .at = offsetof(send_args, as_json) },
};

static size_t count(char **words) {
  size_t n = 0;
  while (words[n]) n++;
  return n;
}

static int send_main(int argc, char **argv) {
  send_args a = { 0 };
  p2p_identity identity = { 0 };
  char **operands;
  session s;
  int code = args_parse(&send_command, argc, argv, &a, &operands);
  if (code != ARGS_GO) return code;
  size_t n = count(operands) - 1;
  if (a.name && n > 1) {
    report(NAME, "--name %s: there are %zu files; it names one", a.name, n);
    return EXIT_USAGE;
  }
  if (!report_bad_address(NAME, operands[n])) return EXIT_USAGE;
  code = network_open(NAME, &a.network);
  if (code != 0) return code;
  if (a.key && !keyfile_read(NAME, a.key, &identity)) return EXIT_FAILURE;
  signal(SIGPIPE, SIG_IGN);
  const session_opts o = { .command = NAME,
                           .addr = operands[n],
                           .timeout = a.timeout,
                           .network = &a.network,
                           .identity = a.key ? &identity : NULL };
  code = session_open(&s, &o);
  if (code == 0) {
    code = send_all(&s, &a, operands, n);
    session_close(&s);
  }
  p2p_identity_fini(&identity);
  network_fini(&a.network);
  return code;
}

const args_command send_command = {
  .name = NAME,
  .operands = "FILE... ADDR",
  .n_operands = FILES_MAX,
  .n_required = 2,
  .brief = "send files to a peer that runs \"p2p recv\"",
  .summary = "Sends files to the peer at a multiaddr. FILE \"-\": standard input.",
  .more = "What was cut off goes on where it stopped when the same file is sent again.",
  .examples = "p2p send photo.jpg notes.txt /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo...\n"
              "tar c folder | p2p send --name folder.tar - /ip4/192.0.2.1/tcp/4001\n",
  .exits =
      "3 the receiver refused, 4 it or the connection was lost, 5 the peer receives no files,\n"
      "128 and more: ended by a signal.",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = send_main,
};
