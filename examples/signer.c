/* An identity whose private key the host never sees: it signs through a function. Here the "module"
 * is a struct that counts what it signs; a card, a TPM or an agent goes in its place.
 *
 *   signer [KEYFILE]    serves with that key (a new one without); "signed" on stdin prints the count */
#include <p2p/p2p.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct module {
  p2p_identity key; /* stays in here */
  unsigned signatures;
};

/* Called on the host's thread, once or twice a handshake: it must not block long. */
static int module_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  struct module *m = ctx;
  int err = m->key.sign(m->key.ctx, msg, sig, len);
  if (err >= 0) m->signatures++;
  return err;
}

static void module_release(void *ctx) {
  struct module *m = ctx;
  p2p_identity_fini(&m->key);
}

static int load(p2p_identity *out, const char *path) {
  uint8_t file[P2P_KEY_TEXT_MAX];
  FILE *f = fopen(path, "rb");
  if (!f) return P2P_EACCES;
  size_t n = fread(file, 1, sizeof file, f);
  fclose(f);
  int err = p2p_identity_decode(out, (p2p_bytes){ file, n }, NULL); /* any format */
  memset(file, 0, sizeof file);
  return err;
}

static int generate(p2p_identity *out) {
  p2p_io *io; /* the random source */
  int err = p2p_io_uv_new(&io);
  if (err < 0) return err;
  err = p2p_identity_generate(out, P2P_KEY_ED25519, io);
  io->ops->free(io);
  return err;
}

static int loop(p2p_host *h, const struct module *m) {
  struct pollfd fds[] = { { .fd = p2p_host_fd(h), .events = POLLIN },
                          { .fd = STDIN_FILENO, .events = POLLIN } };
  char line[64];
  for (;;) {
    p2p_time at = p2p_host_deadline(h), now = p2p_host_now(h);
    p2p_time ms = at <= now ? 0 : (at - now) / P2P_MS + 1;
    if (poll(fds, 2, ms > 60000 ? 60000 : (int)ms) < 0) return 1;
    if (fds[1].revents) {
      if (read(STDIN_FILENO, line, sizeof line) <= 0) return 0;
      printf("%u\n", m->signatures);
      fflush(stdout);
    }
    if (p2p_host_step(h, 0) < 0) return 1;
    while (p2p_next_event(h)) continue;
  }
}

int main(int argc, char **argv) {
  struct module module = { .signatures = 0 };
  p2p_identity identity = { .size = 0 };
  p2p_host *host = NULL;
  char addr[P2P_ADDR_TEXT_MAX];
  int code = 1, err = argc > 1 ? load(&module.key, argv[1]) : generate(&module.key);
  if (err >= 0) {
    const p2p_bytes pubkey = { module.key.pubkey, module.key.pubkey_len };
    err = p2p_identity_from_signer(&identity, pubkey, module_sign, module_release, &module);
    if (err < 0) module_release(&module);
  }
  const p2p_host_opts opts = { .size = sizeof opts, .identity = &identity };
  if (err >= 0) err = p2p_host_new(&host, &opts);
  if (err < 0) {
    fprintf(stderr, "cannot start: %s\n", p2p_strerror(err));
  } else {
    for (size_t i = 0; p2p_host_addr(host, i, addr, sizeof addr) > 0; i++) puts(addr);
    fflush(stdout);
    code = loop(host, &module);
  }
  p2p_host_free(host);
  p2p_identity_fini(&identity); /* after the host, which borrows it; releases the module */
  return code;
}
