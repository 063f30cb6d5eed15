/* /echo/1.0.0, the asking side: sends a pattern while it compares what returns. */
#ifndef APP_ECHO_RUN_H
#define APP_ECHO_RUN_H

#include <p2p/p2p.h>

typedef struct echo_run echo_run;

struct echo_run {
  /* set by the caller */
  uint64_t total;
  uint64_t salt;  /* where in the pattern it starts: streams that mix show */
  bool keep_open; /* does not finish after the last byte; echo_run_finish does */
  void (*on_change)(echo_run *e, void *user); /* something below is new; may be NULL */
  void *user;

  p2p_host *host;
  p2p_stream stream;
  uint64_t sent, got;
  bool opened;   /* the remote agreed */
  bool finished; /* we have */
  bool ended;    /* the remote has finished, behind the last byte */
  bool closed;   /* the stream is gone: */
  int err;       /* why; 0: all came back and both finished */
  uint32_t code; /* of the remote's reset */
};

/* Opens a stream on c and begins. */
P2P_MUST_USE int echo_run_start(echo_run *e, p2p_host *h, p2p_conn c);
void echo_run_finish(echo_run *e);

#endif
