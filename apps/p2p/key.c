/* p2p key new|show|import|export: the key that makes a peer id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "keyfile.h"
#include "keytype.h"
#include "report.h"

#define REPLACE_KEY "replace the key that is there, and the peer id with it"
#define DEFAULT_FILE "FILE: default $XDG_CONFIG_HOME/p2p/key."
#define ANY_FORMAT                                                                                 \
  "Keys are read in any format: protobuf as go-libp2p and js-libp2p store it, base64 of it, PEM\n" \
  "(PKCS #8, or as OpenSSL writes RSA and EC keys), kubo's config or its Identity.PrivKey."

/* The operand, or the default place. */
static const char *path_of(const char *command, char **operands, char *path, size_t cap) {
  if (operands[0]) return operands[0];
  return keyfile_default(command, path, cap) ? path : NULL;
}

static int print_key(const p2p_identity *id, const char *path, bool as_json) {
  char peer[P2P_PEER_ID_TEXT_MAX] = "";
  const char *type = keytype_of((p2p_bytes){ id->pubkey, id->pubkey_len });
  json j;
  (void)!p2p_peer_id_print(&id->peer, peer, sizeof peer);
  if (!as_json) {
    printf("peer id  %s\ntype     %s\nfile     %s\n", peer, type ? type : "unknown", path);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  json_begin(&j);
  json_text(&j, "peer", peer);
  json_text(&j, "type", type);
  json_text(&j, "file", path);
  return json_end(&j) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Stores and shows the key; takes it. */
static int keep(const char *command, p2p_identity *id, const char *path, bool force, bool as_json) {
  bool stored = keyfile_store(command, path, P2P_KEY_PROTOBUF, force, id);
  int code = stored ? print_key(id, path, as_json) : EXIT_FAILURE;
  p2p_identity_fini(id);
  return code;
}

/* ---- new ---- */

static bool make(const char *command, p2p_key_type type, uint64_t bits, p2p_identity *id) {
  int err = keytype_make(type, (unsigned)bits, id);
  if (err == P2P_EINVAL)
    report(command,
           "--bits %u: no such size of %s; ecdsa has 256, 384 and 521, rsa 2048 to 8192 in steps "
           "of 8",
           (unsigned)bits, p2p_key_type_name(type));
  else if (err < 0)
    report(command, "cannot make a key: %s", p2p_strerror(err));
  return err >= 0;
}

typedef struct new_args {
  const char *type;
  uint64_t bits;
  bool force, as_json;
} new_args;

static const args_option new_options[] = {
  { "type", 't', "TYPE", "type of the key", ARGS_TEXT, .at = offsetof(new_args, type),
    .standard = "ed25519", .choices = keytype_names },
  { "bits", 'b', "N", "ecdsa: 256, 384, 521; rsa: 2048 to 8192; otherwise the first", ARGS_COUNT,
    .at = offsetof(new_args, bits), .max = 65536 },
  ARGS_FORCE(new_args, REPLACE_KEY),
  ARGS_JSON(new_args),
};

static const args_command new_command;

static int new_main(int argc, char **argv) {
  new_args a = { 0 };
  char buf[KEYFILE_PATH_MAX], **operands;
  p2p_key_type type;
  p2p_identity id = { 0 };
  int verdict = args_parse(&new_command, argc, argv, &a, &operands);
  if (verdict != ARGS_GO) return verdict;
  if (!keytype_parse(new_command.name, a.type, &type)) return EXIT_USAGE;
  const char *path = path_of(new_command.name, operands, buf, sizeof buf);
  if (!path || !make(new_command.name, type, a.bits, &id)) return EXIT_FAILURE;
  return keep(new_command.name, &id, path, a.force, a.as_json);
}

static const args_command new_command = {
  .name = "p2p key new",
  .operands = "[FILE]",
  .n_operands = 1,
  .brief = "make a key in a file",
  .summary = "Makes a key. " DEFAULT_FILE,
  .examples = "p2p key new\n"
              "p2p key new --type rsa --bits 4096 node.key\n",
  .options = new_options,
  .n_options = sizeof new_options / sizeof *new_options,
  .run = new_main,
};

/* ---- show ---- */

typedef struct show_args {
  bool as_json;
} show_args;

static const args_option show_options[] = {
  ARGS_JSON(show_args),
};

static const args_command show_command;

static int show_main(int argc, char **argv) {
  show_args a = { 0 };
  char buf[KEYFILE_PATH_MAX], **operands;
  int verdict = args_parse(&show_command, argc, argv, &a, &operands);
  if (verdict != ARGS_GO) return verdict;
  p2p_identity id = { 0 };
  const char *path = path_of(show_command.name, operands, buf, sizeof buf);
  if (!path || !keyfile_read(show_command.name, path, &id)) return EXIT_FAILURE;
  int code = print_key(&id, path, a.as_json);
  p2p_identity_fini(&id);
  return code;
}

static const args_command show_command = {
  .name = "p2p key show",
  .operands = "[FILE]",
  .n_operands = 1,
  .brief = "show the peer id of a key",
  .summary = "Shows the peer id of a key. " DEFAULT_FILE,
  .more = ANY_FORMAT,
  .examples = "p2p key show --json node.key\n",
  .options = show_options,
  .n_options = sizeof show_options / sizeof *show_options,
  .run = show_main,
};

/* ---- import, export ---- */

typedef struct import_args {
  bool force, as_json;
} import_args;

static const args_option import_options[] = {
  ARGS_FORCE(import_args, REPLACE_KEY),
  ARGS_JSON(import_args),
};

static const args_command import_command;

static int import_main(int argc, char **argv) {
  import_args a = { 0 };
  char buf[KEYFILE_PATH_MAX], **operands;
  int verdict = args_parse(&import_command, argc, argv, &a, &operands);
  if (verdict != ARGS_GO) return verdict;
  p2p_identity id = { 0 };
  const char *path = path_of(import_command.name, operands + 1, buf, sizeof buf);
  if (!path || !keyfile_read(import_command.name, operands[0], &id)) return EXIT_FAILURE;
  return keep(import_command.name, &id, path, a.force, a.as_json);
}

static const args_command import_command = {
  .name = "p2p key import",
  .operands = "SOURCE [FILE]",
  .n_operands = 2,
  .n_required = 1,
  .brief = "take a key of another program",
  .summary = "Takes the key in SOURCE (\"-\": standard input) as ours. " DEFAULT_FILE,
  .more = ANY_FORMAT,
  .examples = "p2p key import ~/.ipfs/config node.key\n",
  .options = import_options,
  .n_options = sizeof import_options / sizeof *import_options,
  .run = import_main,
};

/* In the order of p2p_key_format. */
static const char *const formats[] = { "protobuf", "base64", "pem", "kubo", NULL };

static p2p_key_format format_of(const char *name) {
  size_t i = 0;
  while (strcmp(formats[i], name) != 0) i++; /* it was parsed as one of them */
  return (p2p_key_format)i;
}

static int print_private(const char *command, const p2p_identity *id, p2p_key_format format) {
  uint8_t bytes[P2P_KEY_TEXT_MAX];
  ptrdiff_t n = p2p_identity_encode(id, format, bytes, sizeof bytes);
  bool ok = n > 0 && fwrite(bytes, 1, (size_t)n, stdout) == (size_t)n;
  if (ok && format == P2P_KEY_BASE64) ok = putchar('\n') != EOF;
  explicit_bzero(bytes, sizeof bytes);
  if (n < 0) report(command, "%s", p2p_strerror((int)n));
  return ok && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int hand_out(const char *command, const p2p_identity *id, p2p_key_format format,
                    const char *to, bool force) {
  if (!to) return print_private(command, id, format);
  return keyfile_store(command, to, format, force, id) ? EXIT_SUCCESS : EXIT_FAILURE;
}

typedef struct export_args {
  const char *format, *to;
  bool force;
} export_args;

static const args_option export_options[] = {
  { "format", 0, "FORMAT", "form of the key", ARGS_TEXT, .at = offsetof(export_args, format),
    .standard = "protobuf", .choices = formats },
  { "out", 'o', "FILE", "write a private file instead of standard output", ARGS_TEXT,
    .at = offsetof(export_args, to) },
  ARGS_FORCE(export_args, "replace the file that is there"),
};

static const args_command export_command;

static int export_main(int argc, char **argv) {
  export_args a = { 0 };
  char buf[KEYFILE_PATH_MAX], **operands;
  int verdict = args_parse(&export_command, argc, argv, &a, &operands);
  if (verdict != ARGS_GO) return verdict;
  p2p_identity id = { 0 };
  const char *path = path_of(export_command.name, operands, buf, sizeof buf);
  if (!path || !keyfile_read(export_command.name, path, &id)) return EXIT_FAILURE;
  int code = hand_out(export_command.name, &id, format_of(a.format), a.to, a.force);
  p2p_identity_fini(&id);
  return code;
}

static const args_command export_command = {
  .name = "p2p key export",
  .operands = "[FILE]",
  .n_operands = 1,
  .brief = "write a key for another program",
  .summary = "Writes the private key in FILE for other programs. " DEFAULT_FILE,
  .more = ANY_FORMAT,
  .examples = "p2p key export --format pem --out node.pem node.key\n",
  .options = export_options,
  .n_options = sizeof export_options / sizeof *export_options,
  .run = export_main,
};

static const args_command *const parts[] = { &new_command, &show_command, &import_command,
                                             &export_command, NULL };
const args_command key_command = {
  .name = "p2p key",
  .brief = "make, show and convert keys",
  .summary = "Makes, shows and converts keys.",
  .parts = parts,
};
