/* Protobuf, beside another implementation: libprotobuf-c reads the same bytes as a message of which it
 * knows no field. Both take it or both refuse it, and what they took are the same fields with the same
 * values; where they differ the input holds one of the things in which they are known to:
 *
 *                                     ours      libprotobuf-c
 *   field number 0                    refused   taken
 *   field number above 29 bits        refused   taken, cut to 32 bits
 *   a tag or a length in 6 to 10 bytes taken    refused
 *   a number of more than 64 bits     refused   taken, cut
 *
 * Field numbers and padding: protobuf encoding guide, "Message Structure", "Base 128 Varints". */
#include "multiformats/protobuf.h"
#include "support/must.h"
#include <protobuf-c/protobuf-c.h>

enum { USUAL_MAX = 5, WHOLE_MAX = 10, INPUT = 65536 };

static void begin(ProtobufCMessage *m);

/* A message without fields. */
static const ProtobufCMessageDescriptor nothing = {
  .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
  .name = "Nothing",
  .short_name = "Nothing",
  .c_name = "Nothing",
  .package_name = "",
  .sizeof_message = sizeof(ProtobufCMessage),
  .message_init = begin,
};

static void begin(ProtobufCMessage *m) { *m = (ProtobufCMessage){ .descriptor = &nothing }; }

/* ---- a reader without opinions, which finds what they differ in ---- */

typedef struct naive {
  const uint8_t *p, *end;
  bool short_of, known; /* it ends too early; it holds one of the known things */
} naive;

static size_t naive_varint(naive *n, uint64_t *v) {
  *v = 0;
  for (size_t i = 0; i < WHOLE_MAX && n->p < n->end; i++) {
    uint8_t byte = *n->p++;
    if (i == WHOLE_MAX - 1 && byte > 1) n->known = true; /* more than 64 bits, or no end */
    *v |= (uint64_t)(byte & 0x7f) << 7 * i;
    if (!(byte & 0x80)) return i + 1;
  }
  n->short_of = true;
  return 0;
}

static void naive_skip(naive *n, uint64_t len) {
  if (len > (uint64_t)(n->end - n->p))
    n->short_of = true;
  else
    n->p += len;
}

static bool differ_rightly(p2p_bytes in) {
  naive n = { .p = in.p, .end = in.p + in.len };
  while (!n.short_of && !n.known && n.p < n.end) {
    uint64_t tag, value;
    size_t used = naive_varint(&n, &tag);
    n.known |= used > USUAL_MAX || tag >> 3 == 0 || tag >> 3 > 0x1fffffff;
    switch (tag & 7) {
    case 0: (void)naive_varint(&n, &value); break;
    case 1: naive_skip(&n, 8); break;
    case 2:
      used = naive_varint(&n, &value);
      n.known |= used > USUAL_MAX;
      naive_skip(&n, value);
      break;
    case 5: naive_skip(&n, 4); break;
    default: return n.known;
    }
  }
  return n.known;
}

/* ---- the two ---- */

static uint64_t number_of(const ProtobufCMessageUnknownField *u) {
  uint64_t v = 0;
  for (size_t i = 0; i < u->len; i++)
    v |= u->wire_type == PROTOBUF_C_WIRE_TYPE_VARINT ? (uint64_t)(u->data[i] & 0x7f) << 7 * i
                                                     : (uint64_t)u->data[i] << 8 * i;
  return v;
}

static bool is_same(const p2p__pb_field *f, const ProtobufCMessageUnknownField *u) {
  if (f->number != u->tag || f->wire != (uint32_t)u->wire_type) return false;
  if (u->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) return f->value == number_of(u);
  if (u->len < f->bytes.len) return false; /* with its length in front */
  return p2p__bytes_eq(f->bytes, p2p__bytes(u->data + u->len - f->bytes.len, f->bytes.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT) return 0;
  p2p_bytes in = p2p__bytes(data, size);
  p2p__rd r = p2p__rd_of(in);
  p2p__pb_field f;
  size_t n = 0;
  int got;
  ProtobufCMessage *theirs = protobuf_c_message_unpack(&nothing, NULL, size, data);
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    bool same = theirs && n < theirs->n_unknown_fields && is_same(&f, &theirs->unknown_fields[n]);
    must(!theirs || same || differ_rightly(in), "a field is another");
    n++;
  }
  bool both = theirs ? got == 0 && n == theirs->n_unknown_fields : got < 0;
  must(both || differ_rightly(in), "one takes what the other does not");
  if (theirs) protobuf_c_message_free_unpacked(theirs, NULL);
  return 0;
}
