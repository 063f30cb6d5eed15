/* Attributes of the public headers. Nothing else in include/ uses a compiler extension. */
#ifndef P2P_ATTR_H
#define P2P_ATTR_H

#if defined(__GNUC__) || defined(__clang__)
#define P2P_API __attribute__((visibility("default")))
#define P2P_MUST_USE __attribute__((warn_unused_result))
#else
#define P2P_API
#define P2P_MUST_USE
#endif

#ifdef __cplusplus
#define P2P_BEGIN extern "C" {
#define P2P_END }
#else
#define P2P_BEGIN
#define P2P_END
#endif

#endif
