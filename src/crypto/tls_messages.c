/* TLS handshake messages cut from a stream of bytes. Spec: RFC 8446, section 4. */
#include "crypto/tls_messages.h"

enum { FIRST_CAP = 512 };

void p2p__tls_messages_init(p2p__tls_messages *m, p2p__mem *mem, size_t max) {
  *m = (p2p__tls_messages){ .mem = mem, .max = max };
}

void p2p__tls_messages_fini(p2p__tls_messages *m) {
  if (m->p) p2p__release(m->mem, P2P__MEM_LINK, m->p, m->cap);
  m->p = NULL;
  m->len = m->cap = 0;
  m->lent = false;
}

bool p2p__tls_messages_is_partial(const p2p__tls_messages *m) { return m->len > 0 && !m->lent; }

/* The size of the message that begins with these bytes; 0: too few to know. */
static size_t message_size(p2p_bytes b) {
  if (b.len < P2P__TLS_MESSAGE_HEAD) return 0;
  return P2P__TLS_MESSAGE_HEAD + ((size_t)b.p[1] << 16 | (size_t)b.p[2] << 8 | b.p[3]);
}

static int grow(p2p__tls_messages *m, size_t need) {
  size_t cap = m->cap ? m->cap : FIRST_CAP;
  while (cap < need) cap *= 2;
  if (cap == m->cap) return 0;
  uint8_t *p = p2p__alloc_raw(m->mem, P2P__MEM_LINK, cap);
  if (!p) return P2P_ENOMEM;
  if (m->len) memcpy(p, m->p, m->len);
  if (m->p) p2p__release(m->mem, P2P__MEM_LINK, m->p, m->cap);
  m->p = p;
  m->cap = cap;
  return 0;
}

/* Moves n bytes, or all there are, to what is kept. */
static int keep(p2p__tls_messages *m, p2p_bytes *in, size_t n) {
  n = p2p__min(n, in->len);
  if (n == 0) return 0;
  int err = grow(m, m->len + n);
  if (err) return err;
  memcpy(m->p + m->len, in->p, n);
  m->len += n;
  *in = p2p__bytes(in->p + n, in->len - n);
  return 0;
}

/* Up to a whole header, then up to a whole message. */
static int complete(p2p__tls_messages *m, p2p_bytes *in, p2p_bytes *message) {
  int err = 0;
  if (m->len < P2P__TLS_MESSAGE_HEAD) err = keep(m, in, P2P__TLS_MESSAGE_HEAD - m->len);
  size_t size = message_size(p2p__bytes(m->p, m->len));
  if (err || size == 0) return err;
  if (size > m->max) return P2P_ELIMIT;
  err = keep(m, in, size - m->len);
  if (err || m->len < size) return err;
  *message = p2p__bytes(m->p, m->len);
  m->lent = true;
  return 1;
}

int p2p__tls_messages_next(p2p__tls_messages *m, p2p_bytes *in, p2p_bytes *message) {
  if (m->lent) p2p__tls_messages_fini(m);
  if (m->len == 0) { /* most arrive whole: they are not copied */
    size_t size = message_size(*in);
    if (size > m->max) return P2P_ELIMIT;
    if (size && size <= in->len) {
      *message = p2p__bytes(in->p, size);
      *in = p2p__bytes(in->p + size, in->len - size);
      return 1;
    }
  }
  return complete(m, in, message);
}
