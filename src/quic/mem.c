/* ngtcp2's memory, counted and able to fail like all of ours. It frees without saying how much, so each
 * piece is preceded by its size. */
#include "quic/internal.h"

enum { HEADER = 16 }; /* keeps what follows aligned */

static uint8_t *head_of(void *p) { return (uint8_t *)p - HEADER; }

static size_t size_of(void *p) {
  size_t size;
  memcpy(&size, head_of(p), sizeof size);
  return size;
}

static void *take(p2p__mem *m, size_t size, bool clear) {
  size_t whole;
  if (!size || !p2p__add(size, HEADER, &whole)) return NULL;
  uint8_t *p = clear ? p2p__alloc(m, P2P__MEM_QUIC, whole)
                     : p2p__alloc_raw(m, P2P__MEM_QUIC, whole);
  if (!p) return NULL;
  memcpy(p, &size, sizeof size);
  return p + HEADER;
}

static void *quic_malloc(size_t size, void *user) { return take(user, size, false); }

static void quic_free(void *p, void *user) {
  if (p) p2p__release(user, P2P__MEM_QUIC, head_of(p), size_of(p) + HEADER);
}

static void *quic_calloc(size_t n, size_t size, void *user) {
  if (size && n > SIZE_MAX / size) return NULL;
  return take(user, n * size, true);
}

static void *quic_realloc(void *p, size_t size, void *user) {
  void *to = take(user, size, false);
  if (!to || !p) return to;
  memcpy(to, p, p2p__min(size, size_of(p)));
  quic_free(p, user);
  return to;
}

void p2p__quic_mem_init(ngtcp2_mem *mem, p2p__mem *ours) {
  *mem = (ngtcp2_mem){ .user_data = ours,
                       .malloc = quic_malloc,
                       .free = quic_free,
                       .calloc = quic_calloc,
                       .realloc = quic_realloc };
}
