/* p2p key new|show: the key that makes a peer id. */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "commands.h"
#include "json.h"
#include "keyfile.h"
#include "report.h"

/* The operand, or the default place. */
static const char *path_of(const char *command, char **operands, char *path, size_t cap) {
  if (operands[0]) return operands[0];
  return keyfile_default(command, path, cap) ? path : NULL;
}

static const char *type_name(const p2p_identity *id) {
  /* PublicKey { KeyType Type = 1; … }: the second byte of the protobuf is the type. */
  static const char *const names[] = { "RSA", "Ed25519", "Secp256k1", "ECDSA" };
  return id->pubkey_len > 1 && id->pubkey[1] < 4 ? names[id->pubkey[1]] : "unknown";
}

static int print_key(const p2p_identity *id, const char *path, bool as_json) {
  char peer[P2P_PEER_ID_TEXT_MAX] = "";
  json j;
  (void)!p2p_peer_id_print(&id->peer, peer, sizeof peer);
  if (!as_json) {
    printf("peer id  %s\ntype     %s\nfile     %s\n", peer, type_name(id), path);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  json_begin(&j);
  json_text(&j, "peer", peer);
  json_text(&j, "type", type_name(id));
  json_text(&j, "file", path);
  return json_end(&j) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int new_main(int argc, char **argv) {
  bool force = false, as_json = false;
  const args_option options[] = {
    { "force", 'f', NULL, "replace the key that is there, and the peer id with it",
      .flag = &force },
    { "json", 0, NULL, "print a line of JSON", .flag = &as_json },
  };
  const args_command c = { "p2p key new",
                           "[FILE]",
                           "Makes an Ed25519 key. FILE: default $XDG_CONFIG_HOME/p2p/key.",
                           .options = options,
                           .n_options = 2,
                           .n_operands = 1 };
  char buf[KEYFILE_PATH_MAX], **operands;
  int verdict = args_parse(&c, argc, argv, &operands);
  if (verdict != ARGS_GO) return verdict;
  p2p_identity id = { 0 };
  const char *path = path_of(c.name, operands, buf, sizeof buf);
  if (!path || !keyfile_make(c.name, path, force, &id)) return EXIT_FAILURE;
  int code = print_key(&id, path, as_json);
  p2p_identity_fini(&id);
  return code;
}

static int show_main(int argc, char **argv) {
  bool as_json = false;
  const args_option options[] = {
    { "json", 0, NULL, "print a line of JSON", .flag = &as_json },
  };
  const args_command c = { "p2p key show",
                           "[FILE]",
                           "Shows the peer id of a key. FILE: default $XDG_CONFIG_HOME/p2p/key.",
                           .options = options,
                           .n_options = 1,
                           .n_operands = 1 };
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

static const command_line lines[] = {
  { "new", new_main, "make a key in a file" },
  { "show", show_main, "show the peer id of a key" },
};

int key_main(int argc, char **argv) {
  return commands_dispatch("p2p key", "Makes and shows keys.", lines, sizeof lines / sizeof *lines,
                           argc, argv);
}
