/* p2p completion bash|zsh: a script for the shell, out of the table of commands. */
#include <p2p/p2p.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "help.h"
#include "report.h"

#define NAME "p2p completion"

/* ---- bash: three case tables, of words, of options and of what an option's value may be ---- */

static const char bash_begin[] =
    "# Completion of p2p for bash, made by \"p2p completion bash\".\n"
    "_p2p() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path=p2p words= i\n"
    "  if [ \"$cur\" = = ]; then cur=; fi # --option=value comes as three words\n"
    "  if [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    case \"$path ${COMP_WORDS[i]}\" in\n";
static const char bash_values[] = "      path=\"$path ${COMP_WORDS[i]}\" ;;\n"
                                  "    esac\n"
                                  "  done\n"
                                  "  case \"$path $prev\" in\n";
static const char bash_options[] = "  esac\n"
                                   "  case $path in\n";
static const char bash_end[] = "  esac\n"
                               "  if [ \"$words\" = : ] && [ \"${cur#-}\" = \"$cur\" ]; then\n"
                               "    COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                               "    compopt -o filenames 2>/dev/null\n"
                               "  else\n"
                               "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                               "  fi\n"
                               "}\n"
                               "complete -F _p2p p2p\n";

static bool bash_path(const args_command *c, void *user) {
  bool *begun = user;
  if (c == &p2p_command) return true;
  printf("%s\"%s\"", *begun ? "|" : "      ", c->name);
  *begun = true;
  return true;
}

static bool names_files(const char *value) {
  return value && (strstr(value, "FILE") || strcmp(value, "DIR") == 0);
}

static void bash_words(const char *const *words) {
  for (; *words; words++) printf("%s ", *words);
}

/* After an option that takes a value: its words, files, or nothing. */
static bool bash_value(const args_command *c, void *user) {
  (void)user;
  for (size_t i = 0; i < c->n_options; i++) {
    const args_option *o = &c->options[i];
    if (!o->value) continue;
    printf("  \"%s --%s\"", c->name, o->name);
    if (o->letter) printf("|\"%s -%c\"", c->name, o->letter);
    fputs(") ", stdout);
    if (o->choices) {
      fputs("COMPREPLY=($(compgen -W \"", stdout);
      bash_words(o->choices);
      fputs("\" -- \"$cur\")); ", stdout);
    } else if (names_files(o->value)) {
      printf("COMPREPLY=($(compgen -%c -- \"$cur\")); compopt -o filenames 2>/dev/null; ",
             strcmp(o->value, "DIR") == 0 ? 'd' : 'f');
    }
    puts("return ;;");
  }
  return true;
}

static bool bash_option(const args_command *c, void *user) {
  (void)user;
  printf("  \"%s\")\n    case $cur in\n    -*) words=\"", c->name);
  for (size_t i = 0; i < c->n_options; i++) printf("--%s ", c->options[i].name);
  printf("--help%s\" ;;\n    *) words=\"", c == &p2p_command ? " --version" : "");
  for (const args_command *const *part = c->parts; part && *part; part++)
    printf("%s ", args_word(*part));
  if (!c->parts && (names_files(c->operands) || strstr(c->operands, "DIR"))) fputc(':', stdout);
  puts("\" ;;\n    esac ;;");
  return true;
}

static void print_bash(void) {
  bool begun = false;
  fputs(bash_begin, stdout);
  help_walk(&p2p_command, bash_path, &begun);
  puts(")");
  fputs(bash_values, stdout);
  help_walk(&p2p_command, bash_value, NULL);
  fputs(bash_options, stdout);
  help_walk(&p2p_command, bash_option, NULL);
  fputs(bash_end, stdout);
}

/* ---- zsh: an _arguments call for each command ---- */

/* Text between single quotes, where brackets and colons are escaped for _arguments. */
static void zsh_text(const char *text) {
  for (; *text; text++) {
    if (*text == '\'') {
      fputs("'\\''", stdout);
      continue;
    }
    if (strchr("[]:\\", *text)) fputc('\\', stdout);
    fputc(*text, stdout);
  }
}

static void zsh_option(const args_option *o) {
  const char *many = o->kind == ARGS_LIST || o->kind == ARGS_TALLY ? "*" : "";
  printf("    '%s--%s%s[", many, o->name, o->value ? "=" : "");
  zsh_text(o->help);
  fputc(']', stdout);
  if (o->value) {
    printf(":%s:", o->value);
    if (o->choices) {
      fputc('(', stdout);
      bash_words(o->choices);
      fputc(')', stdout);
    } else if (names_files(o->value)) {
      fputs(strcmp(o->value, "DIR") == 0 ? "_files -/" : "_files", stdout);
    }
  }
  puts("' \\");
}

static bool zsh_command(const args_command *c, void *user) {
  (void)user;
  printf("  '%s')\n", c->name);
  if (c->parts) {
    puts("    local -a parts=(");
    for (const args_command *const *part = c->parts; *part; part++) {
      printf("      '%s:", args_word(*part));
      zsh_text((*part)->brief);
      puts("'");
    }
    puts("    )\n    _describe command parts ;;");
    return true;
  }
  puts("    _arguments \\");
  for (size_t i = 0; i < c->n_options; i++) zsh_option(&c->options[i]);
  bool files = names_files(c->operands) || strstr(c->operands, "DIR");
  printf("    '(-h --help)'{-h,--help}'[this text]'%s ;;\n", files ? " '*:file:_files'" : "");
  return true;
}

static void print_zsh(void) {
  bool begun = false;
  fputs("#compdef p2p\n"
        "# Completion of p2p for zsh, made by \"p2p completion zsh\".\n"
        "_p2p() {\n"
        "  local path_=p2p i=2\n"
        "  while ((i < CURRENT)); do\n"
        "    case \"$path_ ${words[i]}\" in\n",
        stdout);
  help_walk(&p2p_command, bash_path, &begun);
  fputs(")\n"
        "      path_=\"$path_ ${words[i]}\" ;;\n"
        "    *) break ;;\n"
        "    esac\n"
        "    ((i++))\n"
        "  done\n"
        "  shift $((i - 2)) words # what is left is the command and its arguments\n"
        "  ((CURRENT -= i - 2))\n"
        "  case $path_ in\n",
        stdout);
  help_walk(&p2p_command, zsh_command, NULL);
  fputs("  esac\n"
        "}\n"
        "if [ \"$funcstack[1]\" = _p2p ]; then _p2p \"$@\"; else compdef _p2p p2p; fi\n",
        stdout);
}

static int completion_main(int argc, char **argv) {
  char **words;
  int code = args_parse(&completion_command, argc, argv, NULL, &words);
  if (code != ARGS_GO) return code;
  bool bash = strcmp(words[0], "bash") == 0;
  if (!bash && strcmp(words[0], "zsh") != 0) {
    report(NAME, "%s: no completion for this shell; there are bash and zsh", words[0]);
    return EXIT_USAGE;
  }
  (bash ? print_bash : print_zsh)();
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

const args_command completion_command = {
  .name = NAME,
  .operands = "SHELL",
  .n_operands = 1,
  .n_required = 1,
  .brief = "print completion for bash or zsh",
  .summary = "Prints the script that completes p2p's command lines. SHELL: bash or zsh.",
  .examples = "source <(p2p completion bash)\n"
              "p2p completion zsh > ~/.zfunc/_p2p\n",
  .run = completion_main,
};
