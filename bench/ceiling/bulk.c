/* The least a Noise transport must do for bulk data: one process seals, the other opens, with yamux
 * frames inside the records and real credit (the sender stops at the end of its window, the
 * receiver grants more when half of it is consumed). No handshake, streams, queues, timers or
 * copies: what our stack reaches of this is what everything above the cipher costs.
 *
 * usage: bulk [MILLISECONDS]
 * Prints one JSON line: Gbit/s by the wall, and Gbit per CPU second of each side. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
  STREAM = 1,
  FRAMES = 4,           /* per record */
  PAYLOAD = 16364,      /* four of them fill a record: 4 * (12 + 16364) + 16 = 65520 bytes */
  WINDOW = 16 << 20,    /* bytes: the largest that a stream's window grows to */
  READ_SIZE = 256 << 10 /* bytes */
};

/* On pages of their own, so that the figure does not hang on where the linker put them. */
static _Alignas(4096) uint8_t read_buffer[READ_SIZE];
static _Alignas(4096) uint8_t record_buffer[CEILING_LENGTH + CEILING_RECORD];
static _Alignas(4096) uint8_t source[PAYLOAD];

typedef struct {
  uint64_t bytes; /* of payload */
  double seconds; /* from the first read to the last */
  double cpu;
} received;

/* --- the receiver, on the server's side ----------------------------------------------------- */

typedef struct {
  ceiling_cipher opens, seals;
  ceiling_inbox inbox;
  uint64_t bytes;
  uint32_t consumed; /* since the last grant */
} receiver;

static void receiver_eat(receiver *r) {
  ceiling_bytes plain, payload;
  ceiling_frame frame;
  while (ceiling_inbox_next(&r->inbox, &r->opens, &plain)) {
    while (ceiling_frame_take(&plain, &frame, &payload)) {
      if (frame.type != CEILING_DATA || frame.stream != STREAM) ceiling_die("unexpected frame");
      r->bytes += payload.len;
      r->consumed += (uint32_t)payload.len;
    }
  }
}

static void receiver_grant(receiver *r, int fd) {
  uint8_t header[CEILING_HEADER], record[64];
  ceiling_frame_put(header, (ceiling_frame){ CEILING_WINDOW_UPDATE, STREAM, r->consumed });
  r->consumed = 0;
  size_t len = ceiling_seal(&r->seals, &(ceiling_bytes){ header, sizeof header }, 1, record);
  ceiling_write(fd, record, len);
}

static void receive_all(int fd, received *result) {
  receiver r = { .inbox = { .buf = read_buffer, .cap = READ_SIZE } };
  ceiling_cipher_init(&r.opens, false);
  ceiling_cipher_init(&r.seals, true);
  if (ceiling_inbox_fill(&r.inbox, fd, 0) != 1) ceiling_die("nothing came");
  double begin = ceiling_now(), cpu = ceiling_cpu();
  do {
    receiver_eat(&r);
    if (r.consumed >= WINDOW / 2) receiver_grant(&r, fd);
    result->seconds = ceiling_now() - begin;
  } while (ceiling_inbox_fill(&r.inbox, fd, 0) >= 0);
  result->bytes = r.bytes;
  result->cpu = ceiling_cpu() - cpu;
  ceiling_cipher_fini(&r.opens);
  ceiling_cipher_fini(&r.seals);
}

/* --- the sender, on the client's side ------------------------------------------------------- */

typedef struct {
  ceiling_cipher opens, seals;
  ceiling_inbox inbox;
  uint32_t window;
} sender;

/* One record of as many full frames as the window lets through, and one write. */
static void sender_write(sender *s, int fd) {
  uint8_t headers[FRAMES][CEILING_HEADER];
  ceiling_bytes pieces[2 * FRAMES];
  size_t n = 0;
  for (size_t i = 0; i < FRAMES && s->window > 0; i++) {
    uint32_t len = s->window < PAYLOAD ? s->window : PAYLOAD;
    ceiling_frame_put(headers[i], (ceiling_frame){ CEILING_DATA, STREAM, len });
    pieces[n++] = (ceiling_bytes){ headers[i], CEILING_HEADER };
    pieces[n++] = (ceiling_bytes){ source, len };
    s->window -= len;
  }
  ceiling_write(fd, record_buffer, ceiling_seal(&s->seals, pieces, n, record_buffer));
}

/* Takes what credit has come; waits for some only when there is none left. */
static void sender_collect(sender *s, int fd) {
  ceiling_bytes plain, payload;
  ceiling_frame frame;
  do {
    int got = ceiling_inbox_fill(&s->inbox, fd, s->window > 0 ? MSG_DONTWAIT : 0);
    if (got < 0) ceiling_die("the receiver left");
    while (ceiling_inbox_next(&s->inbox, &s->opens, &plain)) {
      while (ceiling_frame_take(&plain, &frame, &payload)) {
        if (frame.type != CEILING_WINDOW_UPDATE) ceiling_die("unexpected frame");
        s->window += frame.length;
      }
    }
  } while (s->window == 0);
}

static double send_for(int fd, double seconds) {
  sender s = { .inbox = { .buf = read_buffer, .cap = READ_SIZE }, .window = WINDOW };
  ceiling_cipher_init(&s.opens, false);
  ceiling_cipher_init(&s.seals, true);
  double end = ceiling_now() + seconds, cpu = ceiling_cpu();
  while (ceiling_now() < end) {
    sender_write(&s, fd);
    sender_collect(&s, fd);
  }
  cpu = ceiling_cpu() - cpu;
  ceiling_cipher_fini(&s.opens);
  ceiling_cipher_fini(&s.seals);
  return cpu;
}

int main(int argc, char **argv) {
  double seconds = (double)ceiling_argument(argc, argv, 1, 700) / 1e3;
  ceiling_pair pair;
  memset(source, 1, sizeof source);
  ceiling_pair_start(&pair, sizeof(received));
  if (pair.is_server) {
    receive_all(pair.fd, pair.shared);
    return 0;
  }
  double cpu = send_for(pair.fd, seconds);
  ceiling_pair_finish(&pair);
  const received *r = pair.shared;
  double gbit = (double)r->bytes * 8e-9;
  printf("{\"test\":\"bulk\",\"bytes\":%llu,\"seconds\":%.6f,\"gbit_s\":%.3f,"
         "\"cpu\":%.6f,\"server_cpu\":%.6f,\"gbit_cpu_s\":%.3f,\"server_gbit_cpu_s\":%.3f}\n",
         (unsigned long long)r->bytes, r->seconds, gbit / r->seconds, cpu, r->cpu, gbit / cpu,
         gbit / r->cpu);
  return 0;
}
