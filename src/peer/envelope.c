/* Signed envelopes. Spec: RFC 0002, "Wire Format" and "Signature Production". */
#include "peer/envelope.h"
#include "multiformats/protobuf.h"

enum { FIELD_PUBKEY = 1, FIELD_TYPE = 2, FIELD_PAYLOAD = 3, FIELD_SIG = 5 };
enum { WIRE_BYTES = 2 };

static size_t prefixed_len(size_t len) { return p2p__varint_len(len) + len; }

/* What is signed: domain, type and payload, each behind its length. Empty: no room. */
static p2p_bytes signed_text(const p2p__envelope_form *form, p2p_bytes payload, p2p__span scratch) {
  size_t head = prefixed_len(strlen(form->domain)) + prefixed_len(form->type.len) +
                p2p__varint_len(payload.len);
  if (payload.len > scratch.len || head > scratch.len - payload.len) return p2p__bytes(NULL, 0);
  if (payload.len) memmove(scratch.p + head, payload.p, payload.len);
  p2p__wr w = p2p__wr_of(scratch.p, head);
  p2p__wr_prefixed(&w, p2p__cstr(form->domain));
  p2p__wr_prefixed(&w, form->type);
  p2p__wr_varint(&w, payload.len);
  return p2p__bytes(scratch.p, head + payload.len);
}

int p2p__envelope_seal(const p2p_identity *id, const p2p__envelope_form *form, p2p_bytes payload,
                       p2p__span scratch, p2p__wr *w) {
  uint8_t sig[P2P_SIGNATURE_MAX];
  size_t sig_len = 0, before = w->len;
  p2p_bytes text = signed_text(form, payload, scratch);
  if (text.len == 0) return P2P_ELIMIT;
  int err = id->sign(id->ctx, text, sig, &sig_len);
  if (err) return err;
  if (sig_len > sizeof sig) return P2P_ESIG; /* a signer of somebody's: it wrote too far */
  p2p__pb_bytes(w, FIELD_PUBKEY, p2p__bytes(id->pubkey, id->pubkey_len));
  p2p__pb_bytes(w, FIELD_TYPE, form->type);
  p2p__pb_bytes(w, FIELD_PAYLOAD, p2p__bytes(text.p + text.len - payload.len, payload.len));
  p2p__pb_bytes(w, FIELD_SIG, p2p__bytes(sig, sig_len));
  if (w->err) w->len = before;
  return w->err;
}

/* ---- opening ---- */

typedef struct fields {
  p2p_bytes pubkey, type, payload, sig;
} fields;

/* Puts f into *slot, which is empty; a field that comes twice means one thing to one reader and
 * another to the next. */
static int take_once(const p2p__pb_field *f, p2p_bytes *slot) {
  if (f->wire != WIRE_BYTES || slot->p) return P2P_EPROTO;
  *slot = f->bytes;
  return 0;
}

static int take_field(fields *e, const p2p__pb_field *f) {
  switch (f->number) {
  case FIELD_PUBKEY: return take_once(f, &e->pubkey);
  case FIELD_TYPE: return take_once(f, &e->type);
  case FIELD_PAYLOAD: return take_once(f, &e->payload);
  case FIELD_SIG: return take_once(f, &e->sig);
  default: return 0;
  }
}

static int read_fields(p2p_bytes in, fields *e) {
  p2p__rd r = p2p__rd_of(in);
  p2p__pb_field f;
  int got;
  *e = (fields){ 0 };
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    if (take_field(e, &f)) return P2P_EPROTO;
  }
  return got == 0 && e->payload.len && e->sig.len ? 0 : P2P_EPROTO;
}

static const p2p__envelope_form *find_form(const p2p__envelope_form *forms, size_t n,
                                           p2p_bytes type) {
  for (size_t i = 0; i < n; i++) {
    if (p2p__bytes_eq(forms[i].type, type)) return &forms[i];
  }
  return NULL;
}

int p2p__envelope_open(p2p_bytes in, const p2p__envelope_form *forms, size_t n, p2p__span scratch,
                       p2p__envelope *out) {
  fields e;
  p2p__envelope got = { 0 };
  int err = read_fields(in, &e);
  if (err) return err;
  got.form = find_form(forms, n, e.type);
  if (!got.form) return P2P_EPROTO;
  err = p2p_peer_id_from_pubkey(e.pubkey, &got.signer);
  if (err) return err;
  p2p_bytes text = signed_text(got.form, e.payload, scratch);
  if (text.len == 0) return P2P_ELIMIT;
  err = p2p_verify(e.pubkey, text, e.sig);
  if (err) return err;
  got.pubkey = e.pubkey;
  got.payload = e.payload;
  *out = got;
  return 0;
}
