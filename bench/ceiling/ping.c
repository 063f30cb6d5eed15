/* The least a Noise transport must do for a small request and its answer: poll, read, open, seal,
 * write, on each side, with one yamux frame of 32 bytes each way. With one request in flight this
 * is the floor of a ping's time and the most streams per second one at a time; with more, the
 * requests that came in one read are answered in one record and one write.
 *
 * usage: ping [MILLISECONDS [IN_FLIGHT]]
 * Prints one JSON line: percentiles in microseconds, requests per second and CPU of each side. */
#include "common.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
  STREAM = 1,
  PAYLOAD = 32,
  UNIT = CEILING_HEADER + PAYLOAD,
  IN_FLIGHT_MAX = 1024, /* one record's worth: 1024 * 44 < 65519 */
  SAMPLES_MAX = 4000000,
  STALL_MS = 1000
};

typedef struct {
  int fd, poller;
  ceiling_cipher opens, seals;
  ceiling_inbox inbox;
  uint8_t batch[IN_FLIGHT_MAX * UNIT]; /* frames to send; copied, as a cipher call costs more than
                                          the copy of 32 bytes */
  size_t frames;
} side;

static uint8_t read_buffer[256U << 10];
static uint8_t record_buffer[CEILING_LENGTH + CEILING_RECORD];
static const uint8_t question[PAYLOAD] = { 'p', 'i', 'n', 'g' };
static float samples[SAMPLES_MAX]; /* microseconds */

static void side_init(side *s, int fd) {
  struct epoll_event want = { .events = EPOLLIN };
  s->fd = fd;
  s->inbox = (ceiling_inbox){ .buf = read_buffer, .cap = sizeof read_buffer };
  ceiling_cipher_init(&s->opens, false);
  ceiling_cipher_init(&s->seals, true);
  s->poller = epoll_create1(EPOLL_CLOEXEC);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) ceiling_die("O_NONBLOCK");
  if (epoll_ctl(s->poller, EPOLL_CTL_ADD, fd, &want) != 0) ceiling_die("epoll_ctl");
}

static void side_fini(side *s) {
  ceiling_cipher_fini(&s->opens);
  ceiling_cipher_fini(&s->seals);
  close(s->poller);
}

static void side_add(side *s, const uint8_t *payload) {
  if (s->frames == IN_FLIGHT_MAX) ceiling_die("too many frames in one turn");
  uint8_t *unit = s->batch + s->frames * UNIT;
  ceiling_frame_put(unit, (ceiling_frame){ CEILING_DATA, STREAM, PAYLOAD });
  memcpy(unit + CEILING_HEADER, payload, PAYLOAD);
  s->frames++;
}

/* All frames of this turn in one record and one write. */
static void side_send(side *s) {
  if (s->frames == 0) return;
  ceiling_bytes batch = { s->batch, s->frames * UNIT };
  ceiling_write(s->fd, record_buffer, ceiling_seal(&s->seals, &batch, 1, record_buffer));
  s->frames = 0;
}

/* Waits, reads once, and lines up every payload that is whole to go back. False at the end. */
static bool side_turn(side *s) {
  struct epoll_event event;
  ceiling_bytes plain, payload;
  ceiling_frame frame;
  if (epoll_wait(s->poller, &event, 1, STALL_MS) != 1) ceiling_die("the other side stalled");
  if (ceiling_inbox_fill(&s->inbox, s->fd, 0) < 0) return false;
  while (ceiling_inbox_next(&s->inbox, &s->opens, &plain)) {
    while (ceiling_frame_take(&plain, &frame, &payload)) {
      if (frame.type != CEILING_DATA || payload.len != PAYLOAD) ceiling_die("unexpected frame");
      side_add(s, payload.p);
    }
  }
  return true;
}

static void answer_all(side *s, double *cpu) {
  double begin = ceiling_cpu();
  while (side_turn(s)) side_send(s);
  *cpu = ceiling_cpu() - begin;
}

typedef struct {
  double sent[IN_FLIGHT_MAX]; /* when each request left; answers come in order */
  size_t in_flight, oldest, count;
} questions;

static void questions_note_answers(questions *q, const side *s, double now) {
  for (size_t i = 0; i < s->frames; i++) {
    const uint8_t *answer = s->batch + i * UNIT + CEILING_HEADER;
    if (memcmp(answer, question, PAYLOAD) != 0) ceiling_die("wrong answer");
    double *sent = &q->sent[q->oldest];
    if (q->count < SAMPLES_MAX) samples[q->count] = (float)((now - *sent) * 1e6);
    q->count++;
    *sent = now; /* the next request leaves in this turn */
    q->oldest = (q->oldest + 1) % q->in_flight;
  }
}

/* Returns the seconds it took. */
static double ask_for(side *s, questions *q, double seconds) {
  double begin = ceiling_now(), now = begin;
  for (size_t i = 0; i < q->in_flight; i++) {
    q->sent[i] = begin;
    side_add(s, question);
  }
  while (now < begin + seconds) {
    side_send(s);
    if (!side_turn(s)) ceiling_die("the server left");
    now = ceiling_now();
    questions_note_answers(q, s, now);
  }
  return now - begin;
}

static int float_order(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static void print_result(const questions *q, double seconds, double cpu, double server_cpu) {
  size_t n = q->count < SAMPLES_MAX ? q->count : SAMPLES_MAX;
  qsort(samples, n, sizeof samples[0], float_order);
  printf("{\"test\":\"ping\",\"in_flight\":%zu,\"count\":%zu,\"seconds\":%.6f,\"p50_us\":%.2f,"
         "\"p90_us\":%.2f,\"p99_us\":%.2f,\"per_s\":%.0f,\"cpu\":%.6f,\"server_cpu\":%.6f}\n",
         q->in_flight, q->count, seconds, (double)samples[n / 2], (double)samples[n * 9 / 10],
         (double)samples[n * 99 / 100], (double)q->count / seconds, cpu, server_cpu);
}

int main(int argc, char **argv) {
  double seconds = (double)ceiling_argument(argc, argv, 1, 1000) / 1e3;
  static questions q;
  static side s;
  ceiling_pair pair;
  q.in_flight = ceiling_argument(argc, argv, 2, 1);
  if (q.in_flight > IN_FLIGHT_MAX) ceiling_die("at most 1024 in flight");
  ceiling_pair_start(&pair, sizeof(double));
  side_init(&s, pair.fd);
  if (pair.is_server) {
    answer_all(&s, pair.shared);
    side_fini(&s);
    return 0;
  }
  double cpu = ceiling_cpu();
  seconds = ask_for(&s, &q, seconds);
  cpu = ceiling_cpu() - cpu;
  ceiling_pair_finish(&pair);
  side_fini(&s);
  print_result(&q, seconds, cpu, *(const double *)pair.shared);
  return 0;
}
