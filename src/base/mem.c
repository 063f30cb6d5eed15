/* Memory: counts what is alive by purpose, fails on demand, and is the only file that knows malloc. */
#include "base/mem.h"
#include "base/bytes.h"
#include <assert.h>
#include <stdlib.h>

static void *default_alloc(void *user, size_t size) {
  (void)user;
  return malloc(size);
}

static void default_release(void *user, void *p, size_t size) {
  (void)user;
  (void)size;
  free(p);
}

void p2p__mem_init(p2p__mem *m, const p2p_allocator *allocator) {
  *m = (p2p__mem){ .allocator = { .alloc = default_alloc, .release = default_release } };
  if (allocator) m->allocator = *allocator;
}

/* True when this call is one that a test wants to fail. */
static bool mem_must_fail(p2p__mem *m) {
  m->calls++;
  if (m->fail_at == 0 || m->calls < m->fail_at) return false;
  if (m->calls > m->fail_at && !m->fail_on) return false;
  m->failed++;
  return true;
}

void *p2p__alloc_raw(p2p__mem *m, p2p__tag tag, size_t size) {
  assert(size > 0 && tag < P2P__MEM_TAGS);
  if (mem_must_fail(m)) return NULL;
  void *p = m->allocator.alloc(m->allocator.user, size);
  if (!p) return NULL;
  m->used[tag] += size;
  m->total += size;
  if (m->total > m->peak && m->total <= SIZE_MAX / 2) m->peak = m->total;
  return p;
}

void *p2p__alloc(p2p__mem *m, p2p__tag tag, size_t size) {
  void *p = p2p__alloc_raw(m, tag, size);
  if (p) memset(p, 0, size);
  return p;
}

void p2p__release(p2p__mem *m, p2p__tag tag, void *p, size_t size) {
  if (!p) return;
  m->used[tag] -= size;
  m->total -= size;
  m->allocator.release(m->allocator.user, p, size);
}

int p2p__resize(p2p__mem *m, p2p__tag tag, void **p, size_t old_size, size_t new_size) {
  if (new_size == old_size) return 0;
  void *fresh = NULL;
  if (new_size > 0) {
    fresh = p2p__alloc_raw(m, tag, new_size);
    if (!fresh) return P2P_ENOMEM;
    size_t kept = p2p__min(old_size, new_size);
    if (kept) memcpy(fresh, *p, kept);
    memset((uint8_t *)fresh + kept, 0, new_size - kept);
  }
  p2p__release(m, tag, *p, old_size);
  *p = fresh;
  return 0;
}

char *p2p__strdup(p2p__mem *m, p2p__tag tag, const char *s, size_t len) {
  size_t size;
  if (!p2p__add(len, 1, &size)) return NULL;
  char *copy = p2p__alloc_raw(m, tag, size);
  if (!copy) return NULL;
  if (len) memcpy(copy, s, len);
  copy[len] = 0;
  return copy;
}

size_t p2p__mem_used(const p2p__mem *m) { return m->total; }

const char *p2p__tag_name(p2p__tag tag) {
  static const char *const names[] = {
#define TAG_NAME(name, text) text,
    P2P_MEM_TAGS(TAG_NAME)
#undef TAG_NAME
  };
  return tag < P2P__MEM_TAGS ? names[tag] : "?";
}
