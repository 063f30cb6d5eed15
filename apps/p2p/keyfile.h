/* An identity's key in a file, mode 0600. Any format is read; ours is the libp2p protobuf PrivateKey,
 * as go-libp2p stores it. Written under another name, synced, then given its name in one step: never half there. */
#ifndef APP_KEYFILE_H
#define APP_KEYFILE_H

#include <p2p/p2p.h>

enum { KEYFILE_PATH_MAX = 4096 };

/* Where the key is when nobody says: $XDG_CONFIG_HOME/p2p/key, else ~/.config/p2p/key. Makes the
 * directory. Reports and returns false when there is none. */
bool keyfile_default(const char *command, char *path, size_t cap);
/* Each reports what went wrong and returns false then. The caller ends *out with p2p_identity_fini.
 * path "-": standard input. */
bool keyfile_read(const char *command, const char *path, p2p_identity *out);
bool keyfile_store(const char *command, const char *path, p2p_key_format format, bool replace,
                   const p2p_identity *id);
/* A secret of any kind: into a file as above, 0 or -1 with errno; and out of an open one, with a warning
 * when others may read it: its length, -1 with errno. */
int keyfile_write(const char *path, bool replace, const void *bytes, size_t len);
ptrdiff_t keyfile_bytes(const char *command, const char *path, int fd, uint8_t *buf, size_t cap);
/* Reads the key, or makes one (Ed25519) when there is none. */
bool keyfile_open(const char *command, const char *path, p2p_identity *out);

#endif
