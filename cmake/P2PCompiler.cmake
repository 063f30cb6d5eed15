# How our C is compiled: C11 without extensions, the warnings of the house, hidden by default.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

add_library(p2p_flags INTERFACE)
target_compile_options(p2p_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wcast-qual -Wwrite-strings -Wundef
  -ffp-contract=off       # the same seed gives the same trace from gcc and clang
  -fstack-protector-strong)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # What is shipped does not say where it was built.
  target_compile_options(p2p_flags INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
endif()
target_include_directories(p2p_flags INTERFACE ${PROJECT_SOURCE_DIR}/include
                                               ${PROJECT_SOURCE_DIR}/src)
if(P2P_WERROR)
  target_compile_options(p2p_flags INTERFACE -Werror)
endif()
if(P2P_SANITIZE)
  target_compile_options(p2p_flags INTERFACE -fsanitize=${P2P_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(p2p_flags INTERFACE -fsanitize=${P2P_SANITIZE})
endif()
if(P2P_FUZZ)
  target_compile_options(p2p_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# p2p_object_library(name SOURCES … [LINK …] [DEFINE …] [INCLUDE …]): objects with the flags of the
# house. Defines no target when there are no sources, so that callers test with if(TARGET name).
function(p2p_object_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;DEFINE;INCLUDE" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  add_library(${name} OBJECT ${arg_SOURCES})
  target_compile_definitions(${name} PRIVATE ${arg_DEFINE})
  target_include_directories(${name} PRIVATE ${arg_INCLUDE})
  target_link_libraries(${name} PRIVATE p2p_flags PUBLIC ${arg_LINK})
endfunction()

# The linker says which objects went in: `make check-sim` compares the two lists.
function(p2p_link_map name)
  if(NOT APPLE)
    target_link_options(${name} PRIVATE -Wl,-Map=${PROJECT_BINARY_DIR}/${name}.map)
  endif()
endfunction()
