/* Compiler extensions of the whole library live here and nowhere else. */
#ifndef P2P_BASE_ATTR_H
#define P2P_BASE_ATTR_H

#include <p2p/attr.h>
#include <stddef.h>

#if defined(__GNUC__) || defined(__clang__)
#define P2P_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define P2P_LIKELY(x) __builtin_expect(!!(x), 1)
#define P2P_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define P2P_ALIGNED(n) __attribute__((aligned(n)))
/* The compiler must take x for a value it knows nothing about. */
#define P2P_OPAQUE(x) __asm__ volatile("" : "+r"(x))
/* The compiler must take the memory at p for read, so that stores to it stay. */
#define P2P_KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")
#else
#define P2P_PRINTF(fmt, args)
#define P2P_LIKELY(x) (x)
#define P2P_UNLIKELY(x) (x)
#define P2P_ALIGNED(n)
#define P2P_OPAQUE(x) ((void)(x))
#define P2P_KEEP(p) ((void)(p))
#endif

/* The struct of `type` whose `member` is at `ptr`. */
#define P2P_CONTAINER(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define P2P_CONST_CONTAINER(ptr, type, member)                                                     \
  ((const type *)((const char *)(ptr) - offsetof(type, member)))

#define P2P_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
