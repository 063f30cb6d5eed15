/* INI files, in a build without inih: there are none. */
#include "inifile.h"

bool inifile_read(FILE *from, inifile_fn fn, inifile_bad_fn bad, void *user) {
  (void)from;
  (void)fn;
  bad(user, 0, "this build reads no configuration files; build it with inih");
  return false;
}

bool inifile_is_there(void) { return false; }
