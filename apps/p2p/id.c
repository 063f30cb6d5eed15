/* p2p id: every form of a peer id. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "each.h"
#include "json.h"
#include "keyfile.h"
#include "keytype.h"
#include "report.h"

enum { HEX_MAX = 2 * P2P_PUBKEY_MAX + 1 };

/* A peer id and, where it is known, its key. */
typedef struct peer {
  p2p_peer_id id;
  uint8_t pubkey[P2P_PUBKEY_MAX];
  size_t pubkey_len; /* 0: not known */
} peer;

/* ---- from words ---- */

static void take_key(peer *p, p2p_bytes pubkey) {
  memcpy(p->pubkey, pubkey.p, pubkey.len);
  p->pubkey_len = pubkey.len;
}

static int nibble(char c) {
  const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* A multihash in hexadecimal. */
static bool from_hex(const char *text, p2p_peer_id *out) {
  uint8_t bytes[P2P_PEER_ID_MAX];
  size_t n = 0;
  for (; text[0] && text[1]; text += 2) {
    int high = nibble(text[0]), low = nibble(text[1]);
    if (high < 0 || low < 0 || n == sizeof bytes) return false;
    bytes[n++] = (uint8_t)(high << 4 | low);
  }
  return *text == '\0' && p2p_peer_id_from_bytes((p2p_bytes){ bytes, n }, out) == 0;
}

static bool from_text(const char *text, peer *out) {
  p2p_bytes pubkey;
  if (p2p_peer_id_parse(text, &out->id) < 0 && !from_hex(text, &out->id)) return false;
  if (p2p_peer_id_pubkey(&out->id, &pubkey) > 0) take_key(out, pubkey);
  return true;
}

static bool from_file(const char *command, const char *path, peer *out) {
  p2p_identity id = { 0 };
  if (!keyfile_read(command, path, &id)) return false;
  out->id = id.peer;
  take_key(out, (p2p_bytes){ id.pubkey, id.pubkey_len });
  p2p_identity_fini(&id);
  return true;
}

static bool refuse(const char *command, const char *word) {
  static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  size_t at = strspn(word, base58);
  bool looks_right = (word[0] == '1' || strncmp(word, "Qm", 2) == 0) && word[at];
  if (looks_right)
    report(command, "%s: not a peer id (at offset %zu: '%c' is no digit of base58)", word, at,
           word[at]);
  else
    report(command,
           "%s: not a peer id (at offset 0), and no file; one looks like 12D3Koo..., Qm... or "
           "bafz...",
           word);
  return false;
}

/* ---- out ---- */

static void print_json(const peer *p, const char *text, const char *cid, const char *hash,
                       const char *key) {
  const char *type = p->pubkey_len ? keytype_of((p2p_bytes){ p->pubkey, p->pubkey_len }) : NULL;
  json j;
  json_begin(&j);
  json_text(&j, "peer", text);
  json_text(&j, "cid", cid);
  json_text(&j, "multihash", hash);
  json_text(&j, "key_type", type);
  json_text(&j, "public_key", p->pubkey_len ? key : NULL);
  json_end(&j);
}

static void print_text(const peer *p, const char *text, const char *cid, const char *hash,
                       const char *key) {
  const char *type = keytype_of((p2p_bytes){ p->pubkey, p->pubkey_len });
  printf("peer id     %s\ncid         %s\nmultihash   %s\n", text, cid, hash);
  if (p->pubkey_len)
    printf("key type    %s\npublic key  %s\n", type ? type : "unknown", key);
  else
    printf("key type    not in the id, which is the hash of a key\n");
}

static bool explain(const char *command, const char *word, bool as_json) {
  peer p = { 0 };
  char text[P2P_PEER_ID_TEXT_MAX], cid[P2P_PEER_ID_TEXT_MAX], hash[HEX_MAX], key[HEX_MAX];
  if (!from_text(word, &p)) {
    if (access(word, F_OK) != 0) return refuse(command, word);
    if (!from_file(command, word, &p)) return false;
  }
  if (p2p_peer_id_print(&p.id, text, sizeof text) < 0) return false;
  if (p2p_peer_id_print_cid(&p.id, cid, sizeof cid) < 0) return false;
  each_hex(p.id.b, p.id.len, hash, sizeof hash);
  each_hex(p.pubkey, p.pubkey_len, key, sizeof key);
  (as_json ? print_json : print_text)(&p, text, cid, hash, key);
  return true;
}

static int run(int argc, char **argv) { return each_main(&id_command, explain, argc, argv); }

const args_command id_command = {
  .name = "p2p id",
  .operands = "[TEXT|FILE]...",
  .n_operands = EACH_WORDS_MAX,
  .brief = "show every form of a peer id",
  .summary = "Shows every form of a peer id.",
  .more = "TEXT: base58btc, a CID in any base, or the multihash in hexadecimal. FILE: a private "
          "key in any\n"
          "format of \"p2p key import\". Without operands: lines of standard input.",
  .examples = "p2p id 12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq\n",
  .options = each_options,
  .n_options = 1,
  .run = run,
};
