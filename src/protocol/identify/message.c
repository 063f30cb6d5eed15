/* The Identify message. See message.h. */
#include "protocol/identify/message.h"
#include "multiformats/protobuf.h"

/* Room in a list that counts before it keeps. */
static void list_add(p2p_bytes *list, size_t *n, size_t max, p2p_bytes value) {
  if (value.len > 0 && *n < max) list[(*n)++] = value;
}

static void info_field(p2p__identify_info *info, const p2p__pb_field *f) {
  switch (f->number) {
  case P2P__IDENTIFY_PUBKEY: info->pubkey = f->bytes; break;
  case P2P__IDENTIFY_ADDR: list_add(info->addrs, &info->n_addrs, info->addrs_max, f->bytes); break;
  case P2P__IDENTIFY_PROTOCOL:
    list_add(info->protocols, &info->n_protocols, info->protocols_max, f->bytes);
    break;
  case P2P__IDENTIFY_OBSERVED: info->observed = f->bytes; break;
  case P2P__IDENTIFY_VERSION: info->version = f->bytes; break;
  case P2P__IDENTIFY_AGENT: info->agent = f->bytes; break;
  case P2P__IDENTIFY_RECORD: info->record = f->bytes; break;
  default: break;
  }
}

int p2p__identify_parse(p2p_bytes msg, p2p__identify_info *info) {
  enum { LENGTH_DELIMITED = 2 };
  p2p__rd r = p2p__rd_of(msg);
  p2p__pb_field f;
  int err;
  while ((err = p2p__pb_next(&r, &f)) == 1) {
    if (f.wire == LENGTH_DELIMITED) info_field(info, &f);
  }
  return err;
}

bool p2p__identify_put(p2p__identify_out *out, uint32_t field, p2p_bytes value) {
  if (value.len == 0) return true;
  size_t need = p2p__pb_bytes_len(field, value.len);
  if (need > P2P__IDENTIFY_PART) return false;
  if (out->n == 0 || out->len[out->n - 1] + need > P2P__IDENTIFY_PART) {
    if (out->n == P2P__IDENTIFY_PARTS) return false;
    out->len[out->n++] = 0;
  }
  size_t i = out->n - 1;
  p2p__wr w = { .p = out->p + i * P2P__IDENTIFY_PART,
                .len = out->len[i],
                .cap = P2P__IDENTIFY_PART };
  p2p__pb_bytes(&w, field, value);
  out->len[i] = w.len;
  return !w.err;
}

p2p_bytes p2p__identify_part(const p2p__identify_out *out, size_t i) {
  return p2p__bytes(out->p + i * P2P__IDENTIFY_PART, out->len[i]);
}
