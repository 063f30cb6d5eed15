/* p2p psk new|show: the key of a private network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "pskfile.h"
#include "report.h"

static int show(const char *command, const p2p_psk *psk, const char *path, bool as_json) {
  char print[P2P_PSK_FINGERPRINT_MAX];
  json j;
  int err = p2p_psk_fingerprint(psk, print, sizeof print);
  if (err < 0) {
    report(command, "no fingerprint: %s", p2p_strerror(err));
    return EXIT_FAILURE;
  }
  if (!as_json) {
    printf("fingerprint  %s\nfile         %s\n", print, path);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  json_begin(&j);
  json_text(&j, "fingerprint", print);
  json_text(&j, "file", path);
  return json_end(&j) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- new ---- */

typedef struct new_args {
  bool force, as_json;
} new_args;

static const args_option new_options[] = {
  ARGS_FORCE(new_args, "replace the key that is there"),
  ARGS_JSON(new_args),
};

static const args_command new_command;

static int make(p2p_psk *psk) {
  p2p_io *io;
  int err = p2p_io_uv_new(&io);
  if (err < 0) return err;
  err = p2p_psk_generate(psk, io);
  io->ops->free(io);
  return err;
}

static int new_main(int argc, char **argv) {
  new_args a = { 0 };
  char **operands;
  p2p_psk psk = { 0 };
  int verdict = args_parse(&new_command, argc, argv, &a, &operands);
  if (verdict != ARGS_GO) return verdict;
  int err = make(&psk), code = EXIT_FAILURE;
  if (err < 0)
    report(new_command.name, "cannot make a key: %s", p2p_strerror(err));
  else if (pskfile_store(new_command.name, operands[0], a.force, &psk))
    code = show(new_command.name, &psk, operands[0], a.as_json);
  p2p_psk_fini(&psk);
  return code;
}

static const args_command new_command = {
  .name = "p2p psk new",
  .operands = "FILE",
  .n_operands = 1,
  .n_required = 1,
  .brief = "make the key of a private network",
  .summary = "Makes the key of a private network in FILE, as kubo's swarm.key.",
  .examples = "p2p psk new swarm.key\n",
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
  char **operands;
  p2p_psk psk = { 0 };
  int verdict = args_parse(&show_command, argc, argv, &a, &operands);
  if (verdict != ARGS_GO) return verdict;
  int code = EXIT_FAILURE;
  if (pskfile_read(show_command.name, operands[0], &psk))
    code = show(show_command.name, &psk, operands[0], a.as_json);
  p2p_psk_fini(&psk);
  return code;
}

static const args_command show_command = {
  .name = "p2p psk show",
  .operands = "FILE",
  .n_operands = 1,
  .n_required = 1,
  .brief = "show the fingerprint of a network's key",
  .summary = "Shows the fingerprint of the key in FILE: who has the same is of the same network.",
  .examples = "p2p psk show ~/.ipfs/swarm.key\n",
  .options = show_options,
  .n_options = sizeof show_options / sizeof *show_options,
  .run = show_main,
};

static const args_command *const parts[] = { &new_command, &show_command, NULL };
const args_command psk_command = {
  .name = "p2p psk",
  .brief = "make and show keys of private networks",
  .summary = "Makes and shows keys of private networks.",
  .parts = parts,
};
