/* A door with a fault: a p2p_io that passes every call on to another one, and fails one of them (or
 * one and those after it) in a way that systems fail. For tests. */
#ifndef TESTS_SUPPORT_FAULTY_IO_H
#define TESTS_SUPPORT_FAULTY_IO_H

#include <p2p/io.h>

/* What can fail. now, unix_ns, wake, fd, want, close and free cannot. */
typedef enum faulty_call {
  FAULTY_WAIT,
  FAULTY_RANDOM,
  FAULTY_LISTEN,
  FAULTY_ACCEPT,
  FAULTY_CONNECT,
  FAULTY_RECV,
  FAULTY_SEND,
  FAULTY_SHUTDOWN,
  FAULTY_OPTION,
  FAULTY_UDP_OPEN,
  FAULTY_UDP_RECV,
  FAULTY_UDP_SEND,
  FAULTY_RESOLVE,
  FAULTY_RESOLVED,
  FAULTY_IFADDRS,
  FAULTY_IFWATCH,
  FAULTY_SOURCE,
  FAULTY_UDP_ERRORS,
  FAULTY_CALLS
} faulty_call;

/* How it fails. */
typedef struct faulty_way {
  const char *name;
  uint32_t calls; /* bits 1 << faulty_call: those that can fail so */
  int error;      /* what the call returns; 0: it is cut short, or finds nothing */
  uint32_t times; /* so many calls of the kind fail, the first included */
  bool lasts;     /* a socket that failed so is broken: recv and send of it fail for ever */
  bool harmless;  /* nobody above may notice */
} faulty_way;

extern const faulty_way faulty_ways[];
extern const int n_faulty_ways;

enum { FAULTY_SOCKETS = 64 };

typedef struct faulty_io {
  p2p_io io; /* first: what a host is given */
  p2p_io *of;
  uint64_t calls;        /* made so far */
  const faulty_way *way; /* NULL: none */
  uint64_t fail_at; /* the first call of this number (from 1) or later that can fail so, fails */
  bool begun;       /* it has */
  faulty_call kind; /* the one that failed */
  uint32_t left;    /* more of the kind that will */
  int broken[FAULTY_SOCKETS]; /* by a fault that lasts: its error, whatever way is armed now */
  uint8_t *kinds;             /* what each call was, as far as there is room; NULL: nobody asks */
  size_t n_kinds;
} faulty_io;

/* of: borrowed; one that has Unix sockets. The caller arms way and fail_at when it likes. */
void faulty_io_init(faulty_io *f, p2p_io *of);

#endif
