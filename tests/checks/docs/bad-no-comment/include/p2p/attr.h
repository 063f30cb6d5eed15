/* Attributes. */
#define P2P_API __attribute__((visibility("default")))
#define P2P_MUST_USE __attribute__((warn_unused_result))
