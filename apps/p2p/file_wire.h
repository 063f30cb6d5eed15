/* The messages of /p2p/file/1.0.0: docs/internals/file-protocol.md has them. */
#ifndef APP_FILE_WIRE_H
#define APP_FILE_WIRE_H

#include <p2p/p2p.h>

#include "digest.h"

#define FILE_ID "/p2p/file/1.0.0"
#define FILE_PART ".part" /* behind the name of a file that is not whole */

enum {
  FILE_MESSAGE_MAX = 4096, /* bytes of a message; longer ones are refused unread */
  FILE_CHUNK_MAX = 1 << 20,
  FILE_NAME_MAX = 250, /* with ".part" behind it a name of a file system */
  FILE_REASON_MAX = 200
};

/* Fields of all messages together; each message uses some. `has` tells which were there. */
typedef enum file_kind { FILE_OFFER, FILE_ANSWER, FILE_START, FILE_TRAILER, FILE_RESULT } file_kind;
typedef struct file_message {
  char name[FILE_NAME_MAX + 1]; /* offer */
  bool has_size, has_mode, has_sha256;
  uint64_t size;   /* offer; trailer: of the whole content */
  uint32_t mode;   /* offer: permissions */
  uint64_t status; /* answer, result: 0 yes, else no */
  uint64_t offset; /* answer: bytes that are there already; start: where the data begins */
  uint8_t sha256[DIGEST_LEN];       /* answer: of those bytes; trailer: of the whole content */
  char reason[FILE_REASON_MAX + 1]; /* answer, result */
} file_message;

/* Writes the message with its length before it. Its length. */
size_t file_encode(file_kind kind, const file_message *m, uint8_t out[FILE_MESSAGE_MAX]);
/* Reads the message without its length. False: it is malformed. Unknown fields are passed over. */
bool file_decode(file_kind kind, p2p_bytes in, file_message *out);

/* A varint that comes in pieces. */
typedef struct file_varint {
  uint64_t value;
  unsigned n; /* bytes so far */
} file_varint;
/* Eats from *in. 1: whole, in v->value; 0: more is needed; P2P_EPROTO: longer than its value needs,
 * or more than 9 bytes. */
int file_varint_feed(file_varint *v, p2p_bytes *in);
size_t file_varint_put(uint8_t out[10], uint64_t value);

/* A message that comes in pieces. */
typedef struct file_frame {
  file_varint len;
  bool known; /* the length is whole */
  uint8_t bytes[FILE_MESSAGE_MAX];
  size_t n;
} file_frame;
/* 1: whole, in f->bytes and f->n; 0: more is needed; P2P_EPROTO. */
int file_frame_feed(file_frame *f, p2p_bytes *in);

/* Why a name is none of a plain file in one folder; NULL: it is one. Leading dots become '_'. */
const char *file_name_check(char *name);

#endif
