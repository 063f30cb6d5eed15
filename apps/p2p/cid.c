/* p2p cid: what a content identifier says. */
#include <p2p/cid.h>
#include <p2p/multihash.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "each.h"
#include "json.h"
#include "report.h"

enum { HEX_MAX = 2 * P2P_MULTIHASH_MAX + 1 };

typedef struct forms {
  p2p_cid cid;
  p2p_multihash mh;
  char v0[P2P_CID_TEXT_MAX], v1[P2P_CID_TEXT_MAX]; /* "" where that version cannot say it */
  char hash[HEX_MAX], digest[HEX_MAX], function[P2P_MULTIHASH_NAME_MAX];
  const char *codec; /* NULL: without a name */
} forms;

static void put_version(const p2p_cid *cid, unsigned version, char *out, size_t cap) {
  p2p_cid other;
  *out = '\0';
  if (p2p_cid_convert(cid, version, &other) < 0) return;
  if (p2p_cid_print(&other, 0, out, cap) < 0) *out = '\0';
}

static bool collect(const char *word, forms *f) {
  if (p2p_cid_parse(word, &f->cid, NULL) < 0) return false;
  if (p2p_multihash_read((p2p_bytes){ f->cid.hash, f->cid.len }, &f->mh) < 0) return false;
  put_version(&f->cid, 0, f->v0, sizeof f->v0);
  put_version(&f->cid, 1, f->v1, sizeof f->v1);
  each_hex(f->cid.hash, f->cid.len, f->hash, sizeof f->hash);
  each_hex(f->mh.digest.p, f->mh.digest.len, f->digest, sizeof f->digest);
  if (p2p_multihash_name(f->mh.code, f->function, sizeof f->function) < 0) f->function[0] = '\0';
  f->codec = p2p_codec_name(f->cid.codec);
  return true;
}

static const char *or_null(const char *text) { return *text ? text : NULL; }

static void print_json(const forms *f) {
  json j;
  json_begin(&j);
  json_count(&j, "version", f->cid.version);
  json_text(&j, "v0", or_null(f->v0));
  json_text(&j, "v1", or_null(f->v1));
  json_text(&j, "codec", f->codec);
  json_count(&j, "codec_code", f->cid.codec);
  json_text(&j, "hash", or_null(f->function));
  json_count(&j, "hash_code", f->mh.code);
  json_text(&j, "digest", f->digest);
  json_text(&j, "multihash", f->hash);
  json_end(&j);
}

static void print_text(const forms *f) {
  printf("version    %u\nv0         %s\nv1         %s\n", (unsigned)f->cid.version,
         *f->v0 ? f->v0 : "cannot say it", f->v1);
  printf("codec      %s (0x%llx)\n", f->codec ? f->codec : "unknown",
         (unsigned long long)f->cid.codec);
  printf("hash       %s (0x%llx), %zu bytes\n", *f->function ? f->function : "unknown",
         (unsigned long long)f->mh.code, f->mh.digest.len);
  printf("digest     %s\nmultihash  %s\n", f->digest, f->hash);
}

static bool explain(const char *command, const char *word, bool as_json) {
  forms f = { 0 };
  if (!collect(word, &f)) {
    report(command, "%s: not a CID (at offset 0); one looks like bafy..., bafk... or Qm...", word);
    return false;
  }
  (as_json ? print_json : print_text)(&f);
  return true;
}

static int run(int argc, char **argv) { return each_main(&cid_command, explain, argc, argv); }

const args_command cid_command = {
  .name = "p2p cid",
  .operands = "[TEXT]...",
  .n_operands = EACH_WORDS_MAX,
  .brief = "explain content identifiers",
  .summary = "Explains content identifiers (CIDs).",
  .more = "Version, codec, hash and digest; the same content in both versions. Without operands: "
          "lines of\n"
          "standard input.",
  .examples = "p2p cid bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e\n",
  .options = each_options,
  .n_options = 1,
  .run = run,
};
