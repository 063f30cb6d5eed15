#define P2P_LIKELY(x) __builtin_expect(!!(x), 1)
