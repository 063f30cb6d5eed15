/* What the ceiling programs share: clocks, two pinned processes joined by loopback TCP, records like
 * those of Noise after its handshake (noise/README.md, "Wire Format"), and yamux headers
 * (yamux/README.md, "Framing"). Nothing here recovers: a ceiling that fails has no figure, so every
 * error ends the program with a line on stderr. */
#ifndef BENCH_CEILING_COMMON_H
#define BENCH_CEILING_COMMON_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  CEILING_LENGTH = 2,     /* bytes before a record that say how long it is */
  CEILING_TAG = 16,       /* bytes of Poly1305 at its end */
  CEILING_RECORD = 65535, /* longest record, length prefix not counted */
  CEILING_HEADER = 12     /* bytes of a yamux header */
};

typedef struct {
  const uint8_t *p;
  size_t len;
} ceiling_bytes;

/* Ends the program; what: the call or the rule that failed. */
_Noreturn void ceiling_die(const char *what);

/* The n-th argument as a positive number, or fallback when it is absent. */
unsigned long ceiling_argument(int argc, char **argv, int n, unsigned long fallback);

double ceiling_now(void); /* seconds, monotonic */
double ceiling_cpu(void); /* user and system seconds of this process */

/* A server process on core 0 and a client process on core 1, one connection between them. */
typedef struct {
  bool is_server;
  int fd;       /* connected, TCP_NODELAY */
  pid_t server; /* for the client to wait for */
  void *shared; /* zeroed, seen by both: what the server measured */
} ceiling_pair;

/* Forks: returns in both processes. The server leaves with exit(0) when the connection ends. */
void ceiling_pair_start(ceiling_pair *pair, size_t shared_size);

/* The client's end: closes the connection, waits for the server's success. */
void ceiling_pair_finish(ceiling_pair *pair);

/* One direction of ChaCha20-Poly1305: keyed once, a counter as nonce. */
typedef struct {
  EVP_CIPHER_CTX *ctx;
  uint64_t nonce;
} ceiling_cipher;

void ceiling_cipher_init(ceiling_cipher *cipher, bool seals);
void ceiling_cipher_fini(ceiling_cipher *cipher);

/* Seals n pieces into one record straight from where they lie; returns the bytes written to out:
 * CEILING_LENGTH + the pieces + CEILING_TAG. */
size_t ceiling_seal(ceiling_cipher *cipher, const ceiling_bytes *pieces, size_t n, uint8_t *out);

/* Bytes that came from the socket, taken out record by record. */
typedef struct {
  uint8_t *buf;
  size_t cap, have, used;
} ceiling_inbox;

/* Reads once into what room there is. Returns 1; 0 when the socket would block; -1 at the end. */
int ceiling_inbox_fill(ceiling_inbox *inbox, int fd, int flags);

/* The next whole record, opened in place; *plain is valid until the next fill. */
bool ceiling_inbox_next(ceiling_inbox *inbox, ceiling_cipher *cipher, ceiling_bytes *plain);

enum ceiling_frame_type { CEILING_DATA = 0, CEILING_WINDOW_UPDATE = 1 };

typedef struct {
  uint8_t type;
  uint32_t stream, length;
} ceiling_frame;

void ceiling_frame_put(uint8_t header[CEILING_HEADER], ceiling_frame frame);

/* Takes one frame from the front of *plain; *payload is empty but for data. Returns false when
 * nothing is left. */
bool ceiling_frame_take(ceiling_bytes *plain, ceiling_frame *frame, ceiling_bytes *payload);

void ceiling_write(int fd, const uint8_t *p, size_t len);

#endif
