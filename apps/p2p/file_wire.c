/* The messages of /p2p/file/1.0.0, in protobuf: https://protobuf.dev/programming-guides/encoding. */
#include "file_wire.h"

#include <string.h>
#include <strings.h>

/* Where a field of a message goes. */
typedef enum where { NAME, SIZE, MODE, STATUS, OFFSET, SHA256, REASON, NOWHERE } where;
typedef struct field {
  file_kind kind;
  unsigned number;
  where to;
} field;

static const field fields[] = {
  { FILE_OFFER, 1, NAME },    { FILE_OFFER, 2, SIZE },    { FILE_OFFER, 3, MODE },
  { FILE_ANSWER, 1, STATUS }, { FILE_ANSWER, 2, OFFSET }, { FILE_ANSWER, 3, SHA256 },
  { FILE_ANSWER, 4, REASON }, { FILE_START, 1, OFFSET },  { FILE_TRAILER, 1, SHA256 },
  { FILE_TRAILER, 2, SIZE },  { FILE_RESULT, 1, STATUS }, { FILE_RESULT, 2, REASON },
};
enum { N_FIELDS = sizeof fields / sizeof *fields, VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* ---- varints ---- */

size_t file_varint_put(uint8_t out[10], uint64_t value) {
  size_t n = 0;
  for (; value >= 0x80; value >>= 7) out[n++] = (uint8_t)(value | 0x80);
  out[n++] = (uint8_t)value;
  return n;
}

int file_varint_feed(file_varint *v, p2p_bytes *in) {
  while (in->len > 0) {
    uint8_t b = *in->p++;
    in->len--;
    if (v->n == 9 || (v->n > 0 && b == 0)) return P2P_EPROTO;
    v->value |= (uint64_t)(b & 0x7F) << (7 * v->n++);
    if (!(b & 0x80)) return 1;
  }
  return 0;
}

int file_frame_feed(file_frame *f, p2p_bytes *in) {
  if (!f->known) {
    int err = file_varint_feed(&f->len, in);
    if (err <= 0) return err;
    if (f->len.value > sizeof f->bytes) return P2P_EPROTO;
    f->known = true;
  }
  size_t want = (size_t)f->len.value - f->n, n = in->len < want ? in->len : want;
  if (n > 0) memcpy(f->bytes + f->n, in->p, n);
  f->n += n;
  in->p += n;
  in->len -= n;
  return n == want;
}

/* ---- writing ---- */

typedef struct writer {
  uint8_t *p;
  size_t n; /* the longest message is far shorter than the array */
} writer;

static void put_count(writer *w, unsigned number, uint64_t value) {
  w->n += file_varint_put(w->p + w->n, number << 3 | VARINT);
  w->n += file_varint_put(w->p + w->n, value);
}

static void put_bytes(writer *w, unsigned number, const void *p, size_t len) {
  w->n += file_varint_put(w->p + w->n, number << 3 | BYTES);
  w->n += file_varint_put(w->p + w->n, len);
  memcpy(w->p + w->n, p, len);
  w->n += len;
}

static void put_field(writer *w, const field *f, const file_message *m) {
  switch (f->to) {
  case NAME: put_bytes(w, f->number, m->name, strlen(m->name)); break;
  case SIZE:
    if (m->has_size) put_count(w, f->number, m->size);
    break;
  case MODE:
    if (m->has_mode) put_count(w, f->number, m->mode);
    break;
  case STATUS: put_count(w, f->number, m->status); break;
  case OFFSET: put_count(w, f->number, m->offset); break;
  case SHA256:
    if (m->has_sha256) put_bytes(w, f->number, m->sha256, sizeof m->sha256);
    break;
  case REASON:
    if (*m->reason) put_bytes(w, f->number, m->reason, strlen(m->reason));
    break;
  case NOWHERE: break;
  }
}

size_t file_encode(file_kind kind, const file_message *m, uint8_t out[FILE_MESSAGE_MAX]) {
  uint8_t body[1024];
  writer w = { body, 0 };
  for (size_t i = 0; i < N_FIELDS; i++)
    if (fields[i].kind == kind) put_field(&w, &fields[i], m);
  size_t n = file_varint_put(out, w.n);
  memcpy(out + n, body, w.n);
  return n + w.n;
}

/* ---- reading ---- */

static where where_to(file_kind kind, uint64_t number) {
  for (size_t i = 0; i < N_FIELDS; i++)
    if (fields[i].kind == kind && fields[i].number == number) return fields[i].to;
  return NOWHERE;
}

static bool get_varint(p2p_bytes *in, uint64_t *out) {
  file_varint v = { 0 };
  if (file_varint_feed(&v, in) != 1) return false;
  *out = v.value;
  return true;
}

static bool skip(p2p_bytes *in, uint64_t n) {
  if (n > in->len) return false;
  in->p += n;
  in->len -= (size_t)n;
  return true;
}

static bool take_count(where to, uint64_t value, file_message *m) {
  switch (to) {
  case SIZE:
    m->size = value;
    m->has_size = true;
    return true;
  case MODE:
    m->mode = (uint32_t)(value & 0777);
    m->has_mode = true;
    return true;
  case STATUS: m->status = value; return true;
  case OFFSET: m->offset = value; return true;
  case NOWHERE: return true;
  default: return false;
  }
}

/* Text with a zero in it would be read as a shorter one. */
static bool take_text(p2p_bytes b, char *out, size_t cap) {
  if (b.len >= cap || memchr(b.p, 0, b.len)) return false;
  memcpy(out, b.p, b.len);
  out[b.len] = '\0';
  return true;
}

static bool take_bytes(where to, p2p_bytes b, file_message *m) {
  switch (to) {
  case NAME: return b.len > 0 && take_text(b, m->name, sizeof m->name);
  case REASON: return b.len == 0 || take_text(b, m->reason, sizeof m->reason);
  case SHA256:
    if (b.len != sizeof m->sha256) return false;
    memcpy(m->sha256, b.p, sizeof m->sha256);
    m->has_sha256 = true;
    return true;
  case NOWHERE: return true;
  default: return false;
  }
}

static bool take_field(file_kind kind, p2p_bytes *in, file_message *m) {
  uint64_t key, value;
  if (!get_varint(in, &key) || key >> 3 == 0) return false;
  where to = where_to(kind, key >> 3);
  if ((key & 7) == VARINT) return get_varint(in, &value) && take_count(to, value, m);
  if ((key & 7) == FIXED64) return to == NOWHERE && skip(in, 8);
  if ((key & 7) == FIXED32) return to == NOWHERE && skip(in, 4);
  if ((key & 7) != BYTES || !get_varint(in, &value) || value > in->len) return false;
  p2p_bytes b = { in->p, (size_t)value };
  return skip(in, value) && take_bytes(to, b, m);
}

bool file_decode(file_kind kind, p2p_bytes in, file_message *out) {
  *out = (file_message){ 0 };
  while (in.len > 0)
    if (!take_field(kind, &in, out)) return false;
  return kind != FILE_OFFER || *out->name != '\0';
}

/* ---- names ---- */

/* Also where the file system takes capitals for small letters. */
static bool is_part(const char *name) {
  size_t len = strlen(name), end = sizeof FILE_PART - 1;
  return len >= end && strcasecmp(name + len - end, FILE_PART) == 0;
}

const char *file_name_check(char *name) {
  if (*name == '\0') return "the name is empty";
  if (is_part(name)) return "the name is that of a file under way; --name gives another";
  if (strlen(name) > FILE_NAME_MAX) return "the name is too long";
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return "the name is that of a folder";
  for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
    if (*c == '/' || *c == '\\') return "the name has a path";
    if (*c < ' ' || *c == 0x7F) return "the name has control characters";
  }
  for (; *name == '.'; name++)
    *name = '_'; /* nobody else makes a file here that ls does not show */
  return NULL;
}
