# Libraries we stand on. libcrypto and libuv are needed; the others are used when found.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv>=1.40)

set(P2P_SODIUM_FOUND OFF)
if(P2P_WITH_SODIUM)
  pkg_check_modules(SODIUM IMPORTED_TARGET libsodium)
  if(SODIUM_FOUND)
    set(P2P_SODIUM_FOUND ON)
  endif()
endif()
message(STATUS "libsodium: ${P2P_SODIUM_FOUND}")
