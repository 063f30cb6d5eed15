/* A stream joined to two descriptors: what is read from one is sent, what arrives is written to the
 * other. Bounded both ways: nothing is read while the stream is full, the stream is not read while
 * the descriptor is full. The two ways end by themselves: half-close is kept. */
#ifndef APP_PUMP_H
#define APP_PUMP_H

#include <p2p/p2p.h>
#include <poll.h>

typedef struct pump {
  p2p_host *host;
  p2p_stream stream;
  int in, out;      /* -1: that way has ended */
  size_t write_max; /* so much a write takes without waiting when poll(2) has promised room */
  bool room;        /* the stream takes bytes */
  bool news;        /* the stream may have bytes, or its end */
  bool opened;      /* the protocol is agreed */
  bool finished;    /* the descriptor ended, and the remote was told */
  bool ended;       /* the remote has finished and all of it is written */
  bool closed;      /* the stream is gone: */
  int err;          /* why; 0: both sides have finished */
  uint32_t code;
  bool stopped;   /* the remote reads no more */
  int out_failed; /* errno of a write: nobody reads what arrives; 0: none failed */
  uint64_t sent, got;
  uint8_t *tail; /* what a connection left behind when it ended */
  size_t tail_len, tail_at;
  bool tail_whole; /* and the remote's end with it */
} pump;

/* Joins; the pump owns both descriptors from now on. 0 and 1 are replaced by /dev/null when they
 * end, others are closed. */
void pump_init(pump *p, p2p_host *h, int in, int out);
/* What to give to p2p_stream_open or p2p_stream_set_handler; user is the pump. */
p2p_handler pump_handler(pump *p);
/* What to wait for: two descriptors. */
void pump_watch(const pump *p, struct pollfd fds[2]);
/* Moves what can be moved. */
void pump_turn(pump *p, const struct pollfd fds[2]);
bool pump_is_done(const pump *p);
/* Closes what it has; the stream, when it lives, is reset. All zero is accepted. */
void pump_fini(pump *p);

/* How it ended, as an exit code of `connect` and `listen`, after a report when it was not well. */
int pump_verdict(const pump *p, const char *command, const char *protocol, bool lost, bool quiet);
extern const char pump_exits[];

#endif
