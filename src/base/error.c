/* Names and sentences of the one list of errors. */
#include <p2p/error.h>

const char *p2p_strerror(int err) {
  if (err >= 0) return "ok";
  switch (err) {
#define ERROR_TEXT(name, value, text)                                                              \
  case name: return text;
    P2P_ERRORS(ERROR_TEXT)
#undef ERROR_TEXT
  default: return "unknown error";
  }
}

const char *p2p_error_name(int err) {
  if (err >= 0) return "P2P_OK";
  switch (err) {
#define ERROR_NAME(name, value, text)                                                              \
  case name: return #name;
    P2P_ERRORS(ERROR_NAME)
#undef ERROR_NAME
  default: return "P2P_EUNKNOWN";
  }
}
