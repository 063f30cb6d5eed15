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
/* Reads the key, or makes one (Ed25519) when there is none. */
bool keyfile_open(const char *command, const char *path, p2p_identity *out);

#endif
