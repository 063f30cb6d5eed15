# Libraries we stand on. libcrypto and libuv are needed; the others are used when found.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv>=1.40)

# What src/crypto stands over: libcrypto, and whatever faster arithmetic is found. Its folder sees a
# P2P_HAVE_… for each; libp2p.pc names them, by module or, where there is none, as a flag.
add_library(p2p_backends INTERFACE)
target_link_libraries(p2p_backends INTERFACE OpenSSL::Crypto)
set(P2P_BACKEND_DEFINES)
set(P2P_BACKEND_PC libcrypto)
set(P2P_BACKEND_LIBS)

# p2p_backend(NAME wanted module): an optional library; sets P2P_<NAME>_FOUND.
macro(p2p_backend name wanted module)
  set(P2P_${name}_FOUND OFF)
  if(${wanted})
    pkg_check_modules(${name} IMPORTED_TARGET ${module})
    if(${name}_FOUND)
      set(P2P_${name}_FOUND ON)
      target_link_libraries(p2p_backends INTERFACE PkgConfig::${name})
      list(APPEND P2P_BACKEND_DEFINES P2P_HAVE_${name})
      string(REGEX REPLACE ">.*" "" p2p_pc_name ${module})
      string(APPEND P2P_BACKEND_PC " ${p2p_pc_name}")
    endif()
  endif()
  message(STATUS "${module}: ${P2P_${name}_FOUND}")
endmacro()

p2p_backend(SODIUM P2P_WITH_SODIUM libsodium)
p2p_backend(SECP256K1 P2P_WITH_SECP256K1 libsecp256k1>=0.2.0)
p2p_backend(GNUTLS P2P_WITH_TLS gnutls>=3.7.2)

# libipsec-mb has no pkg-config file.
set(P2P_IPSEC_MB_FOUND OFF)
if(P2P_WITH_IPSEC_MB AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  find_path(P2P_IPSEC_MB_INCLUDE intel-ipsec-mb.h)
  find_library(P2P_IPSEC_MB_LIBRARY IPSec_MB)
  if(P2P_IPSEC_MB_INCLUDE AND P2P_IPSEC_MB_LIBRARY)
    set(P2P_IPSEC_MB_FOUND ON)
    target_link_libraries(p2p_backends INTERFACE ${P2P_IPSEC_MB_LIBRARY})
    list(APPEND P2P_BACKEND_DEFINES P2P_HAVE_IPSEC_MB)
    set(P2P_BACKEND_LIBS -lIPSec_MB)
  endif()
endif()
message(STATUS "libipsec-mb: ${P2P_IPSEC_MB_FOUND}")

# QUIC: only src/quic stands over ngtcp2.
set(P2P_QUIC_FOUND OFF)
if(P2P_WITH_QUIC AND P2P_GNUTLS_FOUND)
  pkg_check_modules(NGTCP2 IMPORTED_TARGET libngtcp2>=1.11)
  if(NGTCP2_FOUND)
    set(P2P_QUIC_FOUND ON)
    target_link_libraries(p2p_backends INTERFACE PkgConfig::NGTCP2)
    list(APPEND P2P_BACKEND_DEFINES P2P_HAVE_QUIC)
    string(APPEND P2P_BACKEND_PC " libngtcp2")
  endif()
endif()
message(STATUS "ngtcp2: ${P2P_QUIC_FOUND}")

# The program's configuration files; the library does not need it.
set(P2P_INIH_FOUND OFF)
if(P2P_WITH_INIH)
  pkg_check_modules(INIH IMPORTED_TARGET inih)
  set(P2P_INIH_FOUND ${INIH_FOUND})
endif()
message(STATUS "inih: ${P2P_INIH_FOUND}")
