# Libraries we stand on. libcrypto and libuv are needed; the others are used when found.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv>=1.40)

# What src/crypto stands over: libcrypto, and whatever faster arithmetic is found. Its folder sees a
# P2P_HAVE_… for each; pkg-config names them in libp2p.pc.
add_library(p2p_backends INTERFACE)
target_link_libraries(p2p_backends INTERFACE OpenSSL::Crypto)
set(P2P_BACKEND_DEFINES)
set(P2P_BACKEND_PC libcrypto)

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
