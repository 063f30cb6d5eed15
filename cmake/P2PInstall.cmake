# libp2p.a and libp2p.so out of the same objects, and what `make install` puts where, in three
# components: runtime (the shared library), development (headers, archive, pkg-config, CMake package,
# man pages) and program.
add_library(p2p_static STATIC $<TARGET_OBJECTS:p2p_core> $<TARGET_OBJECTS:p2p_io_uv>)
set(p2p_libraries p2p_static)
# Before 1.0 a minor version may change the ABI, and the soname says so: libp2p.so.0.1; a patch keeps
# it. From 1.0 on it is the major version. The version node of the symbols moves with it.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(P2P_ABI 0.${PROJECT_VERSION_MINOR})
else()
  set(P2P_ABI ${PROJECT_VERSION_MAJOR})
endif()
if(P2P_SHARED)
  add_library(p2p_shared SHARED $<TARGET_OBJECTS:p2p_core> $<TARGET_OBJECTS:p2p_io_uv>)
  set_target_properties(p2p_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${P2P_ABI}
                        EXPORT_NAME p2p)
  if(NOT APPLE)
    set(p2p_symbols ${PROJECT_BINARY_DIR}/libp2p.map)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/libp2p.map.in ${p2p_symbols} @ONLY)
    target_link_options(p2p_shared PRIVATE -Wl,--version-script=${p2p_symbols})
    set_target_properties(p2p_shared PROPERTIES LINK_DEPENDS ${p2p_symbols})
  endif()
  if(NOT P2P_SANITIZE AND NOT APPLE)
    target_link_options(p2p_shared PRIVATE -Wl,-z,defs)
  endif()
  list(APPEND p2p_libraries p2p_shared)
endif()
set_target_properties(p2p_static PROPERTIES EXPORT_NAME p2p-static)

set(p2p_needs p2p_backends PkgConfig::LIBUV Threads::Threads)
foreach(library IN LISTS p2p_libraries)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME p2p LINKER_LANGUAGE C)
  target_include_directories(${library} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
# What the archive needs is looked for where it is used: p2pConfig.cmake says how.
foreach(library IN LISTS p2p_needs)
  target_link_libraries(p2p_static PUBLIC $<BUILD_INTERFACE:${library}>)
  if(P2P_SHARED)
    target_link_libraries(p2p_shared PRIVATE $<BUILD_INTERFACE:${library}>)
  endif()
endforeach()

install(TARGETS ${p2p_libraries} EXPORT p2p-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/p2p DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development FILES_MATCHING PATTERN "*.h")

# ---- pkg-config, written when installing: only then is the prefix known for certain ------------
set(P2P_PC_PRIVATE "${P2P_BACKEND_PC} libuv")
string(STRIP "${P2P_BACKEND_LIBS} ${CMAKE_THREAD_LIBS_INIT}" P2P_PC_LIBS)
configure_file(${PROJECT_SOURCE_DIR}/cmake/install_pc.cmake.in ${PROJECT_BINARY_DIR}/install_pc.cmake
               @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/install_pc.cmake COMPONENT development)

# ---- find_package(p2p) -------------------------------------------------------------------------
include(CMakePackageConfigHelpers)
set(p2p_package ${CMAKE_INSTALL_LIBDIR}/cmake/p2p)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/p2pConfig.cmake.in
  ${PROJECT_BINARY_DIR}/p2pConfig.cmake INSTALL_DESTINATION ${p2p_package})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(p2p_compatible SameMinorVersion)
else()
  set(p2p_compatible SameMajorVersion)
endif()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/p2pConfigVersion.cmake
                                 COMPATIBILITY ${p2p_compatible})
install(FILES ${PROJECT_BINARY_DIR}/p2pConfig.cmake ${PROJECT_BINARY_DIR}/p2pConfigVersion.cmake
        DESTINATION ${p2p_package} COMPONENT development)
install(EXPORT p2p-targets NAMESPACE p2p:: DESTINATION ${p2p_package} COMPONENT development)
