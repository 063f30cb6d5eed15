/* p2p key new|show|import|export: the key that makes a peer id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "commands.h"
#include "json.h"
#include "keyfile.h"
#include "keytype.h"
#include "report.h"

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

static int new_main(int argc, char **argv) {
  bool force = false, as_json = false;
  const char *type_name = "ed25519";
  uint64_t bits = 0;
  const args_option options[] = {
    { "type", 't', "TYPE", KEYTYPE_NAMES " (default ed25519)", .text = &type_name },
    { "bits", 'b', "N", "ecdsa: 256, 384, 521; rsa: 2048 to 8192 (default: the first)",
      .count = &bits, .max = 65536 },
    { "force", 'f', NULL, "replace the key that is there, and the peer id with it",
      .flag = &force },
    { "json", 0, NULL, "print a line of JSON", .flag = &as_json },
  };
  const args_command c = { "p2p key new",      "[FILE]",       "Makes a key. " DEFAULT_FILE,
                           .options = options, .n_options = 4, .n_operands = 1 };
  char buf[KEYFILE_PATH_MAX], **operands;
  p2p_key_type type;
  p2p_identity id = { 0 };
  int verdict = args_parse(&c, argc, argv, &operands);
  if (verdict != ARGS_GO) return verdict;
  if (!keytype_parse(c.name, type_name, &type)) return EXIT_USAGE;
  const char *path = path_of(c.name, operands, buf, sizeof buf);
  if (!path || !make(c.name, type, bits, &id)) return EXIT_FAILURE;
  return keep(c.name, &id, path, force, as_json);
}

/* ---- show ---- */

static int show_main(int argc, char **argv) {
  bool as_json = false;
  const args_option options[] = {
    { "json", 0, NULL, "print a line of JSON", .flag = &as_json },
  };
  const args_command c = {
    "p2p key show",     "[FILE]",           "Shows the peer id of a key. " DEFAULT_FILE,
    .more = ANY_FORMAT, .options = options, .n_options = 1,
    .n_operands = 1
  };
  char buf[KEYFILE_PATH_MAX], **operands;
  int verdict = args_parse(&c, argc, argv, &operands);
  if (verdict != ARGS_GO) return verdict;
  p2p_identity id = { 0 };
  const char *path = path_of(c.name, operands, buf, sizeof buf);
  if (!path || !keyfile_read(c.name, path, &id)) return EXIT_FAILURE;
  int code = print_key(&id, path, as_json);
  p2p_identity_fini(&id);
  return code;
}

/* ---- import, export ---- */

static int import_main(int argc, char **argv) {
  bool force = false, as_json = false;
  const args_option options[] = {
    { "force", 'f', NULL, "replace the key that is there, and the peer id with it",
      .flag = &force },
    { "json", 0, NULL, "print a line of JSON", .flag = &as_json },
  };
  const args_command c = { "p2p key import",
                           "SOURCE [FILE]",
                           "Takes the key in SOURCE (\"-\": standard input) as ours. " DEFAULT_FILE,
                           .more = ANY_FORMAT,
                           .options = options,
                           .n_options = 2,
                           .n_operands = 2,
                           .n_required = 1 };
  char buf[KEYFILE_PATH_MAX], **operands;
  int verdict = args_parse(&c, argc, argv, &operands);
  if (verdict != ARGS_GO) return verdict;
  p2p_identity id = { 0 };
  const char *path = path_of(c.name, operands + 1, buf, sizeof buf);
  if (!path || !keyfile_read(c.name, operands[0], &id)) return EXIT_FAILURE;
  return keep(c.name, &id, path, force, as_json);
}

static bool format_of(const char *command, const char *name, p2p_key_format *out) {
  static const char *const names[] = { "protobuf", "base64", "pem", "kubo" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], name) != 0) continue;
    *out = (p2p_key_format)i;
    return true;
  }
  report(command, "--format %s: no such format; there are protobuf, base64, pem and kubo", name);
  return false;
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

static int export_main(int argc, char **argv) {
  bool force = false;
  const char *name = "protobuf", *to = NULL;
  const args_option options[] = {
    { "format", 0, "FORMAT", "protobuf (default), base64, pem or kubo", .text = &name },
    { "out", 'o', "PATH", "write a private file instead of standard output", .text = &to },
    { "force", 'f', NULL, "replace the file that is there", .flag = &force },
  };
  const args_command c = { "p2p key export",
                           "[FILE]",
                           "Writes the private key in FILE for other programs. " DEFAULT_FILE,
                           .more = ANY_FORMAT,
                           .options = options,
                           .n_options = 3,
                           .n_operands = 1 };
  char buf[KEYFILE_PATH_MAX], **operands;
  p2p_key_format format;
  int verdict = args_parse(&c, argc, argv, &operands);
  if (verdict != ARGS_GO) return verdict;
  if (!format_of(c.name, name, &format)) return EXIT_USAGE;
  p2p_identity id = { 0 };
  const char *path = path_of(c.name, operands, buf, sizeof buf);
  if (!path || !keyfile_read(c.name, path, &id)) return EXIT_FAILURE;
  int code = hand_out(c.name, &id, format, to, force);
  p2p_identity_fini(&id);
  return code;
}

static const command_line lines[] = {
  { "new", new_main, "make a key in a file" },
  { "show", show_main, "show the peer id of a key" },
  { "import", import_main, "take a key of another program" },
  { "export", export_main, "write a key for another program" },
};

int key_main(int argc, char **argv) {
  return commands_dispatch("p2p key", "Makes, shows and converts keys.", lines,
                           sizeof lines / sizeof *lines, argc, argv);
}
